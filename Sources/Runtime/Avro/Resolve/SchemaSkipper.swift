public import AvroSchema

/// Steps over values of a schema without making anything of them.
///
/// Lengths, counts and the branches of unions are checked; text, symbols and booleans are not. A block of an array or
/// map that tells its size is stepped over by it.
public struct SchemaSkipper: Sendable {
  private let program: RunnableProgram

  /// - Parameter schema: self-contained.
  public init(_ schema: Schema, limits: ResolutionLimits = ResolutionLimits()) throws(ResolutionError) {
    let graph = try SchemaGraph(schema, limits: limits)
    var assembler = Assembler(limits: limits)
    try assembler.emitWalk(graph.root, in: graph, skips: true)
    try assembler.emit(.drop)
    try assembler.finishMain()
    while case .walk(let type, let skips)? = assembler.nextRoutine() {
      try assembler.emitWalkRoutine(type, skips: skips, in: graph)
    }
    assembler.link()
    program = RunnableProgram(assembler.program)
  }

  /// How many bytes the value takes that `bytes` begin with.
  public func byteCount(
    of bytes: UnsafeRawBufferPointer, limits: AvroLimits = AvroLimits()
  ) throws(AvroError) -> Int {
    var output = AvroWriter(capacity: 64)
    var outcome = RunnableProgram.Outcome()
    program.run(bytes, limits, into: &output, isTraced: false, &outcome)
    if let failure = outcome.failure { throw failure }
    return outcome.count
  }

  /// Steps over the value that comes next. Depth and empty items count from `limits` on, not from what `reader` has left.
  public func skip(_ reader: inout AvroReader, limits: AvroLimits = AvroLimits()) throws(AvroError) {
    let rest = UnsafeRawBufferPointer(start: reader.position, count: reader.remaining)
    do throws(AvroError) {
      reader.position += try byteCount(of: rest, limits: limits)
    } catch {
      throw AvroError(error.kind, offset: reader.offset + error.offset)
    }
  }
}
