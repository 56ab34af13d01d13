import Foundation
import JSONText
import Synchronization
import Testing

@testable import GraphQLRuntime

/// What hostile requests make an engine keep, do and answer, counted.
@Suite struct HostileRequestTests {
  static func engine(
    limits: GraphQLLimits = GraphQLLimits(), allowsIntrospection: Bool = true
  ) throws -> GraphQLEngine<Int> {
    try ExecutionPrepareTests.engine(limits: limits, allowsIntrospection: allowsIntrospection)
  }

  static func fields(_ count: Int) -> String { "{\(HostileDocuments.repeated(count) { " a\($0): say" })}" }

  static var manyAliases: GraphQLLimits {
    var limits = GraphQLLimits()
    limits.maxAliases = 10_000
    return limits
  }

  static func refusal(_ engine: GraphQLEngine<Int>, _ request: GraphQLRequest) -> GraphQLRequestError? {
    do throws(GraphQLRequestError) {
      _ = try engine.prepare(request)
      return nil
    } catch {
      return error
    }
  }

  // MARK: What is kept

  @Test(arguments: [(1, 1), (500, 500), (501, 0), (1_500, 0)]) func largePlansAreNotKept(_ count: Int, _ kept: Int)
    throws
  {
    let engine = try Self.engine(limits: Self.manyAliases)
    for _ in 0..<2 {
      let operation = try engine.prepare(GraphQLRequest(query: Self.fields(count)))
      #expect(operation.plan?.root.fields.count == count)
    }
    #expect(engine.documents.kept.map(\.fieldPlans) == [kept])
  }

  /// Fragments make a plan far larger than its text.
  @Test func plansOfAllOperationsOfADocumentCount() throws {
    let engine = try Self.engine(limits: Self.manyAliases)
    let operations = HostileDocuments.repeated(40) { "query Q\($0) { ...F } " }
    let document = operations + "fragment F on Query \(Self.fields(60))"
    for number in 0..<40 { _ = try engine.prepare(GraphQLRequest(query: document, operationName: "Q\(number)")) }
    #expect(engine.documents.kept.map(\.fieldPlans) == [480])
  }

  @Test func plansOfAllDocumentsAreBounded() throws {
    let engine = try Self.engine(limits: Self.manyAliases)
    let fields = Self.fields(400)
    for number in 0..<200 { _ = try engine.prepare(GraphQLRequest(query: fields + "#\(number)")) }
    let bytes = engine.documents.kept.reduce(0) { $0 + $1.planBytes }
    #expect((1...DocumentCache.maxBytes).contains(bytes))
  }

  /// Such a plan grows by a plan for each object type that turns up.
  @Test func plansOfInterfacesAreNotKept() async throws {
    let engine = try Derived.engine(sdl: ExecutionDifferentialTests.sdl) { _ in false }
    let request = GraphQLRequest(query: "{ node(id: 1) { id peers { id peers { id } } } count }")
    for _ in 0..<2 { _ = await engine.execute(try engine.prepare(request), context: 0) }
    #expect(engine.documents.kept.map(\.fieldPlans) == [0])
  }

  @Test func refusedDocumentsAreNotKept() throws {
    let engine = try Self.engine()
    let texts = HostileDocuments.endless + HostileDocuments.overValidationLimits.map(\.text)
    for request in texts.map({ GraphQLRequest(query: $0) }) {
      #expect(Self.refusal(engine, request) != nil)
      #expect(Self.refusal(engine, request) != nil)
    }
    #expect(engine.documents.kept.isEmpty)
  }

  // MARK: What is done

  /// Counts how many of its names are taken.
  final class CountedNames: Sequence, IteratorProtocol {
    let name: String
    var taken = 0

    init(_ name: String) { self.name = name }

    func next() -> String? {
      taken += 1
      return taken <= 10_000 ? name : nil
    }
  }

