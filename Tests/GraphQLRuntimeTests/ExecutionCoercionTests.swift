import GraphQLRuntime
import JSONText
import Testing

/// What arguments and variables become (October 2021, sections 3.5, 3.9 to 3.12, 6.1.2 and 6.4.1).
@Suite struct ExecutionCoercionTests {
  static let sdl = """
    enum Mood { CALM ANGRY OK }
    input In { a: Int! b: [String!] = ["x"] c: In mood: Mood = CALM OK: Int }
    scalar Any
    type Query {
      echo(
        int: Int float: Float string: String bool: Boolean id: ID mood: Mood list: [Int!] matrix: [[Int]] input: In
        any: Any defaulted: Int = 7 defaults: In = { a: 1 }
      ): Any
      required(int: Int!): Any
      filled(int: Int! = 3): Any
    }
    """

  /// Answers with its arguments.
  static func engine() throws -> GraphQLEngine<Int> {
    try GraphQLEngine(sdl: sdl, onError: ignore) { resolvers in
      for name in ["echo", "required", "filled"] {
        resolvers.query(name) { arguments, _ in
          JSONValue.object(arguments.values.map { JSONValue.Member($0.key, $0.value) }).sorted
        }
      }
    }
  }

  /// What the arguments of the only field became, or the first error's message.
  static func arguments(_ query: String, _ variables: String = "{}") async throws -> (String?, [GraphQLError]) {
    guard case .object(let members) = try JSONValue(parsing: variables) else { return (nil, []) }
    let engine = try engine()
    do throws(GraphQLRequestError) {
      let operation = try engine.prepare(GraphQLRequest(query: query, variables: members))
      let response = await engine.execute(operation, context: 0)
      guard case .object(let fields)? = response.data, let value = fields.first?.value, value != .null else {
        return (nil, response.errors)
      }
      return (value.text, response.errors)
    } catch {
      return (nil, error.errors)
    }
  }

