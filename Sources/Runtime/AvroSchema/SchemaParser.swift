import JSONText

/// How a schema is read.
public struct SchemaOptions: Hashable, Sendable {
  /// How deep schemas may nest.
  public var maxDepth: Int
  /// Length of the text in bytes of UTF-8.
  public var maxBytes: Int
  /// Whether a name that nothing defines is an error. False for files that lean on others; defaults of fields whose
  /// type is not known are then not checked.
  public var requiresDefinitions: Bool
  /// How often the defaults of the schema, all together, may be held against types; see
  /// ``Schema/checkDefault(_:types:maxSteps:)``.
  public var maxDefaultSteps: Int

  /// Less than a second of work. A plain value takes a step, so the defaults of a file of `maxBytes` have room.
  public static let maxDefaultSteps = 1 << 18

  public init(
    maxDepth: Int = 100, maxBytes: Int = 4 << 20, requiresDefinitions: Bool = true,
    maxDefaultSteps: Int = SchemaOptions.maxDefaultSteps
  ) {
    self.maxDepth = maxDepth
    self.maxBytes = maxBytes
    self.requiresDefinitions = requiresDefinitions
    self.maxDefaultSteps = maxDefaultSteps
  }
}

extension Schema {
  /// Reads a schema's JSON text (specification 1.12, "Schema Declaration").
  ///
  /// Logical types that are unknown or do not fit are ignored, as are attributes that the specification does not name.
  /// - Parameters:
  ///   - text: JSON; at most `options.maxBytes` long.
  ///   - types: named types that the text may refer to without defining them. They stay references.
  /// - Throws: the first thing that is wrong, with its place as a JSON pointer.
  public init(
    parsing text: String, types: NamedTypes = NamedTypes(), options: SchemaOptions = SchemaOptions()
  ) throws(SchemaError) {
    let json: JSONValue
    do {
      // A record in a record's field is three levels of JSON deeper, its default adds more.
      let depth = options.maxDepth.multipliedReportingOverflow(by: 4)
      json = try JSONValue(
        parsing: text,
        limits: JSONLimits(maxDepth: depth.overflow ? .max : depth.partialValue, maxBytes: options.maxBytes))
    } catch {
      throw SchemaError(.json(error), path: "", message: error.description)
    }
    try self.init(json: json, types: types, options: options)
  }

  /// As ``init(parsing:types:options:)``, from JSON that has been read already.
  public init(
    json: JSONValue, types: NamedTypes = NamedTypes(), options: SchemaOptions = SchemaOptions()
  ) throws(SchemaError) {
    var parser = SchemaParser(types: types, options: options)
    self = try parser.parse(json, in: "")
    try parser.checkDefaults()
  }
}

struct SchemaParser {
  private var types: NamedTypes
  private let options: SchemaOptions
  private var path = JSONPath()
  private var depth = 0
  private var defined: Set<FullName> = []
  /// Defaults are checked when everything is known: one may be of a type that is still being defined.
  private var defaults: [(path: String, value: JSONValue, type: Schema)] = []

  init(types: NamedTypes, options: SchemaOptions) {
    self.types = types
    self.options = options
  }

  func fail(_ kind: SchemaError.Kind, _ message: String) -> SchemaError {
    SchemaError(kind, path: path.pointer, message: message)
  }

  mutating func parse(_ json: JSONValue, in namespace: String) throws(SchemaError) -> Schema {
    guard depth < options.maxDepth else { throw fail(.tooDeep, "schemas nest deeper than \(options.maxDepth)") }
    depth += 1
    defer { depth -= 1 }
    switch json {
    case .string(let name): return try parseName(name, in: namespace)
    case .array(let branches): return try parseUnion(branches, in: namespace)
    case .object: return try parseObject(json, in: namespace)
    default: throw fail(.malformed, "a schema is a name, an object or an array of schemas")
    }
  }

