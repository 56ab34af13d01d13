import AvroSchema

/// Makes a program of the pairs of types.
struct PlanCompiler {
  private let pairs: PairGraph
  private let limits: ResolutionLimits
  private var assembler: Assembler
  private var defaults: DefaultEncoder
  /// How often each pair of records is met; the parts that are called are those met more than once.
  private var uses: [Int: Int] = [:]
  /// What has no place in the reader's schema, and where.
  private(set) var problems: [SchemaIncompatibility] = []

  init(_ pairs: PairGraph, limits: ResolutionLimits) {
    self.pairs = pairs
    self.limits = limits
    assembler = Assembler(limits: limits)
    defaults = DefaultEncoder(graph: pairs.reader, maxBytes: limits.maxDefaultBytes)
    countUses()
  }

  mutating func compile() throws(ResolutionError) -> Program {
    try emit(pairs.root)
    try assembler.finishMain()
    while let routine = assembler.nextRoutine() {
      switch routine {
      case .walk(let type, let skips): try assembler.emitWalkRoutine(type, skips: skips, in: pairs.writer)
      case .resolve(let pair):
        assembler.begin(routine)
        try emitBody(pair)
        try assembler.finish(routine, isDeeper: pairs.writer.sizes[pairs[pair].written].isRecursive)
      }
    }
    assembler.link()
    return assembler.program
  }

  private mutating func countUses() {
    var open = [pairs.root]
    while let index = open.popLast() {
      if case .record = pairs[index].shape {
        uses[index, default: 0] += 1
        if uses[index] != 1 { continue }
      }
      switch pairs[index].shape {
      case .array(let pair), .map(let pair): open.append(pair)
      case .writerUnion(let branches): open += branches
      case .readerUnion(let candidates):
        if let choice = pairs.choice(candidates) { open.append(choice.pair) }
      case .record(let sources):
        for source in sources {
          if case .field(_, let pair) = source { open.append(pair) }
        }
      case .leaf, .enumeration, .mismatch: break
      }
    }
  }

  // MARK: Values

  private mutating func emit(_ index: Int) throws(ResolutionError) {
    if uses[index, default: 0] > 1 {
      try assembler.emitCall(
        .resolve(index), isDeeper: pairs.writer.sizes[pairs[index].written].isRecursive)
    } else {
      try emitBody(index)
    }
  }

  private mutating func emitBody(_ index: Int) throws(ResolutionError) {
    let pair = pairs[index]
    switch pair.shape {
    case .leaf(let leaf): try emit(leaf)
    case .enumeration(let symbols): try emitEnumeration(symbols, pair)
    case .array(let items): try emitArray(items)
    case .map(let values):
      let size = pairs.writer.sizes[pairs[values].written].minimum + 1
      try emitBlocks(values, minimum: size, hasKeys: true)
    case .record(let sources): try emitRecord(sources, pair)
    case .writerUnion(let branches): try emitUnion(branches, pair)
    case .readerUnion(let candidates):
      guard let choice = pairs.choice(candidates) else { return }
      try assembler.emitLiteral([UInt8](long: Int64(choice.branch)))
      try emit(choice.pair)
    case .mismatch: break
    }
  }

  private mutating func emit(_ leaf: PairGraph.Leaf) throws(ResolutionError) {
    switch leaf {
    case .nothing: break
    case .bytes(let count): try assembler.emitFixed(count)
    case .varint: try assembler.emit(.varint, a: 1)
    case .counted: try assembler.emit(.counted, a: 1)
    case .intToLong: try assembler.emit(.int)
    case .stringToBytes: try assembler.emit(.text)
    case .intToFloat: try assembler.emit(.intToFloat)
    case .intToDouble: try assembler.emit(.intToDouble)
    case .longToFloat: try assembler.emit(.longToFloat)
    case .longToDouble: try assembler.emit(.longToDouble)
    case .floatToDouble: try assembler.emit(.floatToDouble)
    }
  }

