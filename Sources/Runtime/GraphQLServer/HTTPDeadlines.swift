import NIOCore
import NIOHTTPTypes

/// Closes an HTTP connection whose client is too slow: one that does not come to the end of a request in time, or takes
/// nothing of an answer for too long. Without that, connections that are of no use to anybody would stay for ever.
final class HTTPDeadlines: ChannelDuplexHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private let requestTimeout: TimeAmount
  private let writeTimeout: TimeAmount
  private var requestDeadline: Scheduled<Void>?
  private var writeDeadline: Scheduled<Void>?
  private var hasWritten = false
  private var waitingBytes = 0

  init(limits: GraphQLServerLimits) {
    requestTimeout = .milliseconds(Int64(limits.requestTimeoutMillis))
    writeTimeout = .milliseconds(Int64(limits.writeTimeoutMillis))
  }

  func handlerRemoved(context: ChannelHandlerContext) { cancel() }

  func channelInactive(context: ChannelHandlerContext) {
    cancel()
    context.fireChannelInactive()
  }

  private func cancel() {
    requestDeadline?.cancel()
    writeDeadline?.cancel()
    requestDeadline = nil
    writeDeadline = nil
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head:
      let channel = context.channel
      requestDeadline?.cancel()
      requestDeadline = context.eventLoop.scheduleTask(in: requestTimeout) { channel.close(promise: nil) }
    case .body: break
    case .end:
      requestDeadline?.cancel()
      requestDeadline = nil
    }
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    let written = promise ?? context.eventLoop.makePromise(of: Void.self)
    written.futureResult.assumeIsolated().whenComplete { _ in self.hasWritten = true }
    context.write(data, promise: written)
    if writeDeadline == nil {
      hasWritten = false
      waitingBytes = .max
      watchWrites(of: context.channel)
    }
  }

  private func watchWrites(of channel: any Channel) {
    writeDeadline = channel.eventLoop.assumeIsolated().scheduleTask(in: writeTimeout) { self.lookAtWrites(of: channel) }
  }

  /// A write that ended tells of progress, and so do fewer bytes that wait, since one write may be large.
  private func lookAtWrites(of channel: any Channel) {
    writeDeadline = nil
    let waiting = (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    guard waiting > 0 else { return }
    guard hasWritten || waiting < waitingBytes else { return channel.close(promise: nil) }
    hasWritten = false
    waitingBytes = waiting
    watchWrites(of: channel)
  }
}
