import AvroSchema

/// Turns defaults, which are JSON in a notation of their own, into the binary encoding (specification 1.12, "Complex
/// Types", table of field default values). Each field's default is encoded once; a union's is of the first branch that
/// takes it, and fields that a record's default leaves out have their own default.
struct JSONDefaults {
  enum Failure: String, Error {
    case mismatch = "is not a value of its field's type"
    case tooDeep = "nests too deeply"
    case tooLarge = "is too large, with the others that have been needed"
  }

  /// How many defaults may contain one another.
  static let maxDepth = 100
  /// Of all defaults together: those of fields inside can grow to the power of their depth.
  static let maxBytes = 16 << 20
  /// Trying one branch of a union after another can take time to the power of the depth.
  static let maxSteps = 4 << 20

  private struct Place: Hashable {
    let record: Int
    let field: Int
  }

  private let nodes: SchemaNodes
  private var known: [Place: [UInt8]] = [:]
  private var knownBytes = 0
  private var depth = 0
  private var steps = 0

  init(nodes: SchemaNodes) { self.nodes = nodes }

  /// Nil when the field has no default.
  mutating func bytes(ofField field: Int, in record: Int) throws(Failure) -> [UInt8]? {
    let place = Place(record: record, field: field)
    if let bytes = known[place] { return bytes }
    guard case .record(let node) = nodes[record].kind, let value = node.fields[field].defaultValue else { return nil }
    guard depth < Self.maxDepth else { throw .tooDeep }
    depth += 1
    defer { depth -= 1 }
    var output: [UInt8] = []
    try encode(value, node.fields[field].node, &output)
    knownBytes += output.count
    guard knownBytes <= Self.maxBytes else { throw .tooLarge }
    known[place] = output
    return output
  }

  private mutating func encode(_ value: JSONValue, _ index: Int, _ output: inout [UInt8]) throws(Failure) {
    steps += 1
    guard output.count <= Self.maxBytes, steps <= Self.maxSteps else { throw .tooLarge }
    switch (nodes[index].kind, value) {
    case (.null, .null): return
    case (.boolean, .bool(let value)): output.append(value ? 1 : 0)
    case (.int, .integer(let value)) where Int32(exactly: value) != nil: output.appendLong(value)
    case (.long, .integer(let value)): output.appendLong(value)
    case (.float, .integer), (.float, .double):
      let number = value.number.map { Float($0) } ?? .nan
      guard number.isFinite else { throw .mismatch }
      withUnsafeBytes(of: number.bitPattern.littleEndian) { output.append(contentsOf: $0) }
    case (.double, .integer), (.double, .double):
      withUnsafeBytes(of: (value.number ?? 0).bitPattern.littleEndian) { output.append(contentsOf: $0) }
    case (.string, .string(let text)):
      output.appendLong(Int64(text.utf8.count))
      output.append(contentsOf: text.utf8)
    case (.bytes, .string(let text)):
      guard let bytes = [UInt8](latin1: Array(text.utf8)) else { throw .mismatch }
      output.appendLong(Int64(bytes.count))
      output.append(contentsOf: bytes)
    case (.fixed(let fixed), .string(let text)):
      guard let bytes = [UInt8](latin1: Array(text.utf8)), bytes.count == fixed.size else { throw .mismatch }
      output.append(contentsOf: bytes)
    case (.enumeration(let enumeration), .string(let symbol)):
      guard let position = enumeration.positions[symbol] else { throw .mismatch }
      output.appendLong(Int64(position))
    case (.array(let items), .array(let values)):
      if !values.isEmpty { output.appendLong(Int64(values.count)) }
      for value in values { try encode(value, items, &output) }
      output.append(0)
    case (.map(let values), .object(let members)):
      if !members.isEmpty { output.appendLong(Int64(members.count)) }
      for member in members {
        output.appendLong(Int64(member.name.utf8.count))
        output.append(contentsOf: member.name.utf8)
        try encode(member.value, values, &output)
      }
      output.append(0)
    case (.union(let union), _): try encode(value, union, &output)
    case (.record(let record), .object): try encode(value, record, index, &output)
    default: throw .mismatch
    }
  }

  private mutating func encode(
    _ value: JSONValue, _ union: SchemaNodes.UnionNode, _ output: inout [UInt8]
  ) throws(Failure) {
    let start = output.count
    for (position, branch) in union.branches.enumerated() {
      do throws(Failure) {
        output.appendLong(Int64(position))
        return try encode(value, branch, &output)
      } catch {
        guard error == .mismatch else { throw error }
        output.removeSubrange(start...)
      }
    }
    throw .mismatch
  }

  private mutating func encode(
    _ value: JSONValue, _ record: SchemaNodes.RecordNode, _ index: Int, _ output: inout [UInt8]
  ) throws(Failure) {
    for (position, field) in record.fields.enumerated() {
      if let member = value[field.name] {
        try encode(member, field.node, &output)
      } else if let bytes = try bytes(ofField: position, in: index) {
        output.append(contentsOf: bytes)
      } else {
        throw .mismatch
      }
    }
  }
}

extension JSONValue {
  fileprivate var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }
}