  func checkDefaults() throws(SchemaError) {
    var check = DefaultCheck(
      types: types, ignoresUnknownTypes: !options.requiresDefinitions, maxSteps: options.maxDefaultSteps)
    for (path, value, type) in defaults {
      do {
        try check.check(value, against: type)
      } catch {
        let kind = error.kind == .tooManySteps ? error.kind : .invalidDefault
        throw SchemaError(kind, path: path + error.path, message: error.message)
      }
    }
  }

  private func parseName(_ text: String, in namespace: String) throws(SchemaError) -> Schema {
    if let primitive = Schema.Primitive(rawValue: text) { return .primitive(primitive) }
    let name = FullName(text, in: namespace)
    guard name.isValid else { throw fail(.invalidName, "\(quoted(text)) is not a name") }
    if isKnown(name) { return .reference(name) }
    // Java writes a type of the null namespace without a dot wherever it stands.
    let withoutNamespace = FullName(namespace: "", name: text)
    if !namespace.isEmpty, withoutNamespace.isValid, isKnown(withoutNamespace) {
      return .reference(withoutNamespace)
    }
    guard !options.requiresDefinitions else {
      throw fail(.unknownType, "no type \(quoted(name.description)) is defined before this place")
    }
    return .reference(name)
  }

  private func isKnown(_ name: FullName) -> Bool { defined.contains(name) || types[name] != nil }

  private mutating func parseUnion(_ json: [JSONValue], in namespace: String) throws(SchemaError) -> Schema {
    guard !json.isEmpty else { throw fail(.invalidUnion, "a union has at least one branch") }
    var branches: [Schema] = []
    var seen: Set<String> = []
    for (index, branch) in json.enumerated() {
      path.push(index)
      let schema = try parse(branch, in: namespace)
      guard let name = schema.branchName else {
        throw fail(.invalidUnion, "a union can't be directly inside a union")
      }
      guard seen.insert(name).inserted else {
        throw fail(.invalidUnion, "the union has a branch \(quoted(name)) already")
      }
      branches.append(schema)
      path.pop()
    }
    return .union(branches)
  }

  private mutating func parseObject(_ json: JSONValue, in namespace: String) throws(SchemaError) -> Schema {
    guard let type = json["type"] else { throw fail(.malformed, "the attribute \"type\" is missing") }
    guard case .string(let name) = type else {
      return try inside("type") { (parser) throws(SchemaError) in try parser.parse(type, in: namespace) }
    }
    if let primitive = Schema.Primitive(rawValue: name) {
      return .primitive(primitive, logicalType: logicalType(json, on: primitive))
    }
    switch name {
    case "record", "error": return try parseRecord(json, in: namespace)
    case "enum": return try parseEnum(json, in: namespace)
    case "fixed": return try parseFixed(json, in: namespace)
    case "array":
      return .array(items: try parseMember("items", of: json, in: namespace))
    case "map":
      return .map(values: try parseMember("values", of: json, in: namespace))
    default:
      return try inside("type") { (parser) throws(SchemaError) in try parser.parseName(name, in: namespace) }
    }
  }

  private mutating func parseMember(
    _ name: String, of json: JSONValue, in namespace: String
  ) throws(SchemaError) -> Schema {
    guard let value = json[name] else { throw fail(.malformed, "the attribute \(quoted(name)) is missing") }
    return try inside(name) { (parser) throws(SchemaError) in try parser.parse(value, in: namespace) }
  }

  private mutating func inside<Result>(
    _ step: String, _ body: (inout SchemaParser) throws(SchemaError) -> Result
  ) throws(SchemaError) -> Result {
    path.push(step)
    let result = try body(&self)
    path.pop()
    return result
  }
}

// MARK: named types

