/// A word, value or sign of Avro IDL.
struct IDLToken {
  var kind: Kind
  var location: Location
  /// The documentation comments between the token before and this one.
  var docs: [IDLDoc] = []

  enum Kind: Equatable {
    /// Without backquotes. `isQuoted`: some part had them, so that it is no keyword.
    case identifier(String, isQuoted: Bool)
    case string(String)
    /// As written.
    case number(String)
    case sign(Unicode.Scalar)
    case end
  }

  /// The word, when it may be a keyword.
  var word: String? {
    if case .identifier(let text, isQuoted: false) = kind { text } else { nil }
  }

  func isSign(_ sign: Unicode.Scalar) -> Bool { kind == .sign(sign) }

  /// For messages.
  var description: String {
    switch kind {
    case .identifier(let text, _): quoted(text)
    case .string(let text): "the text \(quoted(text))"
    case .number(let text): text.count > 40 ? "a number" : text
    case .sign(let sign): "'\(Character(sign))'"
    case .end: "the end of the file"
    }
  }
}

/// A comment that starts with two asterisks.
struct IDLDoc {
  var location: Location
  /// Without the marks of the comment, its indentation and the asterisks in front of its lines.
  var text: String

  init(location: Location, content: String) {
    self.location = location
    text = Self.stripped(content)
  }

  /// Like Java's reader: when every line begins with the same one or two asterisks these go, with one space behind
  /// them; otherwise the white space that all lines but the first have in common.
  private static func stripped(_ content: String) -> String {
    let trimmed = trim(content)
    var lines: [Substring] = []
    var rest = Substring(trimmed)
    while let end = rest.firstIndex(where: { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }) {
      lines.append(rest[..<end])
      rest = rest[rest.index(after: end)...]
    }
    lines.append(rest)
    for stars in ["**", "*"] where lines.allSatisfy({ $0.drop(while: isBlank).hasPrefix(stars) }) {
      return lines.map { line in
        let text = line.drop(while: isBlank).dropFirst(stars.count)
        return String(text.first.map(isBlank) == true ? text.dropFirst() : text)
      }.joined(separator: "\n")
    }
    let indentation = commonIndentation(lines.dropFirst())
    return ([lines[0]] + lines.dropFirst().map { $0.dropFirst(indentation) }).joined(separator: "\n")
  }

  /// Lines of white space alone count too, as for Java.
  private static func commonIndentation(_ lines: ArraySlice<Substring>) -> Int {
    guard let first = lines.first else { return 0 }
    var common = first.prefix(while: isBlank)
    for line in lines.dropFirst() {
      var same = 0
      for (left, right) in zip(common, line) where same >= 0 {
        guard left == right else { break }
        same += 1
      }
      common = common.prefix(same)
    }
    return common.count
  }

  private static func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }

  private static func trim(_ text: String) -> String {
    let scalars = text.unicodeScalars
    guard let first = scalars.firstIndex(where: { $0.value > 0x20 }),
      let last = scalars.lastIndex(where: { $0.value > 0x20 })
    else { return "" }
    return String(String.UnicodeScalarView(scalars[first...last]))
  }
}
