/// Where further blocks of a file go.
struct AppendPlace {
  let header: AvroFileHeader
  /// The end of the last whole block, in bytes from the start; what is behind it was cut off by a crash.
  let end: Int64

  init(in sink: borrowing ByteSink, limits: AvroFileLimits) throws(AvroFileError) {
    var window = FileWindow(try sink.source())
    header = try AvroFileHeader(from: &window, limits: limits)
    let start = window.offset
    let marker = header.syncMarker
    // A block ends in the marker, so a file that does has nothing cut off.
    try window.seek(to: max(start, sink.count - Int64(marker.count)))
    _ = try window.fill(marker.count)
    if sink.count == start || window.bytes.elementsEqual(marker) {
      end = sink.count
      return
    }
    try window.seek(to: start)
    end = try Self.endOfWholeBlocks(&window, header, limits)
  }

  /// What is behind the last whole block may be taken away only when no further block follows it.
  private static func endOfWholeBlocks(
    _ window: inout FileWindow, _ header: AvroFileHeader, _ limits: AvroFileLimits
  ) throws(AvroFileError) -> Int64 {
    while try window.fill(1) {
      let offset = window.offset
      do throws(AvroFileError) {
        window.consume(try window.readFrame(header, limits).byteCount)
      } catch {
        if case .system = error.kind { throw error }
        guard try window.consume(through: header.syncMarker, skip: 1) else { return offset }
        var damage = error
        damage.message += "; blocks follow that may be good, so nothing is appended: copy the file, skipping damage"
        throw damage
      }
    }
    return window.offset
  }
}
