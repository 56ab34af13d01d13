import AvroRuntime
import AvroSchema

/// Writes records of a generated type to an object container file (specification 1.12, "Object Container Files").
///
/// A new file has its header, and each block goes to it whole, in one call of the system: after a crash the file can be
/// read up to its last whole block, and appended to. What has not been flushed is lost with the process, and when a
/// writer is dropped without ``close()``.
///
/// All calls block: from async code use a thread of your own, not the cooperative pool. A writer belongs to one caller
/// at a time, and locks its file against other writers (`flock`). After an error, other than one of a value, each
/// further call throws it again.
///
///     var writer = try AvroFileWriter<Transfer>(path: "transfers.avro", AvroFileWriting(codec: .zstandard))
///     for transfer in transfers { try writer.append(transfer) }
///     try writer.close()
public struct AvroFileWriter<Record: AvroNamedValue>: ~Copyable, Sendable {
  private var container: ContainerWriter
  private var scratch: Scratch

  /// - Throws: ``AvroFileError/Kind/schemaMismatch`` when the file to append to has another schema than the record.
  public init(path: String, _ writing: AvroFileWriting = AvroFileWriting()) throws(AvroFileError) {
    try writing.check(file: path)
    try writing.checkCodec(file: path)
    try self.init(try ByteSink.opened(path: path, writing.ifExists), writing)
  }

  /// Writes a file in memory, which ``finish()`` gives.
  /// - Parameter bytes: a file to append to; empty for a new one.
  public init(
    inMemory bytes: [UInt8] = [], _ writing: AvroFileWriting = AvroFileWriting()
  ) throws(AvroFileError) {
    try self.init(ByteSink(bytes), writing)
  }

  private init(_ sink: consuming ByteSink, _ writing: AvroFileWriting) throws(AvroFileError) {
    let file = sink.name
    container = try ContainerWriter(sink, schemaText: Record.schemaText, writing) { (header) throws(AvroFileError) in
      try checkSame(header, Record.self, file: file)
    }
    scratch = Scratch(maxBytes: writing.maxDatumBytes)
  }

  public var header: AvroFileHeader { container.header }
  /// How many records this writer took.
  public var count: Int64 { container.count }
  /// In the file, with header; records that have not been flushed are not among them.
  public var byteCount: Int64 { container.byteCount }
  /// How many bytes of a block that a crash cut off were taken away before appending.
  public var droppedByteCount: Int64 { container.droppedByteCount }

  /// Adds a record. A value that can't be encoded is left out, and the writer goes on.
  public mutating func append(_ record: borrowing Record) throws(AvroFileError) {
    scratch.writer.reset()
    record.encode(to: &scratch.writer)
    if let error = scratch.writer.failure {
      throw AvroFileError(.invalidValue(error), file: container.name, message: "the record can't be written: \(error)")
    }
    let (base, count) = scratch.writer.withBytes { ($0.baseAddress, $0.count) }
    try container.append(UnsafeRawBufferPointer(start: base, count: count))
  }

  /// Ends the block: what was appended is in the file, and readable there, though maybe not on the disk yet.
  public mutating func flush() throws(AvroFileError) { try container.endBlock() }

  /// As ``flush()``, and waits until all is on the disk.
  public mutating func sync() throws(AvroFileError) { try container.sync() }

  /// Flushes and closes the file.
  public consuming func close() throws(AvroFileError) { _ = try container.finish() }

  /// Flushes and gives the whole file that was written in memory; no bytes of one that has a path.
  public consuming func finish() throws(AvroFileError) -> [UInt8] { try container.finish() }
}

/// Writes data that are encoded already to a container file, of any schema. See ``AvroFileWriter``, which behaves alike.
public struct AvroRawFileWriter: ~Copyable, Sendable {
  private var container: ContainerWriter
  private let skipper: SchemaSkipper
  private let datumLimits: AvroLimits

  /// - Parameter schemaText: self-contained. The file to append to must have the same one, but for what does not change
  ///   its canonical form; nil takes whatever the file has.
  public init(
    path: String, schemaText: String?, _ writing: AvroFileWriting = AvroFileWriting()
  ) throws(AvroFileError) {
    try writing.check(file: path)
    try writing.checkCodec(file: path)
    try self.init(try ByteSink.opened(path: path, writing.ifExists), schemaText, writing)
  }

  /// Writes a file in memory, which ``finish()`` gives.
  public init(
    inMemory bytes: [UInt8] = [], schemaText: String?, _ writing: AvroFileWriting = AvroFileWriting()
  ) throws(AvroFileError) {
    try self.init(ByteSink(bytes), schemaText, writing)
  }

  private init(
    _ sink: consuming ByteSink, _ schemaText: String?, _ writing: AvroFileWriting
  ) throws(AvroFileError) {
    let file = sink.name
    let opened = try ContainerWriter(sink, schemaText: schemaText, writing) { (header) throws(AvroFileError) in
      guard let schemaText else { return }
      try checkSame(header, schemaText, file: file)
    }
    skipper = try schemaSkipper(opened.header, file: opened.name)
    container = opened
    datumLimits = writing.limits.datum
  }

  public var header: AvroFileHeader { container.header }
  /// How many data this writer took.
  public var count: Int64 { container.count }
  public var byteCount: Int64 { container.byteCount }
  /// How many bytes of a block that a crash cut off were taken away before appending.
  public var droppedByteCount: Int64 { container.droppedByteCount }

  /// Adds a datum. Bytes that are not exactly one of the schema are refused, and the writer goes on; whether strings
  /// are UTF-8 and enum symbols known is not looked at.
  public mutating func append(_ datum: UnsafeRawBufferPointer) throws(AvroFileError) {
    do throws(AvroError) {
      let count = try skipper.byteCount(of: datum, limits: datumLimits)
      guard count == datum.count else { throw AvroError(.trailingBytes, offset: count) }
    } catch {
      throw AvroFileError(
        .invalidValue(error), file: container.name, message: "not a datum of the file's schema: \(error)")
    }
    try container.append(datum)
  }

  public mutating func append(_ datum: [UInt8]) throws(AvroFileError) {
    try datum.withUnsafeBufferPointer { (bytes) throws(AvroFileError) in try append(UnsafeRawBufferPointer(bytes)) }
  }

  /// Ends the block: what was appended is in the file, and readable there, though maybe not on the disk yet.
  public mutating func flush() throws(AvroFileError) { try container.endBlock() }

  /// As ``flush()``, and waits until all is on the disk.
  public mutating func sync() throws(AvroFileError) { try container.sync() }

  /// Flushes and closes the file.
  public consuming func close() throws(AvroFileError) { _ = try container.finish() }

  /// Flushes and gives the whole file that was written in memory; no bytes of one that has a path.
  public consuming func finish() throws(AvroFileError) -> [UInt8] { try container.finish() }
}
