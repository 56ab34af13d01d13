import GraphQLRuntime
import JSONText
import Testing

/// Null, errors and where they go (October 2021, sections 6.4.3 and 6.4.4).
@Suite struct ExecutionNullTests {
  static let sdl = """
    interface Thing { ok: Int }
    type Box implements Thing {
      ok: Int
      null: Int
      bad: Int
      large: Int
      needNull: Int!
      needBad: Int!
      box: Box
      needBox: Box!
      thing: Thing
      list: [Box]
      needItems: [Box!]
      needAll: [Box!]!
      strings: [String!]
      waits: Box
      needWaits: Box!
      mood: Mood
      ratio: Float
    }
    enum Mood { CALM }
    type Query { box: Box needBox: Box! needBad: Int! list: [Int] }
    """

  struct Box: GraphQLObject {
    struct Bad: Error {}
  }

  static func engine(
    limits: GraphQLLimits = GraphQLLimits(),
    onError: @escaping @Sendable (any Error, GraphQLError) -> Void = ignore
  ) throws -> GraphQLEngine<Int> {
    try GraphQLEngine(sdl: sdl, limits: limits, onError: onError) { resolvers in
      resolvers.object("Box", of: Box.self) { type in
        type.field("ok") { _ in 1 }
        type.field("null") { _ in Int?.none }
        type.field("bad") { _ -> Int in throw GraphQLError("too bad", code: "BAD") }
        type.field("large") { _ in Int(Int32.max) + 1 }
        type.field("needNull") { _ in Int?.none }
        type.field("needBad") { _ -> Int in throw Box.Bad() }
        for name in ["box", "needBox", "thing"] { type.field(name) { _ in Box() } }
        for name in ["list", "needItems", "needAll"] { type.field(name) { _ in [Box(), nil, Box()] } }
        type.field("strings") { _ in ["a", nil] }
        for name in ["waits", "needWaits"] {
          type.field(name) { _, _, _ in
            await Task.yield()
            return Box()
          }
        }
        type.field("mood") { _ in JSONValue.string("ANGRY") }
        type.field("ratio") { _ in Double.infinity }
      }
      resolvers.query("box") { _, _ in Box() }
      resolvers.query("needBox") { _, _ in Box() }
      resolvers.query("needBad") { _, _ -> Int in throw Box.Bad() }
      resolvers.query("list") { _, _ in [1, Int(Int32.min) - 1, nil] }
    }
  }

