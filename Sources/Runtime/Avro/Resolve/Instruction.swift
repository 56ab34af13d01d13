/// One step of a plan. What is read is left pending, and copied as one when something else has to be written or left
/// out: so a run of fields that need no change, however deep they nest, is one copy.
struct Instruction: Sendable {
  enum Operation: UInt8, Sendable {
    // Reading without a change. `a` is how many times, or for `fixed` how many bytes.
    case fixed, varint, counted
    /// The same, of which something has to be checked.
    case int, text
    // Promotions.
    case intToFloat, intToDouble, longToFloat, longToDouble, floatToDouble
    /// Writes `b` bytes of the literals from `a` on.
    case literal
    /// Writes what is pending.
    case flush
    /// Forgets what is pending.
    case drop
    /// An index below `b`; its entry stands at `a` in the choices. A union goes on at the entry's target.
    case enumeration, union
    /// Begins a block whose count goes to local `a`; at the end of all goes on at `b`. `c`: least bytes of an item.
    case block
    /// One item is done: local `a`; goes back to `b` while there are more, and to the block before it else.
    case next
    /// Whole arrays whose items are `a` bytes each, numbers, or strings.
    case fixedBlocks, varintBlocks, countedBlocks
    /// Local `a` takes the place that is read.
    case mark
    /// What is between the places of locals `a` and `b` is read.
    case range
    /// Goes on reading at the place of local `a`.
    case seek
    /// Goes to `a`.
    case jump
    /// Goes to `a` and comes back. `b`: locals of who calls, `c`: of who is called.
    case call
    case back
    case end
  }

  var operation: Operation
  var mode: Mode = .keep
  var a: Int32 = 0
  var b: Int32 = 0
  var c: Int32 = 0

  /// What becomes of a block's head, or for `call` and `back` whether the depth counts.
  enum Mode: UInt8, Sendable {
    /// It is copied as it is: the items are.
    case keep
    /// It is written anew without the size in bytes, which is not that of the items any more.
    case rewrite
    /// Nothing is copied, and a block that tells its size is stepped over.
    case skip
    /// Into a value of a recursive type.
    case deeper
  }
}

/// What to do with a writer's symbol or branch.
struct Choice: Sendable {
  enum Mode: UInt8, Sendable {
    case keep
    /// Other bytes come in its place, or none.
    case replace
    /// The reader has none: `target` is the place in the plan's problems.
    case fail
  }

  var mode: Mode
  /// Bytes of `literal`, the first in the lowest bits.
  var count: UInt8 = 0
  var target: Int32 = 0
  var literal: UInt64 = 0

  static var keep: Choice { Choice(mode: .keep) }
  static var leaveOut: Choice { Choice(mode: .replace) }

  static func replace(index: Int) -> Choice {
    let bytes = [UInt8](long: Int64(index))
    var literal: UInt64 = 0
    for byte in bytes.reversed() { literal = literal << 8 | UInt64(byte) }
    return Choice(mode: .replace, count: UInt8(bytes.count), literal: literal)
  }
}

/// A plan as it is compiled.
struct Program: Sendable {
  var code: [Instruction] = []
  var choices: [Choice] = []
  var literals: [UInt8] = []
  /// Locals of the main part.
  var localCount = 0
}

/// A plan as it is carried out: in memory that stays where it is, so that a run counts no references.
///
/// Sendable, for the memory is written when it is made and never again.
final class RunnableProgram: @unchecked Sendable {
  private let code: UnsafeMutableBufferPointer<Instruction>
  private let choices: UnsafeMutableBufferPointer<Choice>
  private let literals: UnsafeMutableBufferPointer<UInt8>
  private let localCount: Int

  var literalCount: Int { literals.count }

  init(_ program: Program) {
    code = Self.copy(program.code)
    choices = Self.copy(program.choices)
    literals = Self.copy(program.literals)
    localCount = program.localCount
  }

  deinit {
    code.deallocate()
    choices.deallocate()
    literals.deallocate()
  }

  private static func copy<Element: BitwiseCopyable>(_ table: [Element]) -> UnsafeMutableBufferPointer<Element> {
    let memory = UnsafeMutableBufferPointer<Element>.allocate(capacity: table.count)
    _ = memory.initialize(from: table)
    return memory
  }

  struct Outcome {
    var failure: AvroError?
    var count = 0
    var problem: Int?
    var trace: Interpreter.Trace?
  }

  /// Carries it out on the value that `bytes` begin with.
  func run(
    _ bytes: UnsafeRawBufferPointer, _ limits: AvroLimits, into output: inout AvroWriter, isTraced: Bool,
    _ outcome: inout Outcome
  ) {
    guard let code = code.baseAddress, let choices = choices.baseAddress, let literals = literals.baseAddress else {
      return
    }
    withUnsafeTemporaryAllocation(of: Int.self, capacity: localCount + 32) { locals in
      var interpreter = Interpreter(
        code: code, choices: choices, literals: literals, locals: locals, bytes: bytes, limits: limits,
        isTraced: isTraced)
      do throws(AvroError) {
        try interpreter.run(into: &output)
      } catch {
        outcome.failure = error
      }
      outcome.count = interpreter.reader.offset
      outcome.problem = interpreter.problem
      outcome.trace = interpreter.trace
    }
  }
}