extension SchemaParser {
  private mutating func parseRecord(_ json: JSONValue, in namespace: String) throws(SchemaError) -> Schema {
    let name = try define(json, in: namespace)
    let doc = try string("doc", of: json)
    let aliases = try typeAliases(of: json, in: name.namespace)
    guard let member = json["fields"] else { throw fail(.malformed, "the attribute \"fields\" is missing") }
    path.push("fields")
    guard case .array(let items) = member else { throw fail(.malformed, "\"fields\" is an array") }
    var fields: [RecordSchema.Field] = []
    var seen: Set<String> = []
    for (index, item) in items.enumerated() {
      path.push(index)
      let field = try parseField(item, in: name.namespace)
      guard seen.insert(field.name).inserted else {
        throw fail(.duplicateField, "the record has a field \(quoted(field.name)) already")
      }
      fields.append(field)
      path.pop()
    }
    path.pop()
    return register(.record(RecordSchema(name: name, doc: doc, aliases: aliases, fields: fields)))
  }

  private mutating func parseField(
    _ json: JSONValue, in namespace: String
  ) throws(SchemaError) -> RecordSchema.Field {
    guard case .object = json else { throw fail(.malformed, "a field is an object") }
    guard let name = try string("name", of: json) else {
      throw fail(.malformed, "the attribute \"name\" is missing")
    }
    guard FullName.isValidName(name) else { throw fail(.invalidName, "\(quoted(name)) is not a name") }
    let doc = try string("doc", of: json)
    let aliases = try strings("aliases", of: json) ?? []
    for alias in aliases where !FullName.isValidName(alias) {
      throw fail(.invalidName, "the alias \(quoted(alias)) is not a name")
    }
    var order = RecordSchema.Order.ascending
    if let text = try string("order", of: json) {
      guard let known = RecordSchema.Order(rawValue: text) else {
        throw fail(.malformed, "\"order\" is ascending, descending or ignore, not \(quoted(text))")
      }
      order = known
    }
    let type = try parseMember("type", of: json, in: namespace)
    let defaultValue = json["default"]
    if let defaultValue { defaults.append((path.pointer + "/default", defaultValue, type)) }
    return RecordSchema.Field(
      name: name, doc: doc, type: type, defaultValue: defaultValue, order: order, aliases: aliases)
  }

  private mutating func parseEnum(_ json: JSONValue, in namespace: String) throws(SchemaError) -> Schema {
    let name = try define(json, in: namespace)
    let doc = try string("doc", of: json)
    let aliases = try typeAliases(of: json, in: name.namespace)
    guard let symbols = try strings("symbols", of: json) else {
      throw fail(.malformed, "the attribute \"symbols\" is missing")
    }
    guard !symbols.isEmpty else { throw fail(.malformed, "an enum has at least one symbol") }
    var seen: Set<String> = []
    for symbol in symbols {
      guard FullName.isValidName(symbol) else {
        throw fail(.invalidName, "the symbol \(quoted(symbol)) is not a name")
      }
      guard seen.insert(symbol).inserted else {
        throw fail(.duplicateSymbol, "the enum has the symbol \(quoted(symbol)) already")
      }
    }
    let defaultSymbol = try string("default", of: json)
    if let defaultSymbol, !seen.contains(defaultSymbol) {
      throw fail(.invalidDefault, "the default \(quoted(defaultSymbol)) is not one of the symbols")
    }
    return register(
      .enumeration(
        EnumSchema(name: name, doc: doc, aliases: aliases, symbols: symbols, defaultSymbol: defaultSymbol)))
  }

  private mutating func parseFixed(_ json: JSONValue, in namespace: String) throws(SchemaError) -> Schema {
    let name = try define(json, in: namespace)
    let doc = try string("doc", of: json)
    let aliases = try typeAliases(of: json, in: name.namespace)
    guard let member = json["size"] else { throw fail(.malformed, "the attribute \"size\" is missing") }
    guard case .integer(let number) = member, number >= 0, number <= Int64(Int32.max) else {
      throw fail(.invalidSize, "\"size\" is a number of bytes from 0 to \(Int32.max)")
    }
    let size = Int(number)
    var logicalType: LogicalType?
    if case .string(let text) = json["logicalType"] {
      logicalType = LogicalType(
        name: text, onFixedOfSize: size, precision: integer("precision", of: json), scale: scale(of: json))
    }
    return register(
      .fixed(FixedSchema(name: name, doc: doc, aliases: aliases, size: size, logicalType: logicalType)))
  }

