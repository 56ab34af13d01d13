import Testing

@testable import GraphQLRuntime

/// A document right or wrong by each rule of section 5, with the places of the errors.
@Suite struct ValidationTests {
  static let schema = try! GraphQLSchema(sdl: TestSchema.sdl)

  /// What is found, a line for each: `rule 1:2 3:4`.
  static func found(_ text: String, _ limits: GraphQLLimits = .init()) throws -> [String] {
    let findings = schema.findings(in: try Document(parsing: text, limits: limits), limits: limits)
    return findings.all.map { finding in
      ([finding.rule.rawValue] + finding.error.locations.map { "\($0.line):\($0.column)" }).joined(separator: " ")
    }
  }

  static let introspection = """
    query { __schema { description queryType { name } types { ...FullType } directives { name isRepeatable locations
    args(includeDeprecated: true) { ...InputValue } } } }
    fragment FullType on __Type { kind name description specifiedByURL fields(includeDeprecated: true) { name
    args { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason } inputFields { ...InputValue }
    interfaces { ...TypeRef } enumValues(includeDeprecated: true) { name } possibleTypes { ...TypeRef } }
    fragment InputValue on __InputValue { name type { ...TypeRef } defaultValue isDeprecated deprecationReason }
    fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
    ofType { kind name ofType { kind name ofType { kind name ofType { kind } } } } } } } } }
    """

  @Test(arguments: [
    "{ dog { name } }", "query A { count } mutation B { rename(id: 1, name: \"x\") { id } }",
    "subscription { renamed(id: 1) { id } }", "subscription { ...F } fragment F on Subscription { counted }",
    "subscription { counted counted ... on Subscription { counted } }", "{ __typename dog { __typename } }",
    "{ __schema { types { name } } __type(name: \"Dog\") { fields { name } } }", introspection,
    "{ catOrDog { __typename ... on Dog { barks } ... on Cat { meows } } }",
    "{ pet(id: 1) { ... on Dog { volume } ... on Cat { meows(times: 3) } } }",
    // Fields of different objects may differ in all but the shape of their values.
    "{ pet(id: 1) { ... on Dog { x: name } ... on Cat { x: name(surname: true) } } }",
    "{ pets { a: id ... on Dog { b: knows(command: SIT) } ... on Cat { b: meows } } }",
    "{ text(int: 1) text(int: 1) }", #"{ text(string: "é") text(string: "\u00e9") text(string: """é""") }"#,
    "{ pet(id: 1, filter: {a: 1, text: \"\"}) { id } pet(id: 1, filter: {text: \"\", a: 1}) { id } }",
    "query($v: Int) { text(int: $v) }", "query($v: Int = 1) { text(needed: $v) }",
    "query($v: Int) { text(needed: $v) }",
    "query($v: Int!) { text(int: $v, float: 1) }", "query($v: [Int!]!) { matrix(rows: [$v]) }",
    "query($v: ID!) { pet(id: $v) { id } }", "query($v: Filter) { pets(filters: [$v, {text: \"\"}]) { id } }",
    "query($v: Boolean!) { dog @include(if: $v) { name @skip(if: false) } }",
    "query($v: Color) { text(color: $v) }", "query($v: String!) { human(anything: {a: [$v]}) { name } }",
    "query @many @many(text: \"x\") @onQuery { count @many @many }", "query($v: Int @onVariable) { text(int: $v) }",
    "{ ...F @onFragment } fragment F on Query @onFragment { ... @onFragment { count } }",
    "{ text(int: 2147483647, float: 1, string: \"\", boolean: true, id: 1, color: RED) }",
    "{ text(int: -2147483648, float: 1.5e300, id: \"x\", color: null) }",
    "{ matrix(rows: 1) a: matrix(rows: [1, null, [2]]) }",
    "{ human(anything: {a: 1, b: [RED]}) { name } }", "{ named(names: \"one\") { ... on Human { name } } }",
    "{ pets(filters: {text: \"\"}, colors: RED) { id } }",
    "{ dog { ...A } } fragment A on Dog { ...B } fragment B on Pet { ... on Named { name } }",
  ]) func acceptsValid(text: String) throws {
    #expect(try Self.found(text) == [])
    #expect(Self.schema.validate(try Document(parsing: text)).isEmpty)
  }

