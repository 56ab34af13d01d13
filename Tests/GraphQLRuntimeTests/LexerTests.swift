import Testing

@testable import GraphQLRuntime

/// Tokens, through what is made of them.
@Suite struct LexerTests {
  /// The value of the argument in `{ f(a: TEXT) }`.
  static func value(_ text: String) throws -> LiteralNode.Value {
    let document = try Document(parsing: "{ f(a: \(text)) }")
    guard case .field(let field)? = document.operations.first?.selectionSet.selections.first else {
      throw GraphQLError("no field")
    }
    return try #require(field.arguments.first).value.value
  }

  @Test(
    arguments: [
      ("0", .int("0")), ("-0", .int("-0")), ("12", .int("12")), ("-9876543210", .int("-9876543210")),
      ("1.0", .float("1.0")), ("-1.5e10", .float("-1.5e10")), ("1E-3", .float("1E-3")), ("0e+0", .float("0e+0")),
      ("true", .boolean(true)), ("false", .boolean(false)), ("null", .null), ("RED", .enumeration("RED")),
      ("truely", .enumeration("truely")), ("$x", .variable("x")), ("$ x", .variable("x")), ("[]", .list([])),
      ("{}", .object([])),
      (#""""#, .string("")), (#""a b""#, .string("a b")), (#""\"\\\/\b\f\n\r\t""#, .string("\"\\/\u{8}\u{c}\n\r\t")),
      (#""\u00e9\u00E9""#, .string("éé")), (#""\u{1F600}\u{41}""#, .string("😀A")), (#""\u{00000041}""#, .string("A")),
      (#""\uD83D\uDE00""#, .string("😀")), ("\"# no comment, \u{FEFF}\"", .string("# no comment, \u{FEFF}")),
      ("\"tab\tand \u{0} stay\"", .string("tab\tand \u{0} stay")),
      (#""""""""#, .string("")), (#""""a""""#, .string("a")), (#""""\n \u0041""""#, .string(#"\n \u0041"#)),
      (#""""say \""" here""""#, .string(#"say """ here"#)), (#""""a" "b"  """"#, .string(#"a" "b"  "#)),
      ("\"\"\"\n    one\n      two\r\n\r    three\n  \"\"\"", .string("one\n  two\n\nthree")),
      ("\"\"\"first\n    one\n   two\"\"\"", .string("first\n one\ntwo")),
      ("\"\"\"\n\n  \t\n  x\n \n\"\"\"", .string("x")), ("\"\"\"  \n \t \"\"\"", .string("")),
      ("\"\"\"\n\ta\n  b\"\"\"", .string("a\n b")),
    ] as [(String, LiteralNode.Value)])
  func readsValues(text: String, value: LiteralNode.Value) throws {
    #expect(try Self.value(text) == value)
  }

  /// Where what is wrong stands, counted from the first character of the value.
  @Test(arguments: [
    ("01", 2), ("-", 2), ("-a", 2), ("1.", 3), ("1.a", 3), ("1e", 3), ("1e+", 4), (".5", 1), ("1a", 2), ("1.5.5", 4),
    ("1.5e1x", 6), ("1_0", 2), ("00", 2), ("-01", 3), ("1..2", 3), ("..", 1), (".", 1), ("+1", 1), ("'a'", 1),
    ("é", 1), ("\u{0}", 1), ("?", 1), ("%", 1), (";", 1), ("\u{2028}", 1),
    (#""\x""#, 2), (#""ab\u12""#, 4), (#""\u{}""#, 2), (#""\u{110000}""#, 2), (#""\u{000000041}""#, 2),
    (#""\u{D800}""#, 2), (#""\uD83D""#, 2), (#""\uDE00\uD83D""#, 2), (#""\uD83Dx""#, 2), (#""\uD83D\u0041""#, 2),
    (#""\u{4x}""#, 2), ("\"a\nb\"", 3), ("\"a\rb\"", 3),
  ]) func refusesTokens(text: String, column: Int) throws {
    let error = #expect(throws: GraphQLError.self) { try Self.value(text) }
    #expect(error?.locations == [SourceLocation(line: 1, column: 7 + column)])
    #expect(error?.message.hasPrefix("syntax error: ") == true)
  }

  /// Lines end at line feeds, carriage returns and both together; columns count Unicode scalars.
  @Test(arguments: [
    ("{ a\n  ! }", 2, 3), ("{ a\r\n  ! }", 2, 3), ("{ a\r  ! }", 2, 3), ("{ a\n\r  ! }", 3, 3), ("\r\n\r\n{!", 3, 2),
    ("{ f(a: \"é😀\") ! }", 1, 14), ("{ f(a: \"👨‍👩‍👧\") ! }", 1, 17), ("\u{FEFF}{ ! }", 1, 4), ("# é\n{ a: }", 2, 6),
    ("{ f(a: \"\"\"\nx\r\ny\"\"\" ! ) }", 3, 6), ("{\n  f(a: \"unterminated", 2, 21), ("{ f(a: \"\"\"\nx", 2, 2),
    ("", 1, 1), ("\n\n", 3, 1), ("# only a comment", 1, 17), ("{ a", 1, 4), (",,,{,a,:,}", 1, 10),
  ]) func countsLinesAndColumns(text: String, line: Int, column: Int) throws {
    let error = #expect(throws: GraphQLError.self) { try Document(parsing: text) }
    #expect(error?.locations == [SourceLocation(line: line, column: column)])
  }

  @Test func ignoresCommasCommentsAndByteOrderMarks() throws {
    let plain = try Document(parsing: "query Q($a: Int, $b: Int) { f(x: [1, 2]) g }")
    let odd = try Document(parsing: "\u{FEFF}query,,Q(#c\n$a:Int\t$b:Int)\u{FEFF}{f(x:[1\r2,],)#}\n,g,}#")
    #expect(plain.description == odd.description)
  }
}
