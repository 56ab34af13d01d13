import Testing

@testable import GraphQLRuntime

@Suite struct ParserTests {
  /// As they are printed, on one line.
  @Test(arguments: [
    ("{a}", "query { a }"), ("query{a}", "query { a }"), ("mutation M{a}", "mutation M { a }"),
    ("subscription{a}", "subscription { a }"), ("{a:b}", "query { a: b }"),
    ("{query fragment on}", "query { query fragment on }"),
    ("query query{mutation:subscription}", "query query { mutation: subscription }"),
    ("{f(a:1 b:\"x\")@d(e:[$v])@e{g}}", "query { f(a: 1, b: \"x\") @d(e: [$v]) @e { g } }"),
    ("{...F@d ...on T@d{a}...{b}...@d{c}}", "query { ...F @d ... on T @d { a } ... { b } ... @d { c } }"),
    ("{...onT}", "query { ...onT }"), ("{... on on{a}}", "query { ... on on { a } }"),
    ("query($a:Int=1@d,$b:[T!]!={x:[null]}){a}", "query($a: Int = 1 @d, $b: [T!]! = {x: [null]}) { a }"),
    ("query Q@d{a}", "query Q @d { a }"), ("fragment F on T@d{a}", "fragment F on T @d { a }"),
    ("fragment fragment on on{a}", "fragment fragment on on { a }"),
    ("{a}fragment F on T{b}query Q{c}", "query { a } fragment F on T { b } query Q { c }"),
    ("{f(a:{b:{c:$d}})}", "query { f(a: {b: {c: $d}}) }"), ("{f(true:null)}", "query { f(true: null) }"),
  ]) func parsesOperations(text: String, printed: String) throws {
    let document = try Document(parsing: text)
    #expect(document.description == printed)
    #expect(try Document(parsing: printed).description == printed)
  }

  @Test(arguments: [
    ("{", 1, 2), ("{}", 1, 2), ("}", 1, 1), ("{a", 1, 3), ("{a{}}", 1, 4), ("{a:}", 1, 4), ("{a()}", 1, 4),
    ("{a(b)}", 1, 5), ("{a(b:)}", 1, 6), ("{a(b:1)(c:1)}", 1, 8), ("{a@}", 1, 4), ("{...}", 1, 5), ("{...on}", 1, 7),
    ("{... on{a}}", 1, 8), ("query", 1, 6), ("query Q", 1, 8), ("query Q(){a}", 1, 9), ("query($a){a}", 1, 9),
    ("query($a:){a}", 1, 10), ("query($a:[Int){a}", 1, 14), ("query($a:Int!!){a}", 1, 14),
    ("query($a:Int=$b){a}", 1, 14), ("query($a:[Int]=[1 $b]){a}", 1, 19), ("query($a:Int@d(x:$b)){a}", 1, 18),
    ("query(a:Int){a}", 1, 7), ("fragment on on T{a}", 1, 10), ("fragment F T{a}", 1, 12), ("fragment F on {a}", 1, 15),
    ("fragment F on T", 1, 16), ("notAKeyword{a}", 1, 1), ("{a} b", 1, 5), ("query Q @d($a:1){a}", 1, 12),
    ("{f(a:$)}", 1, 7), ("{f(a:[1)}", 1, 8), ("{f(a:{b})}", 1, 8), ("{f(a:{1:2})}", 1, 7), ("{1}", 1, 2),
    ("\"described\" {a}", 1, 1), ("\"described\" query{a}", 1, 1), ("\"described\" 5", 1, 13),
    ("\"described\" extend type T{a:B}", 1, 1), ("\"described\" word", 1, 1), ("!", 1, 1),
  ]) func refusesOperations(text: String, line: Int, column: Int) throws {
    let error = #expect(throws: GraphQLError.self) { try Document(parsing: text) }
    #expect(error?.locations == [SourceLocation(line: line, column: column)], "\(error?.message ?? "")")
    #expect(error?.extensions.isEmpty == true)
  }