  private mutating func emitEnumeration(_ symbols: [Int?], _ pair: PairGraph.Pair) throws(ResolutionError) {
    if pair.isExact {
      return try assembler.emit(.varint, a: 1)
    }
    var choices: [Choice] = []
    for (index, symbol) in symbols.enumerated() {
      if let symbol {
        choices.append(symbol == index ? .keep : .replace(index: symbol))
      } else {
        choices.append(fail(missingSymbol(index, pair)))
      }
    }
    let first = assembler.addChoices(choices)
    try assembler.emit(.enumeration, a: first, b: choices.count)
  }

  private mutating func emitArray(_ items: Int) throws(ResolutionError) {
    let pair = pairs[items]
    if pair.isExact, let whole = assembler.wholeBlocks(pair.written, in: pairs.writer) {
      try assembler.emit(whole.operation, a: whole.size)
    } else {
      try emitBlocks(items, minimum: pairs.writer.sizes[pair.written].minimum, hasKeys: false)
    }
  }

  private mutating func emitBlocks(_ inner: Int, minimum: Int, hasKeys: Bool) throws(ResolutionError) {
    let mode: Instruction.Mode = pairs[inner].isCopy ? .keep : .rewrite
    let blocks = try assembler.beginBlocks(mode: mode, minimum: minimum)
    if hasKeys { try assembler.emit(.counted, a: 1) }
    try emit(inner)
    try assembler.finish(blocks)
  }

  private mutating func emitUnion(_ branches: [Int], _ pair: PairGraph.Pair) throws(ResolutionError) {
    var choices: [Choice] = []
    var bodies: [Int] = []
    for (index, branch) in branches.enumerated() {
      var body = branch
      if pairs[branch].verdict == .never {
        choices.append(fail(missingBranch(index, branch, pair)))
      } else if case .readerUnion(let candidates) = pairs[branch].shape, let choice = pairs.choice(candidates) {
        choices.append(choice.branch == index ? .keep : .replace(index: choice.branch))
        body = choice.pair
      } else {
        choices.append(.leaveOut)
      }
      bodies.append(body)
    }
    var parts = try assembler.beginUnion(choices)
    for (index, body) in bodies.enumerated() where choices[index].mode != .fail {
      assembler.beginBranch(&parts, index)
      try emit(body)
      try assembler.finishBranch(&parts, index)
    }
    assembler.finish(parts)
  }

  // MARK: Records

  private mutating func emitRecord(_ sources: [PairGraph.Source], _ pair: PairGraph.Pair) throws(ResolutionError) {
    guard case .record(_, let types) = pairs.writer[pair.written] else { return }
    var needs = sources.reduce(into: [Int: Int]()) { needs, source in
      if case .field(let place, _) = source { needs[place, default: 0] += 1 }
    }
    var next = 0
    for (index, source) in sources.enumerated() {
      switch source {
      case .missing: break
      case .defaultValue: try emitDefault(pair, field: index)
      case .field(let place, let inner):
        let between = next..<max(next, place)
        guard place >= next, needs[place] == 1, between.allSatisfy({ needs[$0] == nil }) else {
          return try emitOutOfOrder(
            Array(sources[index...]), first: index, from: next, types: types, pair)
        }
        try emitSkip(types[between])
        try emit(inner)
        needs[place] = nil
        next = place + 1
      }
    }
    try emitSkip(types[next...])
  }

  private mutating func emitDefault(_ pair: PairGraph.Pair, field: Int) throws(ResolutionError) {
    let encoded: [UInt8]?
    do throws(DefaultEncoder.Failure) {
      encoded = try defaults.bytes(ofField: field, in: pair.read)
    } catch {
      guard error == .mismatch else { throw .tooLarge("a default \(error.rawValue)") }
      encoded = nil
    }
    guard let encoded else {
      throw .incompatible(
        problem(
          .readerFieldMissingDefaultValue, "\(pair.pointer)/fields/\(field)", "the field's default is not of its type"))
    }
    try assembler.emitLiteral(encoded)
  }