  @Test func hintsLookAtFewShortNames() throws {
    let names = CountedNames("abcdefgh")
    #expect(NearName.hint(for: "abcdefgx", among: names) == "; did you mean abcdefgh?")
    #expect(names.taken <= NearName.maxCandidates + 1)
    let long = CountedNames(String(repeating: "x", count: 41))
    #expect(NearName.hint(for: String(repeating: "x", count: 41), among: long) == "")
    #expect(long.taken == 0)
  }

  /// More than 500 variables with names of 100 bytes, and as many uses of one that is not there.
  @Test func hintsOfManyLongNames() throws {
    let padding = String(repeating: "x", count: 96)
    let variables = HostileDocuments.repeated(500) { " $\(padding)\($0): Int" }
    let uses = HostileDocuments.repeated(50) { _ in " $W\(padding)" }
    let schema = try GraphQLSchema(sdl: "type Query { row(id: [Int]): Int }")
    let errors = schema.validate(try Document(parsing: "query(\(variables)) { row(id: [\(uses)]) }"))
    #expect(errors.count == 51)
    #expect(!errors.contains { $0.message.contains("did you mean") })
  }

  // MARK: What is answered

  /// Requests whose errors would be far larger than what was sent.
  static var amplifying: [GraphQLRequest] {
    let long = String(repeating: "x", count: 50_000)
    let uses = HostileDocuments.repeated(60) { " a\($0): say(text: $a)" }
    let circles = HostileDocuments.repeated(400) { number in
      let spreads = number < 399 ? "...F\(number + 1)" : HostileDocuments.repeated(400) { "...F\($0) " }
      return "fragment F\(number) on Query { \(spreads) } "
    }
    let texts = [
      "query \(long) {\(uses)}", "{ ...F0 } " + circles, "query($\(long): [[Nope]]) {\(uses)}",
      "{ say(\(HostileDocuments.repeated(1_000) { _ in "text: 1 " })) }",
      "{ say(\(HostileDocuments.repeated(60) { "a\($0)\(long.prefix(900)): 1 " })) }",
      "subscription \(long) { say\(HostileDocuments.repeated(60) { " a\($0): say" }) }",
      "{ \(long): say(text: $a) \(long.prefix(10)): say }", "{ say(text: {\(long): 1}) }",
    ]
    let nulls = JSONValue.Member(String(long.prefix(20_000)), .array(Array(repeating: .null, count: 60)))
    let items = "query($\(long.prefix(20_000)): [Int!]) { say(text: $\(long.prefix(20_000))) }"
    return texts.map { GraphQLRequest(query: $0) } + [GraphQLRequest(query: items, variables: [nulls])]
  }

  @Test(arguments: amplifying.indices) func errorsAreNotFarLargerThanTheRequest(index: Int) throws {
    let engine = try Self.engine()
    let error = try #require(Self.refusal(engine, Self.amplifying[index]))
    let response = error.response
    #expect(response.utf8.count < 65_536, "\(response.utf8.count)")
    #expect(response.errors.allSatisfy { $0.message.utf8.count < 1_000 })
    #expect(try JSONValue(parsing: response.utf8) == response.json)
  }

  /// One field that a thousand places ask for.
  @Test func fieldErrorsNameFewPlaces() throws {
    let places = (1...1_000).map { SourceLocation(line: $0, column: 1) }
    guard case .array(let shown)? = GraphQLError("", locations: places).json["locations"] else {
      Issue.record("no locations")
      return
    }
    #expect(shown.count == GraphQLError.maxLocations)
  }

  @Test(arguments: [
    "{ sya }", "{ say(tetx: 1) }", "{ say @inclued(if: true) }", "query($v: Srting) { say(text: $v) }",
    "{ ... on Qery { say } }",
  ]) func noHintsAtTheSchemaWithoutIntrospection(_ query: String) throws {
    let request = GraphQLRequest(query: query)
    let shown = try #require(Self.refusal(try Self.engine(), request))
    #expect(shown.errors.first?.message.contains("did you mean") == true)
    let hidden = try #require(Self.refusal(try Self.engine(allowsIntrospection: false), request))
    #expect(hidden.errors.count == shown.errors.count)
    #expect(!hidden.errors.contains { $0.message.contains("did you mean") })
  }