  @Test(
    arguments: [
      ("type T { a: Int } { count }", ["executableDefinitions 1:1"]),
      ("{ count } extend schema @many", ["executableDefinitions 1:11"]),
      ("query A { count } query A { count }", ["operationNameUniqueness 1:7 1:25"]),
      ("{ count } query A { count }", ["loneAnonymousOperation 1:1"]),
      ("{ count } { count }", ["loneAnonymousOperation 1:1", "loneAnonymousOperation 1:11"]),
      ("subscription { counted renamed { id } }", ["singleRootField 1:24"]),
      (
        "subscription S { counted ...F } fragment F on Subscription { a: counted b: counted }",
        ["singleRootField 1:62 1:73"]
      ),
      ("subscription { __typename }", ["singleRootField 1:16"]),
      ("subscription { counted @skip(if: false) }", ["singleRootField 1:24"]),
      (
        "subscription { ...F } fragment F on Subscription { ...F }",
        ["fragmentSpreadsMustNotFormCycles 1:52", "singleRootField 1:14"]
      ),
      ("{ nope }", ["fieldSelections 1:3"]), ("{ dog { meows } }", ["fieldSelections 1:9"]),
      ("{ pet(id: 1) { barks } }", ["fieldSelections 1:16"]), ("{ catOrDog { name } }", ["fieldSelections 1:14"]),
      ("{ dog { __schema { types { name } } } }", ["fieldSelections 1:9"]),
      ("{ dog { x { y { z } } } }", ["fieldSelections 1:9"]),
      ("{ count { x } }", ["leafFieldSelections 1:9"]), ("{ dog }", ["leafFieldSelections 1:3"]),
      ("{ a: pets }", ["leafFieldSelections 1:3"]), ("{ __schema }", ["leafFieldSelections 1:3"]),
      ("{ text(nope: 1) }", ["argumentNames 1:8"]), ("{ count @skip(nope: 1, if: true) }", ["argumentNames 1:15"]),
      ("{ text(int: 1, int: 2, int: 3) }", ["argumentUniqueness 1:8 1:16 1:24"]),
      ("{ pet { id } }", ["requiredArguments 1:3"]), ("{ x: cat { id } }", ["requiredArguments 1:3"]),
      ("{ count @skip }", ["requiredArguments 1:9"]), ("{ __type { name } }", ["requiredArguments 1:3"]),
      ("{ pet(id: null) { id } }", ["valuesOfCorrectType 1:11"]),
      ("{ ...F } fragment F on Query { count } fragment F on Query { count }", ["fragmentNameUniqueness 1:19 1:49"]),
      ("{ ... on Nope { x } }", ["typeExistence 1:10"]),
      ("query($v: Nope) { count }", ["typeExistence 1:11", "allVariablesUsed 1:7"]),
      ("{ ...F } fragment F on Nope { x }", ["typeExistence 1:24"]),
      ("{ ... on Int { x } }", ["fragmentsOnCompositeTypes 1:10"]),
      ("{ ...F } fragment F on Filter { x }", ["fragmentsOnCompositeTypes 1:24"]),
      ("{ count } fragment F on Query { count }", ["fragmentsMustBeUsed 1:11"]),
      (
        "{ count } fragment F on Query { ...G } fragment G on Query { count }",
        ["fragmentsMustBeUsed 1:11", "fragmentsMustBeUsed 1:40"]
      ),
      ("{ ... F }", ["fragmentSpreadTargetDefined 1:7"]),
      ("{ ...F } fragment F on Query { ...F }", ["fragmentSpreadsMustNotFormCycles 1:32"]),
      (
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...C } fragment C on Query { ...A }",
        ["fragmentSpreadsMustNotFormCycles 1:32 1:61 1:90"]
      ),
      ("{ dog { ... on Cat { meows } } }", ["fragmentSpreadIsPossible 1:9"]),
      ("{ dog { ...F } } fragment F on Human { name }", ["fragmentSpreadIsPossible 1:9"]),
      ("{ catOrDog { ... on Human { name } } }", ["fragmentSpreadIsPossible 1:14"]),
    ] as [(String, [String])]) func findsWrongDefinitionsAndFields(text: String, expected: [String]) throws
  {
    #expect(try Self.found(text) == expected)
  }

  @Test(
    arguments: [
      ("{ text(int: 1.0) }", ["valuesOfCorrectType 1:13"]), ("{ text(int: 2147483648) }", ["valuesOfCorrectType 1:13"]),
      ("{ text(int: \"1\") }", ["valuesOfCorrectType 1:13"]), ("{ text(int: [1]) }", ["valuesOfCorrectType 1:13"]),
      ("{ text(float: \"1\") }", ["valuesOfCorrectType 1:15"]),
      ("{ text(float: 1e999) }", ["valuesOfCorrectType 1:15"]),
      ("{ text(string: 1) }", ["valuesOfCorrectType 1:16"]), ("{ text(boolean: 0) }", ["valuesOfCorrectType 1:17"]),
      ("{ text(id: 1.5) }", ["valuesOfCorrectType 1:12"]), ("{ text(color: \"RED\") }", ["valuesOfCorrectType 1:15"]),
      ("{ text(color: PINK) }", ["valuesOfCorrectType 1:15"]), ("{ text(needed: null) }", ["valuesOfCorrectType 1:16"]),
      ("{ matrix(rows: [[1, \"\"], 2, [[3]]]) }", ["valuesOfCorrectType 1:21", "valuesOfCorrectType 1:30"]),
      ("{ pets(filters: 1) { id } }", ["valuesOfCorrectType 1:17"]),
      ("{ pets(filters: [{}]) { id } }", ["valuesOfCorrectType 1:18"]),
      (
        "{ pets(filters: {text: \"\", nope: 1, inner: {text: 1}}) { id } }",
        ["valuesOfCorrectType 1:51", "valuesOfCorrectType 1:28"]
      ),
      ("{ pets(filters: {text: null}) { id } }", ["valuesOfCorrectType 1:24"]),
      (
        "{ pets(filters: {text: \"\", text: \"\", text: \"\"}) { id } }",
        ["inputObjectFieldUniqueness 1:18 1:28", "inputObjectFieldUniqueness 1:18 1:38"]
      ),
      ("{ human(anything: [{a: {b: 1, b: 2}}]) { name } }", ["inputObjectFieldUniqueness 1:25 1:31"]),
      ("query($v: Int = \"x\") { text(int: $v) }", ["valuesOfCorrectType 1:17"]),
      ("{ count @nope }", ["directivesAreDefined 1:9"]), ("{ count @onQuery }", ["directivesAreDefined 1:9"]),
      ("query @skip(if: true) { count }", ["directivesAreDefined 1:7"]),
      ("{ count @skip(if: true) @include(if: true) @skip(if: false) }", ["directivesAreUniquePerLocation 1:9 1:44"]),
      ("{ count @onField(filter: 1) }", ["valuesOfCorrectType 1:26"]),
      ("query($v: Int, $v: Int) { text(int: $v) }", ["variableUniqueness 1:8 1:17"]),
      ("query($v: Dog) { count }", ["variablesAreInputTypes 1:11", "allVariablesUsed 1:7"]),
      ("query($v: [Pet!]!) { count }", ["variablesAreInputTypes 1:11", "allVariablesUsed 1:7"]),
      ("query Q { text(int: $v) }", ["allVariableUsesDefined 1:21 1:1"]),
      (
        "{ ...F } fragment F on Query { ...G } fragment G on Query { text(int: $v) }",
        ["allVariableUsesDefined 1:71 1:1"]
      ),
      ("{ human(anything: {a: [$v]}) { name } }", ["allVariableUsesDefined 1:24 1:1"]),
      ("query($v: Int) { count }", ["allVariablesUsed 1:7"]),
      ("query A($v: Int) { text(int: $v) } query B($v: Int) { count }", ["allVariablesUsed 1:44"]),
      ("query($v: String) { text(int: $v) }", ["allVariableUsagesAreAllowed 1:7 1:31"]),
      ("query($v: ID) { pet(id: $v) { id } }", ["allVariableUsagesAreAllowed 1:7 1:25"]),
      ("query($v: Int = null) { dog { ... on Cat { meows(times: $v) } } }", ["fragmentSpreadIsPossible 1:31"]),
      ("query($v: ID = null) { pet(id: $v) { id } }", ["allVariableUsagesAreAllowed 1:7 1:32"]),
      ("query($v: [Int]) { text(int: $v) }", ["allVariableUsagesAreAllowed 1:7 1:30"]),
      ("query($v: String) { named(names: [$v]) { name } }", ["allVariableUsagesAreAllowed 1:7 1:35"]),
      ("query($v: Boolean) { count @skip(if: $v) }", ["allVariableUsagesAreAllowed 1:7 1:38"]),
      ("query($v: Int) { pets(filters: [{text: $v}]) { id } }", ["allVariableUsagesAreAllowed 1:7 1:40"]),
    ] as [(String, [String])]) func findsWrongValuesAndVariables(text: String, expected: [String]) throws
  {
    #expect(try Self.found(text) == expected)
  }

  @Test(
    arguments: [
      ("{ a: count a: text }", "1:3 1:12"), ("{ text(int: 1) text(int: 2) }", "1:3 1:16"),
      ("{ text text(int: 1) }", "1:3 1:8"),
      // Equal as `String`s, not as texts.
      ("{ text(string: \"\u{E9}\") text(string: \"e\u{301}\") }", "1:3 1:21"),
      ("{ text(int: 1) ... { text(int: 2) } }", "1:3 1:22"),
      ("{ text(int: 1) ...F } fragment F on Query { text }", "1:3 1:45"),
      ("{ pets { ... on Dog { x: volume } ... on Cat { x: volume } } }", "1:23 1:48"),
      (
        "{ pets { ... on Dog { x: barks } ... on Cat { x: meows } ... on Pet { x: id } } }",
        "1:23 1:47; 1:23 1:71; 1:47 1:71"
      ),
      ("{ dog { owner { x: name } owner { x: address { street } } } }", "1:9 1:17 1:27 1:35"),
      ("{ dog { owner { a: name } } dog { owner { a: name(surname: true) } } }", "1:3 1:9 1:17 1:29 1:35 1:43"),
      ("{ dog { ...A ...B } } fragment A on Dog { x: id } fragment B on Pet { x: name }", "1:43 1:71"),
      ("{ a: catOrDog { ... on Dog { f: friends { id } } ... on Cat { f: friends { id } } } }", "1:30 1:63"),
    ] as [(String, String)]) func findsFieldsThatCannotBeMerged(text: String, expected: String) throws
  {
    #expect(
      try Self.found(text) == expected.split(separator: "; ").map { "fieldSelectionMerging " + $0 })
  }

  @Test func operationsOfAKindThatTheSchemaLacks() throws {
    let schema = try GraphQLSchema(sdl: "type Query { a: Int }")
    let errors = schema.validate(try Document(parsing: "mutation { a { b } }"))
    #expect(errors.map(\.locations) == [[SourceLocation(line: 1, column: 1)]])
    #expect(errors.first?.message == "the schema has no mutation operations")
  }

  @Test(arguments: [
    ("{ dog { nam } }", "Dog has no field nam; did you mean name?"),
    ("{ pet(id: 1) { barks } }", "Pet has no field barks; did you mean it in '... on Dog'?"),
    ("{ text(colour: RED) }", "Query.text has no argument colour; did you mean color?"),
    ("{ text(color: GREN) }", "enum Color has no value GREN; did you mean GREEN?"),
    ("{ ... on Hunam { name } }", "there is no type Hunam; did you mean Human?"),
    ("{ count @inclued(if: true) }", "there is no directive @inclued; did you mean include?"),
    ("{ ...Felds } fragment Fields on Query { count }", "there is no fragment Felds; did you mean Fields?"),
    ("query Q($first: Int) { text(int: $frist) }", "the operation Q has no variable $frist; did you mean first?"),
    ("{ pets(filters: {text: \"\", colour: RED}) { id } }", "Filter has no field colour; did you mean color?"),
    ("{ dog { zzzzzz } }", "Dog has no field zzzzzz"),
  ]) func hintsAtNamesThatAreNear(text: String, message: String) throws {
    #expect(Self.schema.validate(try Document(parsing: text)).first?.message == message)
  }

  @Test func reportsAsManyErrorsAsAllowed() throws {
    var limits = GraphQLLimits()
    limits.maxErrors = 3
    let document = try Document(parsing: "{ a b c d e }")
    let errors = Self.schema.validate(document, limits: limits)
    #expect(errors.count == 4)
    #expect(errors.last?.message == "there are more errors than 3 (maxErrors)")
    limits.maxErrors = 5
    #expect(Self.schema.validate(document, limits: limits).count == 5)
  }
}
