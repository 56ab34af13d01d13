import JSONText

/// Makes the mappings and lists of one file of definitions.
struct DefinitionsWriter {
  let plan: DefinitionsPlan
  /// The file's.
  let namespace: String
  /// For messages.
  private var type: FullName?
  private var field: String?

  init(plan: DefinitionsPlan, namespace: String) {
    self.plan = plan
    self.namespace = namespace
  }

  mutating func root(of names: [FullName]) throws(DefinitionsTextError) -> YAMLValue {
    var types: [YAMLValue.Pair] = []
    var records: [YAMLValue.Pair] = []
    for name in names {
      type = name
      try checkNames(of: name)
      switch plan.types[name] {
      case .record(let record):
        let key = name.namespace == namespace ? name.name : name.description
        records.append(.init(key, try self.record(record), isOpen: true))
      case .enumeration(let enumeration):
        types.append(.init(plan.keys[name] ?? name.name, try self.enumeration(enumeration)))
      case .fixed(let fixed): types.append(.init(plan.keys[name] ?? name.name, try self.fixed(fixed)))
      default: continue
      }
    }
    var sections: [YAMLValue.Pair] = []
    if !namespace.isEmpty { sections.append(.init("namespace", .text(namespace))) }
    if !types.isEmpty { sections.append(.init("types", .mapping(types), isOpen: true)) }
    if !records.isEmpty || types.isEmpty { sections.append(.init("records", .mapping(records), isOpen: true)) }
    let root = YAMLValue.mapping(sections)
    guard root.height <= DefinitionsText.maxNesting else {
      type = nil
      throw unsayable("more than \(DefinitionsText.maxNesting) levels inside each other")
    }
    return root
  }

  private func unsayable(_ message: String) -> DefinitionsTextError {
    DefinitionsTextError(.unsayable, type: type, field: field, message: message)
  }

  // MARK: Named types

  private func checkNames(of name: FullName) throws(DefinitionsTextError) {
    guard name.isValid else { throw unsayable("not a name") }
    let parts = name.description.split(separator: ".")
    guard parts.allSatisfy({ $0.utf8.count <= DefinitionsText.maxNameBytes }) else {
      throw unsayable("the name is longer than \(DefinitionsText.maxNameBytes) bytes")
    }
  }

  private mutating func record(_ record: RecordSchema) throws(DefinitionsTextError) -> YAMLValue {
    var pairs: [YAMLValue.Pair] = []
    try append(doc: record.doc, to: &pairs)
    if !record.aliases.isEmpty { pairs.append(.init("aliases", try aliases(record.aliases, of: record.name))) }
    var seen: Set<String> = []
    var fields: [YAMLValue] = []
    for field in record.fields {
      self.field = field.name
      guard FullName.isValidName(field.name), field.name.utf8.count <= DefinitionsText.maxNameBytes else {
        throw unsayable("not a name of at most \(DefinitionsText.maxNameBytes) bytes")
      }
      guard seen.insert(field.name).inserted else { throw unsayable("there twice") }
      fields.append(.mapping([.init(field.name, try value(of: field, in: record.name.namespace))]))
    }
    self.field = nil
    if pairs.isEmpty { return .list(fields, isOpen: true) }
    pairs.append(.init("fields", .list(fields, isOpen: true), isOpen: true))
    return .mapping(pairs)
  }

  private func enumeration(_ enumeration: EnumSchema) throws(DefinitionsTextError) -> YAMLValue {
    var pairs = try heading("enum", enumeration.name, enumeration.doc, enumeration.aliases)
    guard !enumeration.symbols.isEmpty, Set(enumeration.symbols).count == enumeration.symbols.count else {
      throw unsayable("an enum has at least one symbol, and none twice")
    }
    for symbol in enumeration.symbols {
      guard FullName.isValidName(symbol), symbol.utf8.count <= DefinitionsText.maxNameBytes else {
        throw unsayable("the symbol \(quoted(symbol)) is not a name of at most \(DefinitionsText.maxNameBytes) bytes")
      }
    }
    pairs.append(.init("symbols", .list(enumeration.symbols.map { .text($0) })))
    if let symbol = enumeration.defaultSymbol { pairs.append(.init("default", .text(symbol))) }
    return .mapping(pairs)
  }

  private func fixed(_ fixed: FixedSchema) throws(DefinitionsTextError) -> YAMLValue {
    var pairs = try heading("fixed", fixed.name, fixed.doc, fixed.aliases)
    guard (1...DefinitionsText.maxFixedSize).contains(fixed.size) else {
      throw unsayable("a fixed has 1 to \(DefinitionsText.maxFixedSize) bytes, this has \(fixed.size)")
    }
    pairs.append(.init("size", .plain(String(fixed.size))))
    pairs += try members(of: fixed.logicalType)
    return .mapping(pairs)
  }

