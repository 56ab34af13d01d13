/// Records, enums and fixed by full name: what a ``Schema/reference(_:)`` is looked up in.
public struct NamedTypes: Hashable, Sendable {
  private var definitions: [FullName: Schema] = [:]

  public init() {}

  /// The named types that `schema` defines, itself included. A later definition of a name replaces an earlier one.
  public init(of schema: Schema) {
    add(schema)
  }

  /// The named types of all of `schemas`.
  public init(of schemas: some Sequence<Schema>) {
    for schema in schemas { add(schema) }
  }

  public subscript(_ name: FullName) -> Schema? { definitions[name] }

  public var names: [FullName] { definitions.keys.sorted() }
  public var count: Int { definitions.count }

  /// Takes over what `schema` defines, however deep inside.
  public mutating func add(_ schema: Schema) {
    if let name = schema.definedName { definitions[name] = schema }
    for child in schema.children { add(child) }
  }

  /// Takes over `schema` itself only: the parser has met what is inside before.
  mutating func add(definition schema: Schema) {
    if let name = schema.definedName { definitions[name] = schema }
  }

  /// `schema`, or the definition behind it when it is a reference; nil when that is not in the table.
  public func resolve(_ schema: Schema) -> Schema? {
    guard case .reference(let name) = schema else { return schema }
    return definitions[name]
  }
}

extension Schema {
  /// Full name of the record, enum or fixed that this defines; nil for others, references too.
  public var definedName: FullName? {
    switch self {
    case .record(let record): record.name
    case .enumeration(let enumeration): enumeration.name
    case .fixed(let fixed): fixed.name
    case .primitive, .array, .map, .union, .reference: nil
    }
  }

  /// The schemas directly inside: items, values, branches, types of fields.
  public var children: [Schema] {
    switch self {
    case .array(let items): [items]
    case .map(let values): [values]
    case .union(let branches): branches
    case .record(let record): record.fields.map(\.type)
    case .primitive, .enumeration, .fixed, .reference: []
    }
  }
}

extension FullName {
  /// Whether `text` is a name: a letter or underscore, then letters, digits and underscores, all ASCII
  /// (specification 1.12, "Names").
  public static func isValidName(_ text: some StringProtocol) -> Bool {
    var isFirst = true
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): break
      case UInt8(ascii: "0")...UInt8(ascii: "9") where !isFirst: break
      default: return false
      }
      isFirst = false
    }
    return !isFirst
  }

  /// Whether `text` is empty or names with dots between.
  public static func isValidNamespace(_ text: String) -> Bool {
    text.isEmpty || text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { isValidName($0) }
  }

  /// Whether both parts are well formed and the name is not that of a primitive type.
  public var isValid: Bool {
    Self.isValidName(name) && Self.isValidNamespace(namespace) && Schema.Primitive(rawValue: name) == nil
  }
}
