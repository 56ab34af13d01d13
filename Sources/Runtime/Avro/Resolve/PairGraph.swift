import AvroSchema

/// Which type of the reader each type of the writer is read as (specification 1.12, "Schema Resolution"): a table of
/// pairs that point at each other by index, so that recursion ends and a pair is looked at once.
struct PairGraph {
  /// What is done with a value that has no values inside.
  enum Leaf: Sendable {
    case nothing
    case bytes(Int)
    /// A long, or an int that stays one: whoever reads it checks the range.
    case varint
    case counted
    case intToLong
    case intToFloat, intToDouble, longToFloat, longToDouble, floatToDouble
    case stringToBytes
  }

  /// Where a field of the reader's record has its value from.
  enum Source: Sendable {
    case field(Int, pair: Int)
    case defaultValue
    case missing
  }

  /// A branch of the reader's union; those of lower rank are the better match.
  struct Candidate: Sendable {
    var branch: Int
    var rank: Int
    var pair: Int
  }

  enum Shape: Sendable {
    case leaf(Leaf)
    /// The reader's position of each of the writer's symbols; nil where there is none.
    case enumeration([Int?])
    case array(Int)
    case map(Int)
    case record([Source])
    case writerUnion([Int])
    case readerUnion([Candidate])
    case mismatch
  }

  enum Verdict: Int, Comparable, Sendable {
    case never, partly, fully
    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  }

  struct Pair: Sendable {
    var written: Int
    var read: Int
    /// Into the reader's schema, where the pair was met first.
    var pointer: String
    var shape = Shape.mismatch
    var verdict = Verdict.fully
    /// Whether the reader's bytes are the writer's.
    var isCopy = true
    /// Whether besides nothing has to be checked that the reader of the bytes does not check itself.
    var isExact = true
  }

  let writer: SchemaGraph
  let reader: SchemaGraph
  private(set) var pairs: [Pair] = []
  private(set) var root = 0
  private var known: [Key: Int] = [:]
  private let limits: ResolutionLimits

  private struct Key: Hashable {
    var written: Int
    var read: Int
  }

  subscript(_ index: Int) -> Pair { pairs[index] }

  init(writer: SchemaGraph, reader: SchemaGraph, limits: ResolutionLimits) throws(ResolutionError) {
    self.writer = writer
    self.reader = reader
    self.limits = limits
    root = try pair(writer.root, reader.root, at: "", depth: 0)
    settle { $0.updateVerdict($1) }
    settle { $0.updateCopy($1) }
  }

  /// The branch that a value takes which the reader has as a union.
  func choice(_ candidates: [Candidate]) -> Candidate? {
    candidates.min { left, right in
      let (first, second) = (pairs[left.pair].verdict, pairs[right.pair].verdict)
      return (second, left.rank, left.branch) < (first, right.rank, right.branch)
    }
  }

  // MARK: Making pairs

  private mutating func pair(
    _ written: Int, _ read: Int, at pointer: String, depth: Int
  ) throws(ResolutionError) -> Int {
    let key = Key(written: written, read: read)
    if let index = known[key] { return index }
    guard depth < limits.maxDepth else { throw .tooLarge("types nest deeper than \(limits.maxDepth)") }
    guard pairs.count < limits.maxTypes else { throw .tooLarge("more than \(limits.maxTypes) pairs of types") }
    let index = pairs.count
    known[key] = index
    pairs.append(Pair(written: written, read: read, pointer: pointer))
    pairs[index].shape = try shape(written, read, at: pointer, depth: depth + 1)
    return index
  }