  private func heading(
    _ kind: String, _ name: FullName, _ doc: String?, _ aliases: [FullName]
  ) throws(DefinitionsTextError) -> [YAMLValue.Pair] {
    var pairs: [YAMLValue.Pair] = [.init("type", .plain(kind))]
    if plan.keys[name] != name.name { pairs.append(.init("name", .text(name.name))) }
    if name.namespace != namespace { pairs.append(.init("namespace", .text(name.namespace))) }
    try append(doc: doc, to: &pairs)
    if !aliases.isEmpty { pairs.append(.init("aliases", try self.aliases(aliases, of: name))) }
    return pairs
  }

  private func aliases(_ aliases: [FullName], of name: FullName) throws(DefinitionsTextError) -> YAMLValue {
    guard Set(aliases).count == aliases.count else { throw unsayable("an alias is there twice") }
    var items: [YAMLValue] = []
    for alias in aliases {
      let parts = alias.description.split(separator: ".", omittingEmptySubsequences: false)
      guard parts.allSatisfy({ FullName.isValidName($0) && $0.utf8.count <= DefinitionsText.maxNameBytes }) else {
        throw unsayable("the alias \(quoted(alias.description)) is not a name")
      }
      guard !alias.namespace.isEmpty || name.namespace.isEmpty else {
        throw unsayable("the alias \(quoted(alias.name)) has no namespace, while the type has one")
      }
      items.append(.text(alias.namespace == name.namespace ? alias.name : alias.description))
    }
    return .list(items)
  }

  private func append(doc: String?, to pairs: inout [YAMLValue.Pair]) throws(DefinitionsTextError) {
    guard let doc else { return }
    pairs.append(.init("doc", try text(doc, "the doc")))
  }

  private func text(_ text: String, _ what: String) throws(DefinitionsTextError) -> YAMLValue {
    guard text.utf8.count <= DefinitionsText.maxTextBytes else {
      throw unsayable("\(what) has \(text.utf8.count) bytes; avrogen reads \(DefinitionsText.maxTextBytes)")
    }
    return .text(text)
  }

  // MARK: Fields

  private func value(
    of field: RecordSchema.Field, in namespace: String
  ) throws(DefinitionsTextError) -> YAMLValue {
    let type = try fieldType(of: field, in: namespace)
    var attributes: [YAMLValue.Pair] = []
    try append(doc: field.doc, to: &attributes)
    if let value = field.defaultValue {
      attributes.append(
        .init("default", try DefinitionsDefault(types: plan.types, fail: unsayable).value(value, of: field.type)))
    }
    if field.order != .ascending { attributes.append(.init("order", .plain(field.order.rawValue))) }
    if !field.aliases.isEmpty {
      guard Set(field.aliases).count == field.aliases.count else { throw unsayable("an alias is there twice") }
      for alias in field.aliases {
        guard FullName.isValidName(alias), alias.utf8.count <= DefinitionsText.maxNameBytes else {
          throw unsayable("the alias \(quoted(alias)) is not a name")
        }
      }
      attributes.append(.init("aliases", .list(field.aliases.map { .text($0) })))
    }
    guard !attributes.isEmpty else { return type }
    if case .mapping(let pairs) = type { return .mapping(pairs + attributes) }
    if case .text(let word) = type, ["record", "enum", "fixed"].contains(word) {
      // As the value of `type` these words begin a definition.
      guard case .reference(let name) = field.type, !name.namespace.isEmpty else {
        throw unsayable("a type called \(word) needs a namespace")
      }
      return .mapping([.init("type", .text(name.description))] + attributes)
    }
    return .mapping([.init("type", type)] + attributes)
  }

  /// `T?` on a field puts null first, unless the default is a value of T.
  private func fieldType(
    of field: RecordSchema.Field, in namespace: String
  ) throws(DefinitionsTextError) -> YAMLValue {
    guard case .union(let branches) = field.type, let value = field.defaultValue, value != .null else {
      return try type(field.type, in: namespace)
    }
    if branches.count == 2, branches[1] == .primitive(.null), let word = try word(branches[0], in: namespace) {
      return .text(word + "?")
    }
    return try union(branches, in: namespace)
  }

  // MARK: Types

  private func type(_ schema: Schema, in namespace: String) throws(DefinitionsTextError) -> YAMLValue {
    if let word = try word(schema, in: namespace) { return .text(word) }
    switch schema {
    case .primitive(let primitive, let logicalType):
      return .mapping([.init("type", .text(primitive.rawValue))] + (try members(of: logicalType)))
    case .array(let items): return .mapping([.init("array", try type(items, in: namespace))])
    case .map(let values): return .mapping([.init("map", try type(values, in: namespace))])
    case .union(let branches):
      if branches.count == 2, branches[0] == .primitive(.null), let word = try word(branches[1], in: namespace) {
        return .text(word + "?")
      }
      return try union(branches, in: namespace)
    case .record, .enumeration, .fixed, .reference:
      throw unsayable("a definition inside another")
    }
  }

