import AvroSchema

/// Turns a field's default, in the notation that the specification has for defaults, into the bytes of its type.
///
/// A union's default is of the first branch that takes it; a record's may leave out fields that have one themselves.
struct DefaultEncoder {
  let types: TypeGraph
  private(set) var bytes: [UInt8] = []
  /// Trying branches inside branches takes a number of steps that doubles with each level.
  private var stepsLeft: Int
  private let maxBytes: Int
  private let maxDepth: Int

  init(types: TypeGraph, limits: ResolutionLimits) {
    self.types = types
    maxBytes = limits.maxDefaultBytes
    maxDepth = limits.maxDepth
    stepsLeft = 4 * limits.maxDefaultBytes
  }

  /// Adds the encoding to ``bytes``; false, with nothing added, when `value` is not one of the type's.
  mutating func encode(_ value: JSONValue, as type: Int, depth: Int = 0) throws(ResolutionError) -> Bool {
    let start = bytes.count
    let isValue = try append(value, type, depth)
    guard bytes.count <= maxBytes else { throw .tooLarge("defaults of more than \(maxBytes) bytes") }
    if !isValue { bytes.removeSubrange(start...) }
    return isValue
  }

  private mutating func append(_ value: JSONValue, _ type: Int, _ depth: Int) throws(ResolutionError) -> Bool {
    stepsLeft -= 1
    guard stepsLeft > 0, depth < maxDepth else { throw .tooLarge("a default that does not end, or hardly") }
    switch types[type] {
    case .primitive(let primitive, _): return appendPrimitive(value, primitive)
    case .array(let items):
      guard case .array(let values) = value else { return false }
      if !values.isEmpty { appendLong(Int64(values.count)) }
      for item in values {
        guard try encode(item, as: items, depth: depth + 1) else { return false }
      }
      appendLong(0)
    case .map(let type):
      guard case .object(let members) = value else { return false }
      if !members.isEmpty { appendLong(Int64(members.count)) }
      for member in members {
        appendCounted(Array(member.name.utf8))
        guard try encode(member.value, as: type, depth: depth + 1) else { return false }
      }
      appendLong(0)
    case .union(let branches):
      for (index, branch) in branches.enumerated() {
        let start = bytes.count
        appendLong(Int64(index))
        if try encode(value, as: branch, depth: depth + 1) { return true }
        bytes.removeSubrange(start...)
      }
      return false
    case .record(let record, let types): return try appendRecord(value, record, types, depth)
    case .enumeration(let enumeration):
      guard case .string(let symbol) = value, let index = enumeration.symbols.firstIndex(of: symbol) else {
        return false
      }
      appendLong(Int64(index))
    case .fixed(let fixed):
      guard let content = Self.bytes(value), content.count == fixed.size else { return false }
      bytes += content
    case .unknown: return false
    }
    return true
  }

  private mutating func appendRecord(
    _ value: JSONValue, _ record: RecordSchema, _ types: [Int], _ depth: Int
  ) throws(ResolutionError) -> Bool {
    guard case .object(let members) = value else { return false }
    let byName = Dictionary(members.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    for (field, type) in zip(record.fields, types) {
      guard let member = byName[field.name] ?? field.defaultValue else { return false }
      guard try encode(member, as: type, depth: depth + 1) else { return false }
    }
    return true
  }

  private mutating func appendPrimitive(_ value: JSONValue, _ primitive: Schema.Primitive) -> Bool {
    switch (primitive, value) {
    case (.null, .null): break
    case (.boolean, .bool(let flag)): bytes.append(flag ? 1 : 0)
    case (.int, .integer(let number)) where Int32(exactly: number) != nil: appendLong(number)
    case (.long, .integer(let number)): appendLong(number)
    case (.float, .integer(let number)): appendBits(Float(number).bitPattern)
    case (.double, .integer(let number)): appendBits(Double(number).bitPattern)
    case (.float, .double(let number)) where Float(number).isFinite: appendBits(Float(number).bitPattern)
    case (.double, .double(let number)) where number.isFinite: appendBits(number.bitPattern)
    case (.string, .string(let text)): appendCounted(Array(text.utf8))
    case (.bytes, _):
      guard let content = Self.bytes(value) else { return false }
      appendCounted(content)
    default: return false
    }
    return true
  }

  /// Code points 0 to 255 stand for bytes.
  private static func bytes(_ value: JSONValue) -> [UInt8]? {
    guard case .string(let text) = value else { return nil }
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
      guard let byte = UInt8(exactly: scalar.value) else { return nil }
      bytes.append(byte)
    }
    return bytes
  }

  private mutating func appendLong(_ value: Int64) { bytes += Varint.bytes(value) }

  private mutating func appendCounted(_ content: [UInt8]) {
    appendLong(Int64(content.count))
    bytes += content
  }

  private mutating func appendBits(_ bits: some FixedWidthInteger) {
    withUnsafeBytes(of: bits.littleEndian) { bytes += $0 }
  }
}

enum Varint {
  /// Zigzag and variable length, as longs, counts and indexes are written.
  static func bytes(_ value: Int64) -> [UInt8] {
    var rest = AvroWriter.zigzag(value)
    var bytes: [UInt8] = []
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}
