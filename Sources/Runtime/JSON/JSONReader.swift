/// What a JSON text may cost at most. Every limit ends in a ``JSONError``, never in a crash.
public struct JSONLimits: Hashable, Sendable {
  /// How deep arrays and objects may nest.
  public var maxDepth: Int
  /// Length of the whole text in bytes of UTF-8.
  public var maxBytes: Int

  /// - Parameters:
  ///   - maxDepth: 1 lets a text hold one array or object without another inside.
  ///   - maxBytes: 16 MiB unless told otherwise.
  public init(maxDepth: Int = 100, maxBytes: Int = 16 << 20) {
    self.maxDepth = maxDepth
    self.maxBytes = maxBytes
  }
}

/// Why a text is not JSON (RFC 8259), and where.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Kind: String, Hashable, Sendable {
    case unexpectedEnd = "the text ends too early"
    case unexpectedByte = "this byte can't stand here"
    case invalidUTF8 = "not UTF-8"
    case invalidEscape = "not an escape that JSON knows"
    case unpairedSurrogate = "half of a surrogate pair"
    case controlCharacter = "a control character in a string has to be escaped"
    case invalidNumber = "not a number in JSON's notation"
    case numberOutOfRange = "the number is too large for 64-bit floating point"
    case duplicateMember = "the object has a member of this name already"
    case tooDeep = "nested too deeply"
    case tooLarge = "the text is too long"
    case trailingBytes = "something follows the value"
  }

  public var kind: Kind
  /// In bytes from the start of the text.
  public var offset: Int

  public init(_ kind: Kind, offset: Int) {
    self.kind = kind
    self.offset = offset
  }

  public var description: String { "JSON, byte \(offset): \(kind.rawValue)" }
}

extension JSONValue {
  /// Reads a whole JSON text (RFC 8259), strictly: no comments, no trailing commas, no byte order mark, no member
  /// name twice in one object. A number without fraction and exponent that fits is an ``integer(_:)``, others are a
  /// ``double(_:)``.
  public init(parsing text: String, limits: JSONLimits = JSONLimits()) throws(JSONError) {
    try self.init(parsing: Array(text.utf8), limits: limits)
  }

  /// As ``init(parsing:limits:)-(String,_)``, from bytes that have to be UTF-8.
  public init(parsing bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) {
    guard bytes.count <= limits.maxBytes else { throw JSONError(.tooLarge, offset: limits.maxBytes) }
    var reader = JSONReader(bytes: bytes, maxDepth: limits.maxDepth)
    self = try reader.readText()
  }
}

/// Keeps its own stack: depth costs memory that is counted, not the thread's stack.
private struct JSONReader {
  let bytes: [UInt8]
  let maxDepth: Int
  var position = 0
  var stack: [Frame] = []

  /// An array or object that is still open.
  struct Frame {
    let isObject: Bool
    var items: [JSONValue] = []
    var members: [JSONValue.Member] = []
    var names: Set<ExactText> = []
    /// Of the member whose value is read next.
    var name = ""

    mutating func take(_ value: JSONValue) {
      if isObject { members.append(JSONValue.Member(name, value)) } else { items.append(value) }
    }

    var value: JSONValue { isObject ? .object(members) : .array(items) }
  }

  init(bytes: [UInt8], maxDepth: Int) {
    self.bytes = bytes
    self.maxDepth = maxDepth
  }

  mutating func readText() throws(JSONError) -> JSONValue {
    while true {
      guard var value = try readValueOrOpen() else { continue }
      while !stack.isEmpty {
        stack[stack.count - 1].take(value)
        guard let closed = try closeOrContinue() else { break }
        value = closed
        if stack.isEmpty { return try finish(value) }
      }
      if stack.isEmpty { return try finish(value) }
    }
  }

  private mutating func finish(_ value: JSONValue) throws(JSONError) -> JSONValue {
    skipSpace()
    guard position == bytes.count else { throw JSONError(.trailingBytes, offset: position) }
    return value
  }

  /// A scalar or an empty container, or nil when one was opened that has content.
  private mutating func readValueOrOpen() throws(JSONError) -> JSONValue? {
    skipSpace()
    let byte = try peek()
    switch byte {
    case UInt8(ascii: "["), UInt8(ascii: "{"):
      let isObject = byte == UInt8(ascii: "{")
      guard stack.count < maxDepth else { throw JSONError(.tooDeep, offset: position) }
      position += 1
      skipSpace()
      if try peek() == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
        position += 1
        return isObject ? .object([]) : .array([])
      }
      stack.append(Frame(isObject: isObject))
      if isObject { try readName() }
      return nil
    case UInt8(ascii: "\""): return .string(try readString())
    case UInt8(ascii: "t"): return try readWord("true", .bool(true))
    case UInt8(ascii: "f"): return try readWord("false", .bool(false))
    case UInt8(ascii: "n"): return try readWord("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try readNumber()
    default: throw JSONError(.unexpectedByte, offset: position)
    }
  }

