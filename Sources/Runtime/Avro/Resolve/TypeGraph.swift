import AvroSchema

/// A schema as a table of types that point at each other by index: a reference is the index of its definition, so a type
/// is looked up once, when the table is made.
struct TypeGraph: Sendable {
  enum Node: Sendable {
    case primitive(Schema.Primitive, LogicalType?)
    case array(items: Int)
    case map(values: Int)
    case union([Int])
    case record(RecordSchema, types: [Int])
    case enumeration(EnumSchema)
    case fixed(FixedSchema)
    /// A name whose definition was not met yet; none is left in a table that is complete.
    case unknown(FullName)
  }

  /// What can be said of all values of a type.
  struct Size: Sendable {
    /// The least that a value takes in bytes; 0 is no more than that only when values may take nothing.
    var minimum = 0
    /// The bytes of each value, when all take the same.
    var constant: Int?
    /// Whether a value may have values of the same type inside.
    var isRecursive = false
  }

  private(set) var nodes: [Node] = []
  private(set) var sizes: [Size] = []
  private(set) var root = 0
  private var named: [FullName: Int] = [:]

  subscript(_ index: Int) -> Node { nodes[index] }

  /// - Parameter schema: self-contained.
  init(_ schema: Schema, limits: ResolutionLimits = ResolutionLimits()) throws(ResolutionError) {
    root = add(schema)
    guard nodes.count <= limits.maxTypes else {
      throw .tooLarge("\(nodes.count) types, more than \(limits.maxTypes)")
    }
    for node in nodes {
      if case .unknown(let name) = node { throw .unknownType(name) }
    }
    var measuring = Measuring(nodes: nodes, maxDepth: limits.maxDepth)
    for index in nodes.indices { try measuring.visit(index, depth: 0) }
    sizes = measuring.sizes
  }

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
    case .enumeration(let enumeration): return define(enumeration.name, .enumeration(enumeration))
    case .fixed(let fixed): return define(fixed.name, .fixed(fixed))
    case .record(let record):
      let place = index(of: record.name)
      let types = record.fields.map { add($0.type) }
      nodes[place] = .record(record, types: types)
      return place
    }
  }

  private mutating func define(_ name: FullName, _ node: Node) -> Int {
    let place = index(of: name)
    nodes[place] = node
    return place
  }

  /// The place of a named type, taken before its definition is complete if need be.
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

extension TypeGraph.Node {
  /// The types directly inside.
  var children: [Int] {
    switch self {
    case .array(let items): [items]
    case .map(let values): [values]
    case .union(let branches): branches
    case .record(_, let types): types
    case .primitive, .enumeration, .fixed, .unknown: []
    }
  }

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

  var name: FullName? {
    switch self {
    case .record(let record, _): record.name
    case .enumeration(let enumeration): enumeration.name
    case .fixed(let fixed): fixed.name
    case .unknown(let name): name
    case .primitive, .array, .map, .union: nil
    }
  }

  /// For messages: kind and, where there is one, name.
  var label: String { name.map { "\(kind) \($0)" } ?? kind }
}

/// Sizes, and what leads back to itself: strongly connected components in Tarjan's way.
private struct Measuring {
  let nodes: [TypeGraph.Node]
  let maxDepth: Int
  var sizes: [TypeGraph.Size]
  private var order: [Int]
  private var lowest: [Int]
  private var isOpen: [Bool]
  private var open: [Int] = []
  private var next = 1

  init(nodes: [TypeGraph.Node], maxDepth: Int) {
    self.nodes = nodes
    self.maxDepth = maxDepth
    sizes = Array(repeating: TypeGraph.Size(), count: nodes.count)
    order = Array(repeating: 0, count: nodes.count)
    lowest = order
    isOpen = Array(repeating: false, count: nodes.count)
  }

  mutating func visit(_ index: Int, depth: Int) throws(ResolutionError) {
    guard order[index] == 0 else { return }
    guard depth < maxDepth else { throw .tooLarge("types nest deeper than \(maxDepth)") }
    order[index] = next
    lowest[index] = next
    next += 1
    open.append(index)
    isOpen[index] = true
    for child in nodes[index].children {
      try visit(child, depth: depth + 1)
      if isOpen[child] { lowest[index] = min(lowest[index], lowest[child]) }
      if child == index { sizes[index].isRecursive = true }
    }
    measure(index)
    if lowest[index] == order[index] { close(index) }
  }

  private mutating func close(_ index: Int) {
    let isCycle = open.last != index
    while let member = open.popLast() {
      isOpen[member] = false
      if isCycle { sizes[member].isRecursive = true }
      if member == index { return }
    }
  }

  /// A type that is still being measured counts for nothing. It is inside a union, array or map, which take a byte
  /// themselves; where it is not, it has no values at all.
  private mutating func measure(_ index: Int) {
    switch nodes[index] {
    case .primitive(.null, _): sizes[index].constant = 0
    case .primitive(.boolean, _): set(index, constant: 1)
    case .primitive(.float, _): set(index, constant: 4)
    case .primitive(.double, _): set(index, constant: 8)
    case .fixed(let fixed): set(index, constant: fixed.size)
    case .primitive, .array, .map, .enumeration, .unknown: sizes[index].minimum = 1
    case .union(let branches):
      sizes[index].minimum = min(1 + (branches.map { sizes[$0].minimum }.min() ?? 0), 1 << 30)
    case .record(_, let types):
      var minimum = 0
      var constant: Int? = 0
      for type in types {
        minimum = min(minimum + sizes[type].minimum, 1 << 30)
        if let sum = constant, let size = isOpen[type] ? nil : sizes[type].constant, sum + size <= 1 << 30 {
          constant = sum + size
        } else {
          constant = nil
        }
      }
      sizes[index].minimum = minimum
      sizes[index].constant = constant
    }
  }

  private mutating func set(_ index: Int, constant: Int) {
    sizes[index].minimum = constant
    // Past this no count of items can be checked by a product; such a type is walked one by one.
    sizes[index].constant = constant <= 1 << 30 ? constant : nil
  }
}
