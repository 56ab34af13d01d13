import AvroSchema

/// A schema as an array of nodes that name one another by position: recursion needs no pointers, and a walk over a
/// value looks up no names. What walks keeps a stack of its own, so depth costs memory that is counted and never the
/// thread's stack.
struct SchemaNodes: Sendable {
  struct Node: Sendable {
    var kind: Kind
    var logicalType: LogicalType?
    /// Whether every value of the type is encoded in no bytes: null, a fixed of no bytes, a record of such.
    var takesNoBytes = false
    /// Whether a value can hold another of the same record, at any depth.
    var isRecursive = false
  }

  enum Kind: Sendable {
    case null, boolean, int, long, float, double, bytes, string
    case fixed(FixedNode)
    case enumeration(EnumNode)
    case array(items: Int)
    case map(values: Int)
    case union(UnionNode)
    case record(RecordNode)
  }

  struct FixedNode: Sendable {
    let name: String
    let size: Int
  }

  struct EnumNode: Sendable {
    let name: String
    let symbols: [String]
    let positions: [String: Int]
    /// Each symbol as it stands in JSON.
    let quoted: [[UInt8]]
  }

  struct UnionNode: Sendable {
    let branches: [Int]
    /// What stands for a branch in JSON: the type's name, for named types the full one.
    let labels: [String]
    let positions: [String: Int]
    /// Each label as it stands in JSON.
    let quoted: [[UInt8]]
    let nullBranch: Int?
  }

  struct RecordNode: Sendable {
    let name: String
    var fields: [Field]
    var positions: [String: Int]
  }

  struct Field: Sendable {
    let name: String
    /// The name as it stands in JSON.
    let quoted: [UInt8]
    let node: Int
    let order: RecordSchema.Order
    let defaultValue: JSONValue?
  }

  private(set) var nodes: [Node] = []
  private(set) var root = 0

  subscript(_ index: Int) -> Node { nodes[index] }
  var count: Int { nodes.count }

  /// - Parameter types: where references are looked up that `schema` does not define.
  /// - Throws: `unknownType` for a reference that nothing defines, `invalidUnion` for a union directly in a union.
  init(_ schema: Schema, types: NamedTypes = NamedTypes()) throws(SchemaError) {
    var builder = Builder(types: types)
    builder.types.add(schema)
    root = try builder.add(schema)
    // Fields of records wait: a chain of references is as long as anyone likes, and must not be as deep.
    while let (index, record) = builder.pending.popLast() { try builder.addFields(of: record, at: index) }
    nodes = builder.nodes
    markEmpty()
    markRecursive()
  }

  /// The least bytes of one value, for ``AvroReader/readBlockCount(minimumItemBytes:)``.
  func minimumBytes(_ index: Int) -> Int { nodes[index].takesNoBytes ? 0 : 1 }

  /// What a person calls the type.
  func typeName(_ index: Int) -> String {
    switch nodes[index].kind {
    case .null: "null"
    case .boolean: "boolean"
    case .int: "int"
    case .long: "long"
    case .float: "float"
    case .double: "double"
    case .bytes: "bytes"
    case .string: "string"
    case .fixed(let fixed): "fixed \(fixed.name)"
    case .enumeration(let enumeration): "enum \(enumeration.name)"
    case .array: "array"
    case .map: "map"
    case .union: "union"
    case .record(let record): "record \(record.name)"
    }
  }
}

extension SchemaNodes {
  private struct Builder {
    var types: NamedTypes
    var nodes: [Node] = []
    var named: [FullName: Int] = [:]
    var pending: [(index: Int, record: RecordSchema)] = []

    init(types: NamedTypes) { self.types = types }

    mutating func add(_ schema: Schema) throws(SchemaError) -> Int {
      if let name = schema.definedName, let known = named[name] { return known }
      switch schema {
      case .primitive(let primitive, let logicalType):
        return append(Node(kind: Self.kind(of: primitive), logicalType: logicalType))
      case .array(let items): return append(Node(kind: .array(items: try add(items))))
      case .map(let values): return append(Node(kind: .map(values: try add(values))))
      case .union(let branches): return append(Node(kind: .union(try union(branches))))
      case .enumeration(let enumeration):
        let node = EnumNode(
          name: enumeration.name.description, symbols: enumeration.symbols,
          positions: Self.positions(of: enumeration.symbols), quoted: enumeration.symbols.map(JSONText.quoted))
        return define(enumeration.name, Node(kind: .enumeration(node)))
      case .fixed(let fixed):
        let node = FixedNode(name: fixed.name.description, size: fixed.size)
        return define(fixed.name, Node(kind: .fixed(node), logicalType: fixed.logicalType))
      case .record(let record):
        let node = RecordNode(name: record.name.description, fields: [], positions: [:])
        let index = define(record.name, Node(kind: .record(node)))
        pending.append((index, record))
        return index
      case .reference(let name):
        if let known = named[name] { return known }
        guard let definition = types[name] else {
          throw SchemaError(
            .unknownType, path: "", message: "nothing defines the type \(JSONText.name(name.description))")
        }
        return try add(definition)
      }
    }