  private mutating func shape(
    _ written: Int, _ read: Int, at pointer: String, depth: Int
  ) throws(ResolutionError) -> Shape {
    switch (writer[written], reader[read]) {
    case (.union(let branches), _):
      var pairs: [Int] = []
      for branch in branches { pairs.append(try pair(branch, read, at: pointer, depth: depth)) }
      return .writerUnion(pairs)
    case (_, .union(let branches)):
      var candidates: [Candidate] = []
      for (index, branch) in branches.enumerated() {
        guard let rank = rank(written, branch) else { continue }
        let pair = try pair(written, branch, at: "\(pointer)/\(index)", depth: depth)
        candidates.append(Candidate(branch: index, rank: rank, pair: pair))
      }
      return .readerUnion(candidates)
    case (.array(let items), .array(let readItems)):
      return .array(try pair(items, readItems, at: pointer + "/items", depth: depth))
    case (.map(let values), .map(let readValues)):
      return .map(try pair(values, readValues, at: pointer + "/values", depth: depth))
    case (.record(let record, let types), .record(let readRecord, let readTypes)):
      guard namesMatch(written, read) else { return .mismatch }
      return .record(
        try sources(record, types, readRecord, readTypes, at: pointer + "/fields", depth: depth))
    case (.enumeration(let enumeration), .enumeration(let readEnumeration)):
      guard namesMatch(written, read) else { return .mismatch }
      return .enumeration(Self.symbols(enumeration, readEnumeration))
    case (.fixed(let fixed), .fixed(let readFixed)):
      guard namesMatch(written, read), fixed.size == readFixed.size,
        Self.decimalsMatch(fixed.logicalType, readFixed.logicalType)
      else { return .mismatch }
      return .leaf(.bytes(fixed.size))
    case (.primitive(let primitive, let logicalType), .primitive(let readPrimitive, let readLogicalType)):
      guard Self.decimalsMatch(logicalType, readLogicalType), let leaf = Self.leaf(primitive, readPrimitive) else {
        return .mismatch
      }
      return .leaf(leaf)
    default: return .mismatch
    }
  }

  private mutating func sources(
    _ record: RecordSchema, _ types: [Int], _ readRecord: RecordSchema, _ readTypes: [Int], at pointer: String,
    depth: Int
  ) throws(ResolutionError) -> [Source] {
    let places = Dictionary(
      record.fields.enumerated().map { ($0.element.name, $0.offset) }, uniquingKeysWith: { first, _ in first })
    var sources: [Source] = []
    for (index, field) in readRecord.fields.enumerated() {
      let names = [field.name] + field.aliases
      if let place = names.lazy.compactMap({ places[$0] }).first {
        let pair = try pair(types[place], readTypes[index], at: "\(pointer)/\(index)/type", depth: depth)
        sources.append(.field(place, pair: pair))
      } else if field.defaultValue != nil {
        sources.append(.defaultValue)
      } else {
        sources.append(.missing)
      }
    }
    return sources
  }

  // MARK: Matching

  /// Full names count before aliases, aliases before names without their namespaces, and all of them before promotion,
  /// which is Java's order too; nil for types that can't match.
  private func rank(_ written: Int, _ read: Int) -> Int? {
    switch (writer[written], reader[read]) {
    case (.primitive(let primitive, _), .primitive(let readPrimitive, _)):
      return primitive == readPrimitive ? 0 : Self.leaf(primitive, readPrimitive) == nil ? nil : 3
    case (.array, .array), (.map, .map): return 0
    case (.record, .record), (.enumeration, .enumeration), (.fixed, .fixed):
      guard namesMatch(written, read), let name = writer[written].name else { return nil }
      if name == reader[read].name { return 0 }
      return reader[read].aliases.contains(name) ? 1 : 2
    default: return nil
    }
  }

  private func namesMatch(_ written: Int, _ read: Int) -> Bool {
    guard let name = writer[written].name, let readName = reader[read].name else { return false }
    return name.name == readName.name || reader[read].aliases.contains(name)
  }

  private static func symbols(_ enumeration: EnumSchema, _ read: EnumSchema) -> [Int?] {
    let places = Dictionary(
      read.symbols.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { first, _ in first })
    let other = read.defaultSymbol.flatMap { places[$0] }
    return enumeration.symbols.map { places[$0] ?? other }
  }

  /// Decimals match with the same scale and a precision that holds all of the writer's digits; no other logical type
  /// matters.
  private static func decimalsMatch(_ written: LogicalType?, _ read: LogicalType?) -> Bool {
    guard case .decimal(let precision, let scale) = written, case .decimal(let readPrecision, let readScale) = read
    else { return true }
    return scale == readScale && precision <= readPrecision
  }