  @Test(arguments: [
    ("{ box { ok null } }", #"{"data":{"box":{"ok":1,"null":null}}}"#, []),
    ("{ box { bad ok } }", #"{"data":{"box":{"bad":null,"ok":1}}}"#, ["box.bad 1:9"]),
    ("{ box { large ok } }", #"{"data":{"box":{"large":null,"ok":1}}}"#, ["box.large 1:9"]),
    ("{ box { mood ratio } }", #"{"data":{"box":{"mood":null,"ratio":null}}}"#, ["box.mood 1:9", "box.ratio 1:14"]),
    ("{ box { needNull ok } }", #"{"data":{"box":null}}"#, ["box.needNull 1:9"]),
    ("{ box { box { needBad } ok } }", #"{"data":{"box":{"box":null,"ok":1}}}"#, ["box.box.needBad 1:15"]),
    ("{ box { needBox { needBad } ok } }", #"{"data":{"box":null}}"#, ["box.needBox.needBad 1:19"]),
    ("{ needBox { needBox { needNull } } }", #"{"data":null}"#, ["needBox.needBox.needNull 1:23"]),
    ("{ needBad }", #"{"data":null}"#, ["needBad 1:3"]),
    ("{ list }", #"{"data":{"list":[1,null,null]}}"#, ["list.1 1:3"]),
    ("{ box { list { ok } } }", #"{"data":{"box":{"list":[{"ok":1},null,{"ok":1}]}}}"#, []),
    (
      "{ box { list { needBad } } }", #"{"data":{"box":{"list":[null,null,null]}}}"#,
      ["box.list.0.needBad 1:16", "box.list.2.needBad 1:16"]
    ),
    ("{ box { needItems { ok } ok } }", #"{"data":{"box":{"needItems":null,"ok":1}}}"#, ["box.needItems.1 1:9"]),
    ("{ box { needAll { ok } ok } }", #"{"data":{"box":null}}"#, ["box.needAll.1 1:9"]),
    ("{ box { strings } }", #"{"data":{"box":{"strings":null}}}"#, ["box.strings.1 1:9"]),
    (
      "{ box { thing { __typename ... on Box { bad } } } }",
      #"{"data":{"box":{"thing":{"__typename":"Box","bad":null}}}}"#, ["box.thing.bad 1:41"]
    ),
    ("{ a: box { b: bad }\n a: box { b: bad } }", #"{"data":{"a":{"b":null}}}"#, ["a.b 1:12 2:11"]),
    // Behind the field that makes all of it null nothing is reported, whether fields wait or not.
    ("{ box { bad needBad large } }", #"{"data":{"box":null}}"#, ["box.bad 1:9", "box.needBad 1:13"]),
    (
      "{ box { waits { bad } needWaits { needBad } b: waits { bad } } }", #"{"data":{"box":null}}"#,
      ["box.waits.bad 1:17", "box.needWaits.needBad 1:35"]
    ),
    (
      "{ box { list { waits { ok needNull } } } }",
      #"{"data":{"box":{"list":[{"waits":null},null,{"waits":null}]}}}"#,
      ["box.list.0.waits.needNull 1:27", "box.list.2.waits.needNull 1:27"]
    ),
    ("{ box { needItems { waits { ok } } } }", #"{"data":{"box":{"needItems":null}}}"#, ["box.needItems.1 1:9"]),
    ("{ x: needBox { needWaits { needBad } } }", #"{"data":null}"#, ["x.needWaits.needBad 1:28"]),
  ]) func goesTo(_ query: String, _ data: String, _ errors: [String]) async throws {
    let engine = try Self.engine()
    let response = await engine.execute(try engine.prepare(GraphQLRequest(query: query)), context: 0)
    #expect(GraphQLResponse(data: response.data).json.text == data)
    let places = response.errors.map { error in
      let path = (error.path ?? []).map { element in
        switch element {
        case .key(let key): key
        case .index(let index): String(index)
        }
      }
      return ([path.joined(separator: ".")] + error.locations.map { "\($0.line):\($0.column)" }).joined(separator: " ")
    }
    #expect(places == errors)
  }

  /// A client sees the messages of GraphQLError; the log gets the others with the path.
  @Test func whatAClientSees() async throws {
    let (logged, log) = AsyncStream.makeStream(of: String.self)
    let engine = try Self.engine { error, shown in log.yield("\(error) \(shown.path ?? [])") }
    let query = GraphQLRequest(query: "{ box { bad box { needBad } mood } }")
    let response = await engine.execute(try engine.prepare(query), context: 0)
    log.finish()
    #expect(response.errors.map(\.message) == ["too bad", "internal error", "internal error"])
    let codes = response.errors.map { $0.extensions.first?.value }
    #expect(codes == [.string("BAD"), .string("INTERNAL"), .string("INTERNAL")])
    var lines: [String] = []
    for await line in logged { lines.append(line) }
    #expect(lines.count == 2)
    #expect(lines[0].contains("Bad") && lines[0].contains("needBad"))
    #expect(lines[1].contains("ANGRY"))
  }

  @Test func errorsAreBounded() async throws {
    var limits = GraphQLLimits()
    limits.maxErrors = 3
    let engine = try Self.engine(limits: limits)
    let query = "{ box { bad a: bad b: bad c: bad d: bad w: waits { bad e: bad } } }"
    let response = await engine.execute(try engine.prepare(GraphQLRequest(query: query)), context: 0)
    #expect(response.errors.count == 4)
    #expect(response.errors.last?.extensions == [JSONValue.Member("code", .string("LIMIT"))])
    #expect(response.data?["box"]?["w"]?["e"] == .null)
  }

  @Test func bytesAreTheJSON() async throws {
    let engine = try Self.engine()
    for query in ["{ box { bad ok } }", "{ needBad }", "{ box { ok } }"] {
      let response = await engine.execute(try engine.prepare(GraphQLRequest(query: query)), context: 0)
      #expect(String(decoding: response.utf8, as: UTF8.self) == response.json.text)
    }
    let refused = GraphQLResponse(data: nil, errors: [GraphQLError("no \"x\"\n"), GraphQLError("é")])
    #expect(String(decoding: refused.utf8, as: UTF8.self) == refused.json.text)
  }
}
