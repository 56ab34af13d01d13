import HTTPTypes
import Hummingbird
import NIOCore

/// A response that goes on: events are queued as they come and written as fast as the client reads.
///
/// It ends when its source does, when the client goes, when the server stops and when the client's queue is full.
struct EventStream: Sendable {
  /// Where the source puts events.
  struct Sink: Sendable {
    fileprivate let outbox: Outbox

    /// Returns false when nobody listens any more.
    @discardableResult
    func send(_ text: String) -> Bool { outbox.append(bytes: text.utf8.count) { $0.writeString(text) } }

    /// An event whose data are one line.
    func send(_ prefix: StaticString, _ data: [UInt8], _ suffix: StaticString) -> Bool {
      outbox.append(bytes: prefix.utf8CodeUnitCount + data.count + suffix.utf8CodeUnitCount) { buffer in
        buffer.writeStaticString(prefix)
        buffer.writeBytes(data)
        buffer.writeStaticString(suffix)
      }
    }
  }

  private static let keepAlive = ":\n\n"

  let limits: GraphQLServerLimits
  let hooks: GraphQLServerHooks
  let place: OpenConnections.Place

  /// - Parameter source: is cancelled when the stream ends before it.
  func response(_ source: @escaping @Sendable (Sink) async -> Void) -> Response {
    let headers: HTTPFields = [
      .contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store", .xAccelBuffering: "no",
    ]
    let peer = Peer.current
    return Response(
      status: .ok, headers: headers,
      body: ResponseBody { writer in
        defer { peer?.forgetOnEnd() }
        try await run(source, peer: peer, writer: &writer)
        try await writer.finish(nil)
        // Held until here: the place in the count.
        withExtendedLifetime(place) {}
      })
  }

  private func run(
    _ source: @escaping @Sendable (Sink) async -> Void, peer: Peer?, writer: inout any ResponseBodyWriter
  ) async throws {
    let (signals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let hooks = hooks
    let outbox = Outbox(
      limits: limits, wake: { signal.yield() },
      overflow: {
        hooks.slowClientDropped(.eventStream)
        signal.finish()
        // The writer waits for a client that does not read: only this gets it out.
        peer?.channel.close(promise: nil)
      })
    peer?.onEnd { signal.finish() }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        await source(Sink(outbox: outbox))
        outbox.close()
        signal.yield()
      }
      group.addTask {
        while !Task.isCancelled {
          try await Task.sleep(for: .milliseconds(limits.keepAliveMillis))
          outbox.append(bytes: Self.keepAlive.utf8.count, onlyIfEmpty: true) { $0.writeString(Self.keepAlive) }
        }
      }
      defer { group.cancelAll() }
      // So that the client sees the stream open before its first event.
      try await writer.write(ByteBuffer(string: Self.keepAlive))
      for await _ in signals {
        // Asked first: what came before the closing is then taken.
        let isLast = outbox.isClosed
        while let chunk = outbox.take() { try await writer.write(chunk) }
        if isLast { break }
      }
    }
  }
}

extension HTTPField.Name {
  /// Asks a proxy in between to pass events on at once.
  fileprivate static var xAccelBuffering: Self {
    guard let name = Self("X-Accel-Buffering") else { preconditionFailure("a token by RFC 9110") }
    return name
  }
}