  /// After a value inside a container: the container when it ends here, nil when another value follows.
  private mutating func closeOrContinue() throws(JSONError) -> JSONValue? {
    let isObject = stack[stack.count - 1].isObject
    skipSpace()
    let byte = try peek()
    if byte == UInt8(ascii: ",") {
      position += 1
      if isObject {
        skipSpace()
        try readName()
      }
      return nil
    }
    guard byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
      throw JSONError(.unexpectedByte, offset: position)
    }
    position += 1
    return stack.removeLast().value
  }

  private mutating func readName() throws(JSONError) {
    let start = position
    guard try peek() == UInt8(ascii: "\"") else { throw JSONError(.unexpectedByte, offset: position) }
    let name = try readString()
    guard stack[stack.count - 1].names.insert(ExactText(name)).inserted else {
      throw JSONError(.duplicateMember, offset: start)
    }
    stack[stack.count - 1].name = name
    skipSpace()
    guard try peek() == UInt8(ascii: ":") else { throw JSONError(.unexpectedByte, offset: position) }
    position += 1
  }

  private mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return
      }
    }
  }

  private func peek() throws(JSONError) -> UInt8 {
    guard position < bytes.count else { throw JSONError(.unexpectedEnd, offset: position) }
    return bytes[position]
  }

  private mutating func readWord(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
    for index in 0..<word.utf8CodeUnitCount {
      guard try peek() == word.utf8Start[index] else { throw JSONError(.unexpectedByte, offset: position) }
      position += 1
    }
    return value
  }
}

// MARK: numbers

extension JSONReader {
  fileprivate mutating func readNumber() throws(JSONError) -> JSONValue {
    let start = position
    var isInteger = true
    skip(UInt8(ascii: "-"))
    if skip(UInt8(ascii: "0")) {
      if position < bytes.count, isDigit(bytes[position]) { throw JSONError(.invalidNumber, offset: position) }
    } else {
      try skipDigits()
    }
    if skip(UInt8(ascii: ".")) {
      isInteger = false
      try skipDigits()
    }
    if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
      isInteger = false
      if !skip(UInt8(ascii: "+")) { skip(UInt8(ascii: "-")) }
      try skipDigits()
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isInteger, let integer = Int64(text) { return .integer(integer) }
    guard let number = Double(text) else { throw JSONError(.invalidNumber, offset: start) }
    guard number.isFinite else { throw JSONError(.numberOutOfRange, offset: start) }
    return .double(number)
  }

  private func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

  @discardableResult
  private mutating func skip(_ byte: UInt8) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  private mutating func skipDigits() throws(JSONError) {
    guard position < bytes.count else { throw JSONError(.unexpectedEnd, offset: position) }
    guard isDigit(bytes[position]) else { throw JSONError(.invalidNumber, offset: position) }
    while position < bytes.count, isDigit(bytes[position]) { position += 1 }
  }
}

// MARK: strings

extension JSONReader {
  /// `position` is at the opening quote.
  fileprivate mutating func readString() throws(JSONError) -> String {
    let start = position
    position += 1
    var unescaped: [UInt8] = []
    var plainStart = position
    while true {
      let byte = try peek()
      switch byte {
      case UInt8(ascii: "\""):
        unescaped.append(contentsOf: bytes[plainStart..<position])
        position += 1
        guard let text = String(validating: unescaped, as: UTF8.self) else {
          throw JSONError(.invalidUTF8, offset: start)
        }
        return text
      case UInt8(ascii: "\\"):
        unescaped.append(contentsOf: bytes[plainStart..<position])
        try readEscape(into: &unescaped)
        plainStart = position
      case 0..<0x20: throw JSONError(.controlCharacter, offset: position)
      default: position += 1
      }
    }
  }

  private mutating func readEscape(into text: inout [UInt8]) throws(JSONError) {
    let start = position
    position += 1
    let byte = try peek()
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var code = UInt32(try readHex4())
      if 0xDC00...0xDFFF ~= code { throw JSONError(.unpairedSurrogate, offset: start) }
      if 0xD800...0xDBFF ~= code {
        guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
          bytes[position + 1] == UInt8(ascii: "u")
        else { throw JSONError(.unpairedSurrogate, offset: start) }
        position += 2
        let low = UInt32(try readHex4())
        guard 0xDC00...0xDFFF ~= low else { throw JSONError(.unpairedSurrogate, offset: start) }
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw JSONError(.invalidEscape, offset: start) }
      text.append(contentsOf: Array(String(Character(scalar)).utf8))
    default: throw JSONError(.invalidEscape, offset: start)
    }
  }

  private mutating func readHex4() throws(JSONError) -> UInt16 {
    var value: UInt16 = 0
    for _ in 0..<4 {
      let byte = try peek()
      guard let digit = hexDigit(byte) else { throw JSONError(.invalidEscape, offset: position) }
      value = value << 4 | digit
      position += 1
    }
    return value
  }

  private func hexDigit(_ byte: UInt8) -> UInt16? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
  }
}
