/// Cuts Avro IDL (specification 1.12, "IDL Language") into tokens. Bad characters are reported and left out.
struct IDLLexer {
  /// What one file may hold.
  static let tokenLimit = 1_000_000
  private static let reportLimit = 20

  private let scalars: [Unicode.Scalar]
  private let diagnostics: Diagnostics
  private var index = 0
  private var location: Location
  private var reports = 0
  private var docs: [IDLDoc] = []

  struct Result {
    /// The last is of kind `end`.
    var tokens: [IDLToken] = []
    /// Nothing was reported.
    var isGood = true
    /// Something has no end, so that the rest of the file could not be read.
    var isCut = false
  }

  static func tokens(_ source: SourceText, _ diagnostics: Diagnostics) -> Result {
    var lexer = IDLLexer(source, diagnostics)
    var result = Result()
    do throws(Problem) {
      while true {
        let token = try lexer.next()
        result.tokens.append(token)
        if token.kind == .end { break }
        guard result.tokens.count < tokenLimit else {
          throw Problem(token.location, "more than \(tokenLimit) words and signs in one file")
        }
      }
    } catch {
      lexer.reports += 1
      diagnostics.add(error)
      result.tokens.append(IDLToken(kind: .end, location: lexer.location))
      result.isCut = true
    }
    result.isGood = lexer.reports == 0
    return result
  }

  private init(_ source: SourceText, _ diagnostics: Diagnostics) {
    scalars = Array(String(decoding: source.bytes, as: UTF8.self).unicodeScalars)
    self.diagnostics = diagnostics
    location = Location(file: source.file, line: 1, column: 1)
  }

  private var peek: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

  private func peek(_ distance: Int) -> Unicode.Scalar? {
    index + distance < scalars.count ? scalars[index + distance] : nil
  }

  private mutating func advance(_ count: Int = 1) {
    for _ in 0..<count where index < scalars.count {
      let scalar = scalars[index]
      index += 1
      if scalar == "\n" || scalar == "\r" && peek != "\n" {
        location.line += 1
        location.column = 1
      } else if scalar != "\r" {
        location.column += 1
      }
    }
  }

  private mutating func report(_ problem: Problem) throws(Problem) {
    reports += 1
    guard reports < Self.reportLimit else { throw problem }
    diagnostics.add(problem)
  }

  // MARK: Tokens

  private mutating func next() throws(Problem) -> IDLToken {
    while true {
      try skipSpace()
      let start = location
      guard let scalar = peek else { return take(.end, start) }
      switch scalar {
      case "(", ")", "{", "}", "[", "]", ":", ";", ",", "@", "=", "?", "<", ">":
        advance()
        return take(.sign(scalar), start)
      case "\"": return take(.string(try readString()), start)
      case "0"..."9", "+", "-", ".": return take(.number(try readNumber()), start)
      default:
        if scalar == "`" || Self.isStart(scalar) { return take(try readIdentifier(), start) }
        try report(Problem(start, "the character \(quoted(String(Character(scalar)))) has no meaning here"))
        advance()
      }
    }
  }

  private mutating func take(_ kind: IDLToken.Kind, _ start: Location) -> IDLToken {
    defer { docs = [] }
    return IDLToken(kind: kind, location: start, docs: docs)
  }

  private mutating func skipSpace() throws(Problem) {
    while let scalar = peek {
      switch scalar {
      case " ", "\t", "\n", "\r": advance()
      case "/" where peek(1) == "/":
        while let scalar = peek, scalar != "\n", scalar != "\r" { advance() }
      case "/" where peek(1) == "*": try skipComment()
      default: return
      }
    }
  }

  private mutating func skipComment() throws(Problem) {
    let start = location
    let first = index
    advance(2)
    while !(peek == "*" && peek(1) == "/") {
      guard peek != nil else { throw Problem(start, "this comment has no end") }
      advance()
    }
    advance(2)
    let comment = scalars[first..<index]
    guard comment.count > 4, comment[first + 2] == "*" else { return }
    var content = String.UnicodeScalarView()
    content.append(contentsOf: comment.dropFirst(3).dropLast(2))
    docs.append(IDLDoc(location: start, content: String(content)))
  }

  // MARK: Identifiers

  private static func isStart(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "_" || scalar.properties.isXIDStart
  }

