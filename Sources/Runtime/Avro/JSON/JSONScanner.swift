import AvroSchema
import JSONText

/// Takes JSON (RFC 8259) apart, strictly, without keeping any of it: whoever reads knows what has to come next.
///
/// `AvroSchema.JSONValue` is not used here because numbers have to be seen as they are written (a float is not a double
/// that is rounded again), errors need an offset, and a tree costs many times the text.
struct JSONScanner: ~Copyable {
  let text: UnsafeRawBufferPointer
  private(set) var position = 0
  /// What the latest string says, in UTF-8.
  private(set) var string: [UInt8] = []

  init(_ text: UnsafeRawBufferPointer) { self.text = text }

  /// What is wrong with the text here, in JSON's terms.
  func error(_ kind: JSONError.Kind, at offset: Int? = nil) -> AvroJSONError {
    AvroJSONError(.json(kind), offset: offset ?? position, message: kind.rawValue)
  }

  /// The next byte that is not white space, which stays where it is.
  mutating func peek() throws(AvroJSONError) -> UInt8 {
    while position < text.count {
      let byte = text[position]
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
      position += 1
    }
    throw error(.unexpectedEnd)
  }

  /// Whether nothing but white space follows.
  mutating func isAtEnd() -> Bool { (try? peek()) == nil }

  /// Steps over `byte` when it comes next, after white space.
  mutating func skip(_ byte: UInt8) throws(AvroJSONError) -> Bool {
    guard try peek() == byte else { return false }
    position += 1
    return true
  }

  mutating func expect(_ byte: UInt8) throws(AvroJSONError) {
    guard try skip(byte) else { throw error(.unexpectedByte) }
  }

  /// Steps over `bytes` when they stand right here.
  mutating func skip(_ bytes: [UInt8]) -> Bool {
    guard bytes.count <= text.count - position else { return false }
    for index in bytes.indices where bytes[index] != text[position + index] { return false }
    position += bytes.count
    return true
  }

  mutating func expectWord(_ word: StaticString) throws(AvroJSONError) {
    for index in 0..<word.utf8CodeUnitCount {
      guard position < text.count else { throw error(.unexpectedEnd) }
      guard text[position] == word.utf8Start[index] else { throw error(.unexpectedByte) }
      position += 1
    }
  }
}

// MARK: numbers

extension JSONScanner {
  /// Steps over a number in JSON's notation, of which there is the first byte at least.
  mutating func scanNumber() throws(AvroJSONError) -> (range: Range<Int>, isInteger: Bool) {
    let start = position
    var isInteger = true
    take(UInt8(ascii: "-"))
    if take(UInt8(ascii: "0")) {
      if position < text.count, Self.isDigit(text[position]) { throw error(.invalidNumber) }
    } else {
      try takeDigits()
    }
    if take(UInt8(ascii: ".")) {
      isInteger = false
      try takeDigits()
    }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      isInteger = false
      if !take(UInt8(ascii: "+")) { take(UInt8(ascii: "-")) }
      try takeDigits()
    }
    return (start..<position, isInteger)
  }

  func text(in range: Range<Int>) -> String { String(decoding: text[range], as: UTF8.self) }

  @discardableResult
  private mutating func take(_ byte: UInt8) -> Bool {
    guard position < text.count, text[position] == byte else { return false }
    position += 1
    return true
  }

  private mutating func takeDigits() throws(AvroJSONError) {
    guard position < text.count else { throw error(.unexpectedEnd) }
    guard Self.isDigit(text[position]) else { throw error(.invalidNumber) }
    while position < text.count, Self.isDigit(text[position]) { position += 1 }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }
}

// MARK: strings

extension JSONScanner {
  /// Reads a string into ``string``; the opening quote comes next, after white space.
  mutating func scanString() throws(AvroJSONError) {
    try expect(UInt8(ascii: "\""))
    let start = position
    string.removeAll(keepingCapacity: true)
    var plainStart = position
    while true {
      guard position < text.count else { throw error(.unexpectedEnd) }
      switch text[position] {
      case UInt8(ascii: "\""):
        string.append(contentsOf: text[plainStart..<position])
        let isUTF8 = string.withUnsafeBytes { $0.isUTF8 }
        guard isUTF8 else { throw error(.invalidUTF8, at: start) }
        position += 1
        return
      case UInt8(ascii: "\\"):
        string.append(contentsOf: text[plainStart..<position])
        try scanEscape()
        plainStart = position
      case 0..<0x20: throw error(.controlCharacter)
      default: position += 1
      }
    }
  }

  private mutating func scanEscape() throws(AvroJSONError) {
    let start = position
    guard position + 1 < text.count else { throw error(.unexpectedEnd, at: text.count) }
    let byte = text[position + 1]
    position += 2
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): string.append(byte)
    case UInt8(ascii: "b"): string.append(0x08)
    case UInt8(ascii: "f"): string.append(0x0C)
    case UInt8(ascii: "n"): string.append(0x0A)
    case UInt8(ascii: "r"): string.append(0x0D)
    case UInt8(ascii: "t"): string.append(0x09)
    case UInt8(ascii: "u"):
      var code = try scanHex4()
      if 0xD800...0xDBFF ~= code, skip([UInt8(ascii: "\\"), UInt8(ascii: "u")]) {
        let low = try scanHex4()
        guard 0xDC00...0xDFFF ~= low else { throw error(.unpairedSurrogate, at: start) }
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw error(.unpairedSurrogate, at: start) }
      string.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
    default: throw error(.invalidEscape, at: start)
    }
  }

  private mutating func scanHex4() throws(AvroJSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard position < text.count else { throw error(.unexpectedEnd) }
      let byte = text[position]
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(byte - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt32(byte - UInt8(ascii: "a") + 10)
      case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt32(byte - UInt8(ascii: "A") + 10)
      default: throw error(.invalidEscape)
      }
      position += 1
    }
    return value
  }
}
