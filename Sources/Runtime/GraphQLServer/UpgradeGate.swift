import NIOCore
import NIOHTTP1

/// Says of a request that wants a WebSocket whether it may have one (RFC 6455, section 4.2).
struct UpgradeGate: Sendable {
  /// An answer instead of a WebSocket.
  struct Refusal: Error, Equatable {
    var status: HTTPResponseStatus
    var reason: String

    static let full = Refusal(status: .serviceUnavailable, reason: "too many connections are open, try later")
  }

  static let paths = ["/graphql", "/graphql-ws"]

  let origins: AllowedOrigins
  let connections: OpenConnections
  let hooks: GraphQLServerHooks

  func check(_ head: HTTPRequestHead) throws(Refusal) -> OpenConnections.Place {
    let headers = head.headers
    guard let path = head.uri.split(separator: "?", omittingEmptySubsequences: false).first,
      Self.paths.contains(String(path))
    else {
      throw Refusal(status: .badRequest, reason: "WebSockets are at \(Self.paths.joined(separator: " and "))")
    }
    guard origins.allowsHost(headers.first(name: "host")) else {
      throw Refusal(status: .misdirectedRequest, reason: AllowedOrigins.hostRefusal)
    }
    guard head.method == .GET, head.version == .http1_1 else {
      throw Refusal(status: .badRequest, reason: "a WebSocket is opened with GET and HTTP/1.1")
    }
    guard headers[canonicalForm: "connection"].contains(where: { $0.lowercased() == "upgrade" }) else {
      throw Refusal(status: .badRequest, reason: "the header Connection has to name upgrade")
    }
    guard headers["sec-websocket-version"] == ["13"] else {
      throw Refusal(status: .upgradeRequired, reason: "Sec-WebSocket-Version has to be 13")
    }
    // 16 bytes in base 64.
    let keys = headers["sec-websocket-key"]
    guard keys.count == 1, keys[0].utf8.count == 24, keys[0].hasSuffix("==") else {
      throw Refusal(status: .badRequest, reason: "Sec-WebSocket-Key has to be 16 bytes in base 64")
    }
    let hasBody = headers.contains(name: "transfer-encoding") || headers["content-length"].contains { $0 != "0" }
    guard !hasBody else { throw Refusal(status: .badRequest, reason: "a request for a WebSocket has no body") }
    guard origins.allows(headers.first(name: "origin"), host: headers.first(name: "host")) else {
      throw Refusal(status: .forbidden, reason: "pages of this origin may not ask here")
    }
    guard let place = connections.take(.webSocket) else {
      throw .full
    }
    return place
  }
}

/// Stands before NIO's upgrade handler, which loses a request that it does not upgrade: lets through what it will
/// upgrade, answers what is refused, and hides wishes for other protocols, which HTTP allows to ignore.
///
/// It looks at the first request of a connection and leaves.
final class UpgradeGateHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let gate: UpgradeGate
  private let isFull: Bool
  private let timeoutMillis: Int
  private let accept: (OpenConnections.Place) -> Void
  private var isRefused = false
  private var timeout: Scheduled<Void>?

  /// - Parameters:
  ///   - isFull: no place is left, so any request is refused, and is not waited for long.
  ///   - accept: called before a request for a WebSocket is let through.
  init(
    gate: UpgradeGate, isFull: Bool, limits: GraphQLServerLimits, accept: @escaping (OpenConnections.Place) -> Void
  ) {
    self.gate = gate
    self.isFull = isFull
    timeoutMillis = isFull ? limits.closeTimeoutMillis : limits.requestTimeoutMillis
    self.accept = accept
  }

  func handlerAdded(context: ChannelHandlerContext) {
    let channel = context.channel
    timeout = context.eventLoop.scheduleTask(in: .milliseconds(Int64(timeoutMillis))) { channel.close(promise: nil) }
  }

  func handlerRemoved(context: ChannelHandlerContext) { timeout?.cancel() }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if isRefused { return }
    guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
    if isFull { return refuse(.full, version: head.version, context: context) }
    let wishes = head.headers[canonicalForm: "upgrade"].map { $0.lowercased() }
    if wishes.contains("websocket") {
      do throws(UpgradeGate.Refusal) { accept(try gate.check(head)) } catch {
        return refuse(error, version: head.version, context: context)
      }
    } else {
      head.headers.remove(name: "upgrade")
    }
    context.fireChannelRead(wrapInboundOut(.head(head)))
    context.pipeline.syncOperations.removeHandler(self, promise: nil)
  }

  /// Bytes that are not HTTP, before any request.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if isRefused { return }
    guard error is HTTPParserError else { return context.fireErrorCaught(error) }
    refuse(.init(status: .badRequest, reason: "this is not HTTP/1.1"), version: .http1_1, context: context)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    // Nothing was asked yet, so nothing is lost.
    if event is ChannelShouldQuiesceEvent { return context.close(promise: nil) }
    context.fireUserInboundEventTriggered(event)
  }

  private func refuse(_ refusal: UpgradeGate.Refusal, version: HTTPVersion, context: ChannelHandlerContext) {
    isRefused = true
    gate.hooks.requestAnswered(isFull ? .http : .webSocket, Int(refusal.status.code))
    var head = HTTPResponseHead(version: version, status: refusal.status)
    head.headers.add(name: "content-type", value: "text/plain; charset=utf-8")
    head.headers.add(name: "content-length", value: String(refusal.reason.utf8.count + 1))
    head.headers.add(name: "connection", value: "close")
    if refusal.status == .upgradeRequired {
      // Both belong to a 426 (RFC 9110, sections 7.8 and 15.5.22).
      head.headers.add(name: "connection", value: "upgrade")
      head.headers.add(name: "upgrade", value: "websocket")
      head.headers.add(name: "sec-websocket-version", value: "13")
    }
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: refusal.reason + "\n")))), promise: nil)
    let channel = context.channel
    context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
  }
}