    mutating func addFields(of record: RecordSchema, at index: Int) throws(SchemaError) {
      var fields: [Field] = []
      for field in record.fields {
        fields.append(
          Field(
            name: field.name, quoted: JSONText.quoted(field.name), node: try add(field.type), order: field.order,
            defaultValue: field.defaultValue))
      }
      nodes[index].kind = .record(
        RecordNode(
          name: record.name.description, fields: fields, positions: Self.positions(of: fields.map(\.name))))
    }

    private mutating func union(_ branches: [Schema]) throws(SchemaError) -> UnionNode {
      var indexes: [Int] = []
      var labels: [String] = []
      for branch in branches {
        guard let label = branch.branchName else {
          throw SchemaError(.invalidUnion, path: "", message: "a union can't be directly inside a union")
        }
        indexes.append(try add(branch))
        labels.append(label)
      }
      return UnionNode(
        branches: indexes, labels: labels, positions: Self.positions(ofLabels: labels),
        quoted: labels.map(JSONText.quoted), nullBranch: labels.firstIndex(of: "null"))
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

    private static func positions(of names: [String]) -> [String: Int] {
      Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Full names, and names without their namespace where those mean one branch only: libavro writes the latter.
    private static func positions(ofLabels labels: [String]) -> [String: Int] {
      var result = positions(of: labels)
      let short = labels.map { FullName($0).name }
      for (index, name) in short.enumerated() where short.count(where: { $0 == name }) == 1 && result[name] == nil {
        result[name] = index
      }
      return result
    }

    private static func kind(of primitive: Schema.Primitive) -> Kind {
      switch primitive {
      case .null: .null
      case .boolean: .boolean
      case .int: .int
      case .long: .long
      case .float: .float
      case .double: .double
      case .bytes: .bytes
      case .string: .string
      }
    }
  }

  /// From the last node to the first, because what is inside mostly comes behind; again until nothing changes. A record
  /// that contains itself has no values of no bytes, it has none at all.
  private mutating func markEmpty() {
    var hasChanged = true
    while hasChanged {
      hasChanged = false
      for index in nodes.indices.reversed() where !nodes[index].takesNoBytes {
        let isEmpty =
          switch nodes[index].kind {
          case .null: true
          case .fixed(let fixed): fixed.size == 0
          case .record(let record): record.fields.allSatisfy { nodes[$0.node].takesNoBytes }
          default: false
          }
        if isEmpty {
          nodes[index].takesNoBytes = true
          hasChanged = true
        }
      }
    }
  }

  /// The nodes directly inside.
  func children(_ index: Int) -> [Int] {
    switch nodes[index].kind {
    case .array(let items): [items]
    case .map(let values): [values]
    case .union(let union): union.branches
    case .record(let record): record.fields.map(\.node)
    default: []
    }
  }

  /// Tarjan's strongly connected components, with a stack of its own: records in a component of several nodes, or that
  /// hold themselves.
  private mutating func markRecursive() {
    var search = ComponentSearch(count: nodes.count)
    search.visit(root) { children($0) }
    for index in nodes.indices where search.isInCycle[index] {
      if case .record = nodes[index].kind { nodes[index].isRecursive = true }
    }
  }
}

/// Finds which nodes of a graph can reach themselves (R. Tarjan, 1972).
private struct ComponentSearch {
  private(set) var isInCycle: [Bool]
  private var number: [Int]
  private var lowest: [Int]
  private var isOpen: [Bool]
  private var open: [Int] = []
  private var next = 1

  init(count: Int) {
    isInCycle = Array(repeating: false, count: count)
    number = Array(repeating: 0, count: count)
    lowest = Array(repeating: 0, count: count)
    isOpen = Array(repeating: false, count: count)
  }

  mutating func visit(_ start: Int, _ children: (Int) -> [Int]) {
    var path: [(node: Int, rest: ArraySlice<Int>)] = []
    enter(start)
    path.append((start, children(start)[...]))
    while let (node, _) = path.last {
      guard let child = path[path.count - 1].rest.popFirst() else {
        path.removeLast()
        if let parent = path.last?.node { lowest[parent] = min(lowest[parent], lowest[node]) }
        if lowest[node] == number[node] { close(node) }
        continue
      }
      if child == node { isInCycle[node] = true }
      if number[child] == 0 {
        enter(child)
        path.append((child, children(child)[...]))
      } else if isOpen[child] {
        lowest[node] = min(lowest[node], number[child])
      }
    }
  }

  private mutating func enter(_ node: Int) {
    number[node] = next
    lowest[node] = next
    next += 1
    open.append(node)
    isOpen[node] = true
  }

  private mutating func close(_ node: Int) {
    let isLarge = open.last != node
    while let member = open.popLast() {
      isOpen[member] = false
      if isLarge { isInCycle[member] = true }
      if member == node { return }
    }
  }
}
