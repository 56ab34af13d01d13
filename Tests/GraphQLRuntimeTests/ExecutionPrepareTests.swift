import JSONText
import Testing

@testable import GraphQLRuntime

/// From a request to an operation: section 6.1 of the specification (October 2021), and what is remembered.
@Suite struct ExecutionPrepareTests {
  static func engine(
    limits: GraphQLLimits = GraphQLLimits(), allowsIntrospection: Bool = true
  ) throws -> GraphQLEngine<Int> {
    try GraphQLEngine(
      sdl: "type Query { say(text: String): String } type Subscription { say: String }", limits: limits,
      allowsIntrospection: allowsIntrospection, onError: ignore
    ) { resolvers in
      resolvers.query("say") { arguments, _ in try arguments.optionalString("text") }
      resolvers.subscription("say") { _, _ in AsyncStream<String> { nil } }
    }
  }

  @Test(arguments: [
    ("{ say ", nil, GraphQLRequestError.Stage.syntax), ("{ sing }", nil, .validation), ("", nil, .syntax),
    ("query A { say } query B { say }", nil, .operation), ("query A { say }", "B", .operation),
    ("{ say }", "A", .operation), ("query A($v: String!) { say(text: $v) }", "A", .variables),
    ("mutation { say }", nil, .validation),
  ]) func refused(_ query: String, _ name: String?, _ stage: GraphQLRequestError.Stage) throws {
    let engine = try Self.engine()
    // The second time from what is remembered: documents that are valid, whatever is wrong with the request.
    for _ in 0..<2 {
      let error = #expect(throws: GraphQLRequestError.self) {
        try engine.prepare(GraphQLRequest(query: query, operationName: name))
      }
      #expect(error?.stage == stage)
      #expect(error?.response.data == nil && error?.response.errors.isEmpty == false)
      #expect(engine.documents.kept.count == (stage == .syntax || stage == .validation ? 0 : 1))
    }
  }

  @Test func choosesTheOperation() async throws {
    let engine = try Self.engine()
    let query = "query A { a: say(text: \"1\") } query B { b: say(text: \"2\") } subscription S { say }"
    for (name, data) in [("A", #"{"a":"1"}"#), ("B", #"{"b":"2"}"#), ("A", #"{"a":"1"}"#)] {
      let operation = try engine.prepare(GraphQLRequest(query: query, operationName: name))
      #expect(await engine.execute(operation, context: 0).data?.text == data)
    }
    let subscription = try engine.prepare(GraphQLRequest(query: query, operationName: "S"))
    #expect(subscription.kind == .subscription)
    #expect(await engine.execute(subscription, context: 0).data == nil)
  }

  /// Texts that Unicode calls equivalent are two documents.
  @Test func documentsAreToldApartByBytes() async throws {
    let engine = try Self.engine()
    for text in ["\u{E9}", "e\u{301}", "\u{E9}"] {
      let operation = try engine.prepare(GraphQLRequest(query: "{ say(text: \"\(text)\") }"))
      guard case .string(let said)? = await engine.execute(operation, context: 0).data?["say"] else {
        Issue.record("nothing was said")
        return
      }
      #expect(said.unicodeScalars.elementsEqual(text.unicodeScalars))
    }
  }

  /// Far more documents than are remembered, with a few that are asked for often, from several tasks.
  @Test func manyDocuments() async throws {
    var limits = GraphQLLimits()
    limits.maxCachedDocuments = 4
    let engine = try Self.engine(limits: limits)
    await withTaskGroup(of: Void.self) { group in
      for task in 0..<4 {
        group.addTask {
          for round in 0..<50 {
            let text = round % 2 == 0 ? "often" : "\(task) \(round)"
            let operation = try? engine.prepare(GraphQLRequest(query: "{ say(text: \"\(text)\") }"))
            guard let operation else {
              Issue.record("\(text) was refused")
              return
            }
            #expect(await engine.execute(operation, context: 0).data?["say"] == .string(text))
          }
        }
      }
    }
    #expect((1...4).contains(engine.documents.kept.count))
    let often = GraphQLRequest(query: "{ say(text: \"often\") }")
    let plan = try #require(try engine.prepare(often).plan)
    #expect(try engine.prepare(often).plan === plan)
    #expect(engine.documents.kept.contains { $0.fieldPlans == 1 })
  }

  @Test func costCountsWithTheVariables() throws {
    var limits = GraphQLLimits()
    limits.maxCost = 50
    let sdl = "type Row { id: Int } type Query { rows(first: Int): [Row] }"
    let engine = try GraphQLEngine<Int>(sdl: sdl, limits: limits, onError: ignore) { resolvers in
      resolvers.object("Row", of: ExecutionResolverTests.Row.self) { $0.field("id", \.id) }
      resolvers.query("rows") { _, _ in [ExecutionResolverTests.Row]() }
    }
    func prepare(_ first: Int64) throws {
      let variables = [JSONValue.Member("n", .integer(first))]
      _ = try engine.prepare(GraphQLRequest(query: "query($n: Int) { rows(first: $n) { id } }", variables: variables))
    }
    try prepare(40)
    let error = #expect(throws: GraphQLRequestError.self) { try prepare(60) }
    #expect(error?.errors.first?.extensions == [JSONValue.Member("code", .string("LIMIT"))])
  }

  /// An operation of one engine is nothing for another: their resolvers take other sources.
  @Test func preparedElsewhere() async throws {
    let operation = try Self.engine().prepare(GraphQLRequest(query: "{ say }"))
    let response = await (try Self.engine()).execute(operation, context: 0)
    #expect(response.data == nil && response.errors.count == 1)
    let subscription = try Self.engine().prepare(GraphQLRequest(query: "subscription { say }"))
    guard case .failed(let refused) = await (try Self.engine()).subscribe(subscription, context: 0) else {
      Issue.record("another engine has subscribed")
      return
    }
    #expect(refused.errors.count == 1)
  }

  @Test(arguments: [
    "{ __schema { queryType { name } } }", "{ ...F } fragment F on Query { x: __type(name: \"Int\") { name } }",
  ])
  func introspectionCanBeTurnedOff(_ query: String) async throws {
    let request = GraphQLRequest(query: query)
    _ = try Self.engine().prepare(request)
    let engine = try Self.engine(allowsIntrospection: false)
    let error = #expect(throws: GraphQLRequestError.self) { try engine.prepare(request) }
    #expect(error?.errors.first?.extensions == [JSONValue.Member("code", .string("INTROSPECTION_DISABLED"))])
    #expect(error?.errors.first?.locations.isEmpty == false)
    let operation = try engine.prepare(GraphQLRequest(query: "{ __typename }"))
    #expect(await engine.execute(operation, context: 0).data?["__typename"] == .string("Query"))
  }
}