  private static func leaf(_ written: Schema.Primitive, _ read: Schema.Primitive) -> Leaf? {
    switch (written, read) {
    case (.null, .null): .nothing
    case (.boolean, .boolean): .bytes(1)
    case (.int, .int), (.long, .long): .varint
    case (.float, .float): .bytes(4)
    case (.double, .double): .bytes(8)
    // Bytes that become a string are checked by whoever reads the string.
    case (.bytes, .bytes), (.string, .string), (.bytes, .string): .counted
    case (.string, .bytes): .stringToBytes
    case (.int, .long): .intToLong
    case (.int, .float): .intToFloat
    case (.int, .double): .intToDouble
    case (.long, .float): .longToFloat
    case (.long, .double): .longToDouble
    case (.float, .double): .floatToDouble
    default: nil
    }
  }
}

// MARK: - What holds for pairs whatever their values

extension PairGraph {
  /// Lowers what was assumed of the pairs until nothing changes. Most pairs stand behind those that they are made of.
  private mutating func settle(_ update: (inout PairGraph, Int) -> Bool) {
    var isSettled = false
    while !isSettled {
      isSettled = true
      for index in pairs.indices.reversed() where update(&self, index) { isSettled = false }
    }
  }

  private mutating func updateVerdict(_ index: Int) -> Bool {
    let verdict = verdict(pairs[index].shape)
    defer { pairs[index].verdict = verdict }
    return verdict != pairs[index].verdict
  }

  private func verdict(_ shape: Shape) -> Verdict {
    switch shape {
    case .leaf: return .fully
    case .mismatch: return .never
    case .array(let pair), .map(let pair): return pairs[pair].verdict
    case .enumeration(let symbols):
      let count = symbols.count { $0 != nil }
      return count == symbols.count ? .fully : count == 0 ? .never : .partly
    case .record(let sources):
      var verdict = Verdict.fully
      for source in sources {
        switch source {
        case .field(_, let pair): verdict = min(verdict, pairs[pair].verdict)
        case .missing: verdict = .never
        case .defaultValue: break
        }
      }
      return verdict
    case .writerUnion(let branches):
      let verdicts = branches.map { pairs[$0].verdict }
      guard let least = verdicts.min(), let most = verdicts.max() else { return .never }
      return least == most ? least : .partly
    case .readerUnion(let candidates):
      return choice(candidates).map { pairs[$0.pair].verdict } ?? .never
    }
  }

  private mutating func updateCopy(_ index: Int) -> Bool {
    let (isCopy, isExact) = copy(pairs[index])
    defer {
      pairs[index].isCopy = isCopy
      pairs[index].isExact = isExact
    }
    return isCopy != pairs[index].isCopy || isExact != pairs[index].isExact
  }

  private func copy(_ pair: Pair) -> (isCopy: Bool, isExact: Bool) {
    switch pair.shape {
    case .leaf(let leaf):
      switch leaf {
      case .nothing, .bytes, .varint, .counted: return (true, true)
      case .intToLong, .stringToBytes: return (true, false)
      case .intToFloat, .intToDouble, .longToFloat, .longToDouble, .floatToDouble: return (false, false)
      }
    case .mismatch, .readerUnion: return (false, false)
    case .array(let inner), .map(let inner): return (pairs[inner].isCopy, pairs[inner].isExact)
    case .enumeration(let symbols):
      guard symbols.enumerated().allSatisfy({ $0.element == $0.offset }) else { return (false, false) }
      guard case .enumeration(let read) = reader[pair.read] else { return (false, false) }
      return (true, symbols.count == read.symbols.count)
    case .record(let sources):
      guard case .record(_, let types) = writer[pair.written], types.count == sources.count else {
        return (false, false)
      }
      var isExact = true
      for (index, source) in sources.enumerated() {
        guard case .field(index, let inner) = source, pairs[inner].isCopy else { return (false, false) }
        isExact = isExact && pairs[inner].isExact
      }
      return (true, isExact)
    case .writerUnion(let branches):
      guard case .union(let readBranches) = reader[pair.read] else { return (false, false) }
      var isExact = branches.count == readBranches.count
      for (index, branch) in branches.enumerated() {
        guard case .readerUnion(let candidates) = pairs[branch].shape, let choice = choice(candidates),
          choice.branch == index, pairs[choice.pair].isCopy
        else { return (false, false) }
        isExact = isExact && pairs[choice.pair].isExact
      }
      return (true, isExact)
    }
  }
}
