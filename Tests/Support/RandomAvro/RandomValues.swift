import AvroSchema

extension RandomAvro {
  /// The encoding of a random value of `schema`, which stands alone.
  public mutating func bytes(of schema: Schema) -> [UInt8] {
    types = NamedTypes(of: schema)
    var bytes: [UInt8] = []
    append(schema, to: &bytes, depth: 0)
    return bytes
  }

  private mutating func append(_ schema: Schema, to bytes: inout [UInt8], depth: Int) {
    switch schema {
    case .primitive(let primitive, _): append(primitive, to: &bytes)
    case .array(let items):
      appendBlocks(to: &bytes, depth: depth) { random, _, bytes in random.append(items, to: &bytes, depth: depth + 1) }
    case .map(let values):
      appendBlocks(to: &bytes, depth: depth) { random, index, bytes in
        Self.appendCounted(Array("\(index)\(random.text())".utf8), to: &bytes)
        random.append(values, to: &bytes, depth: depth + 1)
      }
    case .union(let branches):
      let last = branches.firstIndex { if case .primitive = $0 { true } else { false } } ?? 0
      let index = depth > 10 ? last : below(branches.count)
      Self.appendLong(Int64(index), to: &bytes)
      append(branches[index], to: &bytes, depth: depth + 1)
    case .record(let record):
      for field in record.fields { append(field.type, to: &bytes, depth: depth + 1) }
    case .enumeration(let enumeration): Self.appendLong(Int64(below(enumeration.symbols.count)), to: &bytes)
    case .fixed(let fixed): for _ in 0..<fixed.size { bytes.append(UInt8(below(256))) }
    case .reference(let name): if let definition = types[name] { append(definition, to: &bytes, depth: depth) }
    }
  }

  private mutating func append(_ primitive: Schema.Primitive, to bytes: inout [UInt8]) {
    switch primitive {
    case .null: break
    case .boolean: bytes.append(UInt8(below(2)))
    case .int: Self.appendLong(Int64(Int32(truncatingIfNeeded: integer()) >> Int32(below(32))), to: &bytes)
    case .long: Self.appendLong(integer(), to: &bytes)
    case .float: appendBits(Float(number()).bitPattern, to: &bytes)
    case .double: appendBits(number().bitPattern, to: &bytes)
    case .bytes: Self.appendCounted((0..<below(20)).map { _ in UInt8(below(256)) }, to: &bytes)
    case .string: Self.appendCounted(Array(text().utf8), to: &bytes)
    }
  }

  /// One block or several, some of which tell their size.
  private mutating func appendBlocks(
    to bytes: inout [UInt8], depth: Int, _ item: (inout RandomAvro, Int, inout [UInt8]) -> Void
  ) {
    var left = depth > 8 ? 0 : below(options.maxItems + 1)
    var index = 0
    while left > 0 {
      let count = options.hasMixedBlocks ? 1 + below(left) : left
      var block: [UInt8] = []
      for _ in 0..<count {
        item(&self, index, &block)
        index += 1
      }
      if options.hasMixedBlocks, chance(2) {
        Self.appendLong(Int64(-count), to: &bytes)
        Self.appendLong(Int64(block.count), to: &bytes)
      } else {
        Self.appendLong(Int64(count), to: &bytes)
      }
      bytes += block
      left -= count
    }
    bytes.append(0)
  }

  /// Of every length, the ends of the range among them.
  private mutating func integer() -> Int64 {
    if chance(10) { return [.min, .max, 0, -1, 1, Int64(Int32.min), Int64(Int32.max)][below(7)] }
    return Int64(bitPattern: generator.next()) >> Int64(below(64))
  }

  private mutating func number() -> Double {
    if chance(6) { return [0.0, -0.0, .infinity, -.infinity][below(4)] }
    return Double.random(in: -1e12...1e12, using: &generator)
  }

  mutating func text() -> String {
    let alphabet = Array("abcdefghijklmnopqrstuvwxyz 0123456789€é𝄞\"\\\n/~")
    return String((0..<below(12)).map { _ in alphabet[below(alphabet.count)] })
  }

  private static func appendLong(_ value: Int64, to bytes: inout [UInt8]) {
    var rest = UInt64(bitPattern: (value << 1) ^ (value >> 63))
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  private static func appendCounted(_ content: [UInt8], to bytes: inout [UInt8]) {
    appendLong(Int64(content.count), to: &bytes)
    bytes += content
  }

  private func appendBits(_ bits: some FixedWidthInteger, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: bits.littleEndian) { bytes += $0 }
  }
}
