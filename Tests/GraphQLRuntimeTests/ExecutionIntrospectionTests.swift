import GraphQLRuntime
import JSONText
import Testing

/// Introspection (October 2021, section 4), compared with graphql-core's of the same schema.
@Suite struct ExecutionIntrospectionTests {
  static let sdl = #"""
    "The whole."
    schema { query: Root mutation: Change subscription: Watch }
    "On things."
    directive @tag(name: String = "x\"y", old: Int @deprecated(reason: "no")) repeatable on OBJECT | FIELD_DEFINITION
    "When."
    scalar Time @specifiedBy(url: "https://example.com/time")
    scalar Plain
    enum Mood { "Calm." CALM ANGRY @deprecated TIRED @deprecated(reason: "sleep") }
    interface Node { id: ID! }
    interface Named implements Node { id: ID! name: String }
    "A row."
    type Row implements Named & Node {
      id: ID!
      "With arguments."
      name(first: Int = 10, mood: Mood = CALM, old: [Int!] = [1, 2] @deprecated): String
      gone: Int @deprecated(reason: "It is gone.")
      matrix: [[Int!]!]!
      at: Time
    }
    type Other implements Node { id: ID! plain: Plain }
    union Both = Row | Other
    input In { a: Int! = 3 b: [String] = ["x", null] c: In mood: Mood = ANGRY ratio: Float = 1.5 old: Int @deprecated }
    type Root { node(id: ID!, filter: In = { a: 1 }): Node both: [Both] named: Named }
    type Change { set(in: In!): Row }
    type Watch { rows: Row! }
    """#

  static let query = #"""
    query Full {
      __schema {
        description
        queryType { name kind } mutationType { name } subscriptionType { name }
        types { ...Type }
        directives { name description isRepeatable locations args(includeDeprecated: true) { ...Input } current: args { name } }
      }
      missing: __type(name: "Nothing") { name }
      row: __type(name: "Row") { current: fields { name args { name } } }
      mood: __type(name: "Mood") { current: enumValues { name } }
      input: __type(name: "In") { current: inputFields { name } }
      __typename
    }
    fragment Type on __Type {
      kind name description specifiedByURL
      fields(includeDeprecated: true) {
        name description args(includeDeprecated: true) { ...Input } type { ...Ref } isDeprecated deprecationReason
      }
      inputFields(includeDeprecated: true) { ...Input }
      interfaces { ...Ref }
      enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
      possibleTypes { ...Ref }
    }
    fragment Input on __InputValue { name description type { ...Ref } defaultValue isDeprecated deprecationReason }
    fragment Ref on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { name } } } } }
    """#

  @Test func asGraphQLCore() async throws {
    let request = GraphQLRequest(query: Self.query)
    let theirs = try ExecutionDifferentialTests.Peer(sdl: Self.sdl).answer(to: request)
    let engine = try Derived.engine(sdl: Self.sdl) { _ in false }
    let ours = await engine.execute(try engine.prepare(request), context: 0)
    #expect(ours.errors.isEmpty)
    #expect(theirs["errors"] == .array([]), "\(theirs)")
    let (own, other) = (Self.comparable(ours.data), Self.comparable(theirs["data"]))
    #expect(own.keys.sorted() == other.keys.sorted())
    for (key, value) in own { #expect(value == other[key], "\(key)") }
  }

  /// Types and directives by name: their order is each engine's own, as are the texts about built-in ones, and the
  /// fields that a later revision of the specification has added to `__Type` and the locations of directives.
  private static func comparable(_ data: JSONValue?) -> [String: JSONValue] {
    guard case .object(let members)? = data else { return [:] }
    var parts = Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.value) })
    guard case .object(let schema)? = parts.removeValue(forKey: "__schema") else { return parts }
    let builtIn = ["String", "Int", "Float", "Boolean", "ID"]
    let builtInDirectives = ["skip", "include", "deprecated", "specifiedBy"]
    for member in schema {
      guard case .array(let items) = member.value else {
        parts[member.name] = member.value
        continue
      }
      for item in items {
        guard case .string(let name)? = item["name"] else { continue }
        let isBuiltIn = name.hasPrefix("__") || builtIn.contains(name)
        if member.name == "directives", name == "oneOf" { continue }
        if isBuiltIn || (member.name == "directives" && builtInDirectives.contains(name)) {
          parts["\(member.name) \(name)"] = item.withoutDescriptions
        } else {
          parts["\(member.name) \(name)"] = item
        }
      }
    }
    return parts
  }
}

extension JSONValue {
  fileprivate var withoutDescriptions: JSONValue {
    switch self {
    case .array(let items):
      .array(items.filter { !Self.later.contains($0["name"]) }.map(\.withoutDescriptions))
    case .object(let members):
      .object(
        members.filter { $0.name != "description" }.map { Member($0.name, $0.value.withoutDescriptions) })
    default: self
    }
  }

  private static let later: [JSONValue?] = [.string("isOneOf")]
}
