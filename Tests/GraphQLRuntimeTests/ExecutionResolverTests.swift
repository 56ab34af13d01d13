import GraphQLRuntime
import JSONText
import Synchronization
import Testing

/// How resolvers are declared, checked and called.
@Suite struct ExecutionResolverTests {
  struct Row: GraphQLObject {
    var id: Int64 = 1
    var name = "n"
  }

  struct Other: GraphQLObject {}

  enum Mood: String, GraphQLEnum {
    case calm = "CALM"
    case angry = "ANGRY"
  }

  enum Colour: String, GraphQLEnum {
    case red = "RED"
  }

  static let sdl = """
    enum Mood { CALM ANGRY }
    interface Named { name: String! }
    type Row implements Named { id: Int! name: String! mood: Mood others(first: Int = 1): [Other!] }
    type Other implements Named { name: String! row: Row }
    union Any = Row | Other
    type Query { row(id: Int): Row named: [Named] any: [Any!] }
    type Mutation { set(value: Int!): Int }
    """

  static func engine(_ declare: (GraphQLResolvers<Int>) -> Void) throws -> GraphQLEngine<Int> {
    try GraphQLEngine(sdl: sdl, onError: ignore, declare)
  }

  static func declareAll(_ resolvers: GraphQLResolvers<Int>) {
    resolvers.object("Row", of: Row.self) { type in
      type.field("id", \.id)
      type.field("name") { row in row.name }
      type.field("mood") { _ in Mood.angry }
      type.field("others") { _, arguments, _ in [Other](repeating: Other(), count: try arguments.int("first")) }
    }
    resolvers.object("Other", of: Other.self) { type in
      type.field("name") { _ in "other" }
      type.field("row") { _, _, context async throws -> Row? in
        await Task.yield()
        return Row(id: Int64(context))
      }
    }
    resolvers.query("row") { arguments, context in Row(id: Int64(try arguments.optionalInt("id") ?? context)) }
    resolvers.query("named") { _, _ in [AnyGraphQLObject(Row()), nil, AnyGraphQLObject(Other())] }
    resolvers.query("any") { _, _ in [AnyGraphQLObject(Other()), AnyGraphQLObject(Row())] }
    resolvers.mutation("set") { arguments, _ in try arguments.int("value") }
  }

  static func text(_ engine: GraphQLEngine<Int>, _ query: String, context: Int = 9) async throws -> String {
    let response = await engine.execute(try engine.prepare(GraphQLRequest(query: query)), context: context)
    return response.json.text
  }

