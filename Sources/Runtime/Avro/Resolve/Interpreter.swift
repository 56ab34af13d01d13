/// Carries out a program: reads the writer's bytes, writes the reader's.
///
/// What has been read from `pending` on is not written yet. The program lies in memory that the caller keeps.
struct Interpreter: ~Copyable {
  private let code: UnsafePointer<Instruction>
  private let choices: UnsafePointer<Choice>
  private let literals: UnsafeRawPointer
  private let maxBytes: Int
  private(set) var reader: AvroReader
  private var pending: UnsafeRawPointer
  private var frame: UnsafeMutablePointer<Int>
  private var frames: Frames
  /// The problem that was met, in the plan's list.
  private(set) var problem: Int?
  /// Which bytes of the output come from where; kept only to explain an error.
  private(set) var trace: Trace?

  /// - Parameters:
  ///   - locals: room for the program's main part.
  ///   - maxBytes: of what is written.
  init(
    code: UnsafePointer<Instruction>, choices: UnsafePointer<Choice>, literals: UnsafeRawPointer,
    locals: UnsafeMutableBufferPointer<Int>, bytes: UnsafeRawBufferPointer, limits: AvroLimits, isTraced: Bool
  ) {
    self.code = code
    self.choices = choices
    self.literals = literals
    maxBytes = limits.maxResolvedBytes
    reader = AvroReader(bytes, limits: limits)
    pending = reader.position
    frames = Frames(locals)
    frame = frames.base
    trace = isTraced ? Trace() : nil
  }

  /// Rewrites one value, and leaves ``reader`` behind it.
  @inline(never) mutating func run(into writer: inout AvroWriter) throws(AvroError) {
    let limit = writer.count + min(maxBytes, Int.max - writer.count)
    var place = 0
    while true {
      let instruction = code[place]
      place &+= 1
      switch instruction.operation {
      case .fixed: _ = try reader.take(Int(instruction.a))
      case .varint:
        for _ in 0..<instruction.a { _ = try reader.readVarint() }
      case .counted:
        for _ in 0..<instruction.a { reader.position += try reader.readLength() }
      case .int: _ = try reader.readInt()
      case .text: try readText()
      case .intToFloat, .intToDouble, .longToFloat, .longToDouble, .floatToDouble:
        try promote(instruction.operation, &writer, limit)
      case .literal: try writeLiteral(instruction, &writer, limit)
      case .flush: try flush(to: reader.position, &writer, limit)
      case .drop: pending = reader.position
      case .enumeration: _ = try choose(instruction, &writer, limit)
      case .union: place = try choose(instruction, &writer, limit)
      case .block:
        if try beginBlock(instruction, &writer, limit) == false { place = Int(instruction.b) }
      case .next:
        let left = frame[Int(instruction.a)] &- 1
        frame[Int(instruction.a)] = left
        place = Int(instruction.b) &- (left > 0 ? 0 : 1)
      case .fixedBlocks: try readFixedBlocks(instruction)
      case .varintBlocks: try readVarintBlocks(instruction)
      case .countedBlocks: try readCountedBlocks(instruction)
      case .mark: frame[Int(instruction.a)] = Int(bitPattern: reader.position)
      case .range: try readRange(instruction, &writer, limit)
      case .seek: try seek(frame[Int(instruction.a)], &writer, limit)
      case .jump: place = Int(instruction.a)
      case .call:
        if instruction.mode == .deeper { try reader.enter() }
        enterFrame(instruction, returnPlace: place)
        place = Int(instruction.a)
      case .back:
        if instruction.mode == .deeper { reader.leave() }
        place = frame[0]
        frame -= frame[1]
      case .end:
        try flush(to: reader.position, &writer, limit)
        pending = reader.position
        if writer.count > limit { throw reader.error(.tooLarge) }
        return
      }
    }
  }
}

// MARK: - Writing

extension Interpreter {
  /// Room for `count` bytes; the limit is looked at when memory has to grow, and at the end.
  @inline(__always) private mutating func reserve(
    _ count: Int, _ writer: inout AvroWriter, _ limit: Int
  ) throws(AvroError) {
    if _slowPath(writer.end - writer.position < count) { try grow(count, &writer, limit) }
  }

  @inline(never) private func grow(_ count: Int, _ writer: inout AvroWriter, _ limit: Int) throws(AvroError) {
    // The slack that stores of eight bytes need is not part of what is written.
    guard count <= limit - writer.count + 8 else { throw reader.error(.tooLarge) }
    writer.grow(count)
    if let failure = writer.failure { throw reader.error(failure.kind) }
  }

