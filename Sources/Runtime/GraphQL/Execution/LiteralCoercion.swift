import JSONText

/// Turns values that stand in a document into values (October 2021, section 3, "Input Coercion", and 6.4.1).
struct LiteralCoercion: Sendable {
  let schema: GraphQLSchema
  /// Coerced.
  let variables: [String: JSONValue]

  /// "CoerceArgumentValues".
  ///
  /// - Parameter location: of the field or directive.
  func arguments(
    _ nodes: [ArgumentNode], of definitions: [InputValue], at location: SourceLocation
  ) throws(GraphQLError) -> GraphQLArguments {
    var values: [String: JSONValue] = [:]
    for definition in definitions {
      let node = nodes.first { $0.name.text == definition.name }
      values[definition.name] = try argument(node?.value, definition, at: location)
    }
    return GraphQLArguments(values)
  }

  /// Nil when it is absent.
  private func argument(
    _ literal: LiteralNode?, _ definition: InputValue, at location: SourceLocation
  ) throws(GraphQLError) -> JSONValue? {
    guard let literal, !isMissingVariable(literal) else {
      if let value = defaultValue(of: definition) { return value }
      guard case .nonNull = definition.type else { return nil }
      throw GraphQLError(
        "the argument '\(definition.name)' of type \(definition.type) was not given",
        locations: [literal?.location ?? location])
    }
    return try value(literal, definition.type)
  }

  /// Nil when there is none. It fits: a schema is checked.
  func defaultValue(of definition: InputValue) -> JSONValue? {
    definition.defaultValue.flatMap { try? value($0, definition.type) }
  }

  private func isMissingVariable(_ literal: LiteralNode) -> Bool {
    if case .variable(let name) = literal.value { variables[name] == nil } else { false }
  }

  /// Variables have values that were coerced already.
  ///
  /// - Throws: an error located at what does not fit, which in a valid document has to do with a variable that is null
  ///   or absent.
  func value(_ literal: LiteralNode, _ type: SchemaType) throws(GraphQLError) -> JSONValue {
    if case .variable(let name) = literal.value {
      guard let value = variables[name] else { throw misfit(literal, type) }
      if case .nonNull = type, value == .null { throw misfit(literal, type) }
      return value
    }
    switch type {
    case .nonNull(let inner):
      if literal.value == .null { throw misfit(literal, type) }
      return try value(literal, inner)
    case .list(let item): return literal.value == .null ? .null : try list(literal, of: item)
    case .named(let name):
      if literal.value == .null { return .null }
      if case .inputObject(let type)? = schema.types[name] { return try object(literal, type) }
      let leaf = LeafType(named: name, in: schema)
      if case .custom? = leaf { return untyped(literal) }
      guard let value = leaf?.input(literal.value) else { throw misfit(literal, type) }
      return value
    }
  }

  private func misfit(_ literal: LiteralNode, _ type: SchemaType) -> GraphQLError {
    let value = if case .variable(let name) = literal.value { "the value of $\(name.shown)" } else { literal.shown }
    return GraphQLError("\(value) is no \(type)", locations: [literal.location])
  }

  /// One value alone stands for a list of it (section 3.11).
  private func list(_ literal: LiteralNode, of type: SchemaType) throws(GraphQLError) -> JSONValue {
    guard case .list(let items) = literal.value else { return .array([try value(literal, type)]) }
    var values: [JSONValue] = []
    for item in items {
      if isMissingVariable(item) {
        if case .nonNull = type { throw misfit(item, type) }
        values.append(.null)
      } else {
        values.append(try value(item, type))
      }
    }
    return .array(values)
  }

  private func object(_ literal: LiteralNode, _ type: InputObjectType) throws(GraphQLError) -> JSONValue {
    guard case .object(let nodes) = literal.value else { throw misfit(literal, .named(type.name)) }
    var members: [JSONValue.Member] = []
    for field in type.fields {
      let node = nodes.first { $0.name.text == field.name }
      if let node, !isMissingVariable(node.value) {
        members.append(JSONValue.Member(field.name, try value(node.value, field.type)))
      } else if let value = defaultValue(of: field) {
        members.append(JSONValue.Member(field.name, value))
      } else if case .nonNull = field.type {
        throw GraphQLError(
          "the field \(type.name).\(field.name) of type \(field.type) was not given",
          locations: [node?.value.location ?? literal.location])
      }
    }
    return .object(members)
  }

  /// What a custom scalar gets. A variable in it that has no value is null.
  private func untyped(_ literal: LiteralNode) -> JSONValue {
    switch literal.value {
    case .variable(let name): variables[name] ?? .null
    case .int(let digits): Int64(digits).map { .integer($0) } ?? Double(digits).map { .double($0) } ?? .null
    case .float(let digits): Double(digits).map { .double($0) } ?? .null
    case .string(let text), .enumeration(let text): .string(text)
    case .boolean(let flag): .bool(flag)
    case .null: .null
    case .list(let items): .array(items.map(untyped))
    case .object(let nodes): .object(nodes.map { JSONValue.Member($0.name.text, untyped($0.value)) })
    }
  }
}