  // MARK: Introspection

  /// What the usual tools ask for: nine levels of lists and exclamation marks.
  static var introspection: String {
    let reference = HostileDocuments.nested(" ofType { kind name", 9, "", " }")
    return """
      query IntrospectionQuery { __schema { description queryType { name kind } mutationType { name kind }
      subscriptionType { name kind } types { ...FullType } directives { name description isRepeatable locations
      args(includeDeprecated: true) { ...InputValue } } } }
      fragment FullType on __Type { kind name description specifiedByURL fields(includeDeprecated: true) { name
      description args(includeDeprecated: true) { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
      inputFields(includeDeprecated: true) { ...InputValue } interfaces { ...TypeRef }
      enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
      possibleTypes { ...TypeRef } }
      fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated
      deprecationReason }
      fragment TypeRef on __Type { kind name\(reference) }
      """
  }

  @Test func usualIntrospectionIsWithinTheLimits() async throws {
    let types = HostileDocuments.repeated(100) { number in
      "type T\(number) { \(HostileDocuments.repeated(8) { "f\($0)(a: Int, b: [String!]): [T\(number)!]! " }) } "
    }
    let large = "type Query { t: T0 } " + types
    for sdl in [try String(contentsOf: SchemaTests.endpoint, encoding: .utf8), large] {
      let engine = try Derived.engine(sdl: sdl) { _ in false }
      let response = await engine.execute(
        try engine.prepare(GraphQLRequest(query: Self.introspection)), context: 0)
      #expect(response.errors.isEmpty)
      guard case .array(let types)? = response.data?["__schema"]?["types"] else {
        Issue.record("no types")
        continue
      }
      #expect(types.count == engine.schema.typeOrder.count)
    }
  }

  /// A hundred times the arguments of all fields.
  @Test func introspectionHasACost() throws {
    let part = HostileDocuments.repeated(100) { " a\($0): __schema { types { fields { args { name } } } }" }
    let error = try #require(Self.refusal(try Self.engine(), GraphQLRequest(query: "{\(part)}")))
    #expect(error.errors.contains { HostileTests.isLimit($0) && $0.message.contains("maxCost") })
  }

  // MARK: Errors that are not for the client

  @Test func causesPastTheLimitAreLogged() async throws {
    struct Boom: Error {}
    let logged = LoggedErrors()
    var limits = GraphQLLimits()
    limits.maxErrors = 10
    let engine = try GraphQLEngine<Int>(
      sdl: "type Row { a: Int b: Int } type Query { rows: [Row] }", limits: limits, onError: logged.add
    ) { resolvers in
      resolvers.object("Row", of: ExecutionResolverTests.Row.self) { type in
        type.field("a") { _ -> Int in throw Boom() }
        type.field("b") { _, _, _ async throws -> Int in throw Boom() }
      }
      resolvers.query("rows") { _, _ in [ExecutionResolverTests.Row](repeating: .init(id: 1), count: 30) }
    }
    for query in ["{ rows { a } }", "{ rows { b } }"] {
      let response = await engine.execute(try engine.prepare(GraphQLRequest(query: query)), context: 0)
      #expect(response.errors.count == 11)
      #expect(logged.take() == 20)
    }
  }
}

/// How many errors an engine has logged.
final class LoggedErrors: Sendable {
  private let count = Mutex(0)

  @Sendable func add(_ error: any Error, _ shown: GraphQLError) { count.withLock { $0 += 1 } }

  func take() -> Int {
    count.withLock { count in
      defer { count = 0 }
      return count
    }
  }
}
