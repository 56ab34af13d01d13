/// Named types as YAML of the definitions language (docs/definitions.md), which avrogen reads back to equal schemas:
/// same canonical form, docs, aliases, defaults, order and logical types.
public enum DefinitionsText {
  /// One file of definitions.
  public struct File: Hashable, Sendable {
    /// File name without a folder: the namespace and `.yaml`.
    public var name: String
    public var text: String

    public init(name: String, text: String) {
      self.name = name
      self.text = text
    }
  }

  /// All types in one file, which stands for itself.
  ///
  /// - Parameters:
  ///   - schemas: records, enums and fixed. What they define inside is lifted out; a name may be defined again as long
  ///     as it is the same, and a name that none defines is expected in another file of definitions.
  ///   - comment: what the file begins with; each line becomes a comment.
  /// - Throws: what the definitions language has no way to say, or a name with two meanings.
  public static func yaml(
    of schemas: some Sequence<Schema>, comment: String? = nil
  ) throws(DefinitionsTextError) -> String {
    let plan = try DefinitionsPlan(schemas)
    let hasNull = plan.names.contains { $0.namespace.isEmpty }
    let first = plan.names.first?.namespace ?? ""
    return try text(of: plan.names, namespace: hasNull ? "" : first, plan, comment)
  }

  /// One file for each namespace, sorted by name, which belong together: to be read in one run.
  ///
  /// Namespaces that differ in case only share a file, since file systems may not tell them apart. Types without a
  /// namespace are in `no-namespace.yaml`.
  ///
  /// - Parameters: as for ``yaml(of:comment:)``.
  public static func files(
    of schemas: some Sequence<Schema>, comment: String? = nil
  ) throws(DefinitionsTextError) -> [File] {
    let plan = try DefinitionsPlan(schemas)
    var groups: [String: [FullName]] = [:]
    for name in plan.names { groups[name.namespace.lowercased(), default: []].append(name) }
    var files: [File] = []
    for names in groups.values {
      let namespace = names.map(\.namespace).min() ?? ""
      let text = try text(of: names, namespace: namespace, plan, comment)
      files.append(File(name: fileName(namespace), text: text))
    }
    return files.sorted { $0.name < $1.name }
  }

  // What avrogen reads at most, as docs/definitions.md states under "What is refused".

  /// Bytes of a file.
  public static let maxFileBytes = 4 << 20
  /// Bytes of a text.
  public static let maxTextBytes = 64 << 10
  /// Mappings and lists inside each other.
  public static let maxNesting = 100
  /// Texts, mappings and lists of a file.
  public static let maxValues = 500_000
  /// Bytes of a fixed.
  public static let maxFixedSize = 64 << 10
  /// Digits of a decimal.
  public static let maxPrecision = 1_000
  /// Bytes of a name, of each part between dots.
  public static let maxNameBytes = 1_000

  /// File systems take 255 bytes; what writes the file may put something before and behind the name.
  private static let maxFileNameBytes = 200

  private static func fileName(_ namespace: String) -> String {
    if namespace.isEmpty { return "no-namespace.yaml" }
    // avrogen writes AvrogenIndex.swift itself.
    if namespace.lowercased() == "avrogenindex" { return "\(namespace)-types.yaml" }
    guard namespace.utf8.count > maxFileNameBytes else { return "\(namespace).yaml" }
    let mark = String(CRC64.fingerprint(of: namespace.utf8), radix: 16)
    return "\(namespace.prefix(maxFileNameBytes - 20))-\(mark).yaml"
  }

  private static func text(
    of names: [FullName], namespace: String, _ plan: DefinitionsPlan, _ comment: String?
  ) throws(DefinitionsTextError) -> String {
    var writer = DefinitionsWriter(plan: plan, namespace: namespace)
    let root = try writer.root(of: names)
    let count = root.count
    guard count <= maxValues else {
      throw DefinitionsTextError(.tooLarge, message: "\(count) values in one file; avrogen reads \(maxValues)")
    }
    let text = YAMLText.comment(comment) + YAMLText.text(of: root)
    guard text.utf8.count <= maxFileBytes else {
      throw DefinitionsTextError(
        .tooLarge, message: "\(text.utf8.count) bytes in one file; avrogen reads \(maxFileBytes)")
    }
    return text
  }
}