  @Test(arguments: [
    "schema{query:Q}", "\"s\"schema@d{query:Q mutation:M subscription:S}", "extend schema@d",
    "extend schema{mutation:M}",
    "scalar S", "\"d\"scalar S@d", "extend scalar S@d", "type T", "type T{f:Int}",
    "type T implements A&B@d{\"d\"f(\"d\"a:Int=1@d,b:[Int]):[T!]!@d g:Int}", "type T implements&A", "extend type T@d",
    "extend type T implements A", "extend type T{f:Int}", "interface I implements J{f:Int}",
    "extend interface I{f:Int}",
    "union U", "union U=A", "union U@d=|A|B", "extend union U=A", "enum E", "enum E{A \"d\"B@d}", "extend enum E{A}",
    "input I", "input I{\"d\"a:Int=1@d}", "extend input I@d", "directive@d on FIELD",
    "\"d\"directive@d(a:Int)repeatable on|FIELD|QUERY", "type type{type:type}", "directive@repeatable on FIELD",
  ]) func parsesTypes(text: String) throws {
    let document = try Document(parsing: text)
    #expect(document.definitions.count == 1)
    guard case .typeSystem(let definition)? = document.definitions.first else { throw GraphQLError("no type") }
    #expect(definition.isExtension == text.hasPrefix("extend"))
    #expect((definition.description != nil) == text.hasPrefix("\""))
    #expect(definition.location == SourceLocation(line: 1, column: 1))
  }

  @Test(arguments: [
    ("schema", 7), ("schema{}", 8), ("schema{query}", 13), ("schema{other:Q}", 8), ("extend schema", 14), ("scalar", 7),
    ("extend scalar S", 16), ("type", 5), ("type T{}", 8), ("type T{f}", 9), ("type T{f:}", 10),
    ("type T{f():Int}", 10),
    ("type T implements", 18), ("type T implements A B", 21), ("type T implements A,B{f:Int}", 21),
    ("extend type T", 14), ("union U=", 9), ("union U=|", 10), ("union U=A|", 11), ("enum E{}", 8),
    ("enum E{true}", 8), ("enum E{A null}", 10), ("input I{}", 9), ("input I{f(a:Int):Int}", 10),
    ("directive d on FIELD", 11), ("directive@d FIELD", 13), ("directive@d on", 15), ("directive@d on WHERE", 16),
    ("directive@d on FIELD|", 22), ("directive@d repeatable", 23), ("extend directive@d on FIELD", 8), ("extend", 7),
    ("extend query{a}", 8), ("type T{f:Int=1}", 13), ("type T{f(a:Int=$v):Int}", 16), ("\"d\" \"e\" type T", 5),
  ]) func refusesTypes(text: String, column: Int) throws {
    let error = #expect(throws: GraphQLError.self) { try Document(parsing: text) }
    #expect(error?.locations == [SourceLocation(line: 1, column: column)], "\(error?.message ?? "")")
  }

  @Test func placesAreThoseOfFirstTokens() throws {
    let text = "query Q($ a: [Int!] = 1) {\n  b: c(d: $e) @f { ...G }\n  ... on H { i }\n}"
    let operation = try #require(try Document(parsing: text).operations.first)
    #expect(operation.location == SourceLocation(line: 1, column: 1))
    #expect(operation.name?.location == SourceLocation(line: 1, column: 7))
    let variable = try #require(operation.variables.first)
    #expect(variable.location == SourceLocation(line: 1, column: 9))
    #expect(variable.name == Name("a", at: SourceLocation(line: 1, column: 11)))
    #expect(variable.type.location == SourceLocation(line: 1, column: 14))
    #expect(variable.defaultValue?.location == SourceLocation(line: 1, column: 23))
    #expect(operation.selectionSet.location == SourceLocation(line: 1, column: 26))
    guard case .field(let field)? = operation.selectionSet.selections.first,
      case .inlineFragment(let fragment)? = operation.selectionSet.selections.last
    else { throw GraphQLError("no field or fragment") }
    #expect(field.location == SourceLocation(line: 2, column: 3))
    #expect(field.name.location == SourceLocation(line: 2, column: 6))
    #expect(field.arguments.first?.location == SourceLocation(line: 2, column: 8))
    #expect(field.arguments.first?.value.location == SourceLocation(line: 2, column: 11))
    #expect(field.directives.first?.location == SourceLocation(line: 2, column: 15))
    #expect(field.selectionSet?.location == SourceLocation(line: 2, column: 18))
    #expect(fragment.location == SourceLocation(line: 3, column: 3))
    #expect(fragment.typeCondition?.location == SourceLocation(line: 3, column: 10))
  }
}
