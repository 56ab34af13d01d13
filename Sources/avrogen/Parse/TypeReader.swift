import AvroSchema

/// Type expressions, in YAML's short forms and in Avro's JSON ones.
extension DefinitionReader {
  func readType(_ node: Node, _ context: TypeContext) -> TypeExpression {
    switch node.content {
    case .scalar(let text, let isPlain):
      readNamedType(text, isPlain: isPlain, node.location, context)
    case .sequence(let items):
      readUnion(items, node.location, context)
    case .mapping:
      readTypeMapping(node, context)
    }
  }

  private func readNamedType(
    _ text: String, isPlain: Bool, _ location: Location, _ context: TypeContext
  ) -> TypeExpression {
    if text.isEmpty || text == "~" {
      diagnostics.error(location, "a type is missing here")
      return TypeExpression(location: location, kind: .invalid)
    }
    if !context.isAvro, text.hasSuffix("?") {
      // One level only: a scalar of question marks must not become a stack of calls.
      if text.hasSuffix("??") {
        diagnostics.error(location, "\(quoted(text)): a union can't stand directly in a union; one ? is enough")
        return TypeExpression(location: location, kind: .invalid)
      }
      let inner = readNamedType(String(text.dropLast()), isPlain: isPlain, location, context)
      return TypeExpression(location: location, kind: .optional(inner))
    }
    if let primitive = Schema.Primitive(rawValue: text) {
      return TypeExpression(location: location, kind: .primitive(primitive, nil))
    }
    guard Names.isNamespace(text) else {
      diagnostics.error(location, "\(quoted(text)) is not a type name")
      return TypeExpression(location: location, kind: .invalid)
    }
    return TypeExpression(location: location, kind: .name(text, context))
  }

  private func readUnion(_ items: [Node], _ location: Location, _ context: TypeContext) -> TypeExpression {
    if items.isEmpty {
      diagnostics.error(location, "a union needs at least one type")
      return TypeExpression(location: location, kind: .invalid)
    }
    return TypeExpression(location: location, kind: .union(items.map { readType($0, context) }))
  }

  private func readTypeMapping(_ node: Node, _ context: TypeContext) -> TypeExpression {
    let invalid = TypeExpression(location: node.location, kind: .invalid)
    guard let type = node["type"] else {
      if !context.isAvro, let items = node["array"] {
        _ = checkKeys(node, of: "an array", ["array"])
        return TypeExpression(location: node.location, kind: .array(readType(items, context)))
      }
      if !context.isAvro, let values = node["map"] {
        _ = checkKeys(node, of: "a map", ["map"])
        return TypeExpression(location: node.location, kind: .map(readType(values, context)))
      }
      diagnostics.error(node.location, "a type given as a mapping needs the key \"type\"")
      return invalid
    }
    switch type.text {
    case "array":
      _ = checkKeys(node, of: "an array", ["type", "items"], isOpen: context.isAvro)
      guard let items = required("items", of: "an array", node) else { return invalid }
      return TypeExpression(location: node.location, kind: .array(readType(items, context)))
    case "map":
      _ = checkKeys(node, of: "a map", ["type", "values"], isOpen: context.isAvro)
      guard let values = required("values", of: "a map", node) else { return invalid }
      return TypeExpression(location: node.location, kind: .map(readType(values, context)))
    case "record", "enum", "fixed":
      return readDeclaration(node, name: nil, context)
    default:
      return readPlainMapping(node, type, context)
    }
  }

  /// `{ type: long, logicalType: timestamp-millis }`, or `{ type: <any type> }`.
  private func readPlainMapping(_ node: Node, _ type: Node, _ context: TypeContext) -> TypeExpression {
    guard let text = type.text, let primitive = Schema.Primitive(rawValue: text) else {
      _ = checkKeys(node, of: "a type", ["type", "logicalType", "precision", "scale"], isOpen: context.isAvro)
      if let logical = node["logicalType"], !context.isAvro {
        diagnostics.error(logical.location, "logicalType belongs on a primitive or fixed type")
      }
      return readType(type, context)
    }
    let known = ["type", "logicalType", "precision", "scale"]
    _ = checkKeys(node, of: "a primitive type", known, isOpen: context.isAvro)
    let logical = readLogicalType(node, base: .primitive(primitive), context)
    return TypeExpression(location: node.location, kind: .primitive(primitive, logical))
  }

  /// The value of a key that must be there.
  func required(_ key: String, of what: String, _ node: Node) -> Node? {
    if let value = node[key] { return value }
    diagnostics.error(node.location, "\(what) needs the key \(quoted(key))")
    return nil
  }
}