  @Test func typesAndContext() async throws {
    let engine = try Self.engine(Self.declareAll)
    #expect(
      try await Self.text(engine, "{ row { id mood others(first: 2) { name row { id } } } }")
        == #"{"data":{"row":{"id":9,"mood":"ANGRY","#
        + #""others":[{"name":"other","row":{"id":9}},{"name":"other","row":{"id":9}}]}}}"#
    )
    #expect(
      try await Self.text(engine, "{ named { __typename name ... on Row { id } } }")
        == #"{"data":{"named":[{"__typename":"Row","name":"n","id":1},null,{"__typename":"Other","name":"other"}]}}"#)
    #expect(
      try await Self.text(
        engine, "{ any { ... on Other { __typename row { id } } ... on Named { name } } }", context: 3)
        == #"{"data":{"any":[{"__typename":"Other","row":{"id":3},"name":"other"},{"name":"n"}]}}"#)
  }

  /// One error lists all that does not fit.
  @Test func mismatches() {
    let error = #expect(throws: GraphQLResolverMismatch.self) {
      try Self.engine { resolvers in
        resolvers.object("Row", of: Row.self) { type in
          type.field("id") { _ in "text" }
          type.field("id", \.id)
          type.field("mood") { _ in Colour.red }
          type.field("others") { _ in Other() }
          type.field("unknown") { _ in 1 }
        }
        resolvers.object("Nothing", of: Other.self) { _ in }
        resolvers.query("row") { _, _ in Other() }
        resolvers.query("named") { _, _ in [1] }
        resolvers.query("any") { _, _ in [Row()] }
        resolvers.subscription("events") { _, _ in AsyncStream<Int> { nil } }
      }
    }
    let expected = [
      "Row.id has two resolvers", "subscription events: the schema has no subscription type",
      "Row.name has no resolver",
      "Row.mood is Mood, but its resolver returns Colour, whose values [\"RED\"] are not Mood's",
      "Row.others is [Other!], but its resolver returns no list",
      "Row.unknown has a resolver but is no field of the schema", "the type Other has no resolvers",
      "Query.row is Row, but its resolver returns Other, which is not declared as its source",
      "Query.named is [Named], but its resolver returns a list of something of another kind",
      "Mutation.set has no resolver", "the schema has no object type Nothing",
    ]
    #expect(error?.problems == expected)
  }

  @Test func wrongSourceType() {
    let error = #expect(throws: GraphQLResolverMismatch.self) {
      try Self.engine { resolvers in
        Self.declareAll(resolvers)
        resolvers.query("row") { _, _ in Other() }
        resolvers.query("any") { _, _ in [Mood.calm] }
      }
    }
    let expected = [
      "Query.row has two resolvers", "Query.any has two resolvers",
      "Query.row is Row, but its resolver returns Other, which is not declared as its source",
      "Query.any is [Any!], but its resolver returns a list of something of another kind",
    ]
    #expect(error?.problems == expected)
  }

  @Test func argumentsSayWhatIsWrong() throws {
    let arguments = GraphQLArguments([
      "int": .integer(3), "null": .null, "list": .array([.integer(1), .null]), "mood": .string("CALM"),
      "input": .object([JSONValue.Member("a", .bool(true))]), "ratio": .double(1.5),
    ])
    #expect(try arguments.int("int") == 3)
    #expect(try arguments.optionalInt("null") == nil)
    #expect(arguments.contains("null") && !arguments.contains("absent"))
    #expect(try arguments.value("list", as: [Int?].self) == [1, nil])
    #expect(try arguments.value("mood", as: Mood.self) == .calm)
    #expect(try arguments.value("input", as: GraphQLArguments.self).bool("a"))
    #expect(try arguments.double("ratio") == 1.5 && arguments.double("int") == 3)
    #expect(throws: GraphQLArgumentError(argument: "absent", expected: "Int", found: nil)) {
      try arguments.int("absent")
    }
    #expect(throws: GraphQLArgumentError(argument: "null", expected: "Bool", found: .null)) {
      try arguments.bool("null")
    }
    #expect(throws: GraphQLArgumentError(argument: "int", expected: "String", found: .integer(3))) {
      try arguments.optionalString("int")
    }
    #expect(throws: GraphQLArgumentError.self) { try arguments.value("list", as: [Int].self) }
  }

  /// Fields of a query wait at the same time, as many as the limit says beside one; those of a mutation one by one.
  @Test(arguments: [("query", 4, 5), ("query", 0, 1), ("mutation", 4, 1)])
  func concurrency(_ kind: String, _ limit: Int, _ expected: Int) async throws {
    final class Running: Sendable {
      let counts = Mutex((now: 0, most: 0, order: [Int]()))
    }
    let running = Running()
    var limits = GraphQLLimits()
    limits.maxConcurrentFields = limit
    let sdl = "type Query { wait(id: Int!): Int } type Mutation { wait(id: Int!): Int }"
    let wait: @Sendable (GraphQLArguments, Int) async throws -> Int = { arguments, _ in
      let id = try arguments.int("id")
      running.counts.withLock { counts in
        counts.now += 1
        counts.most = max(counts.most, counts.now)
        counts.order.append(id)
      }
      // Until as many run as may; that no more do shows a moment later.
      for _ in 0..<10_000 where running.counts.withLock({ $0.most }) < expected {
        try await Task.sleep(for: .milliseconds(1))
      }
      try await Task.sleep(for: .milliseconds(5))
      running.counts.withLock { $0.now -= 1 }
      return id
    }
    let engine = try GraphQLEngine<Int>(sdl: sdl, limits: limits, onError: ignore) { resolvers in
      resolvers.query("wait", wait)
      resolvers.mutation("wait", wait)
    }
    let fields = (0..<8).map { "f\($0): wait(id: \($0))" }.joined(separator: " ")
    let text = try await Self.text(engine, "\(kind) { \(fields) }")
    #expect(text == "{\"data\":{" + (0..<8).map { "\"f\($0)\":\($0)" }.joined(separator: ",") + "}}")
    #expect(running.counts.withLock { $0.most } == expected)
    if kind == "mutation" { #expect(running.counts.withLock { $0.order } == Array(0..<8)) }
  }

  /// A cancelled request begins no further field.
  @Test func cancellation() async throws {
    final class Started: Sendable {
      let ids = Mutex<[Int]>([])
    }
    let log = Started()
    let (signal, signalled) = AsyncStream.makeStream(of: Void.self)
    let engine = try GraphQLEngine<Int>(
      sdl: "type Query { a: Int } type Mutation { wait(id: Int!): Int }", onError: ignore
    ) { resolvers in
      resolvers.query("a") { _, _ in 1 }
      resolvers.mutation("wait") { arguments, _ in
        let id = try arguments.int("id")
        log.ids.withLock { $0.append(id) }
        signalled.yield()
        try await Task.sleep(for: .seconds(60))
        return id
      }
    }
    let operation = try engine.prepare(GraphQLRequest(query: "mutation { a: wait(id: 1) b: wait(id: 2) }"))
    let task = Task { await engine.execute(operation, context: 0) }
    for await _ in signal { break }
    task.cancel()
    let response = await task.value
    #expect(log.ids.withLock { $0 } == [1])
    #expect(response.errors.map { $0.extensions.first?.value } == [.string("CANCELLED"), .string("CANCELLED")])
  }

  /// Data far deeper than any document is no matter: a document is as deep as the limit says.
  @Test func deepOperations() async throws {
    var limits = GraphQLLimits()
    limits.maxDepth = 60
    let sdl = "type Row { row: Row waits: Row } type Query { row: Row }"
    let engine = try GraphQLEngine<Int>(sdl: sdl, limits: limits, onError: ignore) { resolvers in
      resolvers.object("Row", of: Row.self) { type in
        type.field("row") { _ in Row() }
        type.field("waits") { _, _, _ in
          await Task.yield()
          return Row()
        }
      }
      resolvers.query("row") { _, _ in Row() }
    }
    for field in ["row", "waits"] {
      let depth = 50
      let query = "{ row " + String(repeating: "{ \(field) ", count: depth) + "{ __typename }"
      let text = try await Self.text(engine, query + String(repeating: "}", count: depth + 1))
      #expect(text.hasSuffix("{\"__typename\":\"Row\"}" + String(repeating: "}", count: depth + 2)))
    }
  }
}
