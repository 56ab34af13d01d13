/// Splits a document into tokens (October 2021, section 2.1), over its UTF-8 bytes and in one pass.
struct Lexer {
  let bytes: [UInt8]
  var position = 0
  private let maxTokens: Int
  private var tokenCount = 0
  /// Up to here lines and columns are counted already.
  private var counted = 0
  private var countedLocation = SourceLocation(line: 1, column: 1)

  /// - Throws: when the document is over ``GraphQLLimits/maxDocumentBytes``.
  init(_ text: String, limits: GraphQLLimits) throws(GraphQLError) {
    guard text.utf8.count <= limits.maxDocumentBytes else {
      throw .overLimit("the document has more than \(limits.maxDocumentBytes) bytes (maxDocumentBytes)")
    }
    bytes = [UInt8](text.utf8)
    maxTokens = limits.maxTokens
  }

  /// The byte at an index; 0 past the end, which no token begins or goes on with.
  @inline(__always) func byte(at index: Int) -> UInt8 { index < bytes.count ? bytes[index] : 0 }

  func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  /// Line and column of a byte. Counts on from the last place it was asked for, so places have to rise.
  mutating func location(at index: Int) -> SourceLocation {
    while counted < index {
      switch bytes[counted] {
      case UInt8(ascii: "\r"):
        // A line feed behind it belongs to it.
        if byte(at: counted + 1) == UInt8(ascii: "\n") { counted += 1 }
        countedLocation = SourceLocation(line: countedLocation.line + 1, column: 1)
      case UInt8(ascii: "\n"): countedLocation = SourceLocation(line: countedLocation.line + 1, column: 1)
      // Not the first byte of its scalar.
      case 0x80...0xBF: break
      default: countedLocation.column += 1
      }
      counted += 1
    }
    return countedLocation
  }

  mutating func error(_ message: String, at index: Int) -> GraphQLError {
    GraphQLError("syntax error: \(message)", locations: [location(at: index)])
  }

  /// What stands at an index, as error messages show it.
  func shown(at index: Int) -> String {
    guard index < bytes.count, let scalar = text(index..<min(index + 4, bytes.count)).unicodeScalars.first else {
      return "the end of the document"
    }
    let isPrintable = scalar.value >= 0x20 && scalar.value < 0x7F
    return isPrintable ? "'\(scalar)'" : "U+" + hexadecimal(scalar.value)
  }

  /// The next token; ``Token/Kind/end`` at the end, as often as it is asked for.
  mutating func next() throws(GraphQLError) -> Token {
    skipIgnored()
    let start = position
    guard start < bytes.count else { return Token(kind: .end, location: location(at: start)) }
    let token = try token(at: start)
    tokenCount += 1
    guard tokenCount <= maxTokens else {
      throw .overLimit("the document has more than \(maxTokens) tokens (maxTokens)", [token.location])
    }
    return token
  }

  /// White space, line ends, commas, comments and byte order marks (section 2.1.7).
  private mutating func skipIgnored() {
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: ","):
        position += 1
      case UInt8(ascii: "#"):
        while position < bytes.count, !isLineEnd(bytes[position]) { position += 1 }
      case 0xEF where byte(at: position + 1) == 0xBB && byte(at: position + 2) == 0xBF: position += 3
      default: return
      }
    }
  }

  private mutating func token(at start: Int) throws(GraphQLError) -> Token {
    let first = bytes[start]
    if let kind = punctuator(first) {
      position = start + 1
      return Token(kind: kind, location: location(at: start))
    }
    switch first {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"):
      position = start + 1
      while isNamePart(byte(at: position)) { position += 1 }
      return Token(kind: .name, location: location(at: start), text: text(start..<position))
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): return try number(at: start)
    case UInt8(ascii: "\""):
      let location = location(at: start)
      let isBlock = byte(at: start + 1) == first && byte(at: start + 2) == first
      return Token(kind: .string, location: location, text: isBlock ? try blockString() : try string())
    case UInt8(ascii: "."): return try spread(at: start)
    case UInt8(ascii: "'"): throw error("strings stand in double quotes, not in single quotes", at: start)
    default: throw error("no token begins with \(shown(at: start))", at: start)
    }
  }

  private func punctuator(_ byte: UInt8) -> Token.Kind? {
    switch byte {
    case UInt8(ascii: "!"): .bang
    case UInt8(ascii: "$"): .dollar
    case UInt8(ascii: "&"): .ampersand
    case UInt8(ascii: "("): .leftParenthesis
    case UInt8(ascii: ")"): .rightParenthesis
    case UInt8(ascii: ":"): .colon
    case UInt8(ascii: "="): .equals
    case UInt8(ascii: "@"): .at
    case UInt8(ascii: "["): .leftBracket
    case UInt8(ascii: "]"): .rightBracket
    case UInt8(ascii: "{"): .leftBrace
    case UInt8(ascii: "|"): .pipe
    case UInt8(ascii: "}"): .rightBrace
    default: nil
    }
  }

  private mutating func spread(at start: Int) throws(GraphQLError) -> Token {
    let dot = UInt8(ascii: ".")
    guard byte(at: start + 1) == dot, byte(at: start + 2) == dot else {
      let hint = isDigit(byte(at: start + 1)) ? "a number has a digit before its '.'" : "'.' stands only in '...'"
      throw error(hint, at: start)
    }
    position = start + 3
    return Token(kind: .spread, location: location(at: start))
  }

  /// An integer or a float (sections 2.9.1 and 2.9.2).
  private mutating func number(at start: Int) throws(GraphQLError) -> Token {
    var isFloat = false
    position = start
    if byte(at: position) == UInt8(ascii: "-") { position += 1 }
    if byte(at: position) == UInt8(ascii: "0") {
      position += 1
      if isDigit(byte(at: position)) { throw error("a number has no further digit after a first 0", at: position) }
    } else {
      try skipDigits()
    }
    if byte(at: position) == UInt8(ascii: ".") {
      isFloat = true
      position += 1
      try skipDigits()
    }
    if byte(at: position) | 0x20 == UInt8(ascii: "e") {
      isFloat = true
      position += 1
      if byte(at: position) == UInt8(ascii: "+") || byte(at: position) == UInt8(ascii: "-") { position += 1 }
      try skipDigits()
    }
    let following = byte(at: position)
    if following == UInt8(ascii: ".") || isNamePart(following) {
      throw error("a number can't be followed by \(shown(at: position))", at: position)
    }
    return Token(kind: isFloat ? .float : .int, location: location(at: start), text: text(start..<position))
  }

  /// One or more digits.
  private mutating func skipDigits() throws(GraphQLError) {
    guard isDigit(byte(at: position)) else {
      throw error("expected a digit, found \(shown(at: position))", at: position)
    }
    while isDigit(byte(at: position)) { position += 1 }
  }
}

func isLineEnd(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") }

private func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

private func isNamePart(_ byte: UInt8) -> Bool {
  let letter = byte | 0x20
  return (letter >= UInt8(ascii: "a") && letter <= UInt8(ascii: "z")) || isDigit(byte) || byte == UInt8(ascii: "_")
}

/// At least four digits.
func hexadecimal(_ value: UInt32) -> String {
  let digits = String(value, radix: 16, uppercase: true)
  return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
}
