/// Strings (October 2021, section 2.9.4; `\u{…}` is of the edition of September 2025).
extension Lexer {
  /// Reads `"…"` from its first quote on and returns what it stands for.
  mutating func string() throws(GraphQLError) -> String {
    var value: [UInt8] = []
    var index = position + 1
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "\""):
        position = index + 1
        return String(decoding: value, as: UTF8.self)
      case UInt8(ascii: "\\"): index = try escape(at: index, into: &value)
      case UInt8(ascii: "\n"), UInt8(ascii: "\r"): throw error("a string ends on the line it begins on", at: index)
      default:
        value.append(bytes[index])
        index += 1
      }
    }
    throw error("a string has no closing quote", at: index)
  }

  /// - Returns: the index behind the escape that begins at `start`.
  private mutating func escape(at start: Int, into value: inout [UInt8]) throws(GraphQLError) -> Int {
    let plain: UInt8
    switch byte(at: start + 1) {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): plain = bytes[start + 1]
    case UInt8(ascii: "b"): plain = 0x08
    case UInt8(ascii: "f"): plain = 0x0C
    case UInt8(ascii: "n"): plain = 0x0A
    case UInt8(ascii: "r"): plain = 0x0D
    case UInt8(ascii: "t"): plain = 0x09
    case UInt8(ascii: "u"):
      guard let (scalar, end) = byte(at: start + 2) == UInt8(ascii: "{") ? braced(start) : fourDigits(start) else {
        throw error("'\\u' takes four hexadecimal digits, or '{', digits and '}', of a Unicode scalar", at: start)
      }
      value.append(contentsOf: String(scalar).utf8)
      return end
    default: throw error("there is no escape '\\' with \(shown(at: start + 1))", at: start)
    }
    value.append(plain)
    return start + 2
  }

  /// `\u{…}` with one to eight digits.
  private func braced(_ start: Int) -> (scalar: Unicode.Scalar, end: Int)? {
    var value: UInt32 = 0
    for count in 0...8 {
      let next = byte(at: start + 3 + count)
      if next == UInt8(ascii: "}") {
        guard count > 0, let scalar = Unicode.Scalar(value) else { return nil }
        return (scalar, start + 4 + count)
      }
      guard count < 8, let digit = hexDigit(next) else { return nil }
      value = value << 4 | digit
    }
    return nil
  }

  /// `\uXXXX`, or two of them that are a surrogate pair.
  private func fourDigits(_ start: Int) -> (scalar: Unicode.Scalar, end: Int)? {
    guard let first = hexNumber(at: start + 2) else { return nil }
    if let scalar = Unicode.Scalar(first) { return (scalar, start + 6) }
    guard first < 0xDC00, byte(at: start + 6) == UInt8(ascii: "\\"), byte(at: start + 7) == UInt8(ascii: "u"),
      let second = hexNumber(at: start + 8), (0xDC00...0xDFFF).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { return nil }
    return (scalar, start + 12)
  }

  private func hexNumber(at start: Int) -> UInt32? {
    var value: UInt32 = 0
    for index in start..<(start + 4) {
      guard let digit = hexDigit(byte(at: index)) else { return nil }
      value = value << 4 | digit
    }
    return value
  }

  private func hexDigit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a")) + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A")) + 10
    default: nil
    }
  }

  /// Reads `"""…"""` from its first quote on and returns what it stands for.
  mutating func blockString() throws(GraphQLError) -> String {
    let quote = UInt8(ascii: "\"")
    var lines: [[UInt8]] = []
    var line: [UInt8] = []
    var index = position + 3
    while index < bytes.count {
      let current = bytes[index]
      if current == quote, byte(at: index + 1) == quote, byte(at: index + 2) == quote {
        position = index + 3
        lines.append(line)
        return Self.withoutIndent(lines)
      } else if current == UInt8(ascii: "\\"), byte(at: index + 1) == quote, byte(at: index + 2) == quote,
        byte(at: index + 3) == quote
      {
        line += [quote, quote, quote]
        index += 4
      } else if isLineEnd(current) {
        lines.append(line)
        line = []
        index += current == UInt8(ascii: "\r") && byte(at: index + 1) == UInt8(ascii: "\n") ? 2 : 1
      } else {
        line.append(current)
        index += 1
      }
    }
    throw error("a block string has no closing \"\"\"", at: index)
  }

  /// What a block string of such lines stands for (section 2.9.4, "BlockStringValue()"): without the indent that all
  /// lines but the first have in common, and without blank lines at both ends.
  private static func withoutIndent(_ lines: [[UInt8]]) -> String {
    var common = Int.max
    var filled: Range<Int>?
    for (number, line) in lines.enumerated() {
      let indent = line.prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }.count
      if indent == line.count { continue }
      filled = (filled?.lowerBound ?? number)..<(number + 1)
      if number > 0 { common = min(common, indent) }
    }
    guard let filled else { return "" }
    var value: [UInt8] = []
    for number in filled {
      if number > filled.lowerBound { value.append(UInt8(ascii: "\n")) }
      value += number == 0 ? lines[number][...] : lines[number].dropFirst(common)
    }
    return String(decoding: value, as: UTF8.self)
  }
}
