/// A schema as a table of types that point at each other by index: references are gone, and a pair of types is a pair of
/// small numbers.
struct CompatibilityGraph {
  enum Node {
    case primitive(Schema.Primitive, LogicalType?)
    case array(items: Int)
    case map(values: Int)
    case union([Int])
    case record(RecordSchema, types: [Int])
    case enumeration(EnumSchema)
    case fixed(FixedSchema)
    /// A name that nothing defines.
    case unknown(FullName)
  }

  private(set) var nodes: [Node] = []
  private var named: [FullName: Int] = [:]
  private(set) var root = 0

  init(of schema: Schema) {
    root = add(schema)
  }

  subscript(_ index: Int) -> Node { nodes[index] }

  private mutating func add(_ schema: Schema) -> Int {
    switch schema {
    case .primitive(let primitive, let logicalType): return append(.primitive(primitive, logicalType))
    case .array(let items):
      let type = add(items)
      return append(.array(items: type))
    case .map(let values):
      let type = add(values)
      return append(.map(values: type))
    case .union(let branches):
      let types = branches.map { add($0) }
      return append(.union(types))
    case .reference(let name): return index(of: name)
    case .enumeration(let enumeration):
      let place = index(of: enumeration.name)
      nodes[place] = .enumeration(enumeration)
      return place
    case .fixed(let fixed):
      let place = index(of: fixed.name)
      nodes[place] = .fixed(fixed)
      return place
    case .record(let record):
      let place = index(of: record.name)
      let types = record.fields.map { add($0.type) }
      nodes[place] = .record(record, types: types)
      return place
    }
  }

  /// The place of a named type, taken before its definition is met if need be.
  private mutating func index(of name: FullName) -> Int {
    if let index = named[name] { return index }
    let index = append(.unknown(name))
    named[name] = index
    return index
  }

  private mutating func append(_ node: Node) -> Int {
    nodes.append(node)
    return nodes.count - 1
  }
}

extension CompatibilityGraph.Node {
  /// The kind of type as the specification spells it.
  var kind: String {
    switch self {
    case .primitive(let primitive, _): primitive.rawValue
    case .array: "array"
    case .map: "map"
    case .union: "union"
    case .record: "record"
    case .enumeration: "enum"
    case .fixed: "fixed"
    case .unknown: "unknown"
    }
  }

  /// For messages: kind and, where there is one, name or logical type.
  var label: String {
    switch self {
    case .primitive(_, .decimal(let precision, let scale)?): "\(kind) (decimal(\(precision), \(scale)))"
    case .unknown(let name): "\(name), which nothing defines"
    default: name.map { "\(kind) \($0)" } ?? kind
    }
  }

  var name: FullName? {
    switch self {
    case .record(let record, _): record.name
    case .enumeration(let enumeration): enumeration.name
    case .fixed(let fixed): fixed.name
    case .unknown(let name): name
    case .primitive, .array, .map, .union: nil
    }
  }

  var aliases: [FullName] {
    switch self {
    case .record(let record, _): record.aliases
    case .enumeration(let enumeration): enumeration.aliases
    case .fixed(let fixed): fixed.aliases
    case .primitive, .array, .map, .union, .unknown: []
    }
  }

  var logicalType: LogicalType? {
    switch self {
    case .primitive(_, let logicalType): logicalType
    case .fixed(let fixed): fixed.logicalType
    case .array, .map, .union, .record, .enumeration, .unknown: nil
    }
  }
}

extension Schema.Primitive {
  /// Whether a value written as `writer` can be read as this (specification 1.12, "Schema Resolution").
  func canRead(_ writer: Schema.Primitive) -> Bool {
    switch (self, writer) {
    case (.long, .int), (.float, .int), (.float, .long): true
    case (.double, .int), (.double, .long), (.double, .float): true
    case (.string, .bytes), (.bytes, .string): true
    default: self == writer
    }
  }
}