  @inline(__always) private mutating func flush(
    to end: UnsafeRawPointer, _ writer: inout AvroWriter, _ limit: Int
  ) throws(AvroError) {
    let count = end - pending
    guard count > 0 else { return }
    try reserve(count, &writer, limit)
    if _slowPath(trace != nil) { trace?.copied(to: writer.count, from: reader.offset(of: pending), count: count) }
    writer.position.copyMemory(from: pending, byteCount: count)
    writer.position += count
  }

  @inline(__always) private mutating func writeLiteral(
    _ instruction: Instruction, _ writer: inout AvroWriter, _ limit: Int
  ) throws(AvroError) {
    try flush(to: reader.position, &writer, limit)
    pending = reader.position
    let count = Int(instruction.b)
    try reserve(count, &writer, limit)
    if _slowPath(trace != nil) { trace?.made(at: writer.count, from: reader.offset) }
    writer.position.copyMemory(from: literals + Int(instruction.a), byteCount: count)
    writer.position += count
  }

  /// An index, and what becomes of it; gives where to go on.
  @inline(__always) private mutating func choose(
    _ instruction: Instruction, _ writer: inout AvroWriter, _ limit: Int
  ) throws(AvroError) -> Int {
    let start = reader.position
    let index = try reader.readIndex(below: Int(instruction.b))
    let choice = choices[Int(instruction.a) &+ index]
    if choice.mode != .keep { try replace(choice, from: start, &writer, limit) }
    return Int(choice.target)
  }

  @inline(__always) private mutating func replace(
    _ choice: Choice, from start: UnsafeRawPointer, _ writer: inout AvroWriter, _ limit: Int
  ) throws(AvroError) {
    if _slowPath(choice.mode == .fail) {
      problem = Int(choice.target)
      throw AvroError(.unresolvable, offset: reader.offset(of: start))
    }
    try flush(to: start, &writer, limit)
    pending = reader.position
    try reserve(8, &writer, limit)
    if _slowPath(trace != nil) { trace?.made(at: writer.count, from: reader.offset(of: start)) }
    writer.position.storeBytes(of: choice.literal.littleEndian, as: UInt64.self)
    writer.position += Int(choice.count)
  }

  @inline(__always) private mutating func promote(
    _ operation: Instruction.Operation, _ writer: inout AvroWriter, _ limit: Int
  ) throws(AvroError) {
    let start = reader.position
    var float: Float?
    var double: Double = 0
    switch operation {
    case .intToFloat: float = Float(try reader.readInt())
    case .intToDouble: double = Double(try reader.readInt())
    case .longToFloat: float = Float(try reader.readLong())
    case .longToDouble: double = Double(try reader.readLong())
    default: double = Double(try reader.readFloat())
    }
    try flush(to: start, &writer, limit)
    pending = reader.position
    try reserve(8, &writer, limit)
    if _slowPath(trace != nil) { trace?.made(at: writer.count, from: reader.offset(of: start)) }
    if let float { writer.writeFloat(float) } else { writer.writeDouble(double) }
  }
}

// MARK: - Reading

extension Interpreter {
  /// What the writer says is a string has to be one, also where it is read as bytes.
  private mutating func readText() throws(AvroError) {
    let count = try reader.readLength()
    let start = reader.position
    reader.position += count
    if !AvroReader.isASCII(start, count) {
      _ = try reader.validatedString(
        UnsafeBufferPointer(start: start.assumingMemoryBound(to: UInt8.self), count: count))
    }
  }

  /// False when the array or map ends here.
  @inline(__always) private mutating func beginBlock(
    _ instruction: Instruction, _ writer: inout AvroWriter, _ limit: Int
  ) throws(AvroError) -> Bool {
    let start = reader.position
    var count = try reader.readLong()
    if count < 0 {
      switch instruction.mode {
      case .skip:
        repeat { count = try skipBlock() } while count < 0
      case .rewrite:
        count = try readBlockSize(count)
        try flush(to: start, &writer, limit)
        pending = reader.position
        if trace != nil { trace?.made(at: writer.count, from: reader.offset(of: start)) }
        try reserve(10, &writer, limit)
        writer.putVarint(AvroWriter.zigzag(count))
      case .keep, .deeper: count = try readBlockSize(count)
      }
    }
    if count == 0 { return false }
    try check(count, minimum: Int(instruction.c))
    frame[Int(instruction.a)] = Int(truncatingIfNeeded: count)
    return true
  }

  /// Steps over a block that tells its size, and gives the count of the next one.
  private mutating func skipBlock() throws(AvroError) -> Int64 {
    reader.position += try reader.readLength()
    return try reader.readLong()
  }

  /// The size of a block, which has to fit; gives the count of its items.
  private mutating func readBlockSize(_ count: Int64) throws(AvroError) -> Int64 {
    let size = try reader.readLong()
    guard size >= 0, size <= Int64(reader.remaining), count != .min else { throw reader.error(.invalidBlock) }
    return -count
  }

