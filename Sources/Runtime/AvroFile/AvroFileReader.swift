import AvroRuntime
import AvroSchema

/// Reads records of a generated type from an object container file (specification 1.12, "Object Container Files").
///
/// Data that were written with another schema are resolved (specification 1.12, "Schema Resolution").
///
/// All calls block: from async code use a thread of your own, not the cooperative pool. A reader belongs to one caller
/// at a time; several may read the same file, each with its own.
///
///     var reader = try AvroFileReader<Transfer>(path: "transfers.avro")
///     while let transfer = try reader.next() { … }
public struct AvroFileReader<Record: AvroNamedValue>: ~Copyable, Sendable {
  private var container: ContainerReader
  private let datumLimits: AvroLimits
  /// Nil when the file's bytes can be read as they are.
  private let plan: ResolutionPlan?
  private var scratch: Scratch

  /// - Throws: ``AvroFileError/Kind/schemaMismatch`` when data of the file's schema can't be read as the record.
  public init(path: String, _ reading: AvroFileReading = AvroFileReading()) throws(AvroFileError) {
    try self.init(try ByteSource(path: path), reading)
  }

  /// Reads a whole file that is in memory.
  public init(bytes: [UInt8], _ reading: AvroFileReading = AvroFileReading()) throws(AvroFileError) {
    try self.init(ByteSource(bytes), reading)
  }

  /// Reads from a descriptor, which is not closed. A pipe will do, but for ranges.
  /// - Parameter name: for errors.
  public init(
    descriptor: Int32, name: String? = nil, _ reading: AvroFileReading = AvroFileReading()
  ) throws(AvroFileError) {
    try self.init(ByteSource(Descriptor(descriptor, isOwned: false), name: name), reading)
  }

  private init(_ source: consuming ByteSource, _ reading: AvroFileReading) throws(AvroFileError) {
    let opened = try ContainerReader(source, reading)
    let plan = try Self.plan(opened.header, file: opened.name)
    container = opened
    datumLimits = reading.limits.datum
    self.plan = plan.isIdentity ? nil : plan
    scratch = Scratch(maxBytes: max(reading.limits.maxUncompressedBlockBytes, 0))
  }

  private static func plan(_ header: AvroFileHeader, file: String?) throws(AvroFileError) -> ResolutionPlan {
    let own = try parsedSchema(Record.schemaText, file: file)
    do throws(ResolutionError) {
      return try ResolutionPlan(writer: header.schema, reader: own)
    } catch {
      throw AvroFileError(
        .schemaMismatch, file: file, offset: 0,
        message: "data of the file's schema can't be read as \(Record.schemaName): \(error)")
    }
  }

  public var header: AvroFileHeader { container.header }
  /// What was skipped so far, when damage is skipped.
  public var damage: AvroFileDamageReport { container.damage }
  /// Where the block of the last record begins, in bytes from the start of the file. A range from here on reads this
  /// block again.
  public var blockOffset: Int64 { container.blockOffset }

  /// The next record; nil at the end. After an error each further call throws it again.
  public mutating func next() throws(AvroFileError) -> Record? {
    let limits = datumLimits
    if plan != nil { return try nextResolved() }
    return try container.next { bytes throws(AvroError) in
      var reader = AvroReader(bytes, limits: limits)
      let record = try Record.decode(from: &reader)
      return (record, byteCount: reader.offset)
    }
  }
}

extension AvroFileReader {
  private mutating func nextResolved() throws(AvroFileError) -> Record? {
    guard let plan else { return nil }
    let limits = datumLimits
    return try Self.next(&container, &scratch) { bytes, writer throws(AvroError) in
      writer.reset()
      let count = try plan.resolvePrefix(of: bytes, limits: limits, into: &writer)
      if let failure = writer.failure { throw failure }
      let record = try writer.withBytes { (resolved) throws(AvroError) in
        do throws(AvroError) {
          return try Record(avroBytes: resolved, limits: limits)
        } catch {
          throw plan.located(error, decoding: UnsafeRawBufferPointer(rebasing: bytes[..<count]), limits: limits)
        }
      }
      return (record, byteCount: count)
    }
  }

  /// Lends the scratch memory beside the container: two parts of one reader, which its own closures can't have at once.
  private static func next(
    _ container: inout ContainerReader, _ scratch: inout Scratch,
    _ body: (UnsafeRawBufferPointer, inout AvroWriter) throws(AvroError) -> (Record, byteCount: Int)
  ) throws(AvroFileError) -> Record? {
    try container.next { bytes throws(AvroError) in try body(bytes, &scratch.writer) }
  }
}

