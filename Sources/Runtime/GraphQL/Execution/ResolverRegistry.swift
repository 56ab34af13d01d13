/// Resolvers and schema do not fit each other.
public struct GraphQLResolverMismatch: Error, Hashable, Sendable, CustomStringConvertible {
  /// Each says what is missing, too much or of a wrong type.
  public let problems: [String]

  public var description: String {
    "the resolvers do not fit the schema:\n" + problems.map { "  " + $0 }.joined(separator: "\n")
  }
}

/// The resolvers of a schema, checked.
struct ResolverRegistry: Sendable {
  let types: [String: ObjectResolvers]
  /// Object types from which a field that waits can be reached.
  let asyncTypes: Set<String>
  /// By Swift type, where it is the source of one object type.
  private let typeOfSource: [ObjectIdentifier: String]

  /// - Throws: ``GraphQLResolverMismatch`` with all that is wrong.
  init(schema: GraphQLSchema, declared: [String: ObjectResolvers], problems: [String]) throws {
    var types = declared
    for (name, meta) in Introspection.resolvers(of: schema) {
      types[name, default: meta].fields.merge(meta.fields) { declared, _ in declared }
    }
    let check = ResolverCheck(schema: schema, types: types)
    let all = problems + check.problems()
    guard all.isEmpty else { throw GraphQLResolverMismatch(problems: all) }
    self.types = types
    asyncTypes = Self.asyncTypes(types, schema)
    let sources = types.values.map { ($0.source, Optional($0.name)) }
    typeOfSource = Dictionary(sources, uniquingKeysWith: { _, _ in nil }).compactMapValues { $0 }
  }

  /// Nil when several object types have that Swift type.
  func typeName(of source: ObjectIdentifier) -> String? { typeOfSource[source] }

  private static func asyncTypes(_ types: [String: ObjectResolvers], _ schema: GraphQLSchema) -> Set<String> {
    var found = Set(types.values.filter { $0.fields.values.contains(where: \.isAsync) }.map(\.name))
    while true {
      let more = types.keys.filter { name in
        guard !found.contains(name), let type = schema.types[name] else { return false }
        return type.fields.all.contains { field in
          let name = field.type.name
          return found.contains(name) || !(schema.possibleTypes[name] ?? []).isDisjoint(with: found)
        }
      }
      if more.isEmpty { return found }
      found.formUnion(more)
    }
  }
}

extension FieldResolver {
  var isAsync: Bool {
    switch call {
    case .plain, .sync: false
    case .async, .stream: true
    }
  }
}

/// Compares resolvers with a schema.
private struct ResolverCheck {
  let schema: GraphQLSchema
  let types: [String: ObjectResolvers]

  func problems() -> [String] {
    var problems: [String] = []
    for name in schema.typeOrder {
      guard case .object(let type)? = schema.types[name] else { continue }
      guard let resolvers = types[name] else {
        problems.append("the type \(name) has no resolvers")
        continue
      }
      problems += type.fields.all.flatMap { self.problems(of: $0, resolvers) }
      for field in resolvers.fields.keys.sorted() where type.fields[field] == nil && !field.hasPrefix("__") {
        problems.append("\(name).\(field) has a resolver but is no field of the schema")
      }
    }
    for name in types.keys.sorted() {
      if case .object? = schema.types[name] { continue }
      problems.append("the schema has no object type \(name)")
    }
    return problems
  }

  private func problems(of field: FieldDefinition, _ type: ObjectResolvers) -> [String] {
    let place = "\(type.name).\(field.name)"
    guard let resolver = type.fields[field.name] else { return ["\(place) has no resolver"] }
    guard let reason = mismatch(resolver.shape, field.type) else { return [] }
    return ["\(place) is \(field.type), but its resolver returns \(reason)"]
  }

  /// Nil when it fits; whether it may be null is looked at when the value is there.
  private func mismatch(_ shape: GraphQLShape, _ type: SchemaType) -> String? {
    switch (shape, type) {
    case (.dynamic, _): return nil
    case (.optional(let shape), _): return mismatch(shape, type)
    case (_, .nonNull(let type)): return mismatch(shape, type)
    case (.list(let shape), .list(let type)): return mismatch(shape, type).map { "a list of \($0)" }
    case (.list, .named): return "a list"
    case (_, .list): return "no list"
    case (_, .named(let name)): return mismatch(shape, ofNamed: name)
    }
  }

  private func mismatch(_ shape: GraphQLShape, ofNamed name: String) -> String? {
    let type = schema.types[name]
    switch (shape, type) {
    case (.scalar(let names), .scalar):
      return names.contains(name) || LeafType(scalar: name).isCustom ? nil : "a value for \(names.sorted())"
    case (.enumeration(let swift, let values), .enumeration(let type)):
      let unknown = values.filter { value in !type.values.contains { $0.name == value } }
      return unknown.isEmpty ? nil : "\(swift), whose values \(unknown) are not \(name)'s"
    case (.object(let source, let swift), .object):
      return types[name].map { $0.source == source } ?? true ? nil : "\(swift), which is not declared as its source"
    case (.object(let source, let swift), .interface), (.object(let source, let swift), .union):
      let possible = schema.possibleTypes[name] ?? []
      return possible.contains { types[$0]?.source == source } ? nil : "\(swift), the source of none of its types"
    default: return "something of another kind"
    }
  }
}

extension LeafType {
  fileprivate var isCustom: Bool { if case .custom = self { true } else { false } }
}
