import NIOCore
import NIOWebSocket

/// The frames of one WebSocket, on its event loop: control frames, fragments, keep-alive, closing, and the writer of
/// what its session has queued.
final class WebSocketHandler: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame

  private let limits: GraphQLServerLimits
  private let session: WebSocketSession
  /// That of NIO's frame encoder. What is written through it goes past it: frames are encoded in the queue already,
  /// many in a buffer.
  private var output: ChannelHandlerContext?
  private var assembler: MessageAssembler
  private var hasSentClose = false
  private var hasHeardSincePing = true
  private var isDraining = false
  private var mustDrainAgain = false
  /// Of `connection_init`, then of closing.
  private var deadline: Scheduled<Void>?
  private var nextPing: Scheduled<Void>?

  init(session: WebSocketSession, limits: GraphQLServerLimits) {
    self.session = session
    self.limits = limits
    assembler = MessageAssembler(maxBytes: limits.maxMessageBytes)
  }

  // MARK: life

  func handlerAdded(context: ChannelHandlerContext) {
    output = try? context.pipeline.syncOperations.context(handlerType: WebSocketFrameEncoder.self)
    guard let subProtocol = session.subProtocol else { return close(.subProtocol) }
    deadline = context.eventLoop.assumeIsolated().scheduleTask(
      in: .milliseconds(Int64(limits.connectionInitTimeoutMillis))
    ) {
      if !self.session.isInitialised { self.close(.initTimeout) }
    }
    schedulePing(subProtocol, on: context.eventLoop)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    stopTimers()
    session.handlerWasRemoved()
    output = nil
  }

  func channelInactive(context: ChannelHandlerContext) {
    stopTimers()
    session.end()
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is ChannelShouldQuiesceEvent {
      session.serverStops()
      close(.goingAway)
    } else if event as? ChannelEvent == .inputClosed {
      // Nothing can come any more, not even the answer to a ping.
      context.close(promise: nil)
    }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if hasSentClose { return }
    guard let error = error as? NIOWebSocketError else { return context.close(promise: nil) }
    close(error == .invalidFrameLength ? .tooLarge : .protocolError)
    // The decoder has stopped, so the client's close frame will not be seen: the end of its stream has to do.
    context.close(mode: .output, promise: nil)
  }

  private func stopTimers() {
    deadline?.cancel()
    nextPing?.cancel()
  }

  private func schedulePing(_ subProtocol: SubProtocol, on loop: any EventLoop) {
    nextPing = loop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(limits.keepAliveMillis))) {
      self.ping(subProtocol)
    }
  }

  private func ping(_ subProtocol: SubProtocol) {
    guard !hasSentClose, let output else { return }
    guard hasHeardSincePing else {
      // A close frame would not arrive either.
      output.channel.close(promise: nil)
      return
    }
    hasHeardSincePing = false
    session.outbox.appendControl(.ping, ByteBuffer())
    if subProtocol == .legacy, session.isInitialised { session.outbox.appendText(ServerMessage.keepAlive) }
    schedulePing(subProtocol, on: output.eventLoop)
  }

  // MARK: reading

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = unwrapInboundIn(data)
    hasHeardSincePing = true
    // A server closes when it has both close frames; what comes between them counts no more.
    if hasSentClose {
      if frame.opcode == .connectionClose { context.close(promise: nil) }
      return
    }
    do throws(CloseReason) {
      // Clients mask (RFC 6455, section 5.1), and no extension was agreed on.
      if frame.maskKey == nil || frame.rsv1 || frame.rsv2 || frame.rsv3 { throw .protocolError }
      switch frame.opcode {
      case .text, .binary, .continuation:
        if let message = try assembler.take(frame) { try session.receive(Array(message.readableBytesView)) }
      case .ping: session.outbox.appendControl(.pong, frame.unmaskedData)
      case .pong: break
      case .connectionClose: answerClose(try closeCode(of: frame.unmaskedData))
      default: throw .protocolError
      }
    } catch {
      close(error)
    }
  }

  /// Nil when there is none (RFC 6455, section 5.5.1).
  private func closeCode(of data: ByteBuffer) throws(CloseReason) -> UInt16? {
    if data.readableBytes == 0 { return nil }
    guard let code = data.getInteger(at: data.readerIndex, as: UInt16.self) else { throw .protocolError }
    switch code {
    case 1000...1003, 1007...1014, 3000...4999: break
    default: throw .protocolError
    }
    guard String(validating: data.readableBytesView.dropFirst(2), as: UTF8.self) != nil else { throw .notUTF8 }
    return code
  }

  // MARK: writing

  /// Writes what is queued, as long as the client reads. Called on the event loop.
  func drain() {
    // Flushing may find the channel writable again and call this.
    if isDraining {
      mustDrainAgain = true
      return
    }
    isDraining = true
    defer { isDraining = false }
    repeat {
      mustDrainAgain = false
      guard let output, !hasSentClose else { return }
      var hasWritten = false
      while output.channel.isWritable, let chunk = session.outbox.take() {
        output.write(NIOAny(chunk), promise: nil)
        hasWritten = true
      }
      if hasWritten { output.flush() }
    } while mustDrainAgain
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { drain() }
    context.fireChannelWritabilityChanged()
  }

  // MARK: closing

  /// Sends what is queued and a close frame, then waits for the client's, but not for long.
  func close(_ reason: CloseReason) { sendClose(.closeFrame(reason), promise: nil) }

  private func answerClose(_ code: UInt16?) {
    guard let output else { return }
    let channel = output.channel
    let written = output.eventLoop.makePromise(of: Void.self)
    written.futureResult.whenComplete { _ in channel.close(promise: nil) }
    sendClose(code.map { .closeFrame(CloseReason(code: $0, text: "")) } ?? .emptyCloseFrame, promise: written)
  }

  private func sendClose(_ frame: ByteBuffer, promise: EventLoopPromise<Void>?) {
    guard let output, !hasSentClose else {
      promise?.succeed()
      return
    }
    hasSentClose = true
    session.end()
    // What the queue holds is bounded, so it can be handed over at once.
    while let chunk = session.outbox.take() { output.write(NIOAny(chunk), promise: nil) }
    stopTimers()
    let channel = output.channel
    deadline = output.eventLoop.scheduleTask(in: .milliseconds(Int64(limits.closeTimeoutMillis))) {
      channel.close(promise: nil)
    }
    output.writeAndFlush(NIOAny(frame), promise: promise)
  }
}
