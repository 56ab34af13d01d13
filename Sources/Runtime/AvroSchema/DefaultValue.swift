import JSONText

extension Schema {
  /// Whether `value` is a value of this schema in the notation for defaults (specification 1.12, "Complex Types",
  /// table of field default values): bytes and fixed are strings of code points 0 to 255, a union's default is of the
  /// first branch that takes it, a record's default may leave out fields that have a default themselves.
  ///
  /// - Parameters:
  ///   - types: where references are looked up; one that is not there is an error.
  ///   - maxSteps: how often a value may be held against a type, large ones counting more: unions in unions are tried
  ///     in a number of ways that doubles with each level.
  /// - Throws: ``SchemaError`` of kind `invalidDefault`, `unknownType` or `tooManySteps`; its path is a pointer into
  ///   `value`.
  public func checkDefault(
    _ value: JSONValue, types: NamedTypes = NamedTypes(), maxSteps: Int = SchemaOptions.maxDefaultSteps
  ) throws(SchemaError) {
    var types = types
    types.add(self)
    var check = DefaultCheck(types: types, ignoresUnknownTypes: false, maxSteps: maxSteps)
    try check.check(value, against: self)
  }
}

/// Recursion ends with the JSON value: every step into a record, map or array goes one level down in it.
struct DefaultCheck {
  let types: NamedTypes
  let ignoresUnknownTypes: Bool
  private let maxSteps: Int
  private var stepsLeft: Int
  private var path = JSONPath()
  /// Inside a branch that may yet turn out not to be the one: nobody reads what does not fit about it.
  private var isTrying = false

  init(types: NamedTypes, ignoresUnknownTypes: Bool, maxSteps: Int) {
    self.types = types
    self.ignoresUnknownTypes = ignoresUnknownTypes
    self.maxSteps = maxSteps
    stepsLeft = maxSteps
  }

  /// May be called for one default after another: the steps of all count together.
  mutating func check(_ value: JSONValue, against schema: Schema) throws(SchemaError) {
    try spend(1)
    switch schema {
    case .primitive(let primitive, _):
      if case .string(let text) = value { try spend(text.utf8.count / 64) }
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
      try spend(enumeration.symbols.count / 8)
      guard case .string(let symbol) = value, enumeration.symbols.contains(symbol) else {
        throw mismatch(value, "enum \(enumeration.name)")
      }
    case .fixed(let fixed):
      if case .string(let text) = value { try spend(text.utf8.count / 64) }
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

  private mutating func spend(_ steps: Int) throws(SchemaError) {
    stepsLeft -= steps
    guard stepsLeft >= 0 else {
      throw SchemaError(
        .tooManySteps, path: path.pointer,
        message: "the default can't be told to fit in \(maxSteps) steps: give its type fewer unions inside each other")
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
    try spend(members.count + record.fields.count)
    let byName = Dictionary(members.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    for field in record.fields {
      if let member = byName[field.name] {
        try checkMember(member, field.name, against: field.type)
      } else if field.defaultValue == nil {
        guard !isTrying else { throw SchemaError(.invalidDefault, path: "", message: "") }
        throw SchemaError(
          .invalidDefault, path: path.pointer,
          message: "the field \(quoted(field.name)) of \(record.name) is missing and has no default of its own")
      }
    }
  }

  private mutating func check(_ value: JSONValue, againstUnion branches: [Schema]) throws(SchemaError) {
    // Of a single branch the message says more than that none fits.
    if branches.count == 1 { return try check(value, against: branches[0]) }
    let (start, wasTrying) = (path, isTrying)
    isTrying = true
    for branch in branches {
      do {
        try check(value, against: branch)
        isTrying = wasTrying
        return
      } catch {
        guard error.kind == .invalidDefault else { throw error }
        path = start
      }
    }
    isTrying = wasTrying
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

  private func mismatch(_ value: JSONValue, _ type: @autoclosure () -> String) -> SchemaError {
    guard !isTrying else { return SchemaError(.invalidDefault, path: "", message: "") }
    let text = value.text
    let shown = text.count > 100 ? text.prefix(100) + "…" : text[...]
    return SchemaError(.invalidDefault, path: path.pointer, message: "the default \(shown) is not a value of \(type())")
  }
}
