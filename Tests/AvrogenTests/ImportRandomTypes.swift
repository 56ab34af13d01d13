import AvroSchema
import JSONText

/// Random named types in every shape that definitions can have, those that read badly most of all.
struct ImportRandomTypes {
  private var generator: SeededGenerator
  private let namespaces: [String]
  /// Definitions, with references to each other inside.
  private(set) var types: [Schema] = []
  private var records: [FullName] = []
  private var others: [FullName: Schema] = [:]

  init(seed: UInt64) {
    generator = SeededGenerator(seed: seed)
    // Types without a namespace can't be named from within one, so a set has either.
    namespaces = seed.isMultiple(of: 5) ? [""] : ["a", "a.b", "nl.open.Data", "A.b"]
    make()
  }

  private static let names = [
    "Order", "Colour", "null_", "Record", "Enum", "Fixed", "union", "yes", "No", "on", "y", "True",
    "type", "name", "namespace", "doc", "_", "E5", "x", "types", "records", "default", "items", "a", "b",
  ]
  private static let fieldNames = [
    "id", "null", "true", "no", "type", "name", "array", "map", "int", "string", "doc", "default", "items", "y", "_1",
    "e5", "order", "aliases", "values", "logicalType", "symbols", "fields",
  ]
  static let texts = [
    "", " ", "plain", "Two words", "One, two.", "See: there", "# no comment", "a # b", "- dash", "? ask", "null", "~",
    "true", "Yes", "5", "-1.5e3", ".inf", "0x1F", "1:20", "line\nbreak", "line\n\nbreak\n", "\n", "ends \n", "a\n b",
    "tab\tinside", "\ttab", "quote\"s 'and' more", "back\\slash", "\u{0}\u{1}\u{7f}\u{85}\u{2028}\u{2029}",
    "\u{feff}mark",
    "\u{fffe}\u{ffff}", "é à 漢字 😀", "\u{e9}", "e\u{301}", "%percent", "@at", "`tick", "{brace}", "[list]", "*star",
    "&and",
    "!tag", "|", ">", "a\r\nb", "trailing ", "---", "...", "<<", "2024-01-01", "=", "a: b", "key:", "\u{a0}", "?", "x?",
    "\u{1f600}\u{10ffff}", "*/ end", "\u{200d}", "ÿ", "a\u{b}b", "on", "NaN", "line\n# comment\n- item", "x\n\n\n",
  ]

