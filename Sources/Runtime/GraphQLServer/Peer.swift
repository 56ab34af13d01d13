import NIOCore
import NIOHTTPTypes
import Synchronization

/// The other end of the HTTP connection that the current task serves: routes see it whatever their context type is.
final class Peer: Sendable {
  /// Nil in a server that was not built by ``GraphQLServer/server``.
  @TaskLocal static var current: Peer?

  private struct State {
    var hasEnded = false
    var onEnd: (@Sendable () -> Void)?
  }

  let channel: any Channel
  private let state = Mutex(State())

  init(channel: any Channel) { self.channel = channel }

  var remoteAddress: String? { channel.remoteAddress?.ipAddress }

  /// Calls `action` when the client has gone or the server stops; at once when that was before. One at a time: HTTP/1.1
  /// answers one request after the other.
  func onEnd(_ action: @escaping @Sendable () -> Void) {
    let hasEnded = state.withLock { state in
      state.onEnd = action
      return state.hasEnded
    }
    if hasEnded { action() }
  }

  func forgetOnEnd() { state.withLock { $0.onEnd = nil } }

  fileprivate func end() {
    let action = state.withLock { state in
      state.hasEnded = true
      return state.onEnd
    }
    action?()
  }
}

/// Tells ``Peer`` what happens to its channel; an open stream would not notice until its next message.
final class PeerHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart

  private let peer: Peer

  init(_ peer: Peer) { self.peer = peer }

  func channelInactive(context: ChannelHandlerContext) {
    peer.end()
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is ChannelShouldQuiesceEvent || event as? ChannelEvent == .inputClosed { peer.end() }
    context.fireUserInboundEventTriggered(event)
  }
}
