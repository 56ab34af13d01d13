import Foundation
import Testing

@testable import GraphQLRuntime

@Suite struct SchemaTests {
  static func problems(_ sdl: String) -> [String] {
    do {
      _ = try GraphQLSchema(sdl: sdl)
      return []
    } catch {
      return error.description.split(separator: "\n").map(String.init)
    }
  }

  static let query = "type Query { a: Int }\n"

  /// Each behind a first line with a type Query.
  @Test(arguments: [
    ("type T { a: Int } type T { b: Int }", "2:24: there is a type T already"),
    ("scalar Int", "2:8: Int is built in and can't be defined"),
    (
      "input In { c: In = {} } extend type Query { f(i: In): String }",
      "2:12: the default of In.c contains itself, so that it has no end: In.c → In.c"
    ),
    (
      "input A { b: [B!] = {n: 1} a: A = {a: null} x: A } input B { n: Int c: C = {} } input C { a: A! = {b: {c: null}} }",
      "2:28: the default of A.b contains itself, so that it has no end: A.b → B.c → C.a → A.a → A.b"
    ),
    ("directive @d on FIELD directive @d on FIELD", "2:34: there is a directive @d already"),
    (
      "extend type Topp { a: Int } type Top { b: Int }",
      "2:13: there is no type Topp that could be extended; did you mean Top?"
    ),
    ("extend input Query { a: Int }", "2:14: Query is of another kind than its extension"),
    ("extend schema @d", "2:1: there is no schema definition that could be extended"),
    ("query { a }", "2:1: a schema file has no operations"),
    ("fragment F on Query { a }", "2:1: a schema file has no fragments"),
    ("type __T { a: Int }", "2:6: __T: only introspection has names that begin with '__', no type of a schema"),
    ("type T { __a: Int }", "2:10: __a: only introspection has names that begin with '__', no field of a schema"),
    (
      "type T { a(__b: Int): Int }",
      "2:12: __b: only introspection has names that begin with '__', no argument of a schema"
    ),
    ("enum E { __A }", "2:10: __A: only introspection has names that begin with '__', no enum value of a schema"),
    ("input I { __a: Int }", "2:11: __a: only introspection has names that begin with '__', no field of a schema"),
    (
      "directive @__d on FIELD",
      "2:12: __d: only introspection has names that begin with '__', no directive of a schema"
    ),
    ("type T", "2:6: T has no fields"), ("interface I", "2:11: I has no fields"),
    ("union U", "2:7: union U has no members"),
    ("enum E", "2:6: enum E has no values"), ("input I", "2:7: input I has no fields"),
    ("type T { a: Int, a: Int }", "2:18: T has a field a already"),
    ("type T { a: Int } extend type T { a: Int }", "2:35: T has a field a already"),
    ("type T { a(b: Int, b: Int): Int }", "2:20: T.a has a argument b already"),
    ("enum E { A A }", "2:12: E has a value A already"), ("input I { a: Int a: Int }", "2:18: I has a field a already"),
    ("union U = Query | Query", "2:19: U has a member Query already"),
    ("union U = Query | Int", "2:19: Int is no object type"), ("union U = Nope", "2:11: there is no type Nope"),
    ("type T { a: Nope }", "2:13: there is no type Nope"),
    ("type T { a: [Querry!]! }", "2:14: there is no type Querry; did you mean Query?"),
    ("type T { a: I } input I { a: Int }", "2:13: I is an input object, which no field can give"),
    ("type T { a(b: Query): Int }", "2:15: Query is no input type, which T.a.b needs"),
    ("input I { a: Query }", "2:14: Query is no input type, which I.a needs"),
    ("type T implements I { a: Int }", "2:19: there is no type I"),
    ("type T implements Query { a: Int }", "2:19: Query is no interface"),
    ("interface I implements I { a: Int }", "2:24: I can't implement itself"),
    ("type T implements I & I { a: Int } interface I { a: Int }", "2:23: T implements I already"),
    ("type T implements I { a: Int } interface I { b: Int }", "2:19: T has no field b, which I has"),
    ("type T implements I { a: Int } interface I { a: Int! }", "2:26: T.a is of type Int, I wants Int!"),
    ("type T implements I { a: [Int] } interface I { a: Int }", "2:26: T.a is of type [Int], I wants Int"),
    ("type T implements I { a: Int } interface I { a(b: Int): Int }", "2:23: T.a has no argument b, which I has"),
    (
      "type T implements I { a(b: Int!): Int } interface I { a(b: Int): Int }",
      "2:28: T.a has b of type Int!, I wants Int"
    ),
    (
      "type T implements I { a(b: Int!): Int } interface I { a: Int }",
      "2:25: T.a can't require b, which I does not have"
    ),
    (
      "type T implements J { a: Int } interface I { a: Int } interface J implements I { a: Int }",
      "2:19: T has to implement I too, because J does"
    ),
    ("input I { a: I! }", "2:11: input I needs itself, so that no value of it has an end"),
    ("input I { a: J! } input J { b: [J!]!, c: I! }", "2:39: input I needs itself, so that no value of it has an end"),
    ("directive @d(a: Int @d) on ARGUMENT_DEFINITION", "2:21: @d uses itself in its definition"),
    ("directive @d(a: E) on ENUM_VALUE enum E { A @d }", "2:17: @d uses itself in its definition"),
    ("directive @d on FIELD | FIELD", "2:25: @d has a place FIELD already"),
    ("type T { a(b: Int! @deprecated): Int }", "2:12: T.a.b is required, so it can't be deprecated"),
    ("input I { a: Int! @deprecated }", "2:11: I.a is required, so it can't be deprecated"),
    ("type T { a(b: Int = \"x\"): Int }", "2:21: \"x\" is no Int: expected a whole number"),
    ("input I { a: J = {b: 1, b: 2} } input J { b: Int }", "2:25: the field b is given twice"),
    ("input I { a: [E!] = [A, B] } enum E { A }", "2:25: enum E has no value B"),
    ("type T @nope { a: Int }", "2:8: there is no directive @nope"),
    (
      "type T { a: Int @skip(if: true) }",
      "2:17: @skip can't stand at FIELD_DEFINITION: only at FIELD, FRAGMENT_SPREAD, INLINE_FRAGMENT"
    ),
    ("scalar S @specifiedBy", "2:10: @specifiedBy needs the argument url of type String!"),
    ("type T { a: Int @deprecated(why: 1) }", "2:29: @deprecated has no argument why"),
    ("type T { a: Int @deprecated @deprecated }", "2:29: @deprecated can stand only once at one place"),
    ("directive @d on OBJECT type T @d { a: Int } extend type T @d", "2:59: @d can stand only once at one place"),
    ("directive @skip(if: Int) on FIELD", "2:12: @skip is built in and can't be another"),
    ("type Mutation { a: Int } scalar Subscription", "2:33: Subscription is no object type, which operations begin at"),
  ]) func findsTheProblem(sdl: String, problem: String) {
    #expect(Self.problems(Self.query + sdl) == [problem])
  }

