import AvroSchema

/// Puts instructions together; what resolving and skipping have in common.
struct Assembler {
  /// A part that is called, by what it does: a pair of types, or a writer's type that is read over.
  enum Routine: Hashable {
    case resolve(Int)
    case walk(Int, skips: Bool)
  }

  var program = Program()
  private let limits: ResolutionLimits
  /// Instructions from here on may be joined with what follows: nothing jumps behind them.
  private var joinable = 0
  private var locals = Frame()
  private var entries: [Routine: Int] = [:]
  private var frames: [Routine: Int] = [:]
  private(set) var wanted: [Routine] = []
  /// Calls whose target is filled in at the end.
  private var calls: [(place: Int, routine: Routine)] = []

  private struct Frame {
    var used = Frame.linkage
    var most = Frame.linkage
    /// Where to go back to, and the locals of who called.
    static let linkage = 2
  }

  init(limits: ResolutionLimits) { self.limits = limits }

  /// Where the next instruction stands; something may jump there.
  mutating func label() -> Int {
    joinable = program.code.count
    return program.code.count
  }

  mutating func emit(
    _ operation: Instruction.Operation, mode: Instruction.Mode = .keep, a: Int = 0, b: Int = 0, c: Int = 0
  ) throws(ResolutionError) {
    guard program.code.count < limits.maxInstructions, let a = Int32(exactly: a), let b = Int32(exactly: b),
      let c = Int32(exactly: c)
    else { throw .tooLarge("more than \(limits.maxInstructions) instructions") }
    if program.code.count > joinable, let last = program.code.last, last.operation == operation {
      switch operation {
      case .fixed, .varint, .counted:
        let sum = last.a.addingReportingOverflow(a)
        if !sum.overflow {
          program.code[program.code.count - 1].a = sum.partialValue
          return
        }
      case .literal where last.a + last.b == a:
        program.code[program.code.count - 1].b += b
        return
      default: break
      }
    }
    program.code.append(Instruction(operation: operation, mode: mode, a: a, b: b, c: c))
  }

  mutating func emitFixed(_ count: Int) throws(ResolutionError) {
    guard count > 0 else { return }
    // More than an instruction holds is more than once.
    var rest = count
    while rest > 1 << 30 {
      joinable = program.code.count
      try emit(.fixed, a: 1 << 30)
      rest -= 1 << 30
    }
    try emit(.fixed, a: rest)
  }

  mutating func emitLiteral(_ bytes: [UInt8]) throws(ResolutionError) {
    guard !bytes.isEmpty else { return }
    guard program.literals.count + bytes.count <= limits.maxDefaultBytes else {
      throw .tooLarge("defaults of more than \(limits.maxDefaultBytes) bytes")
    }
    try emit(.literal, a: program.literals.count, b: bytes.count)
    program.literals += bytes
  }

  /// A local that is free again when ``release(to:)`` is called with what ``localMark`` was before.
  mutating func takeLocal() -> Int {
    locals.used += 1
    locals.most = max(locals.most, locals.used)
    return locals.used - 1
  }

  var localMark: Int { locals.used }
  mutating func release(to mark: Int) { locals.used = mark }

  mutating func emitCall(_ routine: Routine, isDeeper: Bool) throws(ResolutionError) {
    if frames[routine] == nil {
      frames[routine] = 0
      wanted.append(routine)
    }
    calls.append((program.code.count, routine))
    // How many locals stand below is known here; all that are used at this place do.
    try emit(.call, mode: isDeeper ? .deeper : .keep, b: locals.used)
  }

  /// The next part that is called and not there yet.
  mutating func nextRoutine() -> Routine? { wanted.popLast() }

  mutating func begin(_ routine: Routine) {
    locals = Frame()
    entries[routine] = label()
  }

  mutating func finish(_ routine: Routine, isDeeper: Bool) throws(ResolutionError) {
    try emit(.back, mode: isDeeper ? .deeper : .keep)
    frames[routine] = locals.most
  }

  mutating func finishMain() throws(ResolutionError) {
    try emit(.end)
    program.localCount = locals.most
  }

  mutating func link() {
    for (place, routine) in calls {
      program.code[place].a = Int32(entries[routine] ?? 0)
      program.code[place].c = Int32(frames[routine] ?? 0)
    }
  }

  /// Array or map: what is emitted from here to ``finish(_:)-(Blocks)`` is carried out for each item.
  mutating func beginBlocks(mode: Instruction.Mode, minimum: Int) throws(ResolutionError) -> Blocks {
    let mark = localMark
    let counter = takeLocal()
    let start = label()
    try emit(.block, mode: mode, a: counter, c: min(minimum, 1 << 30))
    _ = label()
    return Blocks(localMark: mark, counter: counter, start: start)
  }

  mutating func finish(_ blocks: Blocks) throws(ResolutionError) {
    try emit(.next, a: blocks.counter, b: blocks.start + 1)
    program.code[blocks.start].b = Int32(label())
    release(to: blocks.localMark)
  }

