import AvroRuntime
import AvroSchema

/// Reads a container file block by block, and the data of a block one by one.
struct ContainerReader: ~Copyable {
  /// The block whose data are being given. It stays in the window until the last one has been.
  private struct Block {
    var frame: BlockFrame
    var countLeft: Int64
    /// In the uncompressed bytes.
    var position = 0
  }

  let header: AvroFileHeader
  private(set) var damage = AvroFileDamageReport()
  private let reading: AvroFileReading
  private var window: FileWindow
  private let codec: (any BlockCodec)?
  private var uncompressed: ByteBuffer
  private var block: Block?
  /// What ended reading.
  private var failure: AvroFileError?

  init(_ source: consuming ByteSource, _ reading: AvroFileReading) throws(AvroFileError) {
    var opened = FileWindow(source)
    let found = try AvroFileHeader(from: &opened, limits: reading.limits)
    let codec: (any BlockCodec)?
    do throws(CodecFailure) {
      codec = try found.codec.makeCodec(level: nil, maxMemoryBytes: reading.limits.maxCodecMemoryBytes)
    } catch {
      throw AvroFileError(error, codec: found.codec, limit: 0, file: opened.name, offset: nil)
    }
    if let range = reading.range { try opened.goToFirstBlock(of: range, found) }
    self.reading = reading
    self.codec = codec
    uncompressed = ByteBuffer()
    header = found
    window = opened
  }

  /// Where the block begins whose data are given, or the next one, in bytes from the start of the file.
  var blockOffset: Int64 { block?.frame.offset ?? window.offset }
  var name: String? { window.name }

  /// Lends the bytes from the next datum to the end of its block. `body` gives how many of them the datum took.
  ///
  /// - Returns: nil at the end of the file or range.
  mutating func next<Result>(
    _ body: (UnsafeRawBufferPointer) throws(AvroError) -> (Result, byteCount: Int)
  ) throws(AvroFileError) -> Result? {
    while true {
      if let failure { throw failure }
      do throws(AvroFileError) {
        guard try hasDatum() else { return nil }
        return try take(body)
      } catch {
        try recover(from: error)
      }
    }
  }

  private mutating func take<Result>(
    _ body: (UnsafeRawBufferPointer) throws(AvroError) -> (Result, byteCount: Int)
  ) throws(AvroFileError) -> Result? {
    guard let block else { return nil }
    do throws(AvroError) {
      let bytes = codec == nil ? UnsafeRawBufferPointer(rebasing: window.bytes[block.frame.stored]) : uncompressed.bytes
      let (result, count) = try body(UnsafeRawBufferPointer(rebasing: bytes[block.position...]))
      self.block?.position += count
      self.block?.countLeft -= 1
      return result
    } catch {
      throw AvroFileError(
        .invalidDatum(error), file: window.name, offset: block.frame.offset,
        message: """
          datum \(block.frame.count - block.countLeft + 1) of \(block.frame.count) in this block, which begins at byte \
          \(block.position) of its uncompressed bytes: \(error)
          """)
    }
  }

  /// Goes to the next datum, over the end of a block; false at the end of the file or range.
  private mutating func hasDatum() throws(AvroFileError) -> Bool {
    while true {
      if let block {
        if block.countLeft > 0 { return true }
        let all = codec == nil ? block.frame.stored.count : uncompressed.count
        guard block.position == all else {
          throw error(
            .malformedBlock, block.frame.offset,
            "\(all - block.position) bytes are left behind the last datum of the block")
        }
        window.consume(block.frame.byteCount)
        self.block = nil
      }
      guard try readBlock() else { return false }
    }
  }

  private func error(_ kind: AvroFileError.Kind, _ offset: Int64, _ message: String) -> AvroFileError {
    AvroFileError(kind, file: window.name, offset: offset, message: message)
  }

  /// - Returns: false when there is no further block.
  private mutating func readBlock() throws(AvroFileError) -> Bool {
    let offset = window.offset
    if let range = reading.range, offset >= range.upperBound { return false }
    guard try window.fill(1) else { return false }
    let frame = try window.readFrame(header, reading.limits)
    // Set first: what goes wrong from here on has lost as many data as the block says.
    block = Block(frame: frame, countLeft: frame.count)
    uncompressed.removeAll()
    if let codec {
      let stored = UnsafeRawBufferPointer(rebasing: window.bytes[frame.stored])
      let limit = reading.limits.uncompressedBytes(of: stored.count)
      do throws(CodecFailure) {
        try codec.uncompress(stored, to: &uncompressed, limit: limit)
      } catch {
        throw AvroFileError(error, codec: header.codec, limit: limit, file: window.name, offset: offset)
      }
    }
    // Data without bytes are bounded; all others take one at least.
    let all = codec == nil ? frame.stored.count : uncompressed.count
    guard frame.count <= Int64(all) + Int64(max(reading.limits.datum.maxEmptyItems, 0)) else {
      throw error(.malformedBlock, offset, "the block claims \(frame.count) data in \(all) bytes")
    }
    return true
  }

  /// Ends reading, or goes on behind the next sync marker.
  private mutating func recover(from error: AvroFileError) throws(AvroFileError) {
    if case .system = error.kind { failure = error }
    if case .codecUnavailable = error.kind { failure = error }
    if reading.onDamage == .fail { failure = error }
    if let failure { throw failure }
    let offset = blockOffset
    let lost = block?.countLeft
    block = nil
    do throws(AvroFileError) {
      _ = try window.consume(through: header.syncMarker, skip: 1)
    } catch {
      failure = error
      throw error
    }
    damage.add(
      AvroFileDamage(offset: offset, byteCount: window.offset - offset, lostCount: lost, error: error),
      limit: reading.limits.maxDamageReports)
  }
}
