public import AvroSchema

/// How bytes of a writer's schema become bytes of a reader's (specification 1.12, "Schema Resolution"): made once for a
/// pair of schemas, then carried out for each value.
///
/// The plan rewrites bytes; the reader's own decoder reads what comes out. So all shapes of a record resolve, and no
/// tree of values is made in between.
///
/// ```swift
/// let plan = try ResolutionPlan(writer: Schema(parsing: oldText), reader: Schema(parsing: Customer.schemaText))
/// let customer = try Customer(avroBytes: bytes, resolvedBy: plan)
/// ```
///
/// A value that the writer's schema allows and the reader's does not, such as a branch that the reader's union lacks,
/// is an error when it is met; a plan that no value could get through is not made at all.
public struct ResolutionPlan: Sendable {
  private let contents: Contents

  /// In one place, so that a copy of a plan costs one count of references and not one for each table.
  private final class Contents: Sendable {
    let program: RunnableProgram
    let writer: SchemaGraph
    let reader: SchemaGraph
    let isIdentity: Bool
    let unresolvable: [SchemaIncompatibility]

    init(
      program: RunnableProgram, writer: SchemaGraph, reader: SchemaGraph, isIdentity: Bool,
      unresolvable: [SchemaIncompatibility]
    ) {
      self.program = program
      self.writer = writer
      self.reader = reader
      self.isIdentity = isIdentity
      self.unresolvable = unresolvable
    }
  }

  private var program: RunnableProgram { contents.program }

  /// Whether the writer's bytes can be read as they are.
  public var isIdentity: Bool { contents.isIdentity }
  /// What of the writer's data has no place in the reader's schema; empty when all can be read.
  public var unresolvable: [SchemaIncompatibility] { contents.unresolvable }

  /// - Parameters:
  ///   - writer: what the bytes were written with; self-contained, as is `reader`.
  ///   - reader: what they are to be read as; its defaults and aliases are used.
  /// - Throws: ``ResolutionError``: where the schemas don't match, or that they are too large.
  public init(
    writer: Schema, reader: Schema, limits: ResolutionLimits = ResolutionLimits()
  ) throws(ResolutionError) {
    let written = try SchemaGraph(writer, limits: limits)
    let read = try SchemaGraph(reader, limits: limits)
    let pairs = try PairGraph(writer: written, reader: read, limits: limits)
    let root = pairs[pairs.root]
    guard root.verdict != .never else {
      throw .incompatible(Self.mismatch(writer: writer, reader: reader))
    }
    var compiler = PlanCompiler(pairs, limits: limits)
    let program = RunnableProgram(try compiler.compile())
    contents = Contents(
      program: program, writer: written, reader: read, isIdentity: root.isCopy && root.isExact,
      unresolvable: compiler.problems)
  }

  private static func mismatch(writer: Schema, reader: Schema) -> SchemaIncompatibility {
    let found = reader.incompatibilities(readingDataOf: writer, limits: CompatibilityLimits(maxFindings: 1))
    if let first = found.first { return first }
    return SchemaIncompatibility(
      reason: .typeMismatch, pointer: "/", message: "no value of the writer's schema can be read",
      detail: "no value can be read", readerRemedy: "keep the writer's types", writerRemedy: "keep the reader's types")
  }

  /// Adds the reader's bytes of one value to `output`.
  ///
  /// - Parameters:
  ///   - bytes: exactly one value of the writer's schema.
  ///   - output: in which nothing has failed yet; what is in it after an error is of no use.
  /// - Throws: ``AvroError`` with the offset in `bytes`. What the decoder of the output checks is not checked here:
  ///   UTF-8, booleans, the range of an int that stays one.
  public func resolve(
    _ bytes: UnsafeRawBufferPointer, limits: AvroLimits = AvroLimits(), into output: inout AvroWriter
  ) throws(AvroError) {
    let count = try resolvePrefix(of: bytes, limits: limits, into: &output)
    guard count == bytes.count else { throw AvroError(.trailingBytes, offset: count) }
  }

  /// As ``resolve(_:limits:into:)``, of bytes that go on behind the value; gives how many the value takes.
  public func resolvePrefix(
    of bytes: UnsafeRawBufferPointer, limits: AvroLimits = AvroLimits(), into output: inout AvroWriter
  ) throws(AvroError) -> Int {
    var outcome = RunnableProgram.Outcome()
    program.run(bytes, limits, into: &output, isTraced: false, &outcome)
    if let failure = outcome.failure { throw failure }
    return outcome.count
  }

  /// Which of ``unresolvable`` keeps this value from being read; nil when it can be read, or is malformed.
  public func incompatibility(
    of bytes: UnsafeRawBufferPointer, limits: AvroLimits = AvroLimits()
  ) -> SchemaIncompatibility? {
    guard !unresolvable.isEmpty else { return nil }
    var output = AvroWriter()
    var outcome = RunnableProgram.Outcome()
    program.run(bytes, limits, into: &output, isTraced: false, &outcome)
    return outcome.problem.map { unresolvable[$0] }
  }

  /// What `error` of the decoder says once the resolved bytes were read: with the value's path in the reader's schema,
  /// and the offset in the writer's bytes that the value at fault was made of.
  public func located(
    _ error: AvroError, decoding bytes: UnsafeRawBufferPointer, limits: AvroLimits = AvroLimits()
  ) -> AvroError {
    var output = AvroWriter()
    var outcome = RunnableProgram.Outcome()
    program.run(bytes, limits, into: &output, isTraced: true, &outcome)
    guard outcome.failure == nil, let trace = outcome.trace else { return error }
    var located = output.withBytes { PathFinder.located(error, in: $0, of: contents.reader, limits) }
    located.offset = trace.input(of: error.offset)
    return located
  }

  /// What `error` of ``resolve(_:limits:into:)`` says with the value's path in the writer's schema.
  public func located(
    _ error: AvroError, resolving bytes: UnsafeRawBufferPointer, limits: AvroLimits = AvroLimits()
  ) -> AvroError {
    PathFinder.located(error, in: bytes, of: contents.writer, limits)
  }

  /// What is probably room enough for the output.
  public func capacity(forByteCount count: Int) -> Int { count + program.literalCount + 32 }
}
