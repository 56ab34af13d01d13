/// JSON as it grows, in UTF-8.
struct JSONText {
  var bytes: [UInt8] = []

  mutating func append(_ byte: UInt8) { bytes.append(byte) }
  mutating func append(_ text: [UInt8]) { bytes.append(contentsOf: text) }
  mutating func append(_ text: StaticString) {
    bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  mutating func append<Number: BinaryInteger>(_ number: Number) { bytes.append(contentsOf: String(number).utf8) }

  /// The shortest digits that read back as the same number. JSON has no word for what is not finite: strings, as Java
  /// writes them.
  mutating func append<Number: BinaryFloatingPoint & CustomStringConvertible>(_ number: Number) {
    if number.isFinite {
      bytes.append(contentsOf: number.description.utf8)
    } else if number.isNaN {
      append("\"NaN\"")
    } else {
      append(number < 0 ? "\"-Infinity\"" : "\"Infinity\"")
    }
  }

  /// `text` in quotes; it has to be UTF-8.
  mutating func appendQuoted(_ text: UnsafeRawBufferPointer) {
    append(UInt8(ascii: "\""))
    var plainStart = 0
    for (index, byte) in text.enumerated()
    where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
      bytes.append(contentsOf: text[plainStart..<index])
      appendEscaped(byte)
      plainStart = index + 1
    }
    bytes.append(contentsOf: text[plainStart...])
    append(UInt8(ascii: "\""))
  }

  mutating func appendQuoted(_ text: String) {
    var copy = text
    copy.withUTF8 { appendQuoted(UnsafeRawBufferPointer($0)) }
  }

  /// Each byte as the code point of its number (ISO-8859-1), in quotes: how the specification has bytes and fixed.
  mutating func appendLatin1(_ text: UnsafeRawBufferPointer) {
    append(UInt8(ascii: "\""))
    for byte in text {
      switch byte {
      case 0..<0x20, UInt8(ascii: "\""), UInt8(ascii: "\\"): appendEscaped(byte)
      case 0x80...:
        append(0xC0 | byte >> 6)
        append(0x80 | byte & 0x3F)
      default: append(byte)
      }
    }
    append(UInt8(ascii: "\""))
  }

  /// Two lower-case digits a byte, without quotes.
  mutating func appendHex(_ text: some Sequence<UInt8>) {
    for byte in text {
      append(Self.hexDigit(byte >> 4))
      append(Self.hexDigit(byte & 15))
    }
  }

  private mutating func appendEscaped(_ byte: UInt8) {
    append(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): append(byte)
    case 0x08: append(UInt8(ascii: "b"))
    case 0x09: append(UInt8(ascii: "t"))
    case 0x0A: append(UInt8(ascii: "n"))
    case 0x0C: append(UInt8(ascii: "f"))
    case 0x0D: append(UInt8(ascii: "r"))
    default:
      append("u00")
      appendHex([byte])
    }
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }

  /// `text` as it stands in JSON.
  static func quoted(_ text: String) -> [UInt8] {
    var output = JSONText()
    output.appendQuoted(text)
    return output.bytes
  }

  /// As a step of a JSON pointer (RFC 6901): `~` is written `~0` and `/` is written `~1`.
  static func step(_ name: some Sequence<UInt8>) -> String {
    var output: [UInt8] = []
    for byte in name {
      switch byte {
      case UInt8(ascii: "~"): output += Array("~0".utf8)
      case UInt8(ascii: "/"): output += Array("~1".utf8)
      default: output.append(byte)
      }
    }
    return String(decoding: output, as: UTF8.self)
  }

  /// For messages: in quotes, so that nothing in it can be mistaken for the message; a long one is cut.
  static func name(_ text: String) -> String {
    let cut = text.unicodeScalars.count > 100 ? String(text.unicodeScalars.prefix(100)) + "…" : text
    return String(decoding: quoted(cut), as: UTF8.self)
  }
}