  @inline(__always) private mutating func check(_ count: Int64, minimum: Int) throws(AvroError) {
    if minimum == 0 {
      guard count <= Int64(reader.emptyItemsLeft) else { throw reader.error(.tooManyEmptyItems) }
      reader.emptyItemsLeft -= Int(count)
    } else if count > Int64(reader.remaining) || (minimum > 1 && count > Int64(reader.remaining / minimum)) {
      throw reader.error(.invalidBlock)
    }
  }

  /// The count of a block whose items are read over as a whole; 0 at the end.
  private mutating func blockCount(_ instruction: Instruction, minimum: Int) throws(AvroError) -> Int {
    var count = try reader.readLong()
    if count < 0 {
      if instruction.mode == .skip {
        repeat { count = try skipBlock() } while count < 0
      } else {
        count = try readBlockSize(count)
      }
    }
    if count > 0 { try check(count, minimum: minimum) }
    return Int(truncatingIfNeeded: count)
  }

  private mutating func readFixedBlocks(_ instruction: Instruction) throws(AvroError) {
    let size = Int(instruction.a)
    while case let count = try blockCount(instruction, minimum: size), count > 0 {
      reader.position += count &* size
    }
  }

  private mutating func readVarintBlocks(_ instruction: Instruction) throws(AvroError) {
    while case let count = try blockCount(instruction, minimum: 1), count > 0 {
      for _ in 0..<count { _ = try reader.readVarint() }
    }
  }

  private mutating func readCountedBlocks(_ instruction: Instruction) throws(AvroError) {
    while case let count = try blockCount(instruction, minimum: 1), count > 0 {
      for _ in 0..<count { reader.position += try reader.readLength() }
    }
  }

  private mutating func readRange(
    _ instruction: Instruction, _ writer: inout AvroWriter, _ limit: Int
  ) throws(AvroError) {
    try seek(frame[Int(instruction.a)], &writer, limit)
    reader.position = UnsafeRawPointer(bitPattern: frame[Int(instruction.b)]) ?? reader.position
  }

  /// Goes on at a place that a mark kept; what is pending stays so when it ends there.
  @inline(__always) private mutating func seek(
    _ place: Int, _ writer: inout AvroWriter, _ limit: Int
  ) throws(AvroError) {
    guard let place = UnsafeRawPointer(bitPattern: place), place != reader.position else { return }
    try flush(to: reader.position, &writer, limit)
    reader.position = place
    pending = place
  }
}

// MARK: - Locals

extension Interpreter {
  /// A new frame above what the caller uses: where to go back to, and how far below the caller's is.
  @inline(__always) private mutating func enterFrame(_ instruction: Instruction, returnPlace: Int) {
    let used = (frame - frames.base) + Int(instruction.b)
    if _slowPath(used + Int(instruction.c) > frames.capacity) {
      frames.grow(used: used, needed: Int(instruction.c))
    }
    frame = frames.base + used
    frame[0] = returnPlace
    frame[1] = Int(instruction.b)
  }

  /// Memory for the locals: at first what the caller lends, more when calls nest.
  struct Frames: ~Copyable {
    var base: UnsafeMutablePointer<Int>
    var capacity: Int
    private var isOwned = false

    init(_ lent: UnsafeMutableBufferPointer<Int>) {
      base = lent.baseAddress.unsafelyUnwrapped
      capacity = lent.count
    }

    /// Calls nest as deep as the reader's limit allows, so this ends.
    @inline(never) mutating func grow(used: Int, needed: Int) {
      let larger = max(2 * capacity, used + needed)
      let memory = UnsafeMutablePointer<Int>.allocate(capacity: larger)
      memory.initialize(from: base, count: used)
      if isOwned { base.deallocate() }
      base = memory
      capacity = larger
      isOwned = true
    }

    deinit { if isOwned { base.deallocate() } }
  }

  /// Where the bytes of the output come from.
  struct Trace {
    /// In ascending order of `output`; `count` is 0 for bytes that were made of the value at `input`.
    private(set) var parts: [(output: Int, input: Int, count: Int)] = []

    mutating func copied(to output: Int, from input: Int, count: Int) { parts.append((output, input, count)) }
    mutating func made(at output: Int, from input: Int) { parts.append((output, input, 0)) }

    /// The place in the input that `offset` of the output comes from.
    func input(of offset: Int) -> Int {
      guard let part = parts.last(where: { $0.output <= offset }) else { return 0 }
      return part.input + min(offset - part.output, part.count)
    }
  }
}

extension AvroReader {
  func offset(of place: UnsafeRawPointer) -> Int { place - start }
}