  private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &generator) < percent }

  private mutating func pick<Element>(_ items: [Element]) -> Element {
    items[Int.random(in: 0..<items.count, using: &generator)]
  }

  private mutating func text() -> String {
    if chance(90) { return pick(Self.texts) }
    let count = Int.random(in: 1...300, using: &generator)
    return (0..<count).map { _ in pick(Self.texts) }.joined(separator: " ")
  }

  private mutating func doc() -> String? { chance(30) ? text() : nil }

  private mutating func make() {
    var taken: Set<FullName> = []
    let count = Int.random(in: 1...12, using: &generator)
    var recordNames: [FullName] = []
    for _ in 0..<count {
      let name = FullName(namespace: pick(namespaces), name: pick(Self.names))
      guard taken.insert(name).inserted else { continue }
      switch Int.random(in: 0..<4, using: &generator) {
      case 0: others[name] = .enumeration(enumeration(name))
      case 1: others[name] = .fixed(fixed(name))
      default: recordNames.append(name)
      }
    }
    types = others.keys.sorted().compactMap { others[$0] }
    for name in recordNames {
      let record = record(name)
      records.append(name)
      types.append(.record(record))
    }
    types.shuffle(using: &generator)
  }

  private mutating func aliases(_ name: FullName) -> [FullName] {
    guard chance(25) else { return [] }
    let all = Set((0..<3).map { _ in FullName(namespace: name.namespace, name: pick(Self.names)) })
    let others = name.namespace.isEmpty ? [FullName("other.Old")] : [FullName("other.Old"), FullName("a.b.c.Null")]
    return (all.sorted() + (chance(50) ? others : []))
  }

  private mutating func enumeration(_ name: FullName) -> EnumSchema {
    let pool = ["A", "null", "true", "False", "no", "NEW", "_", "x1", "PAID", "yes"]
    let count = chance(10) ? 0 : Int.random(in: 1...pool.count, using: &generator)
    var symbols = Array(pool.shuffled(using: &generator).prefix(count))
    if symbols.isEmpty { symbols = (0..<120).map { "SYMBOL_\($0)" } }
    return EnumSchema(
      name: name, doc: doc(), aliases: aliases(name), symbols: symbols, defaultSymbol: chance(30) ? pick(symbols) : nil)
  }

  private mutating func fixed(_ name: FullName) -> FixedSchema {
    switch Int.random(in: 0..<4, using: &generator) {
    case 0:
      let size = Int.random(in: 1...20, using: &generator)
      let precision = Int.random(in: 1...LogicalType.maxPrecision(ofFixedSize: size), using: &generator)
      let scale = Int.random(in: 0...precision, using: &generator)
      return FixedSchema(
        name: name, doc: doc(), aliases: aliases(name), size: size,
        logicalType: .decimal(precision: precision, scale: scale))
    case 1: return FixedSchema(name: name, aliases: aliases(name), size: 16, logicalType: .uuid)
    case 2: return FixedSchema(name: name, doc: doc(), size: 12, logicalType: .duration)
    default: return FixedSchema(name: name, doc: doc(), size: Int.random(in: 1...5, using: &generator))
    }
  }

  private mutating func record(_ name: FullName) -> RecordSchema {
    let names = Self.fieldNames.shuffled(using: &generator).prefix(Int.random(in: 0...8, using: &generator))
    var fields: [RecordSchema.Field] = []
    for fieldName in names {
      let type = type(depth: 0, of: name)
      var field = RecordSchema.Field(name: fieldName, doc: doc(), type: type)
      if chance(40) { field.defaultValue = value(of: type, depth: 0) }
      if chance(15) { field.order = pick([.descending, .ignore]) }
      if chance(15) { field.aliases = Array(Set((0..<2).map { _ in pick(Self.fieldNames) })).sorted() }
      // The words that begin a definition can't be told from a type of that name when something stands beside them.
      if case .reference(let other) = type, other.namespace.isEmpty, ["record", "enum", "fixed"].contains(other.name) {
        field = RecordSchema.Field(name: fieldName, type: type)
      }
      fields.append(field)
    }
    return RecordSchema(name: name, doc: doc(), aliases: aliases(name), fields: fields)
  }

  private static let primitives: [Schema] =
    Schema.Primitive.allCases.map { .primitive($0) } + [
      .primitive(.bytes, logicalType: .decimal(precision: 12, scale: 2)), .primitive(.int, logicalType: .date),
      .primitive(.bytes, logicalType: .decimal(precision: 1000, scale: 0)),
      .primitive(.bytes, logicalType: .bigDecimal),
      .primitive(.string, logicalType: .uuid), .primitive(.int, logicalType: .timeMillis),
      .primitive(.long, logicalType: .timeMicros), .primitive(.long, logicalType: .timestampMillis),
      .primitive(.long, logicalType: .timestampMicros), .primitive(.long, logicalType: .timestampNanos),
      .primitive(.long, logicalType: .localTimestampMillis), .primitive(.long, logicalType: .localTimestampMicros),
      .primitive(.long, logicalType: .localTimestampNanos),
    ]

  private mutating func type(depth: Int, of owner: FullName, inUnion: Bool = false) -> Schema {
    let isDeep = depth > 3
    switch Int.random(in: 0..<(isDeep ? 5 : 10), using: &generator) {
    case 0...2: return pick(Self.primitives)
    case 3...4:
      let names = others.keys.sorted()
      return names.isEmpty ? pick(Self.primitives) : .reference(pick(names))
    case 5: return .array(items: type(depth: depth + 1, of: owner))
    case 6: return .map(values: type(depth: depth + 1, of: owner))
    case 7 where !inUnion:
      // Itself only where a value can end.
      return .union([.primitive(.null), .reference(owner)])
    case 8 where !inUnion:
      let inner = type(depth: depth + 1, of: owner, inUnion: true)
      guard inner != .primitive(.null) else { return inner }
      return .union(chance(70) ? [.primitive(.null), inner] : [inner, .primitive(.null)])
    case 9 where !inUnion:
      var branches: [Schema] = []
      for _ in 0..<Int.random(in: 1...5, using: &generator) {
        let branch = type(depth: depth + 1, of: owner, inUnion: true)
        if !branches.contains(where: { $0.branchName == branch.branchName }) { branches.append(branch) }
      }
      return .union(branches)
    default: return records.isEmpty ? pick(Self.primitives) : .reference(pick(records))
    }
  }

  /// A default, or nil where none is to be had.
  private mutating func value(of schema: Schema, depth: Int) -> JSONValue? {
    switch schema {
    case .primitive(let primitive, _): return value(of: primitive)
    case .array(let items):
      guard depth < 3, chance(60), let item = value(of: items, depth: depth + 1) else { return .array([]) }
      return .array([item, item])
    case .map(let values):
      guard depth < 3, chance(60), let item = value(of: values, depth: depth + 1) else { return .object([]) }
      let keys = Set((0..<2).map { _ in chance(5) ? String(repeating: "k", count: 3_000) : text() })
      return .object(keys.sorted().map { .init($0, item) })
    case .union(let branches): return value(of: pick(branches), depth: depth + 1)
    case .reference(let name):
      if let other = others[name] { return value(of: other, depth: depth) }
      guard depth < 4, case .record(let record)? = types.first(where: { $0.definedName == name }) else { return nil }
      return value(of: .record(record), depth: depth + 1)
    case .enumeration(let enumeration): return .string(pick(enumeration.symbols))
    case .fixed(let fixed):
      return .string(String(String.UnicodeScalarView((0..<fixed.size).map { _ in byte() })))
    case .record(let record):
      var members: [JSONValue.Member] = []
      for field in record.fields where field.defaultValue == nil || chance(50) {
        guard let value = value(of: field.type, depth: depth + 1) else { return nil }
        members.append(.init(field.name, value))
      }
      return .object(members)
    }
  }

  private mutating func byte() -> Unicode.Scalar { Unicode.Scalar(UInt8.random(in: 0...255, using: &generator)) }

  private mutating func value(of primitive: Schema.Primitive) -> JSONValue {
    switch primitive {
    case .null: .null
    case .boolean: .bool(chance(50))
    case .int: .integer(Int64(pick([0, -1, Int32.max, Int32.min, 7])))
    case .long: .integer(pick([0, -1, .max, .min, 1_000_000_007]))
    case .float: pick([.integer(3), .double(0.1), .double(-1e10), .double(1e-20)])
    case .double:
      pick([.integer(-4), .double(0.1), .double(1e300), .double(.leastNonzeroMagnitude), .double(-0.0), .double(5.0)])
    case .bytes:
      .string(String(String.UnicodeScalarView((0..<Int.random(in: 0...9, using: &generator)).map { _ in byte() })))
    case .string: .string(text())
    }
  }
}
