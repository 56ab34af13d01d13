import Foundation
import GraphQLRuntime
import JSONText
import PythonPeer
import Testing

/// Random valid queries, executed here and by graphql-core over the same derived values: the same data, errors at the
/// same paths and locations, in the same order.
@Suite struct ExecutionDifferentialTests {
  static let sdl = """
    interface Node { id: ID! label(prefix: String = "x", times: Int): String peers(first: Int! = 2): [Node] }
    interface Owned implements Node {
      id: ID! label(prefix: String = "x", times: Int): String peers(first: Int! = 2): [Node] owner: Person
    }
    type Person implements Node {
      id: ID!
      label(prefix: String = "x", times: Int): String
      peers(first: Int! = 2): [Node]
      age: Int!
      score: Float
      mood: Mood!
      things(filter: Filter = { moods: CALM, range: { from: 1 } }, ids: [ID!]): [Thing!]
      best: Thing
      matrix: [[Int!]!]
    }
    type Account implements Node & Owned {
      id: ID!
      label(prefix: String = "x", times: Int): String
      peers(first: Int! = 2): [Node]
      owner: Person
      balance(unit: Float = 1): Int
      isOpen: Boolean!
      raw(value: Any): Any
      history(filter: Filter!): [Entry]!
    }
    type Card implements Node & Owned {
      id: ID!
      label(prefix: String = "x", times: Int): String
      peers(first: Int! = 2): [Node]
      owner: Person
      account: Account!
      isOpen: Boolean!
    }
    type Entry { amount(deep: [[Int]]): Int score: Float mood: Mood! strict: Strict account: Account! }
    type Strict { id: ID! isOpen: Boolean! age: Int! account: Account! best: Thing }
    union Thing = Account | Card | Entry
    enum Mood { CALM ANGRY TIRED }
    input Range { from: Int! to: Int = 9 }
    input Filter { moods: [Mood!] range: Range ranges: [Range] text: String = "t" not: Filter ratio: Float any: Any }
    scalar Any
    type Query {
      node(id: ID!): Node
      owned: [Owned!]
      things(filter: Filter, first: Int = 3): [Thing]
      person(mood: Mood = CALM): Person!
      account(range: Range, flag: Boolean): Account
      entries(list: [Int!] = [1, 2], names: [String]): [Entry!]!
      strict: Strict
      count: Int!
    }
    type Mutation { add(filter: Filter): Account! rename(id: ID!, label: String!): Person count: Int! }
    """

  static let queryCount = ProcessInfo.processInfo.environment["BANK_TEST_LONG"] == "1" ? 100_000 : 350

  struct Peer {
    private let conversation: PythonConversation

    init(sdl: String) throws {
      let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "execution_peer.py")
      conversation = try PythonConversation([script.path])
      try conversation.send(JSONValue.object([JSONValue.Member("sdl", .string(sdl))]).text)
    }

    func answer(to request: GraphQLRequest) throws -> JSONValue {
      let line = JSONValue.object([
        JSONValue.Member("query", .string(request.query)),
        JSONValue.Member("variables", .object(request.variables)),
        JSONValue.Member("operationName", request.operationName.map { .string($0) } ?? .null),
      ])
      try conversation.send(line.text)
      return try JSONValue(parsing: Array(#require(try conversation.receive())))
    }
  }

  @Test func executesAsGraphQLCore() async throws {
    var limits = GraphQLLimits()
    limits.maxErrors = 100_000
    limits.maxAliases = 10_000
    limits.maxCost = .max
    let engine = try Derived.engine(sdl: Self.sdl, limits: limits) { coordinate in coordinate.utf8.count % 3 == 0 }
    let schema = try GraphQLSchema(sdl: Self.sdl)
    let peer = try Peer(sdl: Self.sdl)
    var withErrors = 0
    var refused = 0
    for seed in 0..<UInt64(Self.queryCount) {
      var generator = RandomQuery(schema: schema, seed: seed)
      let request = generator.request()
      let theirs = try peer.answer(to: request)
      func place() -> Comment {
        "seed \(seed): \(request.query)\n\(JSONValue.object(request.variables))\n\(theirs)"
      }
      let ours: GraphQLResponse
      do throws(GraphQLRequestError) {
        ours = await engine.execute(try engine.prepare(request), context: 0)
        #expect(theirs["stage"] == .string("execution"), place())
      } catch {
        // Both have to refuse the variables; a generated document that is not valid is a mistake here.
        #expect(error.stage == .variables && theirs["stage"] == .string("variables"), "\(error)\n\(place())")
        ours = error.response
        refused += 1
      }
      let response = try JSONValue(parsing: ours.utf8)
      #expect(response == ours.json)
      #expect((response["data"] ?? .null) == theirs["data"], place())
      #expect(Self.places(response["errors"]) == Self.places(theirs["errors"]), "\(response)\n\(place())")
      if !ours.errors.isEmpty { withErrors += 1 }
    }
    #expect(withErrors > Self.queryCount / 10)
    #expect((1...(Self.queryCount / 3)).contains(refused))
  }

  /// Paths and locations; messages are each engine's own.
  private static func places(_ errors: JSONValue?) -> [[JSONValue?]] {
    guard case .array(let errors)? = errors else { return [] }
    return errors.map { error in [error["path"] ?? .null, error["locations"]] }
  }
}
