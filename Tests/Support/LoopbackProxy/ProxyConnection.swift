import Foundation

/// A client, the server that it was connected to, and what waits between them. Used by the proxy's thread only.
final class ProxyConnection {
  let client: Int32
  let server: Int32
  /// The server has not taken the connection yet.
  var isConnecting: Bool
  /// By a verdict: nothing more reaches the server.
  var isHeld = false
  /// By a verdict: the next bytes of the server end the connection.
  var losesAnswer = false
  var renamer: KafkaPortRenamer?
  private(set) var isClosed = false
  private var toServer = ProxyLane()
  private var toClient = ProxyLane()

  init(client: Int32, server: Int32, isConnecting: Bool, renamer: KafkaPortRenamer?) {
    self.client = client
    self.server = server
    self.isConnecting = isConnecting
    self.renamer = renamer
  }

  subscript(direction: ProxyDirection) -> ProxyLane {
    get { direction == .toServer ? toServer : toClient }
    _modify {
      if direction == .toServer { yield &toServer } else { yield &toClient }
    }
  }

  /// What to wait for at each socket.
  var events: (client: Int16, server: Int16) {
    let (input, output) = (Int16(POLLIN), Int16(POLLOUT))
    if isConnecting { return (0, output) }
    return (
      (toServer.canTake ? input : 0) | (toClient.needsRoom ? output : 0),
      (toClient.canTake ? input : 0) | (toServer.needsRoom ? output : 0)
    )
  }

  /// Tells the receiver that the sender has ended, once it has got everything.
  func passEnd(_ direction: ProxyDirection) {
    guard self[direction].isEnded, self[direction].isEmpty, !self[direction].isEndPassed else { return }
    self[direction].isEndPassed = true
    shutdown(direction == .toServer ? server : client, Int32(SHUT_WR))
    if toServer.isEndPassed, toClient.isEndPassed { close() }
  }

  func close() {
    guard !isClosed else { return }
    isClosed = true
    Foundation.close(client)
    Foundation.close(server)
  }

  /// Both sides see a reset.
  func reset() {
    guard !isClosed else { return }
    isClosed = true
    Socket.reset(client)
    Socket.reset(server)
  }
}

/// What goes one way.
struct ProxyLane {
  static let maxBytes = 1 << 20

  private var chunks: [(bytes: [UInt8], due: ContinuousClock.Instant)] = []
  /// Of the first chunk, written already.
  private var written = 0
  private var bytes = 0
  /// Nothing is written before.
  var notBefore: ContinuousClock.Instant?
  /// The sender has ended.
  var isEnded = false
  var isEndPassed = false
  /// The receiver takes no more for now.
  var needsRoom = false

  var isEmpty: Bool { chunks.isEmpty }
  var canTake: Bool { !isEnded && bytes < Self.maxBytes }
  var head: ArraySlice<UInt8> { chunks.first?.bytes[written...] ?? [] }

  /// When the first chunk is to be written; nil when there is none.
  var due: ContinuousClock.Instant? {
    chunks.first.map { max($0.due, notBefore ?? $0.due) }
  }

  mutating func append(_ chunk: [UInt8], due: ContinuousClock.Instant) {
    guard !chunk.isEmpty else { return }
    // Nothing overtakes.
    chunks.append((chunk, max(due, chunks.last?.due ?? due)))
    bytes += chunk.count
  }

  /// - Parameter count: bytes that were written; with fewer than there are the receiver is full.
  mutating func advance(_ count: Int) {
    guard let first = chunks.first else { return }
    written += count
    bytes -= count
    needsRoom = written < first.bytes.count
    if !needsRoom {
      chunks.removeFirst()
      written = 0
    }
  }
}
