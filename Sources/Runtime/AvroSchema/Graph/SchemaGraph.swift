/// A schema as a table of types that point at each other by index: references are gone, a type is looked up once, when
/// the table is made, and a pair of types is a pair of small numbers. What follows types, be it over values or over
/// other types, goes by this table.
package struct SchemaGraph: Sendable {
  package enum Node: Sendable {
    case primitive(Schema.Primitive, LogicalType?)
    case array(items: Int)
    case map(values: Int)
    case union([Int])
    case record(RecordSchema, types: [Int])
    case enumeration(EnumSchema)
    case fixed(FixedSchema)
    /// A name that nothing defines; only in a table made with ``init(allowingUnknown:)``.
    case unknown(FullName)
  }

  /// What can be said of all values of a type.
  package struct Size: Sendable {
    /// The least that a value takes in bytes; 0 is no more than that only when values may take nothing.
    package var minimum = 0
    /// The bytes of each value, when all take the same.
    package var constant: Int?
    /// Whether a value may have values of the same type inside.
    package var isRecursive = false
  }

  /// Why there is no table of a schema.
  package enum Failure: Error {
    case unknownType(FullName)
    case unionInUnion
    case tooManyTypes(limit: Int)
    case tooDeep(limit: Int)
  }

  package private(set) var nodes: [Node] = []
  package private(set) var sizes: [Size] = []
  package private(set) var root = 0

  package subscript(_ index: Int) -> Node { nodes[index] }

  /// - Parameters:
  ///   - types: where references are looked up that `schema` does not define.
  ///   - maxTypes: how many nodes there may be.
  ///   - maxDepth: how deep types are followed, references included; for those who follow them by calls.
  package init(
    _ schema: Schema, types: NamedTypes = NamedTypes(), maxTypes: Int = .max, maxDepth: Int = .max
  ) throws(Failure) {
    let builder = Builder(schema, types)
    if let failure = builder.failure { throw failure }
    (nodes, root) = (builder.nodes, builder.root)
    guard nodes.count <= maxTypes else { throw .tooManyTypes(limit: maxTypes) }
    var measuring = GraphMeasuring(nodes: nodes)
    measuring.visit(root)
    guard measuring.depth <= maxDepth else { throw .tooDeep(limit: maxDepth) }
    sizes = measuring.sizes
  }

  /// What refers to nothing becomes a node of its own, unions may stand in unions, and nothing is measured.
  package init(allowingUnknown schema: Schema) {
    let builder = Builder(schema, NamedTypes())
    (nodes, root) = (builder.nodes, builder.root)
  }

  private struct Builder {
    private let types: NamedTypes
    private(set) var nodes: [Node] = []
    private(set) var root = 0
    /// The first thing that is wrong.
    private(set) var failure: Failure?
    private var named: [FullName: Int] = [:]
    private var pending: [(index: Int, record: RecordSchema)] = []

    init(_ schema: Schema, _ types: NamedTypes) {
      var types = types
      types.add(schema)
      self.types = types
      root = add(schema)
      // Fields of records wait: a chain of references is as long as anyone likes, and must not be as deep.
      while let (index, record) = pending.popLast() {
        let fields = record.fields.map { add($0.type) }
        nodes[index] = .record(record, types: fields)
      }
    }

    private mutating func add(_ schema: Schema) -> Int {
      if let name = schema.definedName, let known = named[name] { return known }
      switch schema {
      case .primitive(let primitive, let logicalType): return append(.primitive(primitive, logicalType))
      case .array(let items):
        let type = add(items)
        return append(.array(items: type))
      case .map(let values):
        let type = add(values)
        return append(.map(values: type))
      case .union(let branches):
        let types = branches.map { branch in
          if case .union = branch { failure = failure ?? .unionInUnion }
          return add(branch)
        }
        return append(.union(types))
      case .enumeration(let enumeration): return define(enumeration.name, .enumeration(enumeration))
      case .fixed(let fixed): return define(fixed.name, .fixed(fixed))
      case .record(let record):
        let index = define(record.name, .record(record, types: []))
        pending.append((index, record))
        return index
      case .reference(let name):
        if let known = named[name] { return known }
        if let definition = types[name] { return add(definition) }
        failure = failure ?? .unknownType(name)
        return define(name, .unknown(name))
      }
    }

    private mutating func define(_ name: FullName, _ node: Node) -> Int {
      let index = append(node)
      named[name] = index
      return index
    }

    private mutating func append(_ node: Node) -> Int {
      nodes.append(node)
      return nodes.count - 1
    }
  }
}

extension SchemaGraph.Node {
  /// The types directly inside.
  package var children: [Int] {
    switch self {
    case .array(let items): [items]
    case .map(let values): [values]
    case .union(let branches): branches
    case .record(_, let types): types
    case .primitive, .enumeration, .fixed, .unknown: []
    }
  }

  /// The kind of type as the specification spells it.
  package var kind: String {
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

  /// For messages: kind and, where there is one, name or what a decimal holds.
  package var label: String {
    switch self {
    case .primitive(_, .decimal(let precision, let scale)?): "\(kind) (decimal(\(precision), \(scale)))"
    case .unknown(let name): "\(name), which nothing defines"
    default: name.map { "\(kind) \($0)" } ?? kind
    }
  }

  package var name: FullName? {
    switch self {
    case .record(let record, _): record.name
    case .enumeration(let enumeration): enumeration.name
    case .fixed(let fixed): fixed.name
    case .unknown(let name): name
    case .primitive, .array, .map, .union: nil
    }
  }

  package var aliases: [FullName] {
    switch self {
    case .record(let record, _): record.aliases
    case .enumeration(let enumeration): enumeration.aliases
    case .fixed(let fixed): fixed.aliases
    case .primitive, .array, .map, .union, .unknown: []
    }
  }

  package var logicalType: LogicalType? {
    switch self {
    case .primitive(_, let logicalType): logicalType
    case .fixed(let fixed): fixed.logicalType
    case .array, .map, .union, .record, .enumeration, .unknown: nil
    }
  }
}

extension SchemaGraph.Failure {
  package var schemaError: SchemaError {
    switch self {
    case .unknownType(let name):
      SchemaError(.unknownType, path: "", message: "nothing defines the type \(quoted(name.description))")
    case .unionInUnion:
      SchemaError(.invalidUnion, path: "", message: "a union can't be directly inside a union")
    case .tooManyTypes, .tooDeep: SchemaError(.tooDeep, path: "", message: limit)
    }
  }

  /// Which limit was passed; empty for the others.
  package var limit: String {
    switch self {
    case .tooManyTypes(let limit): "more than \(limit) types"
    case .tooDeep(let limit): "types nest deeper than \(limit)"
    case .unknownType, .unionInUnion: ""
    }
  }
}
