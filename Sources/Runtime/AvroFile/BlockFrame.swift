import AvroRuntime

/// A block as it lies at the start of a window.
struct BlockFrame {
  /// Where it begins in the file.
  var offset: Int64
  /// Count, length, bytes and sync marker.
  var byteCount: Int
  /// The bytes as they are stored, from the start of the window.
  var stored: Range<Int>
  /// How many data it says it has.
  var count: Int64

  /// Count and length take at most ten bytes each.
  static let maxPrefixBytes = 20
}

extension FileWindow {
  /// Brings a whole block into the window, leaves it there, and looks at what is around its data.
  mutating func readFrame(_ header: AvroFileHeader, _ limits: AvroFileLimits) throws(AvroFileError) -> BlockFrame {
    let offset = offset
    _ = try fill(BlockFrame.maxPrefixBytes)
    var reader = AvroReader(bytes)
    let count: Int64
    let length: Int64
    do throws(AvroError) {
      count = try reader.readLong()
      length = try reader.readLong()
    } catch {
      if error.kind == .truncated { throw failure(.truncated, offset, "the file ends inside this block") }
      throw failure(.malformedBlock, offset, "the block's count or length: \(error.kind.explanation)")
    }
    guard count >= 0, length >= 0 else {
      throw failure(.malformedBlock, offset, "the block claims \(count) data in \(length) bytes")
    }
    guard length <= Int64(limits.blockBytes) else {
      throw failure(
        .limitExceeded, offset,
        "the block claims \(length) bytes: when that is right, raise maxBlockBytes over \(limits.blockBytes)")
    }
    let stored = reader.offset..<reader.offset + Int(length)
    let end = stored.upperBound + AvroFileHeader.syncBytes
    guard try fill(end) else {
      throw failure(.truncated, offset, "the file ends inside this block, \(end - self.count) bytes too soon")
    }
    guard bytes[stored.upperBound..<end].elementsEqual(header.syncMarker) else {
      throw failure(.wrongSyncMarker, offset, "the block does not end in the file's sync marker")
    }
    return BlockFrame(offset: offset, byteCount: end, stored: stored, count: count)
  }

  /// A block begins behind a sync marker. The one before a block that begins at or after the range's start may reach
  /// into the range or end right before it. The window is right behind the header.
  mutating func goToFirstBlock(of range: Range<Int64>, _ header: AvroFileHeader) throws(AvroFileError) {
    let first = offset
    guard range.lowerBound > first else { return }
    try seek(to: max(range.lowerBound - Int64(AvroFileHeader.syncBytes), first))
    _ = try consume(through: header.syncMarker, skip: 0)
  }

  private func failure(_ kind: AvroFileError.Kind, _ offset: Int64, _ message: String) -> AvroFileError {
    AvroFileError(kind, file: name, offset: offset, message: message)
  }
}
