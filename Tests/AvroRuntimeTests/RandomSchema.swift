import AvroRuntime
import AvroSchema

/// Seeded random schemas, and bytes that are values of them.
struct RandomSchema {
  var generator: SeededGenerator
  private var names = 0
  private var keys = 0
  /// Records that are being made: references to them are recursion.
  private var open: [FullName] = []
  private var closed: [FullName] = []

  init(seed: UInt64) { generator = SeededGenerator(state: seed) }

  mutating func schema() -> Schema { schema(depth: 0) }

  private mutating func schema(depth: Int, isBranch: Bool = false) -> Schema {
    switch generator.below(depth < 4 ? 18 : 9) {
    case 0..<8:
      let primitives = Schema.Primitive.allCases
      return .primitive(primitives[generator.below(primitives.count)])
    case 8 where !closed.isEmpty: return .reference(closed[generator.below(closed.count)])
    case 9: return .array(items: schema(depth: depth + 1))
    case 10: return .map(values: schema(depth: depth + 1))
    case 11...12: return isBranch ? .primitive(.string) : union(depth: depth)
    case 13:
      let symbols = (0...generator.below(5)).map { "S\($0)" }
      return close(.enumeration(EnumSchema(name: name(), symbols: symbols)))
    case 14: return close(.fixed(FixedSchema(name: name(), size: generator.below(20))))
    case 15...17: return record(depth: depth)
    default: return .primitive(.string)
    }
  }

  private mutating func union(depth: Int) -> Schema {
    var branches: [Schema] = []
    var seen: Set<String> = []
    for _ in 0...generator.below(4) {
      let known = closed
      let branch = schema(depth: depth + 1, isBranch: true)
      guard let name = branch.branchName, seen.insert(name).inserted else {
        // What it defined goes with it.
        closed = known
        continue
      }
      branches.append(branch)
    }
    if let recursive = open.last, seen.insert("null").inserted, seen.insert(recursive.description).inserted,
      generator.bool()
    {
      branches = [.primitive(.null), .reference(recursive)] + branches
    }
    return .union(branches)
  }

  private mutating func record(depth: Int) -> Schema {
    let name = name()
    open.append(name)
    var fields: [RecordSchema.Field] = []
    for index in 0..<generator.below(7) {
      let type = schema(depth: depth + 1)
      let orders = [RecordSchema.Order.ascending, .ascending, .descending, .ignore]
      fields.append(RecordSchema.Field(name: "f\(index)", type: type, order: orders[generator.below(4)]))
    }
    open.removeLast()
    return close(.record(RecordSchema(name: name, fields: fields)))
  }

  private mutating func name() -> FullName {
    names += 1
    return FullName(namespace: ["c", "a", "a.b"][generator.below(3)], name: "T\(names)")
  }

  private mutating func close(_ schema: Schema) -> Schema {
    if let name = schema.definedName { closed.append(name) }
    return schema
  }

  // MARK: values

  /// The encoding of a random value. Arrays and maps come in one block, in several, and in blocks with their size.
  mutating func bytes(of schema: Schema, types: NamedTypes) throws -> [UInt8] {
    var writer = AvroWriter()
    write(schema, types, 0, &writer)
    return try writer.bytes()
  }

  private mutating func write(_ schema: Schema, _ types: NamedTypes, _ depth: Int, _ writer: inout AvroWriter) {
    switch schema {
    case .primitive(let primitive, _): write(primitive, &writer)
    case .reference(let name): if let type = types[name] { write(type, types, depth, &writer) }
    case .enumeration(let enumeration): writer.writeIndex(generator.below(enumeration.symbols.count))
    case .fixed(let fixed): writer.writeRaw(generator.bytes(fixed.size))
    case .record(let record): for field in record.fields { write(field.type, types, depth + 1, &writer) }
    case .array(let items):
      writeBlocks(depth, &writer) { random, writer in random.write(items, types, depth + 1, &writer) }
    case .map(let values):
      writeBlocks(depth, &writer) { random, writer in
        // No key twice: a dictionary of Python has one of them only.
        random.keys += 1
        writer.writeString(random.generator.string() + String(random.keys))
        random.write(values, types, depth + 1, &writer)
      }
    case .union(let branches):
      // Deep down the first one: null, where there is recursion.
      let index = depth > 12 ? 0 : generator.below(branches.count)
      writer.writeIndex(index)
      write(branches[index], types, depth + 1, &writer)
    }
  }

  private mutating func writeBlocks(
    _ depth: Int, _ writer: inout AvroWriter, _ writeItem: (inout RandomSchema, inout AvroWriter) -> Void
  ) {
    for _ in 0..<(depth > 12 ? 0 : generator.below(3)) {
      let count = 1 + generator.below(3)
      var block = AvroWriter()
      for _ in 0..<count { writeItem(&self, &block) }
      if generator.bool() {
        writer.writeLong(Int64(-count))
        writer.writeLong(Int64(block.count))
      } else {
        writer.writeLong(Int64(count))
      }
      block.withBytes { writer.writeRaw($0) }
    }
    writer.writeLong(0)
  }

  private mutating func write(_ primitive: Schema.Primitive, _ writer: inout AvroWriter) {
    switch primitive {
    case .null: break
    case .boolean: writer.writeBoolean(generator.bool())
    case .int: writer.writeInt(generator.below(3) > 0 ? generator.int() : Int32(generator.below(3)))
    case .long: writer.writeLong(generator.below(3) > 0 ? generator.long() : Int64(generator.below(3)))
    case .float:
      let special: [Float] = [0, -0.0, .nan, .infinity, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude]
      let any = Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()))
      writer.writeFloat(generator.below(4) > 0 && !any.isNaN ? any : special[generator.below(special.count)])
    case .double:
      let special = [0, -0.0, .nan, .infinity, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1e16]
      let any = Double(bitPattern: generator.next())
      writer.writeDouble(generator.below(4) > 0 && !any.isNaN ? any : special[generator.below(special.count)])
    case .bytes: writer.writeBytes(generator.bytes(generator.below(3) > 0 ? generator.below(30) : generator.below(2)))
    case .string: writer.writeString(generator.below(3) > 0 ? generator.string() : "")
    }
  }
}
