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

  // MARK: Logical types

  enum LogicalBase {
    case primitive(Schema.Primitive)
    case fixed(size: Int)

    var description: String {
      switch self {
      case .primitive(let primitive): primitive.rawValue
      case .fixed(let size): "fixed of size \(size)"
      }
    }
  }

  /// Name, and what it may stand on, of each logical type of specification 1.12.
  private static let logicalTypes: [(name: String, type: LogicalType, bases: String)] = [
    ("decimal", .decimal(precision: 1, scale: 0), "bytes or fixed"),
    ("big-decimal", .bigDecimal, "bytes"),
    ("uuid", .uuid, "string or fixed of size 16"),
    ("date", .date, "int"),
    ("time-millis", .timeMillis, "int"),
    ("time-micros", .timeMicros, "long"),
    ("timestamp-millis", .timestampMillis, "long"),
    ("timestamp-micros", .timestampMicros, "long"),
    ("timestamp-nanos", .timestampNanos, "long"),
    ("local-timestamp-millis", .localTimestampMillis, "long"),
    ("local-timestamp-micros", .localTimestampMicros, "long"),
    ("local-timestamp-nanos", .localTimestampNanos, "long"),
    ("duration", .duration, "fixed of size 12"),
  ]

  /// Nil when there is none or it is wrong; what is wrong is reported, since someone wrote it on purpose.
  func readLogicalType(_ node: Node, base: LogicalBase, _ context: TypeContext) -> LogicalType? {
    guard let logical = node["logicalType"], let name = text(logical, "logicalType") else {
      for key in ["precision", "scale"] where !context.isAvro {
        guard let stray = node[key] else { continue }
        diagnostics.error(stray.location, "\(key) belongs to logicalType: decimal")
      }
      return nil
    }
    guard let known = Self.logicalTypes.first(where: { $0.name == name }) else {
      // The specification has readers ignore logical types that they do not know; files from elsewhere have them.
      if context.isAvro { return nil }
      let hint = diagnostics.hint(name, among: Self.logicalTypes.map(\.name))
      diagnostics.error(logical.location, "unknown logical type \(quoted(name))\(hint)")
      return nil
    }
    guard isBase(base, of: known.type) else {
      diagnostics.error(
        logical.location, "logical type \(name) belongs on \(known.bases), not on \(base.description)")
      return nil
    }
    if case .decimal = known.type { return readDecimal(node, base: base) }
    for key in ["precision", "scale"] where !context.isAvro {
      guard let stray = node[key] else { continue }
      diagnostics.error(stray.location, "\(key) belongs to logicalType: decimal")
    }
    return known.type
  }

  private func isBase(_ base: LogicalBase, of type: LogicalType) -> Bool {
    switch (type, base) {
    case (.decimal, .primitive(.bytes)), (.decimal, .fixed): true
    case (.bigDecimal, .primitive(.bytes)): true
    case (.uuid, .primitive(.string)), (.uuid, .fixed(size: 16)): true
    case (.date, .primitive(.int)), (.timeMillis, .primitive(.int)): true
    case (.duration, .fixed(size: 12)): true
    case (.decimal, _), (.bigDecimal, _), (.uuid, _), (.date, _), (.timeMillis, _), (.duration, _): false
    case (_, .primitive(.long)): true
    default: false
    }
  }

  private func readDecimal(_ node: Node, base: LogicalBase) -> LogicalType? {
    guard let precisionNode = required("precision", of: "logical type decimal", node) else { return nil }
    var limit = 1_000
    if case .fixed(let size) = base { limit = Self.maxDigits(fixedSize: size) }
    let what: String
    switch base {
    case .primitive: what = "precision"
    case .fixed(let size): what = "precision in \(size) bytes"
    }
    guard let precision = integer(precisionNode, what, in: 1...max(1, limit)) else { return nil }
    guard let scaleNode = node["scale"] else { return .decimal(precision: precision, scale: 0) }
    guard let scale = integer(scaleNode, "scale", in: 0...precision) else { return nil }
    return .decimal(precision: precision, scale: scale)
  }

  /// floor(log10(2^(8 * size - 1) - 1)), at most 1,000: the fraction is exact for every size up to 400 bytes.
  static func maxDigits(fixedSize size: Int) -> Int {
    size > 400 ? 1_000 : min(1_000, (8 * max(size, 1) - 1) * 30_103 / 100_000)
  }
}
