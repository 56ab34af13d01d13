import AvroRuntime
import AvroSchema

/// Writes a container file: gathers data into blocks and blocks into the file.
struct ContainerWriter: ~Copyable, Sendable {
  let header: AvroFileHeader
  /// Bytes of a block cut off by a crash that were taken away.
  let droppedByteCount: Int64
  private(set) var count: Int64 = 0
  private let writing: AvroFileWriting
  private var sink: ByteSink
  private let codec: (any BlockCodec)?
  /// The block's data, behind room for its count and length.
  private var block: ByteBuffer
  private var compressed: ByteBuffer
  private var countInBlock = 0
  private var isNameSynced: Bool
  private var failure: AvroFileError?

  /// - Parameters:
  ///   - schemaText: of a file that is begun; nil when there has to be one.
  ///   - check: looks at the header of a file that is there, before anything is changed.
  init(
    _ sink: consuming ByteSink, schemaText: String?, _ writing: AvroFileWriting,
    check: (AvroFileHeader) throws(AvroFileError) -> Void
  ) throws(AvroFileError) {
    var target = sink
    let isNew = target.count == 0
    try writing.check(file: target.name)
    let header: AvroFileHeader
    var dropped: Int64 = 0
    if isNew {
      header = try Self.newHeader(schemaText, writing, target.name)
    } else {
      let place = try AppendPlace(in: target, limits: writing.limits)
      header = place.header
      dropped = target.count - place.end
      try check(header)
    }
    // A level meant for another codec than the file's does not count.
    let levels = header.codec.levels
    let level = writing.level.flatMap { levels?.contains($0) == true ? $0 : nil }
    let codec: (any BlockCodec)?
    do throws(CodecFailure) {
      codec = try header.codec.makeCodec(level: level, maxMemoryBytes: writing.limits.maxCodecMemoryBytes)
    } catch {
      throw AvroFileError(error, codec: header.codec, limit: 0, file: target.name, offset: nil)
    }
    if dropped > 0 { try target.truncate(to: target.count - dropped) }
    if isNew { try Self.write(header, to: &target) }
    self.header = header
    self.codec = codec
    self.writing = writing
    droppedByteCount = dropped
    isNameSynced = !isNew
    self.sink = target
    compressed = ByteBuffer()
    block = ByteBuffer(capacity: min(writing.blockBytes, 64 << 10) + 2 * BlockFrame.maxPrefixBytes)
    block.count = BlockFrame.maxPrefixBytes
  }

  private static func write(_ header: AvroFileHeader, to sink: inout ByteSink) throws(AvroFileError) {
    let bytes: [UInt8]
    do throws(AvroError) {
      bytes = try header.bytes()
    } catch {
      throw AvroFileError(.invalidOption, file: sink.name, message: "the metadata are too large: \(error)")
    }
    try bytes.withUnsafeBufferPointer { (bytes) throws(AvroFileError) in
      try sink.write(UnsafeRawBufferPointer(bytes))
    }
  }

  private static func newHeader(
    _ schemaText: String?, _ writing: AvroFileWriting, _ name: String?
  ) throws(AvroFileError) -> AvroFileHeader {
    guard let schemaText else {
      throw AvroFileError(.invalidOption, file: name, message: "a new file needs a schema")
    }
    do throws(SchemaError) {
      return AvroFileHeader(
        schema: try Schema(parsing: schemaText), schemaText: schemaText, codec: writing.codec,
        metadata: writing.metadata, syncMarker: writing.newMarker())
    } catch {
      throw AvroFileError(.invalidSchema(error), file: name, message: "the schema to write is not one: \(error)")
    }
  }

  var name: String? { sink.name }
  /// Bytes in the file; the block that is being gathered is not among them.
  var byteCount: Int64 { sink.count }

  /// Adds one encoded datum.
  mutating func append(_ datum: UnsafeRawBufferPointer) throws(AvroFileError) {
    if let failure { throw failure }
    guard datum.count <= writing.maxDatumBytes else {
      throw AvroFileError(
        .invalidValue(AvroError(.tooLarge, offset: datum.count)), file: name,
        message: "a datum of \(datum.count) bytes: the limit is maxDatumBytes, \(writing.maxDatumBytes)")
    }
    // A block that is full without this datum ends before it, so that only a datum on its own makes a larger one.
    let used = block.count - BlockFrame.maxPrefixBytes
    if countInBlock > 0, used + datum.count > writing.blockBytes { try endBlock() }
    block.append(datum)
    countInBlock += 1
    count += 1
    if block.count - BlockFrame.maxPrefixBytes >= writing.blockBytes || countInBlock >= writing.maxBlockCount {
      try endBlock()
    }
  }

  /// Writes what has been gathered as a block; nothing when that is nothing.
  mutating func endBlock() throws(AvroFileError) {
    if let failure { throw failure }
    guard countInBlock > 0 else { return }
    do throws(AvroFileError) {
      if let codec {
        compressed.removeAll()
        compressed.count = BlockFrame.maxPrefixBytes
        let data = UnsafeRawBufferPointer(rebasing: block.bytes[BlockFrame.maxPrefixBytes...])
        do throws(CodecFailure) {
          try codec.compress(data, to: &compressed)
        } catch {
          throw AvroFileError(error, codec: header.codec, limit: 0, file: name, offset: sink.count)
        }
        let start = Self.frame(&compressed, countInBlock, header.syncMarker)
        try sink.write(UnsafeRawBufferPointer(rebasing: compressed.bytes[start...]))
      } else {
        let start = Self.frame(&block, countInBlock, header.syncMarker)
        try sink.write(UnsafeRawBufferPointer(rebasing: block.bytes[start...]))
      }
      block.removeAll()
      block.count = BlockFrame.maxPrefixBytes
      countInBlock = 0
      if writing.syncsEachBlock { try syncFile() }
    } catch {
      failure = error
      throw error
    }
  }

  /// Puts count and length right before the bytes and the marker behind them, so that one call writes all.
  /// - Returns: where the block begins.
  private static func frame(_ buffer: inout ByteBuffer, _ count: Int, _ marker: [UInt8]) -> Int {
    var prefix: [UInt8] = []
    appendLong(Int64(count), to: &prefix)
    appendLong(Int64(buffer.count - BlockFrame.maxPrefixBytes), to: &prefix)
    let start = BlockFrame.maxPrefixBytes - prefix.count
    let room = UnsafeMutableRawBufferPointer(start: buffer.base + start, count: prefix.count)
    room.copyBytes(from: prefix)
    buffer.append(marker)
    return start
  }

  private static func appendLong(_ value: Int64, to bytes: inout [UInt8]) {
    var rest = UInt64(bitPattern: (value << 1) ^ (value >> 63))
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// Writes what has been gathered and waits for the disk.
  mutating func sync() throws(AvroFileError) {
    try endBlock()
    try syncFile()
  }

  private mutating func syncFile() throws(AvroFileError) {
    try sink.sync()
    if !isNameSynced {
      try sink.syncFolder()
      isNameSynced = true
    }
  }

  /// Writes what has been gathered and closes the file; gives all bytes of a file in memory.
  mutating func finish() throws(AvroFileError) -> [UInt8] {
    try endBlock()
    return try sink.finish()
  }
}