  @Test(arguments: [
    ("int: 5", #""int":5"#), ("int: -2147483648", #""int":-2147483648"#), ("int: null", #""int":null"#),
    ("float: 5", #""float":5.0"#), ("float: 1.5e3", #""float":1500.0"#), ("string: \"a\\u00e9\"", #""string":"aé""#),
    ("bool: true", #""bool":true"#), ("id: 12", #""id":"12""#), ("id: \"x\"", #""id":"x""#),
    ("mood: ANGRY", #""mood":"ANGRY""#), ("list: 5", #""list":[5]"#), ("list: []", #""list":[]"#),
    ("matrix: [[1, null], 2, null]", #""matrix":[[1,null],[2],null]"#),
    ("matrix: 3", #""matrix":[[3]]"#),
    ("input: { a: 1 }", #""input":{"a":1,"b":["x"],"mood":"CALM"}"#),
    (
      "input: { c: { a: 2, b: null }, a: 1, b: \"y\" }",
      #""input":{"a":1,"b":["y"],"c":{"a":2,"b":null,"mood":"CALM"},"mood":"CALM"}"#
    ),
    ("any: { x: [1, 2.5, A, \"s\", null, true] }", #""any":{"x":[1,2.5,"A","s",null,true]}"#),
    ("any: 9223372036854775808", #""any":9.223372036854776e+18"#),
    ("defaulted: 1", #""defaulted":1"#), ("defaulted: null", #""defaulted":null"#),
  ]) func literal(_ argument: String, _ expected: String) async throws {
    let (value, errors) = try await Self.arguments("{ echo(\(argument)) }")
    #expect(errors.isEmpty)
    let defaults = [#""defaulted":7"#, #""defaults":{"a":1,"b":["x"],"mood":"CALM"}"#]
    let given = try JSONValue(parsing: "{\(expected)}")
    let all = try JSONValue(parsing: "{\(defaults.joined(separator: ","))}")
    guard case .object(let members) = given, case .object(let filled) = all else { return }
    let merged = filled.filter { given[$0.name] == nil } + members
    #expect(value == JSONValue.object(merged).sorted.text)
  }

  @Test(arguments: [
    ("Int", "5", "int", "5"), ("Int", "5.0", "int", "5"), ("Int", "-2147483648", "int", "-2147483648"),
    ("Int", "null", "int", "null"), ("Float", "5", "float", "5.0"), ("Float", "1e300", "float", "1e+300"),
    ("String", #""x""#, "string", #""x""#), ("Boolean", "false", "bool", "false"), ("ID", "7", "id", #""7""#),
    ("ID", #""7""#, "id", #""7""#), ("ID", "5.0", "id", #""5""#), ("ID", "-1e3", "id", #""-1000""#),
    ("Mood", #""CALM""#, "mood", #""CALM""#), ("[Int!]", "3", "list", "[3]"),
    ("[Int!]", "[1,2]", "list", "[1,2]"), ("[[Int]]", "[1,null,[2]]", "matrix", "[[1],null,[2]]"),
    ("In", #"{"a":1,"mood":null}"#, "input", #"{"a":1,"b":["x"],"mood":null}"#),
    ("Any", #"{"x":[1,{"y":2.5}]}"#, "any", #"{"x":[1,{"y":2.5}]}"#),
  ]) func variable(_ type: String, _ json: String, _ name: String, _ expected: String) async throws {
    let (value, errors) = try await Self.arguments("query($v: \(type)) { echo(\(name): $v) }", #"{"v":\#(json)}"#)
    #expect(errors.isEmpty)
    #expect(try value.map { try JSONValue(parsing: $0)[name]?.text } == expected)
  }

  @Test(arguments: [
    ("Int", "2147483648", "$v"), ("Int", "1.5", "$v"), ("Int", #""5""#, "$v"), ("Int", "true", "$v"),
    ("Float", #""1""#, "$v"), ("String", "1", "$v"), ("Boolean", "1", "$v"), ("Boolean", #""true""#, "$v"),
    ("ID", "1.5", "$v"), ("ID", "10000000000000000000", "$v"), ("Mood", #""TOO\u212a""#, "$v"),
    ("In", #"{"a":1,"O\u212a":1}"#, "$v"), ("Int!", "null", "$v"), ("Mood", #""O\u212a""#, "$v"),
    ("ID", "true", "$v"), ("Mood", #""calm""#, "$v"), ("Mood", "1", "$v"),
    ("[Int!]", "[1,null]", "$v[1]"), ("[Int!]", #"["x"]"#, "$v[0]"), ("[[Int]]", #"[[1],["x"]]"#, "$v[1][0]"),
    ("In", "{}", "$v"), ("In", "5", "$v"), ("In", #"{"a":1,"z":2}"#, "$v"), ("In", #"{"a":null}"#, "$v.a"),
    ("In", #"{"a":1,"c":{"a":1,"b":[null]}}"#, "$v.c.b[0]"), ("Int!", "null", "$v"),
  ]) func refusedVariable(_ type: String, _ json: String, _ place: String) async throws {
    let name = ["Int": "int", "Int!": "int", "Float": "float", "String": "string", "Boolean": "bool", "ID": "id"]
    let more = ["Mood": "mood", "[Int!]": "list", "[[Int]]": "matrix", "In": "input"]
    let argument = try #require(name[type] ?? more[type])
    let query = "query(\n  $v: \(type)) { echo(\(argument): $v) }"
    let (_, errors) = try await Self.arguments(query, #"{"v":\#(json)}"#)
    #expect(errors.count == 1)
    #expect(errors.first?.locations == [SourceLocation(line: 2, column: 3)])
    #expect(errors.first?.message.hasPrefix("the variable \(place) has no valid value: ") == true, "\(errors)")
  }

  @Test func largeIDsNeedQuotes() async throws {
    let (_, errors) = try await Self.arguments("query($v: ID) { echo(id: $v) }", #"{"v":10000000000000000000}"#)
    #expect(errors.first?.message.hasSuffix("a whole number beyond 64 bits has to be given as a string") == true)
    let (value, _) = try await Self.arguments("query($v: ID) { echo(id: $v) }", #"{"v":"10000000000000000000"}"#)
    #expect(value?.contains(#""id":"10000000000000000000""#) == true)
  }

  /// "K" and the Kelvin sign are equal as `String`s.
  @Test func variablesAreNamedByBytes() async throws {
    let (value, errors) = try await Self.arguments("query($K: Int = 1) { required(int: $K) }", #"{"\u212a":5}"#)
    #expect(value == #"{"int":1}"#)
    #expect(errors.isEmpty)
    let both = try await Self.arguments("query($K: Int = 1) { required(int: $K) }", #"{"K":4,"\u212a":5}"#)
    #expect(both.0 == #"{"int":4}"#)
    #expect(
      try Self.engine().prepare(GraphQLRequest(query: "query OK { __typename }", operationName: "OK")).kind == .query)
    #expect(throws: GraphQLRequestError.self) {
      try Self.engine().prepare(GraphQLRequest(query: "query OK { __typename }", operationName: "O\u{212A}"))
    }
  }

  /// JSON has no way to write them.
  @Test(arguments: ["1e999", "[1, {a: -1e999}]"]) func infiniteNumbersOfCustomScalars(_ literal: String) async throws {
    let (value, errors) = try await Self.arguments("{ echo(any: \(literal)) }")
    #expect(value == nil)
    #expect(errors.map(\.message).allSatisfy { $0.contains("1e999 does not fit into 64 bits") } && errors.count == 1)
    let engine = try Self.engine()
    let infinite = JSONValue.array([.double(.infinity)])
    let request = GraphQLRequest(
      query: "query($v: Any) { echo(any: $v) }", variables: [JSONValue.Member("v", infinite)])
    #expect(throws: GraphQLRequestError.self) { try engine.prepare(request) }
  }

  @Test func allBadVariablesAreReported() async throws {
    let query = "query($a: Int!, $b: In, $c: Int) { echo(int: $a, input: $b, defaulted: $c) }"
    let (_, errors) = try await Self.arguments(query, #"{"b":{"b":[1],"y":2},"c":"x"}"#)
    #expect(errors.count == 5)
    #expect(errors.map { $0.locations.first?.column } == [7, 17, 17, 17, 25])
  }

  @Test func absentVariables() async throws {
    let absent = try await Self.arguments("query($v: Int) { echo(int: $v, defaulted: $v) }")
    #expect(absent.0 == #"{"defaulted":7,"defaults":{"a":1,"b":["x"],"mood":"CALM"}}"#)
    let defaulted = try await Self.arguments("query($v: Int = 4) { required(int: $v) }")
    #expect(defaulted.0 == #"{"int":4}"#)
    let nested = try await Self.arguments(
      "query($v: Int, $b: [String!]) { echo(matrix: [[$v]], input: {a: 1, b: $b}) }")
    #expect(try JSONValue(parsing: nested.0 ?? "")["matrix"]?.text == "[[null]]")
    #expect(try JSONValue(parsing: nested.0 ?? "")["input"]?.text == #"{"a":1,"b":["x"],"mood":"CALM"}"#)
  }

  /// A nullable variable with a default may stand in a non-null place: null is an error of the field.
  @Test(arguments: [
    ("query($v: Int = 4) { required(int: $v) }", 36), ("query($v: Int = 4) { filled(int: $v) }", 34),
    ("query($v: Int = 4) { echo(input: { a: $v }) }", 39), ("query($v: Int = 4) { echo(list: [$v]) }", 34),
  ]) func nullInANonNullPlace(_ query: String, _ column: Int) async throws {
    let (value, errors) = try await Self.arguments(query, #"{"v":null}"#)
    #expect(value == nil)
    #expect(errors.map(\.locations) == [[SourceLocation(line: 1, column: column)]])
    #expect(errors.first?.path?.count == 1)
  }

  @Test func variablesHaveLimits() throws {
    var limits = GraphQLLimits()
    limits.maxVariablesBytes = 100
    limits.maxDepth = 5
    let engine = try GraphQLEngine<Int>(
      sdl: "scalar Any type Query { f(any: Any): Any }", limits: limits, onError: ignore
    ) { $0.query("f") { _, _ in JSONValue.null } }
    func prepare(_ value: JSONValue) throws {
      let members = [JSONValue.Member("v", value)]
      _ = try engine.prepare(GraphQLRequest(query: "query($v: Any) { f(any: $v) }", variables: members))
    }
    func nested(_ depth: Int) -> JSONValue { (0..<depth).reduce(JSONValue.null) { value, _ in .array([value]) } }
    try prepare(.string(String(repeating: "x", count: 80)))
    try prepare(nested(5))
    for value in [.string(String(repeating: "x", count: 100)), nested(6), nested(10_000)] as [JSONValue] {
      let error = #expect(throws: GraphQLRequestError.self) { try prepare(value) }
      #expect(error?.stage == .variables)
      #expect(error?.errors.first?.extensions == [JSONValue.Member("code", .string("LIMIT"))])
    }
  }
}
