import AvroSchema
import JSONText

/// A graph made ready for walks over values: each type with just what a walk needs, names as they stand in JSON, so that
/// a step copies little and looks up nothing. Indexes are the graph's. What walks keeps a stack of its own, so depth costs
/// memory that is counted and never the thread's stack.
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
    let fields: [Field]
    let positions: [String: Int]
  }

  struct Field: Sendable {
    let name: String
    /// The name as it stands in JSON.
    let quoted: [UInt8]
    let node: Int
    let order: RecordSchema.Order
    let defaultValue: JSONValue?
  }

  let graph: SchemaGraph
  private let nodes: [Node]

  var root: Int { graph.root }

  subscript(_ index: Int) -> Node { nodes[index] }

  /// - Parameter types: where references are looked up that `schema` does not define.
  /// - Throws: `unknownType` for a reference that nothing defines, `invalidUnion` for a union directly in a union.
  init(_ schema: Schema, types: NamedTypes = NamedTypes()) throws(SchemaError) {
    do throws(SchemaGraph.Failure) {
      self.init(try SchemaGraph(schema, types: types))
    } catch {
      throw error.schemaError
    }
  }

  init(_ graph: SchemaGraph) {
    self.graph = graph
    nodes = graph.nodes.indices.map { index in
      let kind = Self.kind(of: graph[index], in: graph)
      var node = Node(kind: kind, logicalType: graph[index].logicalType)
      node.takesNoBytes = graph.sizes[index].constant == 0
      if case .record = kind { node.isRecursive = graph.sizes[index].isRecursive }
      return node
    }
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
  private static func kind(of node: SchemaGraph.Node, in graph: SchemaGraph) -> Kind {
    switch node {
    case .primitive(let primitive, _): return kind(of: primitive)
    case .array(let items): return .array(items: items)
    case .map(let values): return .map(values: values)
    case .union(let branches):
      let labels = branches.map { graph[$0].name?.description ?? graph[$0].kind }
      return .union(
        UnionNode(
          branches: branches, labels: labels, positions: positions(ofLabels: labels),
          quoted: labels.map(JSONText.quoted), nullBranch: labels.firstIndex(of: "null")))
    case .record(let record, let types):
      let fields = zip(record.fields, types).map { field, type in
        Field(
          name: field.name, quoted: JSONText.quoted(field.name), node: type, order: field.order,
          defaultValue: field.defaultValue)
      }
      return .record(
        RecordNode(name: record.name.description, fields: fields, positions: positions(of: fields.map(\.name))))
    case .enumeration(let enumeration):
      return .enumeration(
        EnumNode(
          name: enumeration.name.description, symbols: enumeration.symbols,
          positions: positions(of: enumeration.symbols),
          quoted: enumeration.symbols.map(JSONText.quoted)))
    case .fixed(let fixed): return .fixed(FixedNode(name: fixed.name.description, size: fixed.size))
    // A graph that was made without unknown types has none.
    case .unknown: return .null
    }
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
}
