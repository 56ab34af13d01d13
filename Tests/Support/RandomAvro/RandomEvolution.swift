import AvroSchema
import JSONText

// What becomes of a schema when its owner changes it: promotions, fields that come, go, move and get other names,
// symbols that come and go, branches that come. Once in a while something that can't be read any more.

extension RandomAvro {
  /// A reader's schema for data of `schema`.
  public mutating func evolved(_ schema: Schema) -> Schema {
    types = NamedTypes(of: schema)
    return evolve(schema, depth: 0)
  }

  private mutating func evolve(_ schema: Schema, depth: Int, inUnion: Bool = false) -> Schema {
    let depth = depth + 1
    switch schema {
    case .primitive(let primitive, _):
      if !inUnion, primitive != .null, chance(12) { return .union([.primitive(.null), schema]) }
      if options.hasMismatches, chance(60) { return .primitive(self.primitive()) }
      return .primitive(promoted(primitive))
    case .array(let items): return .array(items: evolve(items, depth: depth))
    case .map(let values): return .map(values: evolve(values, depth: depth))
    case .union(let branches): return evolve(branches, depth: depth)
    case .record(let record): return .record(evolve(record, depth: depth))
    case .enumeration(let enumeration): return .enumeration(evolve(enumeration))
    case .fixed(var fixed):
      if options.hasMismatches, chance(60) { fixed.size += 1 }
      return .fixed(fixed)
    case .reference: return schema
    }
  }

  private mutating func promoted(_ primitive: Schema.Primitive) -> Schema.Primitive {
    guard chance(2) else { return primitive }
    let wider: [Schema.Primitive] =
      switch primitive {
      case .int: [.long, .float, .double]
      case .long: [.float, .double]
      case .float: [.double]
      case .string where options.hasTextPromotion: [.bytes]
      case .bytes where options.hasTextPromotion && chance(20): [.string]
      default: [primitive]
      }
    return wider[below(wider.count)]
  }

  private mutating func evolve(_ branches: [Schema], depth: Int) -> Schema {
    var changed = branches.map { branch in
      chance(3) ? evolve(branch, depth: depth, inUnion: true) : branch
    }
    if chance(3) { changed.shuffle(using: &generator) }
    if chance(4) { changed.append(type(depth: options.maxDepth, inUnion: true)) }
    if options.hasMismatches, chance(30), changed.count > 1 { changed.removeLast() }
    var kinds: Set<String> = []
    changed = changed.filter { kinds.insert(Self.kind($0, isPlain: options.hasPlainUnions)).inserted }
    if changed.count == 1, chance(3), let only = changed.first { return only }
    return .union(changed)
  }

  private mutating func evolve(_ record: RecordSchema, depth: Int) -> RecordSchema {
    var record = record
    let kept = record.fields
    for index in record.fields.indices {
      record.fields[index].type = evolve(record.fields[index].type, depth: depth)
      if options.hasAliases, chance(6) {
        record.fields[index].aliases = [record.fields[index].name]
        record.fields[index].name = freshName("g")
      }
    }
    if chance(3), !record.fields.isEmpty { record.fields.remove(at: below(record.fields.count)) }
    if chance(3) { record.fields.shuffle(using: &generator) }
    if !options.hasEmptyTypes, record.fields.isEmpty { record.fields = kept }
    while options.hasDefaults, chance(2) {
      var field = RecordSchema.Field(name: freshName("d"), type: type(depth: options.maxDepth - 1))
      if !chance(50) { field.defaultValue = defaultValue(of: field.type) }
      record.fields.insert(field, at: below(record.fields.count + 1))
    }
    return record
  }

  private mutating func evolve(_ enumeration: EnumSchema) -> EnumSchema {
    var enumeration = enumeration
    guard options.hasSymbolChanges else { return enumeration }
    if chance(3) { enumeration.symbols.append(freshName("S")) }
    if chance(3) { enumeration.symbols.shuffle(using: &generator) }
    if chance(4), enumeration.symbols.count > 1 {
      enumeration.symbols.removeLast()
      if !chance(4) { enumeration.defaultSymbol = enumeration.symbols[0] }
    }
    return enumeration
  }

  /// In the notation that the specification has for defaults.
  mutating func defaultValue(of schema: Schema) -> JSONValue {
    switch schema {
    case .primitive(.null, _): return .null
    case .primitive(.boolean, _): return .bool(chance(2))
    case .primitive(.int, _): return .integer(Int64(below(1000)) - 500)
    case .primitive(.long, _): return .integer(Int64(truncatingIfNeeded: generator.next()) >> Int64(below(64)))
    case .primitive(.float, _), .primitive(.double, _): return .double(Double(below(1000)) / 8)
    case .primitive(.bytes, _): return .string(latin(below(6)))
    case .primitive(.string, _): return .string(text())
    case .array(let items): return .array((0..<below(3)).map { _ in defaultValue(of: items) })
    case .map(let values):
      return .object((0..<below(3)).map { JSONValue.Member("k\($0)", defaultValue(of: values)) })
    case .union(let branches): return defaultValue(of: branches[0])
    case .record(let record): return .object(record.fields.map { .init($0.name, defaultValue(of: $0.type)) })
    case .enumeration(let enumeration): return .string(enumeration.symbols[below(enumeration.symbols.count)])
    case .fixed(let fixed): return .string(latin(fixed.size))
    case .reference: return .null
    }
  }

  private mutating func latin(_ count: Int) -> String {
    String(String.UnicodeScalarView((0..<count).map { _ in Unicode.Scalar(UInt8(below(256))) }))
  }
}
