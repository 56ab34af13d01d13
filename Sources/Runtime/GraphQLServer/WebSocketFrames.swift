import NIOCore
import NIOWebSocket

extension Outbox {
  /// A text message in one frame.
  @discardableResult
  func appendText(_ text: String) -> Bool {
    let length = text.utf8.count
    return append(bytes: frameHeaderBytes(length) + length) { buffer in
      buffer.writeFrameHeader(.text, length: length)
      buffer.writeString(text)
    }
  }

  /// A text message in one frame, its parts written one after the other: they are copied once, into what is sent.
  func appendText(_ prefix: [UInt8], _ middle: [UInt8], _ suffix: StaticString) -> Bool {
    let length = prefix.count + middle.count + suffix.utf8CodeUnitCount
    return append(bytes: frameHeaderBytes(length) + length) { buffer in
      buffer.writeFrameHeader(.text, length: length)
      buffer.writeBytes(prefix)
      buffer.writeBytes(middle)
      buffer.writeStaticString(suffix)
    }
  }

  /// - Parameter data: at most 125 bytes.
  func appendControl(_ opcode: WebSocketOpcode, _ data: ByteBuffer) {
    append(bytes: frameHeaderBytes(data.readableBytes) + data.readableBytes) { buffer in
      buffer.writeFrameHeader(opcode, length: data.readableBytes)
      buffer.writeImmutableBuffer(data)
    }
  }
}

/// Of a frame that is not masked, as a server's are (RFC 6455, section 5.2).
private func frameHeaderBytes(_ length: Int) -> Int { length < 126 ? 2 : length <= 0xFFFF ? 4 : 10 }

extension ByteBuffer {
  /// The only or last frame of a message.
  fileprivate mutating func writeFrameHeader(_ opcode: WebSocketOpcode, length: Int) {
    writeInteger(0x80 | UInt8(webSocketOpcode: opcode))
    switch length {
    case ..<126: writeInteger(UInt8(length))
    case ...0xFFFF:
      writeInteger(UInt8(126))
      writeInteger(UInt16(length))
    default:
      writeInteger(UInt8(127))
      writeInteger(UInt64(length))
    }
  }

  /// A whole close frame.
  static func closeFrame(_ reason: CloseReason) -> ByteBuffer {
    // Forwards: a text may be as long as a message, and to shorten it from its end takes time quadratic in that.
    var text = ""
    for scalar in reason.text.unicodeScalars {
      guard text.utf8.count + UTF8.width(scalar) <= 123 else { break }
      text.unicodeScalars.append(scalar)
    }
    var buffer = ByteBuffer()
    buffer.writeFrameHeader(.connectionClose, length: 2 + text.utf8.count)
    buffer.writeInteger(reason.code)
    buffer.writeString(text)
    return buffer
  }

  /// The answer to a close frame without a code.
  static var emptyCloseFrame: ByteBuffer {
    var buffer = ByteBuffer()
    buffer.writeFrameHeader(.connectionClose, length: 0)
    return buffer
  }
}

/// Puts the fragments of a message together (RFC 6455, section 5.4).
struct MessageAssembler {
  private var parts: ByteBuffer?
  private let maxBytes: Int

  init(maxBytes: Int) { self.maxBytes = maxBytes }

  /// Takes a frame that is not a control frame.
  ///
  /// - Returns: the message that it ends, if it does.
  mutating func take(_ frame: WebSocketFrame) throws(CloseReason) -> ByteBuffer? {
    if frame.opcode == .binary { throw .binary }
    guard (frame.opcode == .continuation) == (parts != nil) else { throw .protocolError }
    guard (parts?.readableBytes ?? 0) + frame.length <= maxBytes else { throw .tooLarge }
    if frame.fin, parts == nil { return frame.unmaskedData }
    var whole = parts ?? ByteBuffer()
    parts = nil
    whole.writeImmutableBuffer(frame.unmaskedData)
    if frame.fin { return whole }
    parts = whole
    return nil
  }
}