  private mutating func emitSkip(_ types: ArraySlice<Int>) throws(ResolutionError) {
    guard types.contains(where: { pairs.writer.sizes[$0].constant != 0 }) else { return }
    try assembler.emit(.flush)
    for type in types { try assembler.emitWalk(type, in: pairs.writer, skips: true) }
    try assembler.emit(.drop)
  }

  /// Finds where the fields are that are left, then goes from one to the next in the reader's order. A field that does
  /// not change is only read over once.
  private mutating func emitOutOfOrder(
    _ sources: [PairGraph.Source], first: Int, from next: Int, types: [Int], _ pair: PairGraph.Pair
  ) throws(ResolutionError) {
    let mark = assembler.localMark
    var inner: [Int: Int] = [:]
    for source in sources {
      // A field that two of the reader's are made of may change for one and not for the other.
      if case .field(let place, let pair) = source, inner[place].map({ pairs[$0].isCopy }) ?? true {
        inner[place] = pair
      }
    }
    // The place of each field, and behind the last one the end.
    var places: [Int: Int] = [:]
    try assembler.emit(.flush)
    for place in next...types.count {
      if inner[place] != nil || inner[place - 1] != nil || place == types.count {
        let local = assembler.takeLocal()
        places[place] = local
        try assembler.emit(.mark, a: local)
      }
      guard place < types.count else { break }
      if let pair = inner[place], pairs[pair].isCopy {
        try emit(pair)
      } else {
        try assembler.emitWalk(types[place], in: pairs.writer, skips: inner[place] == nil)
      }
    }
    try assembler.emit(.drop)
    for (offset, source) in sources.enumerated() {
      switch source {
      case .missing: break
      case .defaultValue: try emitDefault(pair, field: first + offset)
      case .field(let place, let pair):
        guard let start = places[place], let end = places[place + 1] else { continue }
        if inner[place] == pair, pairs[pair].isCopy {
          try assembler.emit(.range, a: start, b: end)
        } else {
          try assembler.emit(.seek, a: start)
          try emit(pair)
        }
      }
    }
    if let end = places[types.count] {
      try assembler.emit(.seek, a: end)
    }
    assembler.release(to: mark)
  }

  // MARK: Problems

  private mutating func fail(_ problem: SchemaIncompatibility) -> Choice {
    problems.append(problem)
    return Choice(mode: .fail, target: Int32(problems.count - 1))
  }

  private func missingSymbol(_ index: Int, _ pair: PairGraph.Pair) -> SchemaIncompatibility {
    var message = "the enum lacks a symbol of the data"
    if case .enumeration(let written) = pairs.writer[pair.written] {
      message = "\(pairs.reader[pair.read].label) lacks \(written.symbols[index])"
    }
    return problem(.missingEnumSymbols, pair.pointer + "/symbols", message)
  }

  private func missingBranch(_ index: Int, _ branch: Int, _ pair: PairGraph.Pair) -> SchemaIncompatibility {
    let written = pairs.writer[pairs[branch].written].label
    let read = pairs.reader[pair.read]
    guard case .union = read else {
      return problem(.typeMismatch, pair.pointer, "\(read.label) can't be read from \(written)")
    }
    return problem(.missingUnionBranch, "\(pair.pointer)/\(index)", "the union has no branch that reads \(written)")
  }

  private func problem(
    _ reason: SchemaIncompatibility.Reason, _ pointer: String, _ message: String
  ) -> SchemaIncompatibility {
    SchemaIncompatibility(
      reason: reason, pointer: pointer.isEmpty ? "/" : pointer, message: message, detail: message,
      readerRemedy: "keep in the reader's schema what the data may hold",
      writerRemedy: "leave out what the reader's schema does not hold")
  }
}
