import GraphQLRuntime
import JSONText

/// An object whose fields follow from a hash: `execution_peer.py` has the same.
struct Derived: GraphQLObject {
  let seed: UInt64
  let typeName: String

  var graphQLTypeName: String? { typeName }

  struct Boom: Error {}

  /// An engine of any schema. Of its fields some wait, some do not.
  static func engine(
    sdl: String, limits: GraphQLLimits = GraphQLLimits(), waits: @escaping @Sendable (String) -> Bool
  ) throws -> GraphQLEngine<Int> {
    let schema = try GraphQLSchema(sdl: sdl)
    return try GraphQLEngine(schema: schema, limits: limits, onError: ignore) { resolvers in
      for (name, type) in schema.types where !name.hasPrefix("__") {
        guard case .object(let object) = type else { continue }
        let resolve = Resolve(schema: schema, type: name)
        for kind in [OperationKind.query, .mutation] where schema.rootType(of: kind) == name {
          for field in object.fields.all {
            let root: @Sendable (GraphQLArguments, Int) async throws -> DerivedOutput = { arguments, _ in
              await Task.yield()
              return try resolve(field, 0, arguments)
            }
            if kind == .query { resolvers.query(field.name, root) } else { resolvers.mutation(field.name, root) }
          }
        }
        if name == schema.subscriptionType {
          for field in object.fields.all { resolvers.subscription(field.name) { _, _ in AsyncStream<Derived> { nil } } }
        }
        let roots = [schema.queryType, schema.mutationType, schema.subscriptionType]
        if roots.contains(name) { continue }
        resolvers.object(name, of: Derived.self) { type in
          for field in object.fields.all { declare(field, in: type, resolve, waits: waits("\(name).\(field.name)")) }
        }
      }
    }
  }

  private static func declare(
    _ field: FieldDefinition, in type: GraphQLObjectResolvers<Int, Derived>, _ resolve: Resolve, waits: Bool
  ) {
    if waits {
      type.field(field.name) { source, arguments, _ in
        await Task.yield()
        return try resolve(field, source.seed, arguments)
      }
    } else if field.arguments.isEmpty {
      type.field(field.name) { source in try resolve(field, source.seed, GraphQLArguments()) }
    } else {
      type.field(field.name) { source, arguments, _ in try resolve(field, source.seed, arguments) }
    }
  }
}

struct DerivedOutput: GraphQLOutput {
  static var graphQLShape: GraphQLShape { .dynamic }
  let graphQLValue: GraphQLOutputValue
}

/// Resolves the fields of one type.
private struct Resolve: Sendable {
  let schema: GraphQLSchema
  let type: String

  func callAsFunction(
    _ field: FieldDefinition, _ seed: UInt64, _ arguments: GraphQLArguments
  ) throws -> DerivedOutput {
    let members = arguments.values.map { JSONValue.Member($0.key, $0.value) }
    let given = JSONValue.object(members).sorted.text
    let hash = Self.hashed("\(seed)/\(type).\(field.name)\(given)")
    return DerivedOutput(graphQLValue: try value(hash, field.type, mayFail: true))
  }

  static func hashed(_ text: String) -> UInt64 {
    var value: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text.utf8 { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
    value ^= value >> 29
    value = value &* 0xBF58_476D_1CE4_E5B9
    return value ^ (value >> 32)
  }

  private func value(_ seed: UInt64, _ type: SchemaType, mayFail: Bool) throws -> GraphQLOutputValue {
    if case .nonNull(let type) = type { return try value(seed, type, mayFail: mayFail) }
    if mayFail, seed % 100 < 4 { return .null }
    if mayFail, seed % 100 < 7 { throw Derived.Boom() }
    switch type {
    case .list(let type):
      let count = Int((seed >> 8) % 4)
      return .list(
        try (0..<count).map { index in
          let item = Self.hashed("\(seed)[\(index)]")
          return item % 100 < 5 ? .null : try value(item, type, mayFail: false)
        })
    case .nonNull(let type): return try value(seed, type, mayFail: mayFail)
    case .named(let name): return named(seed, name)
    }
  }

  private func named(_ seed: UInt64, _ name: String) -> GraphQLOutputValue {
    switch schema.types[name] {
    case .enumeration(let type): .leaf(.string(type.values[Int((seed >> 16) % UInt64(type.values.count))].name))
    case .object: Derived(seed: seed, typeName: name).graphQLValue
    case .interface, .union:
      Derived(seed: seed, typeName: possible(name)[Int((seed >> 16) % UInt64(possible(name).count))]).graphQLValue
    default: .leaf(scalar(seed, name))
    }
  }

  private func possible(_ name: String) -> [String] { (schema.possibleTypes[name] ?? []).sorted() }

  private func scalar(_ seed: UInt64, _ name: String) -> JSONValue {
    let number = Int64((seed >> 16) % 1000)
    return switch name {
    case "Int": .integer(seed % 31 == 0 ? 3_000_000_000 : number - 500)
    case "Float": .double(seed % 31 == 0 ? .nan : Double(number) / 8)
    case "Boolean": .bool(number % 2 == 0)
    case "ID": .integer(number)
    default: .string("\"\(number)\"\n€")
    }
  }
}

extension JSONValue {
  /// With the members of all objects in the order of their names.
  var sorted: JSONValue {
    switch self {
    case .object(let members):
      .object(members.map { Member($0.name, $0.value.sorted) }.sorted { $0.name < $1.name })
    case .array(let items): .array(items.map(\.sorted))
    default: self
    }
  }
}

/// What an engine does with internal errors in tests that look at responses only.
@Sendable func ignore(_ error: any Error, _ shown: GraphQLError) {}