/// Where one record is encoded or resolved.
///
/// Unchecked: it has one owner, because it can't be copied.
struct Scratch: ~Copyable, @unchecked Sendable {
  var writer: AvroWriter

  init(maxBytes: Int) { writer = AvroWriter(maxBytes: maxBytes) }
}

/// Reads the data of any container file as bytes, in the schema that ``header`` has: for tools, for records' borrowed
/// and packed forms, and for data that are no records.
///
/// Calls block, as those of ``AvroFileReader`` do.
public struct AvroRawFileReader: ~Copyable, Sendable {
  private var container: ContainerReader
  private let skipper: SchemaSkipper
  private let datumLimits: AvroLimits

  public init(path: String, _ reading: AvroFileReading = AvroFileReading()) throws(AvroFileError) {
    try self.init(try ByteSource(path: path), reading)
  }

  /// Reads a whole file that is in memory.
  public init(bytes: [UInt8], _ reading: AvroFileReading = AvroFileReading()) throws(AvroFileError) {
    try self.init(ByteSource(bytes), reading)
  }

  /// Reads from a descriptor, which is not closed. A pipe will do, but for ranges.
  /// - Parameters:
  ///   - name: for errors.
  ///   - alreadyRead: the file's first bytes, when the descriptor is behind them.
  public init(
    descriptor: Int32, name: String? = nil, alreadyRead: [UInt8] = [], _ reading: AvroFileReading = AvroFileReading()
  ) throws(AvroFileError) {
    let descriptor = Descriptor(descriptor, isOwned: false)
    try self.init(ByteSource(descriptor, name: name, alreadyRead: alreadyRead), reading)
  }

  private init(_ source: consuming ByteSource, _ reading: AvroFileReading) throws(AvroFileError) {
    let opened = try ContainerReader(source, reading)
    skipper = try schemaSkipper(opened.header, file: opened.name)
    container = opened
    datumLimits = reading.limits.datum
  }

  public var header: AvroFileHeader { container.header }
  /// What was skipped so far, when damage is skipped.
  public var damage: AvroFileDamageReport { container.damage }
  /// Where the block of the last datum begins, in bytes from the start of the file.
  public var blockOffset: Int64 { container.blockOffset }

  /// Lends the next datum's bytes; they are valid inside `body` only. An error that `body` throws is damage of the
  /// datum, as if the reader had found it.
  /// - Returns: nil at the end.
  public mutating func next<Result>(
    _ body: (UnsafeRawBufferPointer) throws(AvroError) -> Result
  ) throws(AvroFileError) -> Result? {
    let (limits, skipper) = (datumLimits, skipper)
    return try container.next { bytes throws(AvroError) in
      let count = try skipper.byteCount(of: bytes, limits: limits)
      return (try body(UnsafeRawBufferPointer(rebasing: bytes[..<count])), byteCount: count)
    }
  }

  /// A copy of the next datum's bytes; nil at the end.
  public mutating func next() throws(AvroFileError) -> [UInt8]? {
    try next { bytes in [UInt8](bytes) }
  }
}

/// Whether records of the type can be added to the file.
func checkSame<Record: AvroNamedValue>(
  _ header: AvroFileHeader, _ record: Record.Type, file: String?
) throws(AvroFileError) {
  try checkSame(header, Record.schemaText, file: file)
}

func checkSame(_ header: AvroFileHeader, _ schemaText: String, file: String?) throws(AvroFileError) {
  guard header.schema.canonicalForm() == (try parsedSchema(schemaText, file: file)).canonicalForm() else {
    throw AvroFileError(
      .schemaMismatch, file: file, offset: 0,
      message: "the file's schema is another than the one asked for: \(header.schema.canonicalForm())")
  }
}

func parsedSchema(_ text: String, file: String?) throws(AvroFileError) -> Schema {
  do throws(SchemaError) {
    return try Schema(parsing: text)
  } catch {
    throw AvroFileError(.invalidSchema(error), file: file, message: "the schema asked for is not one: \(error)")
  }
}

/// What finds the ends of the file's data.
func schemaSkipper(_ header: AvroFileHeader, file: String?) throws(AvroFileError) -> SchemaSkipper {
  do throws(ResolutionError) {
    return try SchemaSkipper(header.schema)
  } catch {
    throw AvroFileError(.limitExceeded, file: file, offset: 0, message: "the file's schema: \(error)")
  }
}
