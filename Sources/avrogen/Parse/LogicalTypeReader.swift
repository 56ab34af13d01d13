import AvroSchema

/// What a logical type stands on.
enum LogicalBase {
  case primitive(Schema.Primitive)
  case fixed(size: Int)

  var description: String {
    switch self {
    case .primitive(let primitive): primitive.rawValue
    case .fixed(let size): "fixed of size \(size)"
    }
  }

  /// Nil when there is none of that name, or it does not fit here.
  func logicalType(_ name: String, precision: Int?, scale: Int?) -> LogicalType? {
    switch self {
    case .primitive(let primitive): LogicalType(name: name, on: primitive, precision: precision, scale: scale)
    case .fixed(let size): LogicalType(name: name, onFixedOfSize: size, precision: precision, scale: scale)
    }
  }
}

extension Node {
  /// The logical type that the attributes of a JSON schema give; nil when there is none, and when it is unknown or does
  /// not fit: values are then of the type beneath it (specification 1.12, "Logical Types").
  func logicalType(on base: LogicalBase) -> LogicalType? {
    guard let name = self["logicalType"]?.string else { return nil }
    // A scale that is there but no integer spoils the decimal: -1 does that.
    let scale = self["scale"] == nil ? nil : integer("scale") ?? -1
    return base.logicalType(name, precision: integer("precision"), scale: scale)
  }

  private func integer(_ key: String) -> Int? { self[key]?.value?.int64.map { Int($0) } }
}

extension DefinitionReader {
  /// Name, and what it may stand on, of each logical type of specification 1.12.
  private static let logicalTypes: [(name: String, bases: String)] = [
    ("decimal", "bytes or fixed"),
    ("big-decimal", "bytes"),
    ("uuid", "string or fixed of size 16"),
    ("date", "int"),
    ("time-millis", "int"),
    ("time-micros", "long"),
    ("timestamp-millis", "long"),
    ("timestamp-micros", "long"),
    ("timestamp-nanos", "long"),
    ("local-timestamp-millis", "long"),
    ("local-timestamp-micros", "long"),
    ("local-timestamp-nanos", "long"),
    ("duration", "fixed of size 12"),
  ]

  /// Digits of a decimal.
  static let precisionLimit = 1_000

  /// Nil when there is none or it is wrong. In YAML what is wrong is reported, since someone wrote it on purpose; in
  /// `.avsc`, which comes from elsewhere, the specification has it ignored.
  func readLogicalType(_ node: Node, base: LogicalBase, _ context: TypeContext) -> LogicalType? {
    if context.isAvro { return readAvroLogicalType(node, base) }
    guard let logical = node["logicalType"], let name = text(logical, "logicalType") else {
      refuseDecimalKeys(of: node)
      return nil
    }
    guard let known = Self.logicalTypes.first(where: { $0.name == name }) else {
      let hint = diagnostics.hint(name, among: Self.logicalTypes.map(\.name))
      diagnostics.error(logical.location, "unknown logical type \(quoted(name))\(hint)")
      return nil
    }
    // One digit fits wherever a decimal does.
    guard let type = base.logicalType(name, precision: 1, scale: 0) else {
      diagnostics.error(
        logical.location, "logical type \(name) belongs on \(known.bases), not on \(base.description)")
      return nil
    }
    if case .decimal = type { return readDecimal(node, base: base) }
    refuseDecimalKeys(of: node)
    return type
  }

  /// One that fits and is larger than what is generated for is an error all the same: it is not ignored, or the schema
  /// that is registered would say less than the file.
  private func readAvroLogicalType(_ node: Node, _ base: LogicalBase) -> LogicalType? {
    guard let type = node.logicalType(on: base) else { return nil }
    if case .decimal(let precision, _) = type, precision > Self.precisionLimit, let place = node["precision"] {
      diagnostics.error(
        place.location, "precision must be at most \(Self.precisionLimit), this is \(precision)")
      return nil
    }
    return type
  }

  private func refuseDecimalKeys(of node: Node) {
    for key in ["precision", "scale"] {
      guard let stray = node[key] else { continue }
      diagnostics.error(stray.location, "\(key) belongs to logicalType: decimal")
    }
  }

  private func readDecimal(_ node: Node, base: LogicalBase) -> LogicalType? {
    guard let precisionNode = required("precision", of: "logical type decimal", node) else { return nil }
    var limit = Self.precisionLimit
    if case .fixed(let size) = base { limit = min(limit, LogicalType.maxPrecision(ofFixedSize: size)) }
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
}