  private func union(_ branches: [Schema], in namespace: String) throws(DefinitionsTextError) -> YAMLValue {
    guard !branches.isEmpty else { throw unsayable("a union without branches") }
    var items: [YAMLValue] = []
    for branch in branches { items.append(try type(branch, in: namespace)) }
    return .list(items)
  }

  /// A type that is written as one word.
  private func word(_ schema: Schema, in namespace: String) throws(DefinitionsTextError) -> String? {
    switch schema {
    case .primitive(let primitive, nil): primitive.rawValue
    case .reference(let name): try reference(to: name, from: namespace)
    default: nil
    }
  }

  /// Entries of `types` are found first, then names of the namespace, then what is alone of that name.
  private func reference(to target: FullName, from namespace: String) throws(DefinitionsTextError) -> String {
    if let other = plan.typeByKey[target.name] {
      if other == target { return target.name }
    } else if target.namespace == namespace {
      return target.name
    }
    if !target.namespace.isEmpty { return target.description }
    let isAlone = plan.count(of: target.name) == 1 && plan.types[target] != nil
    guard isAlone, plan.typeByKey[target.name] == nil else {
      throw unsayable("\(quoted(target.name)) has no namespace and can't be named from within \(namespace)")
    }
    return target.name
  }

  private func members(of logicalType: LogicalType?) throws(DefinitionsTextError) -> [YAMLValue.Pair] {
    guard let logicalType else { return [] }
    var pairs: [YAMLValue.Pair] = [.init("logicalType", .text(logicalType.name))]
    if case .decimal(let precision, let scale) = logicalType {
      guard precision <= DefinitionsText.maxPrecision else {
        throw unsayable("a decimal of \(precision) digits; avrogen reads \(DefinitionsText.maxPrecision)")
      }
      pairs.append(.init("precision", .plain(String(precision))))
      if scale != 0 { pairs.append(.init("scale", .plain(String(scale)))) }
    }
    return pairs
  }
}

/// Writes a default so that it is read as the same value of the same type.
struct DefinitionsDefault {
  let types: [FullName: Schema]
  let fail: (String) -> DefinitionsTextError

  func value(_ value: JSONValue, of schema: Schema) throws(DefinitionsTextError) -> YAMLValue {
    try write(value, [schema])
  }

  /// `candidates`: what the value may be of; more than one inside unions.
  private func write(_ value: JSONValue, _ candidates: [Schema]) throws(DefinitionsTextError) -> YAMLValue {
    let schemas = candidates.flatMap { branches(of: $0) }
    switch value {
    case .null: return .plain(try spelling(["null", "~"], schemas))
    case .bool(true): return .plain(try spelling(["true", "True", "TRUE"], schemas))
    case .bool(false): return .plain(try spelling(["false", "False", "FALSE"], schemas))
    case .integer(let number): return .plain(String(number))
    case .double(let number):
      guard number.isFinite else { throw fail("the default \(number) is not a number of JSON") }
      return .plain(number.description)
    case .string(let text):
      guard text.utf8.count <= DefinitionsText.maxTextBytes else {
        throw fail("a default of \(text.utf8.count) bytes; avrogen reads \(DefinitionsText.maxTextBytes)")
      }
      return schemas.contains { isBytes($0) } && !schemas.contains(.primitive(.string)) ? .bytes(text) : .text(text)
    case .array(let items):
      let inner = schemas.compactMap { if case .array(let items) = $0 { items } else { nil } }
      var values: [YAMLValue] = []
      for item in items { values.append(try write(item, inner)) }
      return .list(values)
    case .object(let members):
      var pairs: [YAMLValue.Pair] = []
      for member in members {
        guard member.name.utf8.count <= DefinitionsText.maxTextBytes else {
          throw fail("a key of \(member.name.utf8.count) bytes; avrogen reads \(DefinitionsText.maxTextBytes)")
        }
        pairs.append(
          .init(member.name, try write(member.value, schemas.compactMap { self.member(member.name, of: $0) })))
      }
      return .mapping(pairs)
    }
  }

  private func branches(of schema: Schema) -> [Schema] {
    switch schema {
    case .union(let branches): branches.flatMap { self.branches(of: $0) }
    case .reference(let name): types[name].map { [$0] } ?? []
    default: [schema]
    }
  }

  private func member(_ name: String, of schema: Schema) -> Schema? {
    switch schema {
    case .map(let values): values
    case .record(let record): record.fields.first { $0.name == name }?.type
    default: nil
    }
  }

  private func isBytes(_ schema: Schema) -> Bool {
    switch schema {
    case .primitive(.bytes, _), .fixed: true
    default: false
    }
  }

  /// Symbols of enums are read with and without quotes, so a word that is one of them can't stand for itself.
  private func spelling(_ words: [String], _ schemas: [Schema]) throws(DefinitionsTextError) -> String {
    var symbols: Set<String> = []
    for case .enumeration(let enumeration) in schemas { symbols.formUnion(enumeration.symbols) }
    guard let word = words.first(where: { !symbols.contains($0) }) else {
      throw fail("the default \(words[0]) would be read as a symbol")
    }
    return word
  }
}