/// Why types can't be written as definitions.
public struct DefinitionsTextError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Kind: Hashable, Sendable {
    /// A schema that is no record, enum or fixed.
    case notNamed
    /// Two different definitions of one name.
    case conflict
    /// Something that the definitions language has no words for.
    case unsayable
    /// More than avrogen reads.
    case tooLarge
  }

  public var kind: Kind
  /// The type in which it was found.
  public var type: FullName?
  /// The field of it.
  public var field: String?
  /// What is wrong, as a sentence without a full stop.
  public var message: String

  public init(_ kind: Kind, type: FullName? = nil, field: String? = nil, message: String) {
    self.kind = kind
    self.type = type
    self.field = field
    self.message = message
  }

  public var description: String {
    guard let type else { return message }
    return field.map { "\(type), field \($0): \(message)" } ?? "\(type): \(message)"
  }
}

/// All types of all files, each by itself, and the names that they go by.
struct DefinitionsPlan {
  /// In the order in which they were met, what is outside before what is inside.
  private(set) var names: [FullName] = []
  /// Other named types inside are references.
  private(set) var types: [FullName: Schema] = [:]
  /// Enums and fixed are entries of `types:`, whose keys are known in all files and come before other names.
  private(set) var keys: [FullName: String] = [:]
  private(set) var typeByKey: [String: FullName] = [:]
  private var simpleNames: [String: Int] = [:]

  init(_ schemas: some Sequence<Schema>) throws(DefinitionsTextError) {
    for schema in schemas {
      guard schema.definedName != nil else {
        let what = schema.branchName ?? "a union"
        throw DefinitionsTextError(.notNamed, message: "definitions are records, enums and fixed, not \(what)")
      }
      _ = try flatten(schema)
    }
    for name in names { simpleNames[name.name, default: 0] += 1 }
    for name in names {
      if case .record? = types[name] { continue }
      let key = key(for: name)
      keys[name] = key
      typeByKey[key] = name
    }
  }

  /// How many types of any namespace have that name.
  func count(of simpleName: String) -> Int { simpleNames[simpleName] ?? 0 }

  private func key(for name: FullName) -> String {
    if count(of: name.name) == 1 { return name.name }
    let base = name.description.replacing(".", with: "_")
    var key = base
    var number = 2
    while typeByKey[key] != nil || simpleNames[key] != nil || Schema.Primitive(rawValue: key) != nil
      || key.utf8.count > DefinitionsText.maxNameBytes
    {
      key = "\(base.prefix(DefinitionsText.maxNameBytes - 20))_\(number)"
      number += 1
    }
    return key
  }

  /// Takes over what `schema` defines; gives the schema with references instead.
  private mutating func flatten(_ schema: Schema) throws(DefinitionsTextError) -> Schema {
    switch schema {
    case .primitive, .reference: return schema
    case .array(let items): return .array(items: try flatten(items))
    case .map(let values): return .map(values: try flatten(values))
    case .union(let branches):
      var flat: [Schema] = []
      for branch in branches { flat.append(try flatten(branch)) }
      return .union(flat)
    case .enumeration(let enumeration): return try take(schema, as: enumeration.name, at: nil)
    case .fixed(let fixed): return try take(schema, as: fixed.name, at: nil)
    case .record(var record):
      let place = names.count
      for index in record.fields.indices { record.fields[index].type = try flatten(record.fields[index].type) }
      return try take(.record(record), as: record.name, at: place)
    }
  }

  private mutating func take(
    _ schema: Schema, as name: FullName, at place: Int?
  ) throws(DefinitionsTextError) -> Schema {
    if let known = types[name] {
      guard known == schema else {
        throw DefinitionsTextError(.conflict, type: name, message: "defined twice, and not the same")
      }
    } else {
      types[name] = schema
      names.insert(name, at: place ?? names.count)
    }
    return .reference(name)
  }
}
