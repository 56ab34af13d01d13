import AvroSchema
import JSONText

/// Turns defaults, which are JSON in a notation of their own, into the binary encoding (specification 1.12, "Complex
/// Types", table of field default values). Each field's default is encoded once; a union's is of the first branch that
/// takes it, and fields that a record's default leaves out have their own default.
struct DefaultEncoder {
  enum Failure: String, Error {
    case mismatch = "is not a value of its field's type"
    case tooDeep = "nests too deeply"
    case tooLarge = "is too large, with the others that have been needed"
  }

  /// Levels of one value, those of the defaults that it takes over included.
  static let maxDepth = 250
  /// Trying one branch of a union after another can take time to the power of the depth.
  static let maxSteps = 4 << 20

  private struct Place: Hashable {
    let record: Int
    let field: Int
  }

  private let graph: SchemaGraph
  private let maxBytes: Int
  private var known: [Place: [UInt8]] = [:]
  private var knownBytes = 0
  private var positions: [Int: [String: Int]] = [:]
  private var depth = 0
  private var steps = 0

  /// - Parameter maxBytes: of all defaults together: those of fields inside can grow to the power of their depth.
  init(graph: SchemaGraph, maxBytes: Int = 16 << 20) {
    self.graph = graph
    self.maxBytes = maxBytes
  }

  /// Nil when the field has no default.
  mutating func bytes(ofField field: Int, in record: Int) throws(Failure) -> [UInt8]? {
    let place = Place(record: record, field: field)
    if let bytes = known[place] { return bytes }
    guard case .record(let schema, let types) = graph[record], let value = schema.fields[field].defaultValue else {
      return nil
    }
    var output: [UInt8] = []
    try encode(value, types[field], &output)
    knownBytes += output.count
    guard knownBytes <= maxBytes else { throw .tooLarge }
    known[place] = output
    return output
  }

  private mutating func encode(_ value: JSONValue, _ index: Int, _ output: inout [UInt8]) throws(Failure) {
    steps += 1
    guard output.count <= maxBytes, steps <= Self.maxSteps else { throw .tooLarge }
    guard depth < Self.maxDepth else { throw .tooDeep }
    depth += 1
    defer { depth -= 1 }
    switch (graph[index], value) {
    case (.primitive(let primitive, _), _): try encode(value, primitive, &output)
    case (.fixed(let fixed), .string(let text)):
      guard let bytes = [UInt8](latin1: Array(text.utf8)), bytes.count == fixed.size else { throw .mismatch }
      output.append(contentsOf: bytes)
    case (.enumeration(let enumeration), .string(let symbol)):
      guard let position = position(of: symbol, in: enumeration, index) else { throw .mismatch }
      output.appendLong(Int64(position))
    case (.array(let items), .array(let values)):
      if !values.isEmpty { output.appendLong(Int64(values.count)) }
      for value in values { try encode(value, items, &output) }
      output.append(0)
    case (.map(let values), .object(let members)):
      if !members.isEmpty { output.appendLong(Int64(members.count)) }
      for member in members {
        output.appendCounted(Array(member.name.utf8))
        try encode(member.value, values, &output)
      }
      output.append(0)
    case (.union(let branches), _): try encode(value, anyOf: branches, &output)
    case (.record(let record, let types), .object(let members)):
      try encode(members, record, types, index, &output)
    default: throw .mismatch
    }
  }

  private func encode(
    _ value: JSONValue, _ primitive: Schema.Primitive, _ output: inout [UInt8]
  ) throws(Failure) {
    switch (primitive, value) {
    case (.null, .null): return
    case (.boolean, .bool(let flag)): output.append(flag ? 1 : 0)
    case (.int, .integer(let number)) where Int32(exactly: number) != nil: output.appendLong(number)
    case (.long, .integer(let number)): output.appendLong(number)
    case (.float, .integer(let number)): output.appendBits(Float(number).bitPattern)
    case (.double, .integer(let number)): output.appendBits(Double(number).bitPattern)
    case (.float, .double(let number)) where Float(number).isFinite: output.appendBits(Float(number).bitPattern)
    case (.double, .double(let number)) where number.isFinite: output.appendBits(number.bitPattern)
    case (.string, .string(let text)): output.appendCounted(Array(text.utf8))
    case (.bytes, .string(let text)):
      guard let bytes = [UInt8](latin1: Array(text.utf8)) else { throw .mismatch }
      output.appendCounted(bytes)
    default: throw .mismatch
    }
  }

  private mutating func position(of symbol: String, in enumeration: EnumSchema, _ index: Int) -> Int? {
    if let known = positions[index] { return known[symbol] }
    let made = Dictionary(
      enumeration.symbols.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    positions[index] = made
    return made[symbol]
  }

  private mutating func encode(
    _ value: JSONValue, anyOf branches: [Int], _ output: inout [UInt8]
  ) throws(Failure) {
    let start = output.count
    for (position, branch) in branches.enumerated() {
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
    _ members: [JSONValue.Member], _ record: RecordSchema, _ types: [Int], _ index: Int, _ output: inout [UInt8]
  ) throws(Failure) {
    steps += members.count
    let byName = Dictionary(members.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    for (position, field) in record.fields.enumerated() {
      if let member = byName[field.name] {
        try encode(member, types[position], &output)
      } else if let bytes = try bytes(ofField: position, in: index) {
        output.append(contentsOf: bytes)
      } else {
        throw .mismatch
      }
    }
  }
}

extension [UInt8] {
  /// A length, then the bytes.
  fileprivate mutating func appendCounted(_ content: [UInt8]) {
    appendLong(Int64(content.count))
    append(contentsOf: content)
  }

  fileprivate mutating func appendBits(_ bits: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: bits.littleEndian) { append(contentsOf: $0) }
  }
}
