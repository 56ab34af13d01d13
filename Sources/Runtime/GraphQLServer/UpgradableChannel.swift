import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOWebSocket

/// A connection of the server: HTTP/1.1 for Hummingbird's router, or a WebSocket when its first request asks for one.
struct UpgradableChannel: HTTPChannelHandler {
  /// Of an HTTP connection between requests.
  private static let idleTimeout = Duration.seconds(60)

  typealias HTTPChannel = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

  enum Negotiated: Sendable {
    case http(HTTPChannel, Peer)
    case webSocket(WebSocketSession)
  }

  struct Value: ServerChildChannelValue {
    let channel: any Channel
    let negotiated: EventLoopFuture<Negotiated>
  }

  let responder: Responder
  let gate: UpgradeGate
  let httpConnections: OpenConnections
  let configuration: WebSocketConfiguration

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    channel.eventLoop.makeCompletedFuture {
      // Handed from the gate to the upgrade, both on this event loop.
      let place = NIOLoopBoundBox<OpenConnections.Place?>(nil, eventLoop: channel.eventLoop)
      // Of the connection as long as it speaks HTTP.
      let own = NIOLoopBoundBox(httpConnections.take(.http), eventLoop: channel.eventLoop)
      channel.closeFuture.whenComplete { _ in own.value = nil }
      let upgrade = NIOTypedHTTPServerUpgradeConfiguration<Negotiated>(
        upgraders: [upgrader(place: place, own: own)],
        notUpgradingCompletionHandler: { channel in
          channel.eventLoop.makeCompletedFuture { try http(on: channel, logger: logger) }
        })
      var pipeline = NIOUpgradableHTTPServerPipelineConfiguration(upgradeConfiguration: upgrade)
      // Hummingbird does those itself.
      pipeline.enablePipelining = false
      pipeline.enableErrorHandling = false
      pipeline.enableResponseHeaderValidation = false
      let operations = channel.pipeline.syncOperations
      let negotiated = try operations.configureUpgradableHTTPServerPipeline(configuration: pipeline)
      let handler = try operations.handler(type: NIOTypedHTTPServerUpgradeHandler<Negotiated>.self)
      try operations.addHandler(
        UpgradeGateHandler(gate: gate, isFull: own.value == nil, limits: configuration.limits) { place.value = $0 },
        position: .before(handler))
      return Value(channel: channel, negotiated: negotiated)
    }
  }

  func handle(value: Value, logger: Logger) async {
    do {
      switch try await negotiated(value) {
      case .http(let channel, let peer):
        await Peer.$current.withValue(peer) { await handleHTTP(asyncChannel: channel, logger: logger) }
      case .webSocket(let session): await session.run()
      }
    } catch {
      // Closed before or by its first request; nobody is there to be told.
      logger.debug("connection ended: \(error)")
    }
  }

  /// Waits for the first request, which at the end of the server may never come.
  private func negotiated(_ value: Value) async throws -> Negotiated {
    try await withTaskCancellationHandler {
      try await value.negotiated.get()
    } onCancel: {
      let channel = value.channel
      channel.eventLoop.execute {
        // Too late when it has become a WebSocket, which says good-bye itself.
        if (try? channel.pipeline.syncOperations.context(handlerType: UpgradeGateHandler.self)) != nil {
          channel.close(promise: nil)
        }
      }
    }
  }

  private func http(on channel: any Channel, logger: Logger) throws -> Negotiated {
    let peer = Peer(channel: channel)
    try channel.pipeline.syncOperations.addHandlers(
      HTTP1ToHTTPServerCodec(secure: false), PeerHandler(peer), HTTPDeadlines(limits: configuration.limits),
      HTTPConnectionStateHandler(idleTimeout: Self.idleTimeout, logger: logger))
    let async = try HTTPChannel(
      wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
    return .http(async, peer)
  }

  private func upgrader(
    place: NIOLoopBoundBox<OpenConnections.Place?>, own: NIOLoopBoundBox<OpenConnections.Place?>
  ) -> NIOTypedWebSocketServerUpgrader<Negotiated> {
    NIOTypedWebSocketServerUpgrader(
      maxFrameSize: configuration.limits.maxMessageBytes, enableAutomaticErrorHandling: false,
      shouldUpgrade: { channel, head in
        var headers = HTTPHeaders()
        if let chosen = SubProtocol.choose(head.headers) {
          headers.add(name: "Sec-WebSocket-Protocol", value: chosen.rawValue)
        }
        return channel.eventLoop.makeSucceededFuture(headers)
      },
      upgradePipelineHandler: { [configuration] channel, head in
        channel.eventLoop.makeCompletedFuture {
          guard let held = place.value else { throw ChannelError.inappropriateOperationForState }
          // Held by the session from here on.
          place.value = nil
          own.value = nil
          configuration.hooks.requestAnswered(.webSocket, 101)
          return .webSocket(
            try WebSocketSession.start(on: channel, head: head, place: held, configuration: configuration))
        }
      })
  }
}