  /// Parts with dots and dashes between them, each with or without backquotes.
  private mutating func readIdentifier() throws(Problem) -> IDLToken.Kind {
    var text = String.UnicodeScalarView()
    var isQuoted = false
    while true {
      let isPartQuoted = peek == "`"
      let start = location
      if isPartQuoted {
        isQuoted = true
        advance()
      }
      let count = text.count
      if let scalar = peek, Self.isStart(scalar) {
        while let scalar = peek, Self.isStart(scalar) || scalar.properties.isXIDContinue {
          text.append(scalar)
          advance()
        }
      }
      if isPartQuoted {
        guard peek == "`", text.count > count else {
          throw Problem(start, "a name between backquotes is expected here")
        }
        advance()
      }
      guard let joint = peek, joint == "." || joint == "-", let after = peek(1), after == "`" || Self.isStart(after)
      else { return .identifier(String(text), isQuoted: isQuoted) }
      text.append(joint)
      advance()
    }
  }

  // MARK: Values

  /// As long as it looks like a number; whether it is one is found out where it is used.
  private mutating func readNumber() throws(Problem) -> String {
    let start = location
    var text = String.UnicodeScalarView()
    while let scalar = peek {
      let isSign = scalar == "+" || scalar == "-"
      let isHex = text.contains("x") || text.contains("X")
      let mayBeSigned = text.isEmpty || (isHex ? "pP" : "eEpP").unicodeScalars.contains(text.last ?? " ")
      guard isSign ? mayBeSigned : scalar == "." || scalar.isASCII && (scalar.properties.isAlphabetic || scalar.isDigit)
      else { break }
      text.append(scalar)
      advance()
      guard text.count <= 1_000 else { throw Problem(start, "a number of more than 1000 characters") }
    }
    return String(text)
  }

  private mutating func readString() throws(Problem) -> String {
    let start = location
    advance()
    var units: [UInt16] = []
    while true {
      guard let scalar = peek, scalar != "\n", scalar != "\r" else { throw Problem(start, "this text has no end") }
      switch scalar {
      case "\"":
        advance()
        guard let text = String(validating: units, as: UTF16.self) else {
          try report(Problem(start, "half of a surrogate pair in this text"))
          return ""
        }
        guard text.utf8.count <= InputLimits.scalarBytes else {
          throw Problem(start, "a text of \(text.utf8.count) bytes; the limit is \(InputLimits.scalarBytes)")
        }
        return text
      case "\\": try readEscape(into: &units)
      case "\t":
        try report(Problem(location, "a tab in a text; write \\t"))
        advance()
      default:
        units.append(contentsOf: String(Character(scalar)).utf16)
        advance()
      }
    }
  }

  private static let escapes: [Unicode.Scalar: UInt16] = [
    "\"": 0x22, "'": 0x27, "\\": 0x5C, "/": 0x2F, "b": 8, "t": 9, "n": 10, "f": 12, "r": 13,
  ]

  /// Java's escapes: those of JSON, the apostrophe, and up to three octal digits.
  private mutating func readEscape(into units: inout [UInt16]) throws(Problem) {
    let start = location
    advance()
    guard let scalar = peek else { throw Problem(start, "this text has no end") }
    if let unit = Self.escapes[scalar] {
      units.append(unit)
      advance()
    } else if scalar == "u" {
      advance()
      var unit: UInt16 = 0
      for _ in 0..<4 {
        guard let digit = peek.flatMap({ Character($0).hexDigitValue }), peek?.isASCII == true else {
          return try report(Problem(start, "four hexadecimal digits must follow \\u"))
        }
        unit = unit << 4 | UInt16(digit)
        advance()
      }
      units.append(unit)
    } else if let first = scalar.octalDigit {
      var unit: UInt16 = 0
      var count = 0
      while let digit = peek?.octalDigit, count < (first < 4 ? 3 : 2) {
        unit = unit << 3 | digit
        count += 1
        advance()
      }
      units.append(unit)
    } else {
      try report(Problem(start, "unknown escape in a text"))
      if scalar != "\n", scalar != "\r" { advance() }
    }
  }
}

extension Unicode.Scalar {
  fileprivate var isDigit: Bool { ("0"..."9").contains(self) }

  fileprivate var octalDigit: UInt16? { ("0"..."7").contains(self) ? UInt16(value - 0x30) : nil }
}
