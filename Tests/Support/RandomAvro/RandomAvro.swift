import AvroSchema

/// Schemas, the schemas that they become when they change, and values of them as bytes. The same seed gives the same.
///
/// Bytes are made here from the specification, not by the encoder that is tested.
public struct RandomAvro {
  /// What is left out because a peer can't do it.
  public struct Options: Sendable {
    /// Unions whose branches can be told apart by a value of Python: one number, one text, one of bytes.
    public var hasPlainUnions = true
    public var hasRecursion = true
    public var hasMixedBlocks = true
    /// Types whose values take no bytes, other than null in a union.
    public var hasEmptyTypes = true
    /// In what a schema becomes: new fields, other names, other symbols, text as bytes and the other way round.
    public var hasDefaults = true
    public var hasAliases = true
    public var hasSymbolChanges = true
    public var hasTextPromotion = true
    /// Now and then a type that the old one can't be read as.
    public var hasMismatches = true
    public var maxDepth = 4
    public var maxItems = 4
    public init() {}
  }

  public var generator: SeededGenerator
  public let options: Options
  var nextName = 0
  /// Records around the place where a type is made: what recursion may refer to.
  var open: [FullName] = []
  var types = NamedTypes()

  public init(seed: UInt64, options: Options = Options()) {
    generator = SeededGenerator(seed: seed)
    self.options = options
  }

  mutating func below(_ count: Int) -> Int { Int.random(in: 0..<count, using: &generator) }
  mutating func chance(_ one: Int) -> Bool { below(one) == 0 }

  mutating func freshName(_ prefix: String) -> String {
    nextName += 1
    return "\(prefix)\(nextName)"
  }

  // MARK: Schemas

  /// A record that stands alone.
  public mutating func record() -> Schema {
    open = []
    types = NamedTypes()
    return makeRecord(depth: 0)
  }

  /// Any type but a union directly in a union.
  mutating func type(depth: Int, inUnion: Bool = false) -> Schema {
    if depth >= options.maxDepth { return .primitive(primitive()) }
    switch below(20) {
    case 0..<9: return .primitive(primitive())
    case 9, 10: return .array(items: type(depth: depth + 1))
    case 11, 12: return .map(values: type(depth: depth + 1))
    case 13:
      return .fixed(
        FixedSchema(
          name: FullName(namespace: "n", name: freshName("F")), size: below(20) + (options.hasEmptyTypes ? 0 : 1)))
    case 14: return .enumeration(enumeration())
    case 15, 16: return makeRecord(depth: depth + 1)
    default: return inUnion ? .primitive(primitive()) : union(depth: depth + 1)
    }
  }

  mutating func primitive() -> Schema.Primitive {
    let first = options.hasEmptyTypes ? 0 : 1
    return Schema.Primitive.allCases[first + below(Schema.Primitive.allCases.count - first)]
  }

  mutating func enumeration() -> EnumSchema {
    let symbols = (0...below(5)).map { _ in freshName("S") }
    return EnumSchema(name: FullName(namespace: "n", name: freshName("E")), symbols: symbols)
  }

  mutating func makeRecord(depth: Int) -> Schema {
    let name = FullName(namespace: "n", name: freshName("R"))
    open.append(name)
    defer { open.removeLast() }
    var fields: [RecordSchema.Field] = []
    for _ in 0..<(below(6) + (options.hasEmptyTypes ? 0 : 1)) { fields.append(field(depth: depth)) }
    if options.hasRecursion, chance(4) {
      fields.append(
        RecordSchema.Field(
          name: freshName("f"), type: .union([.primitive(.null), .reference(open[below(open.count)])])))
    }
    return .record(RecordSchema(name: name, fields: fields))
  }

  mutating func field(depth: Int) -> RecordSchema.Field {
    RecordSchema.Field(name: freshName("f"), type: type(depth: depth))
  }

  mutating func union(depth: Int) -> Schema {
    var branches: [Schema] = []
    var kinds: Set<String> = []
    for _ in 0...below(4) {
      let branch = type(depth: depth, inUnion: true)
      if kinds.insert(Self.kind(branch, isPlain: options.hasPlainUnions)).inserted { branches.append(branch) }
    }
    return .union(branches)
  }

  /// What may stand once in a union.
  static func kind(_ schema: Schema, isPlain: Bool) -> String {
    switch schema {
    case .primitive(let primitive, _):
      guard isPlain else { return primitive.rawValue }
      switch primitive {
      case .int, .long, .float, .double: return "number"
      case .string, .bytes: return "text"
      case .null, .boolean: return primitive.rawValue
      }
    case .array: return "array"
    case .map, .record: return isPlain ? "record" : schema.branchName ?? ""
    case .enumeration, .fixed: return isPlain ? "text" : schema.branchName ?? ""
    case .reference, .union: return schema.branchName ?? ""
    }
  }
}

/// The same numbers for the same seed, on every machine (SplitMix64).
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}
