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
    guard let value = value(literal, definition.type) else {
      throw GraphQLError(
        "the argument '\(definition.name)' has a value that is no \(definition.type)", locations: [literal.location])
    }
    return value
  }

  /// Nil when there is none.
  func defaultValue(of definition: InputValue) -> JSONValue? {
    definition.defaultValue.flatMap { value($0, definition.type) }
  }

  private func isMissingVariable(_ literal: LiteralNode) -> Bool {
    if case .variable(let name) = literal.value { variables[name] == nil } else { false }
  }

  /// Nil when the literal is not of that type. Variables have values that were coerced already.
  func value(_ literal: LiteralNode, _ type: SchemaType) -> JSONValue? {
    if case .variable(let name) = literal.value {
      guard let value = variables[name] else { return nil }
      if case .nonNull = type, value == .null { return nil }
      return value
    }
    switch type {
    case .nonNull(let type): return literal.value == .null ? nil : value(literal, type)
    case .list(let item): return literal.value == .null ? .null : list(literal, of: item)
    case .named(let name):
      if literal.value == .null { return .null }
      if case .inputObject(let type)? = schema.types[name] { return object(literal, type) }
      guard let leaf = LeafType(named: name, in: schema) else { return nil }
      if case .custom = leaf { return untyped(literal) }
      return leaf.input(literal.value)
    }
  }

  /// One value alone stands for a list of it (section 3.11).
  private func list(_ literal: LiteralNode, of type: SchemaType) -> JSONValue? {
    guard case .list(let items) = literal.value else { return value(literal, type).map { .array([$0]) } }
    var values: [JSONValue] = []
    for item in items {
      if isMissingVariable(item) {
        if case .nonNull = type { return nil }
        values.append(.null)
      } else {
        guard let value = value(item, type) else { return nil }
        values.append(value)
      }
    }
    return .array(values)
  }

  private func object(_ literal: LiteralNode, _ type: InputObjectType) -> JSONValue? {
    guard case .object(let nodes) = literal.value else { return nil }
    var members: [JSONValue.Member] = []
    for field in type.fields {
      let node = nodes.first { $0.name.text == field.name }
      if let node, !isMissingVariable(node.value) {
        guard let value = value(node.value, field.type) else { return nil }
        members.append(JSONValue.Member(field.name, value))
      } else if let value = defaultValue(of: field) {
        members.append(JSONValue.Member(field.name, value))
      } else if case .nonNull = field.type {
        return nil
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