  /// The full name of a definition. From here on it may be referred to.
  private mutating func define(_ json: JSONValue, in enclosing: String) throws(SchemaError) -> FullName {
    guard let text = try string("name", of: json) else {
      throw fail(.malformed, "the attribute \"name\" is missing")
    }
    let namespace = try string("namespace", of: json) ?? enclosing
    guard FullName.isValidNamespace(namespace) else {
      throw fail(.invalidName, "\(quoted(namespace)) is not a namespace")
    }
    let name = FullName(text, in: namespace)
    guard name.isValid else { throw fail(.invalidName, "\(quoted(text)) is not a name for a type") }
    guard !isKnown(name) else {
      throw fail(.duplicateName, "\(quoted(name.description)) is defined already")
    }
    defined.insert(name)
    return name
  }

  private mutating func register(_ schema: Schema) -> Schema {
    types.add(definition: schema)
    return schema
  }

  private func typeAliases(of json: JSONValue, in namespace: String) throws(SchemaError) -> [FullName] {
    var aliases: [FullName] = []
    for text in try strings("aliases", of: json) ?? [] {
      let alias = FullName(text, in: namespace)
      guard alias.isValid else { throw fail(.invalidName, "the alias \(quoted(text)) is not a name") }
      aliases.append(alias)
    }
    return aliases
  }
}

// MARK: attributes

extension SchemaParser {
  private func logicalType(_ json: JSONValue, on primitive: Schema.Primitive) -> LogicalType? {
    guard case .string(let name) = json["logicalType"] else { return nil }
    return LogicalType(
      name: name, on: primitive, precision: integer("precision", of: json), scale: scale(of: json))
  }

  private func integer(_ name: String, of json: JSONValue) -> Int? {
    guard case .integer(let value) = json[name] else { return nil }
    return Int(exactly: value)
  }

  /// A scale that is there but no integer makes the decimal malformed: -1 does that.
  private func scale(of json: JSONValue) -> Int? {
    json["scale"] == nil ? nil : integer("scale", of: json) ?? -1
  }

  private func string(_ name: String, of json: JSONValue) throws(SchemaError) -> String? {
    guard let value = json[name] else { return nil }
    guard case .string(let text) = value else { throw fail(.malformed, "\(quoted(name)) is a string") }
    return text
  }

  private func strings(_ name: String, of json: JSONValue) throws(SchemaError) -> [String]? {
    guard let value = json[name] else { return nil }
    guard case .array(let items) = value else { throw fail(.malformed, "\(quoted(name)) is an array of strings") }
    var texts: [String] = []
    for item in items {
      guard case .string(let text) = item else { throw fail(.malformed, "\(quoted(name)) is an array of strings") }
      texts.append(text)
    }
    return texts
  }
}

/// As it would stand in JSON, so that nothing in a message can be mistaken for the message; long ones are cut.
func quoted(_ text: String) -> String {
  JSONValue.string(text.count > 100 ? text.prefix(100) + "…" : text).text
}

extension Schema {
  /// What tells the branches of a union apart: the type's name, for named types the full one; nil for a union.
  public var branchName: String? {
    switch self {
    case .primitive(let primitive, _): primitive.rawValue
    case .array: "array"
    case .map: "map"
    case .union: nil
    case .record(let record): record.name.description
    case .enumeration(let enumeration): enumeration.name.description
    case .fixed(let fixed): fixed.name.description
    case .reference(let name): name.description
    }
  }
}
