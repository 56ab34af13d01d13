/// A lexical token (October 2021, section 2.1.6).
struct Token {
  enum Kind {
    case end
    case bang, dollar, ampersand, leftParenthesis, rightParenthesis, spread, colon, equals, at
    case leftBracket, rightBracket, leftBrace, pipe, rightBrace
    case name, int, float, string

    /// As error messages show it.
    var text: String {
      switch self {
      case .end: "the end of the document"
      case .bang: "'!'"
      case .dollar: "'$'"
      case .ampersand: "'&'"
      case .leftParenthesis: "'('"
      case .rightParenthesis: "')'"
      case .spread: "'...'"
      case .colon: "':'"
      case .equals: "'='"
      case .at: "'@'"
      case .leftBracket: "'['"
      case .rightBracket: "']'"
      case .leftBrace: "'{'"
      case .pipe: "'|'"
      case .rightBrace: "'}'"
      case .name: "a name"
      case .int, .float: "a number"
      case .string: "a string"
      }
    }
  }

  var kind: Kind
  var location: SourceLocation
  /// Names and numbers as they are written, strings as what they stand for; empty for punctuators.
  var text = ""

  /// As error messages show it.
  var shown: String {
    switch kind {
    case .name, .int, .float: "'\(text)'"
    default: kind.text
    }
  }
}
