import AvroSchema

/// Fills a libavro value at random. Logical types are kept to what they allow; everything else is anything.
struct RandomFiller {
  let types: NamedTypes
  var generator: SeededGenerator

  /// From here on arrays and maps stay empty and unions take the branch that ends soonest.
  private static let maxDepth = 8
  private static let maxItems = 4

  mutating func fill(_ value: LibAvroValue, _ schema: Schema, depth: Int) throws {
    switch schema {
    case .primitive(let primitive, let logicalType): try fill(value, primitive, logicalType)
    case .array(let items):
      // libavro's arrays cannot hold items that take no memory.
      if isEmpty(items) { return }
      for _ in 0..<count(depth) { try fill(value.append(), items, depth: depth + 1) }
    case .map(let values):
      for index in 0..<count(depth) {
        try fill(value.add(key: "\(index)\(text(maxLength: 6, hasNull: false))"), values, depth: depth + 1)
      }
    case .union(let branches):
      let index = depth < Self.maxDepth ? Int.random(in: branches.indices, using: &generator) : shortest(branches)
      try fill(value.branch(index), branches[index], depth: depth + 1)
    case .record(let record):
      for (index, field) in record.fields.enumerated() {
        try fill(value.field(index), field.type, depth: depth + 1)
      }
    case .enumeration(let enumeration):
      try value.set(symbol: Int.random(in: enumeration.symbols.indices, using: &generator))
    case .fixed(let fixed): try value.set(fixed: bytes(fixed))
    case .reference(let name):
      guard let definition = types[name] else { return }
      try fill(value, definition, depth: depth)
    }
  }

  private func isEmpty(_ schema: Schema) -> Bool {
    switch types.resolve(schema) ?? schema {
    case .primitive(.null, _): true
    case .record(let record): record.fields.isEmpty
    default: false
    }
  }

  private mutating func count(_ depth: Int) -> Int {
    depth < Self.maxDepth ? Int.random(in: 0...Self.maxItems, using: &generator) : 0
  }

  /// The first branch that cannot lead on; the first of all when each can.
  private func shortest(_ branches: [Schema]) -> Int {
    branches.firstIndex { branch in
      if case .primitive = branch { return true }
      if case .array = branch { return true }
      return false
    } ?? 0
  }

  private mutating func fill(
    _ value: LibAvroValue, _ primitive: Schema.Primitive, _ logicalType: LogicalType?
  ) throws {
    switch primitive {
    case .null: try value.setNull()
    case .boolean: try value.set(Bool.random(using: &generator))
    case .int: try value.set(Int32(truncatingIfNeeded: integer()))
    case .long: try value.set(integer())
    case .float: try value.set(Float(number()))
    case .double: try value.set(number())
    case .string: try value.set(logicalType == .uuid ? uuid() : text(maxLength: 40, hasNull: true))
    case .bytes:
      switch logicalType {
      case .decimal(let precision, _)? where precision <= 38:
        try value.set(bytes: twosComplement(digits(precision)))
      case .bigDecimal?: try value.set(bytes: bigDecimal())
      default: try value.set(bytes: bytes(Int.random(in: 0...40, using: &generator)))
      }
    }
  }

  private mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
  }

  private mutating func bytes(_ fixed: FixedSchema) -> [UInt8] {
    guard case .decimal(let precision, _)? = fixed.logicalType, precision <= 38 else { return bytes(fixed.size) }
    let number = digits(precision)
    let shortest = twosComplement(number)
    return [UInt8](repeating: number < 0 ? 0xFF : 0, count: fixed.size - shortest.count) + shortest
  }

  /// Of every length, the ends of the range among them.
  private mutating func integer() -> Int64 {
    switch Int.random(in: 0..<10, using: &generator) {
    case 0: return [.min, .max, 0, -1, 1, Int64(Int32.min), Int64(Int32.max)].randomElement(using: &generator) ?? 0
    default:
      let word = Int64(bitPattern: generator.next())
      return word >> Int64.random(in: 0...63, using: &generator)
    }
  }

  /// No NaN, which is not equal to itself.
  private mutating func number() -> Double {
    switch Int.random(in: 0..<6, using: &generator) {
    case 0: [0.0, -0.0, .infinity, -.infinity, .leastNonzeroMagnitude].randomElement(using: &generator) ?? 0
    default: Double.random(in: -1e12...1e12, using: &generator)
    }
  }

  private mutating func text(maxLength: Int, hasNull: Bool) -> String {
    let alphabet = Array("abcdefghijklmnopqrstuvwxyz 0123456789€é𝄞👩‍👧\"\\\n")
    var text = ""
    for _ in 0..<Int.random(in: 0...maxLength, using: &generator) {
      text.append(alphabet[Int.random(in: alphabet.indices, using: &generator)])
    }
    if hasNull && Int.random(in: 0..<20, using: &generator) == 0 { text.append("\0.") }
    return text
  }

  private mutating func uuid() -> String {
    let digits = bytes(16).map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }
    let parts = [0..<4, 4..<6, 6..<8, 8..<10, 10..<16]
    return parts.map { digits[$0].joined() }.joined(separator: "-")
  }

  /// Of up to `precision` decimal digits.
  private mutating func digits(_ precision: Int) -> Int128 {
    var number: Int128 = 0
    for _ in 0..<Int.random(in: 0...precision, using: &generator) {
      number = number * 10 + Int128(Int.random(in: 0...9, using: &generator))
    }
    return Bool.random(using: &generator) ? number : -number
  }

  /// Big-endian, as few bytes as it takes.
  private func twosComplement(_ number: Int128) -> [UInt8] {
    var bytes = (0..<16).map { UInt8(truncatingIfNeeded: number >> (120 - 8 * $0)) }
    while bytes.count > 1, bytes[0] == (bytes[1] >= 0x80 ? 0xFF : 0) { bytes.removeFirst() }
    return bytes
  }

  /// The unscaled number as Avro bytes and the scale as Avro int (specification 1.12, "Decimal").
  private mutating func bigDecimal() -> [UInt8] {
    let unscaled = twosComplement(digits(38))
    let scale = Int.random(in: -60...60, using: &generator)
    return [UInt8(unscaled.count * 2)] + unscaled + [UInt8(scale < 0 ? -2 * scale - 1 : 2 * scale)]
  }
}
