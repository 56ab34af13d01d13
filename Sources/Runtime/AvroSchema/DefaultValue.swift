extension Schema {
  /// Whether `value` is a value of this schema in the notation for defaults (specification 1.12, "Complex Types",
  /// table of field default values): bytes and fixed are strings of code points 0 to 255, a union's default is of the
  /// first branch that takes it, a record's default may leave out fields that have a default themselves.
  ///
  /// - Parameter types: where references are looked up; one that is not there is an error.
  /// - Throws: ``SchemaError`` of kind `invalidDefault`, or `unknownType`; its path is a pointer into `value`.
  public func checkDefault(_ value: JSONValue, types: NamedTypes = NamedTypes()) throws(SchemaError) {
    var types = types
    types.add(self)
    var check = DefaultCheck(types: types, ignoresUnknownTypes: false)
    try check.check(value, against: self)
  }
}

/// Recursion ends with the JSON value: every step into a record, map or array goes one level down in it.
struct DefaultCheck {
  let types: NamedTypes
  let ignoresUnknownTypes: Bool
  private var path = JSONPath()

  init(types: NamedTypes, ignoresUnknownTypes: Bool) {
    self.types = types
    self.ignoresUnknownTypes = ignoresUnknownTypes
  }

  mutating func check(_ value: JSONValue, against schema: Schema) throws(SchemaError) {
    switch schema {
    case .primitive(let primitive, _):
      guard matches(value, primitive) else { throw mismatch(value, primitive.rawValue) }
    case .array(let items):
      guard case .array(let values) = value else { throw mismatch(value, "array") }
      for (index, item) in values.enumerated() { try checkMember(item, String(index), against: items) }
    case .map(let type):
      guard case .object(let members) = value else { throw mismatch(value, "map") }
      for member in members { try checkMember(member.value, member.name, against: type) }
    case .union(let branches): try check(value, againstUnion: branches)
    case .record(let record): try check(value, against: record)
    case .enumeration(let enumeration):
      guard case .string(let symbol) = value, enumeration.symbols.contains(symbol) else {
        throw mismatch(value, "enum \(enumeration.name)")
      }
    case .fixed(let fixed):
      guard case .string(let text) = value, text.unicodeScalars.allSatisfy({ $0.value <= 0xFF }),
        text.unicodeScalars.count == fixed.size
      else { throw mismatch(value, "fixed \(fixed.name) of \(fixed.size) bytes") }
    case .reference(let name):
      if let definition = types[name] {
        try check(value, against: definition)
      } else if !ignoresUnknownTypes {
        throw SchemaError(.unknownType, path: path.pointer, message: "no type \(quoted(name.description)) is defined")
      }
    }
  }

  private mutating func checkMember(
    _ value: JSONValue, _ step: String, against schema: Schema
  ) throws(SchemaError) {
    path.push(step)
    try check(value, against: schema)
    path.pop()
  }

  private mutating func check(_ value: JSONValue, against record: RecordSchema) throws(SchemaError) {
    guard case .object(let members) = value else { throw mismatch(value, "record \(record.name)") }
    let byName = Dictionary(members.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    for field in record.fields {
      if let member = byName[field.name] {
        try checkMember(member, field.name, against: field.type)
      } else if field.defaultValue == nil {
        throw SchemaError(
          .invalidDefault, path: path.pointer,
          message: "the field \(quoted(field.name)) of \(record.name) is missing and has no default of its own")
      }
    }
  }

  private mutating func check(_ value: JSONValue, againstUnion branches: [Schema]) throws(SchemaError) {
    var first: SchemaError?
    for branch in branches {
      var attempt = self
      do {
        return try attempt.check(value, against: branch)
      } catch {
        if error.kind == .unknownType { throw error }
        if first == nil { first = error }
      }
    }
    if branches.count == 1, let first { throw first }
    throw mismatch(value, "any branch of the union [\(branches.compactMap(\.branchName).joined(separator: ", "))]")
  }

  private func matches(_ value: JSONValue, _ primitive: Schema.Primitive) -> Bool {
    switch (primitive, value) {
    case (.null, .null), (.boolean, .bool), (.long, .integer), (.string, .string): true
    case (.int, .integer(let number)): Int32(exactly: number) != nil
    case (.float, .integer), (.double, .integer): true
    case (.double, .double(let number)): number.isFinite
    case (.float, .double(let number)): Float(number).isFinite
    case (.bytes, .string(let text)): text.unicodeScalars.allSatisfy { $0.value <= 0xFF }
    default: false
    }
  }

  private func mismatch(_ value: JSONValue, _ type: String) -> SchemaError {
    let text = value.text
    let shown = text.count > 100 ? text.prefix(100) + "…" : text[...]
    return SchemaError(.invalidDefault, path: path.pointer, message: "the default \(shown) is not a value of \(type)")
  }
}
