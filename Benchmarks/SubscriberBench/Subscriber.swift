import NIOCore
import NIOPosix
import Synchronization

/// What all subscribers of a step have seen.
final class Tally: Sendable {
  struct Figures {
    var deliveries = 0
    /// Subscribers whose connection ended before they were told to stop.
    var dropped = 0
    var subscribed = 0
    /// Microseconds from before the record was sent to after the message was read.
    var latenciesMicros: [UInt32] = []
  }

  private let figures = Mutex(Figures())

  var now: Figures { figures.withLock { $0 } }

  func update(_ change: (inout Figures) -> Void) { figures.withLock { change(&$0) } }

  /// What came so far, and from here on nothing.
  func restart() {
    figures.withLock {
      $0.deliveries = 0
      $0.latenciesMicros.removeAll(keepingCapacity: true)
    }
  }
}

/// One WebSocket with one subscription by graphql-transport-ws. Written by hand for this server, because 1,000 of them
/// share two cores with what they measure: no frame is copied, no JSON is parsed; the time of sending is looked for in
/// the bytes.
final class Subscriber: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private enum State { case upgrading, subscribing, live, ended }

  private let path: String
  private let query: String
  private let tally: Tally
  private var state = State.upgrading
  private var buffer = ByteBuffer()
  private var deliveries = 0
  private var latenciesMicros: [UInt32] = []

  init(path: String, query: String, tally: Tally) {
    self.path = path
    self.query = query
    self.tally = tally
  }

  func channelActive(context: ChannelHandlerContext) {
    let request =
      "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      + "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n"
      + "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: request)), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var more = unwrapInboundIn(data)
    buffer.writeBuffer(&more)
    if state == .upgrading { finishUpgrade(context) }
    while state != .upgrading, let frame = nextFrame() { handle(frame, context) }
    buffer.discardReadBytes()
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    guard deliveries > 0 else { return }
    let (count, latencies) = (deliveries, latenciesMicros)
    tally.update {
      $0.deliveries += count
      $0.latenciesMicros += latencies
    }
    deliveries = 0
    latenciesMicros.removeAll(keepingCapacity: true)
  }

  func channelInactive(context: ChannelHandlerContext) { end() }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  private func end() {
    if state != .ended { tally.update { $0.dropped += 1 } }
    state = .ended
  }

  private func finishUpgrade(_ context: ChannelHandlerContext) {
    let end = Array("\r\n\r\n".utf8)
    guard let found = buffer.readableBytesView.firstRange(of: end) else { return }
    let head = buffer.readString(length: found.upperBound - buffer.readerIndex) ?? ""
    guard head.hasPrefix("HTTP/1.1 101") else { return context.close(promise: nil) }
    state = .subscribing
    send(#"{"type":"connection_init"}"#, context)
    send(#"{"id":"1","type":"subscribe","payload":{"query":"\#(query)"}}"#, context)
    tally.update { $0.subscribed += 1 }
  }

  /// A whole frame's opcode and payload; servers don't mask and this one doesn't fragment.
  private func nextFrame() -> (opcode: UInt8, payload: ByteBuffer)? {
    guard let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self),
      let second = buffer.getInteger(at: buffer.readerIndex + 1, as: UInt8.self)
    else { return nil }
    var length = Int(second & 0x7F)
    var head = 2
    if length == 126 {
      guard let long = buffer.getInteger(at: buffer.readerIndex + 2, as: UInt16.self) else { return nil }
      (length, head) = (Int(long), 4)
    } else if length == 127 {
      guard let long = buffer.getInteger(at: buffer.readerIndex + 2, as: UInt64.self) else { return nil }
      (length, head) = (Int(long), 10)
    }
    guard buffer.readableBytes >= head + length else { return nil }
    buffer.moveReaderIndex(forwardBy: head)
    guard let payload = buffer.readSlice(length: length) else { return nil }
    return (first & 0x0F, payload)
  }

  private func handle(_ frame: (opcode: UInt8, payload: ByteBuffer), _ context: ChannelHandlerContext) {
    switch frame.opcode {
    case 1:
      if let sent = EventSource.nanosSent(in: frame.payload) {
        deliveries += 1
        latenciesMicros.append(UInt32(clamping: (EventSource.nowNanos() &- sent) / 1000))
      }
    case 8:
      end()
      context.close(promise: nil)
    case 9: send(frame.payload, opcode: 10, context)
    default: break
    }
  }

  private func send(_ text: String, _ context: ChannelHandlerContext) {
    send(ByteBuffer(string: text), opcode: 1, context)
  }

  /// Clients mask (RFC 6455, section 5.3); a mask of zeros is one too.
  private func send(_ payload: ByteBuffer, opcode: UInt8, _ context: ChannelHandlerContext) {
    var payload = payload
    var frame = ByteBuffer()
    frame.writeInteger(0x80 | opcode)
    if payload.readableBytes < 126 {
      frame.writeInteger(0x80 | UInt8(payload.readableBytes))
    } else {
      frame.writeInteger(UInt8(0xFE))
      frame.writeInteger(UInt16(payload.readableBytes))
    }
    frame.writeInteger(UInt32(0))
    frame.writeBuffer(&payload)
    context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
  }
}
