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
    input Simple { a: Int }
    type Root { node(id: ID!, filter: Simple): Node both: [Both] named: Named }
    type Change { set(in: In!): Row }
    type Watch { rows: Row! }
    """#

  static let query = #"""
    query Full {
      __schema {
        description
        queryType { name kind } mutationType { name } subscriptionType { name }
        types { ...Type }
        directives {
          name description isRepeatable locations args(includeDeprecated: true) { ...Input } current: args { name }
        }
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
    let (own, other) = (Self.parts(ours.data), Self.parts(theirs["data"]))
    #expect(own.count > 25)
    for (key, value) in own {
      let their = try #require(other[key], "\(key)")
      if Self.isBuiltIn(key) {
        #expect(value.kindAndNames.isSubset(of: their.kindAndNames), "\(key)")
      } else {
        #expect(value == their, "\(key)")
      }
    }
    #expect(Set(other.keys).subtracting(own.keys).filter { !Self.isBuiltIn($0) }.isEmpty)
  }

  /// As literals that mean the same in a document.
  @Test func defaultsOfObjects() async throws {
    let sdl = """
      input In { a: Int b: [In] text: String }
      type Query { f(in: In = {a: 1, b: [{text: "q\\"\\n"}, null]}): Int }
      """
    let engine = try Derived.engine(sdl: sdl) { _ in false }
    let request = GraphQLRequest(query: "{ __type(name: \"Query\") { fields { args { defaultValue } } } }")
    let data = await engine.execute(try engine.prepare(request), context: 0).data
    guard case .array(let fields)? = data?["__type"]?["fields"], case .array(let arguments)? = fields.first?["args"]
    else {
      Issue.record("no arguments: \(data?.text ?? "")")
      return
    }
    #expect(arguments.first?["defaultValue"] == .string(#"{a: 1, b: [{text: "q\"\n"}, null]}"#))
  }

  /// Types and directives by name, since their order is each engine's own, and what else there is.
  private static func parts(_ data: JSONValue?) -> [String: JSONValue] {
    guard case .object(let members)? = data else { return [:] }
    var parts = Dictionary(uniqueKeysWithValues: members.map { ($0.name, $0.value) })
    guard case .object(let schema)? = parts.removeValue(forKey: "__schema") else { return parts }
    for member in schema {
      guard case .array(let items) = member.value else {
        parts[member.name] = member.value
        continue
      }
      for item in items {
        if case .string(let name)? = item["name"] { parts["\(member.name) \(name)"] = item }
      }
    }
    return parts
  }

  /// Of these the texts are each engine's own, and graphql-core has additions of later revisions.
  private static func isBuiltIn(_ key: String) -> Bool {
    let directives = ["skip", "include", "deprecated", "specifiedBy", "oneOf"]
    let scalars = ["String", "Int", "Float", "Boolean", "ID"]
    return key.hasPrefix("types __") || directives.contains { key == "directives \($0)" }
      || scalars.contains { key == "types \($0)" }
  }
}

extension JSONValue {
  /// Of a type or directive: its kind, and the names of its fields, values, arguments and locations.
  fileprivate var kindAndNames: Set<String> {
    var names: Set<String> = []
    for member in ["kind", "name", "isRepeatable"] { names.insert(self[member]?.text ?? "") }
    for list in ["fields", "enumValues", "args", "locations"] {
      guard case .array(let items)? = self[list] else { continue }
      names.formUnion(items.map { ($0["name"] ?? $0).text })
    }
    return names
  }
}
