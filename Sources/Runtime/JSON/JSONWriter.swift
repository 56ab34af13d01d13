extension JSONValue {
  /// JSON without white space; members in their order. Only what has to be escaped is escaped.
  ///
  /// JSON has no NaN and no infinities: those come out as the strings `"NaN"`, `"Infinity"` and `"-Infinity"`.
  public var text: String {
    var bytes: [UInt8] = []
    append(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Appends ``text`` in UTF-8.
  public func append(to output: inout [UInt8]) {
    switch self {
    case .null: Self.append("null", to: &output)
    case .bool(let value): Self.append(value ? "true" : "false", to: &output)
    case .integer(let value): Self.append(value.description, to: &output)
    case .double(let value): Self.append(value, to: &output)
    case .string(let value): Self.append(quoted: value, to: &output)
    case .array(let items):
      output.append(UInt8(ascii: "["))
      var isFirst = true
      for item in items {
        if !isFirst { output.append(UInt8(ascii: ",")) }
        isFirst = false
        item.append(to: &output)
      }
      output.append(UInt8(ascii: "]"))
    case .object(let members):
      output.append(UInt8(ascii: "{"))
      var isFirst = true
      for member in members {
        if !isFirst { output.append(UInt8(ascii: ",")) }
        isFirst = false
        Self.append(quoted: member.name, to: &output)
        output.append(UInt8(ascii: ":"))
        member.value.append(to: &output)
      }
      output.append(UInt8(ascii: "}"))
    }
  }

  private static func append(_ value: Double, to output: inout [UInt8]) {
    if value.isFinite {
      append(value.description, to: &output)
    } else {
      append(value.isNaN ? "\"NaN\"" : value < 0 ? "\"-Infinity\"" : "\"Infinity\"", to: &output)
    }
  }

  private static func append(_ text: String, to output: inout [UInt8]) {
    var text = text
    text.withUTF8 { output.append(contentsOf: $0) }
  }

  private static func append(quoted value: String, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    var text = value
    text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      // Runs of bytes that stand for themselves are copied at once.
      while let place = firstToEscape(in: rest) {
        output.append(contentsOf: rest[..<place])
        append(escape: rest[place], to: &output)
        rest = UnsafeRawBufferPointer(rebasing: rest[(place + 1)...])
      }
      output.append(contentsOf: rest)
    }
    output.append(UInt8(ascii: "\""))
  }

  /// Looks at eight bytes at a time, which is fast in builds without optimization too.
  private static func firstToEscape(in bytes: UnsafeRawBufferPointer) -> Int? {
    let ones: UInt64 = 0x0101_0101_0101_0101
    var place = 0
    while place + 8 <= bytes.count {
      let word = bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)
      let quotes = word ^ (ones &* 0x22)
      let backslashes = word ^ (ones &* 0x5C)
      // The high bit of a byte that is zero, or below 0x20, gets set; borrows set others only behind such a byte.
      let found =
        ((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes) | ((word &- ones &* 0x20) & ~word)
      if found & (ones &* 0x80) != 0 { break }
      place += 8
    }
    while place < bytes.count {
      let byte = bytes[place]
      if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return place }
      place += 1
    }
    return nil
  }

  private static func append(escape byte: UInt8, to output: inout [UInt8]) {
    switch byte {
    case UInt8(ascii: "\n"): append("\\n", to: &output)
    case UInt8(ascii: "\r"): append("\\r", to: &output)
    case UInt8(ascii: "\t"): append("\\t", to: &output)
    case 0..<0x20: append((byte < 0x10 ? "\\u000" : "\\u00") + String(byte, radix: 16), to: &output)
    default: output += [UInt8(ascii: "\\"), byte]
    }
  }
}

extension JSONValue: CustomStringConvertible {
  public var description: String { text }
}