  /// A writer's union. What is done with a branch is emitted between ``beginBranch(_:_:)`` and ``finishBranch(_:_:)``.
  mutating func beginUnion(_ choices: [Choice]) throws(ResolutionError) -> Branches {
    let first = addChoices(choices)
    try emit(.union, a: first, b: choices.count)
    return Branches(first: first, count: choices.count)
  }

  mutating func beginBranch(_ branches: inout Branches, _ index: Int) {
    branches.start = label()
    program.choices[branches.first + index].target = Int32(branches.start)
  }

  mutating func finishBranch(_ branches: inout Branches, _ index: Int) throws(ResolutionError) {
    if program.code.count == branches.start {
      branches.empty.append(branches.first + index)
    } else if index < branches.count - 1 {
      branches.jumps.append(program.code.count)
      try emit(.jump)
    }
  }

  mutating func finish(_ branches: Branches) {
    let end = Int32(label())
    for place in branches.jumps { program.code[place].a = end }
    for place in branches.empty { program.choices[place].target = end }
  }

  mutating func addChoices(_ choices: [Choice]) -> Int {
    program.choices += choices
    return program.choices.count - choices.count
  }

  struct Blocks {
    fileprivate let localMark: Int
    fileprivate let counter: Int
    fileprivate let start: Int
  }

  struct Branches {
    fileprivate let first: Int
    fileprivate let count: Int
    fileprivate var start = 0
    fileprivate var jumps: [Int] = []
    /// Choices after which there is nothing to do.
    fileprivate var empty: [Int] = []

    fileprivate init(first: Int, count: Int) {
      self.first = first
      self.count = count
    }
  }
}

// MARK: - Reading over a type

extension Assembler {
  /// Reads over a value of `type`.
  /// - Parameter skips: whether what is read is dropped afterwards; then a block that tells its size is believed.
  mutating func emitWalk(_ type: Int, in graph: SchemaGraph, skips: Bool) throws(ResolutionError) {
    if let size = graph.sizes[type].constant {
      try emitFixed(size)
    } else if isRoutine(type, in: graph) {
      try emitCall(.walk(type, skips: skips), isDeeper: graph.sizes[type].isRecursive)
    } else {
      try emitWalkBody(type, in: graph, skips: skips)
    }
  }

  mutating func emitWalkBody(_ type: Int, in graph: SchemaGraph, skips: Bool) throws(ResolutionError) {
    let mode: Instruction.Mode = skips ? .skip : .keep
    switch graph[type] {
    case .primitive(let primitive, _):
      switch primitive {
      case .null: break
      case .boolean: try emitFixed(1)
      case .int, .long: try emit(.varint, a: 1)
      case .float: try emitFixed(4)
      case .double: try emitFixed(8)
      case .bytes, .string: try emit(.counted, a: 1)
      }
    case .fixed(let fixed): try emitFixed(fixed.size)
    case .enumeration: try emit(.varint, a: 1)
    case .record(_, let types):
      for type in types { try emitWalk(type, in: graph, skips: skips) }
    case .array(let items):
      if let whole = wholeBlocks(items, in: graph) {
        try emit(whole.operation, mode: mode, a: whole.size)
      } else {
        let blocks = try beginBlocks(mode: mode, minimum: graph.sizes[items].minimum)
        try emitWalk(items, in: graph, skips: skips)
        try finish(blocks)
      }
    case .map(let values):
      let blocks = try beginBlocks(mode: mode, minimum: graph.sizes[values].minimum + 1)
      try emit(.counted, a: 1)
      try emitWalk(values, in: graph, skips: skips)
      try finish(blocks)
    case .union(let branches):
      var parts = try beginUnion(branches.map { _ in .keep })
      for (index, branch) in branches.enumerated() {
        beginBranch(&parts, index)
        try emitWalk(branch, in: graph, skips: skips)
        try finishBranch(&parts, index)
      }
      finish(parts)
    case .unknown: break
    }
  }

  /// The instruction that reads over an array of such items as a whole.
  func wholeBlocks(_ items: Int, in graph: SchemaGraph) -> (operation: Instruction.Operation, size: Int)? {
    if let size = graph.sizes[items].constant { return (.fixedBlocks, size) }
    switch graph[items] {
    case .primitive(.int, _), .primitive(.long, _), .enumeration: return (.varintBlocks, 0)
    case .primitive(.bytes, _), .primitive(.string, _): return (.countedBlocks, 0)
    default: return nil
    }
  }

  /// Records are parts that are called, or a plan could double in length with each level of records. Those of plain
  /// values are not.
  private func isRoutine(_ type: Int, in graph: SchemaGraph) -> Bool {
    guard case .record(_, let types) = graph[type] else { return false }
    return types.contains { !graph[$0].children.isEmpty }
  }

  /// The part that ``emitWalk(_:in:skips:)`` calls.
  mutating func emitWalkRoutine(_ type: Int, skips: Bool, in graph: SchemaGraph) throws(ResolutionError) {
    let routine = Routine.walk(type, skips: skips)
    begin(routine)
    try emitWalkBody(type, in: graph, skips: skips)
    try finish(routine, isDeeper: graph.sizes[type].isRecursive)
  }
}
