import JSONText

/// What a schema's text carries.
public enum SchemaTextStyle: Hashable, Sendable {
  /// Everything that ``Schema`` holds.
  case full
  /// Without `doc` and without logical types.
  case plain
}

extension Schema {
  /// JSON text without white space. Each named type is written out where it is met first and named after that, so the
  /// text stands alone when `types` has what the schema refers to. Attributes come in the order in which Java's
  /// implementation writes them.
  public func text(_ style: SchemaTextStyle = .full, types: NamedTypes = NamedTypes()) -> String {
    json(style, types: types).text
  }

  /// As ``text(_:types:)``, as a JSON value.
  public func json(_ style: SchemaTextStyle = .full, types: NamedTypes = NamedTypes()) -> JSONValue {
    var writer = SchemaWriter(style: style, types: types)
    return writer.write(self, in: "")
  }
}

private struct SchemaWriter {
  let style: SchemaTextStyle
  let types: NamedTypes
  var written: Set<FullName> = []

  mutating func write(_ schema: Schema, in namespace: String) -> JSONValue {
    switch schema {
    case .primitive(let primitive, let logicalType):
      let attributes = members(of: logicalType)
      guard !attributes.isEmpty else { return .string(primitive.rawValue) }
      return .object([.init("type", .string(primitive.rawValue))] + attributes)
    case .array(let items):
      return .object([.init("type", .string("array")), .init("items", write(items, in: namespace))])
    case .map(let values):
      return .object([.init("type", .string("map")), .init("values", write(values, in: namespace))])
    case .union(let branches):
      var items: [JSONValue] = []
      for branch in branches { items.append(write(branch, in: namespace)) }
      return .array(items)
    case .record(let record): return write(record, in: namespace)
    case .enumeration(let enumeration): return write(enumeration, in: namespace)
    case .fixed(let fixed): return write(fixed, in: namespace)
    case .reference(let name):
      guard !written.contains(name), let definition = types[name] else { return reference(name, in: namespace) }
      return write(definition, in: namespace)
    }
  }

  private func reference(_ name: FullName, in namespace: String) -> JSONValue {
    if name.namespace == namespace { return .string(name.name) }
    // A leading dot where a plain name would be taken for its neighbour.
    if name.namespace.isEmpty, written.contains(FullName(namespace: namespace, name: name.name)) {
      return .string(".\(name.name)")
    }
    return .string(name.description)
  }

  private mutating func write(_ record: RecordSchema, in namespace: String) -> JSONValue {
    guard written.insert(record.name).inserted else { return reference(record.name, in: namespace) }
    var members = heading("record", record.name, record.doc, in: namespace)
    var fields: [JSONValue] = []
    for field in record.fields { fields.append(write(field, in: record.name.namespace)) }
    members.append(.init("fields", .array(fields)))
    return .object(members + aliases(record.aliases, of: record.name))
  }

  private mutating func write(_ field: RecordSchema.Field, in namespace: String) -> JSONValue {
    var members: [JSONValue.Member] = [.init("name", .string(field.name))]
    members.append(.init("type", write(field.type, in: namespace)))
    if style == .full, let doc = field.doc { members.append(.init("doc", .string(doc))) }
    if let defaultValue = field.defaultValue { members.append(.init("default", defaultValue)) }
    if field.order != .ascending { members.append(.init("order", .string(field.order.rawValue))) }
    if !field.aliases.isEmpty { members.append(.init("aliases", .array(field.aliases.map { .string($0) }))) }
    return .object(members)
  }

  private mutating func write(_ enumeration: EnumSchema, in namespace: String) -> JSONValue {
    guard written.insert(enumeration.name).inserted else { return reference(enumeration.name, in: namespace) }
    var members = heading("enum", enumeration.name, enumeration.doc, in: namespace)
    members.append(.init("symbols", .array(enumeration.symbols.map { .string($0) })))
    if let symbol = enumeration.defaultSymbol { members.append(.init("default", .string(symbol))) }
    return .object(members + aliases(enumeration.aliases, of: enumeration.name))
  }

  private mutating func write(_ fixed: FixedSchema, in namespace: String) -> JSONValue {
    guard written.insert(fixed.name).inserted else { return reference(fixed.name, in: namespace) }
    var members = heading("fixed", fixed.name, fixed.doc, in: namespace)
    members.append(.init("size", .integer(Int64(fixed.size))))
    members += self.members(of: fixed.logicalType)
    return .object(members + aliases(fixed.aliases, of: fixed.name))
  }

  private func heading(
    _ type: String, _ name: FullName, _ doc: String?, in namespace: String
  ) -> [JSONValue.Member] {
    var members: [JSONValue.Member] = [.init("type", .string(type)), .init("name", .string(name.name))]
    if name.namespace != namespace { members.append(.init("namespace", .string(name.namespace))) }
    if style == .full, let doc { members.append(.init("doc", .string(doc))) }
    return members
  }

  private func aliases(_ aliases: [FullName], of name: FullName) -> [JSONValue.Member] {
    guard !aliases.isEmpty else { return [] }
    let names = aliases.map { alias -> JSONValue in
      if alias.namespace == name.namespace { return .string(alias.name) }
      return .string(alias.namespace.isEmpty ? ".\(alias.name)" : alias.description)
    }
    return [.init("aliases", .array(names))]
  }

  private func members(of logicalType: LogicalType?) -> [JSONValue.Member] {
    guard style == .full, let logicalType else { return [] }
    var members: [JSONValue.Member] = [.init("logicalType", .string(logicalType.name))]
    if case .decimal(let precision, let scale) = logicalType {
      members.append(.init("precision", .integer(Int64(precision))))
      if scale != 0 { members.append(.init("scale", .integer(Int64(scale)))) }
    }
    return members
  }
}
