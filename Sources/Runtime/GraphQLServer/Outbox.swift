import NIOCore
import Synchronization

/// What waits for a client: bounded, filled from any thread, emptied by one writer that takes many messages at a time.
///
/// Filling never waits: a subscription is not slowed by a client. The first message that does not fit closes the queue
/// for good and drops what waits, since a client that missed messages has to begin anew.
final class Outbox: Sendable {
  /// Messages are gathered into buffers of about this size: few writes, and little is held when a client is slow.
  private static let chunkBytes = 16 << 10

  fileprivate struct Chunk {
    var buffer: ByteBuffer
    var messages: Int
  }

  fileprivate struct State {
    var chunks = CircularBuffer<Chunk>()
    var messages = 0
    var bytes = 0
    /// The writer was woken and has not found the queue empty since.
    var isWriterAwake = false
    var isClosed = false
  }

  private enum Outcome { case accepted, wake, refused, overflow }

  private let state = Mutex(State())
  private let maxMessages: Int
  private let maxBytes: Int
  private let wake: @Sendable () -> Void
  private let overflow: @Sendable () -> Void

  /// - Parameters:
  ///   - wake: there is something to ``take()``. Not called again until that has returned nil.
  ///   - overflow: the limit was passed, once.
  init(limits: GraphQLServerLimits, wake: @escaping @Sendable () -> Void, overflow: @escaping @Sendable () -> Void) {
    maxMessages = limits.maxQueuedMessages
    maxBytes = limits.maxQueuedBytes
    self.wake = wake
    self.overflow = overflow
  }

  /// - Parameters:
  ///   - bytes: what `write` will write.
  ///   - onlyIfEmpty: drops the message, which counts as sent, when others wait.
  /// - Returns: false when the queue was closed, so that nothing has to be sent any more.
  @discardableResult
  func append(bytes: Int, onlyIfEmpty: Bool = false, _ write: (inout ByteBuffer) -> Void) -> Bool {
    let outcome = state.withLock { state -> Outcome in
      if state.isClosed { return .refused }
      if onlyIfEmpty, state.messages > 0 { return .accepted }
      guard state.messages < maxMessages, state.bytes + bytes <= maxBytes else {
        state.isClosed = true
        state.empty()
        return .overflow
      }
      state.append(bytes: bytes, chunkBytes: Self.chunkBytes, write)
      if state.isWriterAwake { return .accepted }
      state.isWriterAwake = true
      return .wake
    }
    switch outcome {
    case .accepted: return true
    case .refused: return false
    case .wake:
      wake()
      return true
    case .overflow:
      overflow()
      return false
    }
  }

  /// What came first, whole messages; nil when nothing waits, and then the next message wakes the writer again.
  func take() -> ByteBuffer? {
    state.withLock { state in
      guard let chunk = state.chunks.popFirst() else {
        state.isWriterAwake = false
        return nil
      }
      state.messages -= chunk.messages
      state.bytes -= chunk.buffer.readableBytes
      return chunk.buffer
    }
  }

  /// Takes no more messages; those that wait can still be taken.
  func close() { state.withLock { $0.isClosed = true } }

  /// Takes no more messages and drops those that wait.
  func discard() {
    state.withLock { state in
      state.isClosed = true
      state.empty()
    }
  }

  var isClosed: Bool { state.withLock { $0.isClosed } }
}

extension Outbox.State {
  fileprivate mutating func append(bytes: Int, chunkBytes: Int, _ write: (inout ByteBuffer) -> Void) {
    if chunks.isEmpty || chunks[chunks.index(before: chunks.endIndex)].buffer.readableBytes + bytes > chunkBytes {
      chunks.append(Outbox.Chunk(buffer: ByteBufferAllocator().buffer(capacity: bytes), messages: 0))
    }
    let last = chunks.index(before: chunks.endIndex)
    let before = chunks[last].buffer.readableBytes
    write(&chunks[last].buffer)
    chunks[last].messages += 1
    messages += 1
    self.bytes += chunks[last].buffer.readableBytes - before
  }

  fileprivate mutating func empty() {
    chunks.removeAll()
    messages = 0
    bytes = 0
  }
}
