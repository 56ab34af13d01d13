import AvroSchema

/// What the Swift emitters know of a model: names, definitions, where boxes are.
struct SwiftContext {
  let model: Model
  let names: SwiftNames
  let recursion: Recursion
  let namedTypes: NamedTypes
  private(set) var definitions: [FullName: TypeDefinition] = [:]

  init(_ model: Model) {
    self.model = model
    names = SwiftNames(model)
    recursion = Recursion(model)
    namedTypes = model.namedTypes
    for type in model.allTypes { definitions[type.name] = type }
  }

  /// The Swift type of everything but unions of more than an optional, which have a name only inside their record.
  func simpleType(_ schema: Schema) -> SwiftType? {
    switch schema {
    case .primitive(let primitive, let logicalType): primitiveType(primitive, logicalType)
    case .reference(let name): definitions[name].map { namedType($0) }
    case .array, .map, .union, .record, .enumeration, .fixed: nil
    }
  }

  private func primitiveType(_ primitive: Schema.Primitive, _ logicalType: LogicalType?) -> SwiftType {
    switch (primitive, logicalType) {
    case (.bytes, .decimal(let precision, let scale)?) where precision <= Self.maxDecimalPrecision:
      .decimal(precision: precision, scale: scale, fixedSize: nil)
    case (.bytes, .bigDecimal?): .value("AvroBigDecimal")
    case (.string, .uuid?): .call("UUIDText", type: "UUID", isValue: false)
    case (_, let logicalType?) where logicalType.integerType != nil: .value(logicalType.integerType?.name ?? "")
    default:
      switch primitive {
      case .null: .value("AvroNull")
      case .boolean: .call("Boolean", type: "Bool", isValue: true)
      case .int: .call("Int", type: "Int32", isValue: true)
      case .long: .call("Long", type: "Int64", isValue: true)
      case .float: .call("Float", type: "Float", isValue: true)
      case .double: .call("Double", type: "Double", isValue: true)
      case .bytes: .call("Bytes", type: "[UInt8]", isValue: false)
      case .string: .call("String", type: "String", isValue: true)
      }
    }
  }

  /// More digits do not fit into 128 bits.
  static let maxDecimalPrecision = 38

  private func namedType(_ type: TypeDefinition) -> SwiftType {
    if case .record = type.schema { return .value(names[type.name], view: "\(names[type.name]).View") }
    guard case .fixed(let fixed) = type.schema else { return .value(names[type.name]) }
    if type.isUUID || fixed.logicalType == .uuid { return .call("UUID", type: "UUID", isValue: false) }
    if case .decimal(let precision, let scale)? = fixed.logicalType, precision <= Self.maxDecimalPrecision {
      return .decimal(precision: precision, scale: scale, fixedSize: fixed.size)
    }
    if fixed.logicalType == .duration { return .value("AvroDuration") }
    return .value(names[type.name])
  }

  /// Whether a value can take no bytes at all: then a count of items says nothing about the length of the input.
  func takesNoBytes(_ schema: Schema) -> Bool {
    var visited: Set<FullName> = []
    return takesNoBytes(schema, &visited)
  }

  private func takesNoBytes(_ schema: Schema, _ visited: inout Set<FullName>) -> Bool {
    switch schema {
    case .primitive(.null, _): return true
    case .fixed(let fixed): return fixed.size == 0
    case .record(let record):
      guard visited.insert(record.name).inserted else { return false }
      for field in record.fields where !takesNoBytes(field.type, &visited) { return false }
      return true
    case .reference(let name):
      guard let definition = definitions[name] else { return false }
      return takesNoBytes(definition.schema, &visited)
    case .primitive, .array, .map, .union, .enumeration: return false
    }
  }

  /// Whether a value of the record can hold another of the same record, at any depth.
  func isRecursive(_ record: RecordSchema) -> Bool {
    var visited: Set<FullName> = []
    var pending = record.fields.map(\.type)
    while let schema = pending.popLast() {
      if case .reference(let name) = schema {
        if name == record.name { return true }
        if visited.insert(name).inserted, case .record(let next)? = definitions[name]?.schema {
          pending += next.fields.map(\.type)
        }
      } else {
        pending += schema.children
      }
    }
    return false
  }
}

extension LogicalType {
  /// The type that wraps an int or long, and the label of its one property.
  var integerType: (name: String, label: String)? {
    switch self {
    case .date: ("AvroDate", "daysSinceEpoch")
    case .timeMillis: ("AvroTimeMillis", "millisSinceMidnight")
    case .timeMicros: ("AvroTimeMicros", "microsSinceMidnight")
    case .timestampMillis: ("AvroTimestampMillis", "millisSinceEpoch")
    case .timestampMicros: ("AvroTimestampMicros", "microsSinceEpoch")
    case .timestampNanos: ("AvroTimestampNanos", "nanosSinceEpoch")
    case .localTimestampMillis: ("AvroLocalTimestampMillis", "millisSinceLocalEpoch")
    case .localTimestampMicros: ("AvroLocalTimestampMicros", "microsSinceLocalEpoch")
    case .localTimestampNanos: ("AvroLocalTimestampNanos", "nanosSinceLocalEpoch")
    case .decimal, .bigDecimal, .uuid, .duration: nil
    }
  }
}