  @Test(
    arguments: [
      ("type A { a: Int }", ["1:1: there is neither a type Query nor a schema definition"]),
      (
        "schema { query: A } schema { query: A } type A { a: Int }",
        ["1:21: there is a schema definition already", "1:37: there is a type for query already"]
      ),
      ("schema { mutation: A } type A { a: Int }", ["1:1: the schema has no type for query"]),
      (
        "schema { query: A mutation: A } type A { a: Int }",
        ["1:29: A is the type of another kind of operation already"]
      ),
      ("schema { query: A } scalar A", ["1:17: A is no object type, which operations begin at"]),
      ("schema { query: Aa } type A { a: Int }", ["1:17: there is no type Aa"]),
      (
        "type Query { a: Int } interface I implements J { a: Int } interface J implements I { a: Int }",
        [
          "1:46: I can't implement J, which implements it", "1:82: J can't implement I, which implements it",
        ]
      ),
      ("type Query {", ["1:13: syntax error: expected a name, found the end of the document"]),
      (
        "type Query { a: A\n b: B }\nunion C = D",
        [
          "1:17: there is no type A", "2:5: there is no type B",
          "3:11: there is no type D",
        ]
      ),
    ] as [(String, [String])]) func findsAllProblems(sdl: String, problems: [String])
  {
    #expect(Self.problems(sdl) == problems)
  }

  static let goodSchemas: [String] = [
    "type A { a: Int } schema { query: A }",
    "schema { query: Query mutation: M } extend schema { subscription: S } type Query { a: Int } type M { a: Int } "
      + "type S { a: Int }",
    "type Query implements J { a: [Query] } type T implements I & J { a(b: Int, c: Int! = 1): [Query!]! } "
      + "interface I implements J { a(b: Int): [J] } interface J { a: [J] }",
    "type Query { a: Int } interface J { a: Int } extend type Query implements J { b(d: String): [Query] }",
    "type Query { a: Int } input I { a: I, b: [I!]!, c: J! } input J { d: I }",
    "type Query { a: Int } directive @skip(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT",
    "type Query { a: Int } directive @d(a: Int @e) on ARGUMENT_DEFINITION directive @e on ARGUMENT_DEFINITION",
    "type Query { a: Int } extend enum E { B } enum E { A @deprecated } type T { a(b: E = B): Int }",
  ]

  @Test(arguments: goodSchemas) func acceptsGoodSchemas(sdl: String) {
    #expect(Self.problems(sdl) == [])
  }

  @Test func hasWhatIsBuiltIn() throws {
    let schema = try GraphQLSchema(sdl: "type Query { a: Int, b: [ID!] }")
    #expect(
      schema.typeOrder == [
        "Query", "Int", "String", "Boolean", "ID", "__Schema", "__Type", "__TypeKind", "__Field", "__InputValue",
        "__EnumValue", "__Directive", "__DirectiveLocation",
      ])
    #expect(Set(schema.typeOrder) == Set(schema.types.keys))
    #expect(schema.directives.map(\.name) == ["skip", "include", "deprecated", "specifiedBy"])
    #expect(schema.types["__Type"]?.fields["ofType"]?.type == .named("__Type"))
    for name in schema.typeOrder where name.hasPrefix("__") {
      for field in schema.types[name]?.fields.all ?? [] { #expect(field.description != nil, "\(name).\(field.name)") }
    }
    guard case .enumeration(let places)? = schema.types["__DirectiveLocation"] else { throw GraphQLError("no places") }
    #expect(places.values.allSatisfy { DirectiveLocation(rawValue: $0.name) != nil })
    #expect(places.values.count == 19)
  }

  @Test func looksUpMetaFields() throws {
    let schema = ValidationTests.schema
    let query = try #require(schema.types["Query"])
    let union = try #require(schema.types["CatOrDog"])
    #expect(schema.field("__schema", on: query)?.type == .nonNull(.named("__Schema")))
    #expect(schema.field("__type", on: query)?.arguments.map(\.name) == ["name"])
    #expect(schema.field("__typename", on: union)?.type == .nonNull(.named("String")))
    #expect(schema.field("__schema", on: union) == nil)
    #expect(schema.field("__nope", on: query) == nil)
    #expect(schema.field("dog", on: query)?.type == .named("Dog"))
    #expect(schema.field("__typename", on: try #require(schema.types["Int"])) == nil)
  }

  @Test func keepsDescriptionsDefaultsAndDeprecation() throws {
    let schema = try GraphQLSchema(
      sdl: #"""
        """
        A schema.
          Indented.
        """
        schema { query: Q }
        "A query."
        type Q {
          "A field." a("An argument." b: [Int!] = [1, 2] @deprecated): Int @deprecated(reason: "old")
          c: S @deprecated
        }
        scalar S @specifiedBy(url: "https://example.com")
        enum E { A @deprecated(reason: "gone") B }
        directive @d(a: E = A) repeatable on FIELD
        """#)
    #expect(schema.description == "A schema.\n  Indented.")
    let field = try #require(schema.types["Q"]?.fields["a"])
    #expect(field.description == "A field.")
    #expect(field.deprecationReason == "old")
    let argument = try #require(field.arguments.first)
    #expect(argument.description == "An argument.")
    #expect(argument.defaultValue?.description == "[1, 2]")
    #expect(argument.deprecationReason == "No longer supported")
    #expect(schema.types["Q"]?.fields["c"]?.deprecationReason == "No longer supported")
    guard case .scalar(let scalar)? = schema.types["S"] else { throw GraphQLError("no scalar") }
    #expect(scalar.specifiedByURL == "https://example.com")
    #expect(schema.directive("d")?.isRepeatable == true)
  }

  static let endpoint = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Sources/Services/GraphQLEndpoint/schema.graphql")

  /// Printed and read again it is the same, and printed the same.
  @Test(arguments: [
    TestSchema.sdl, "type Query { a: Int } type Mutation { a: Int } schema { query: Query }",
    "\"one \\\"line\\\" \\\\ \\u0007\" type Query { \"\"\"\n two\n  lines \\\"\"\" end\n\"\"\" a(\"x\" b: Int): Int }",
    "\"\\n leading\\ntrailing \\n\" type Query { a: Int @deprecated(reason: \"\\\"\") }",
    "\"a\\n\\nb\" schema { query: Query } type Query { \"\" a(b: String = \"\\n\", c: I = {a: [1.5, null]}): Int } input I { a: [Float] }",
  ]) func printedIsTheSame(sdl: String) throws {
    try Self.checkPrinting(sdl)
  }

  @Test func endpointSchemaPrintedIsTheSame() throws {
    try Self.checkPrinting(try String(contentsOf: Self.endpoint, encoding: .utf8))
  }

  static func checkPrinting(_ sdl: String) throws {
    let schema = try GraphQLSchema(sdl: sdl)
    let again = try GraphQLSchema(sdl: schema.sdl)
    #expect(again.sdl == schema.sdl)
    #expect(again.typeOrder == schema.typeOrder)
    #expect(again.description == schema.description)
    #expect(again.queryType == schema.queryType)
    #expect(again.mutationType == schema.mutationType)
    #expect(again.possibleTypes == schema.possibleTypes)
    #expect(again.types.mapValues(\.description) == schema.types.mapValues(\.description))
    #expect(again.types["Query"]?.fields.all.map(\.description) == schema.types["Query"]?.fields.all.map(\.description))
  }
}

extension NamedType {
  fileprivate var description: String? {
    switch self {
    case .scalar(let type): type.description
    case .object(let type): type.description
    case .interface(let type): type.description
    case .union(let type): type.description
    case .enumeration(let type): type.description
    case .inputObject(let type): type.description
    }
  }
}
