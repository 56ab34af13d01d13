import AvroRuntime

/// The part of a file that is looked at: what has been read and not yet been left behind. Nothing is read twice, so a
/// pipe does as well as a file.
struct FileWindow: ~Copyable {
  private var source: ByteSource
  private var buffer: ByteBuffer
  /// Index in `buffer` of the first byte that counts.
  private var start = 0
  private(set) var isAtEnd = false

  private static let chunkBytes = 256 << 10

  init(_ source: consuming ByteSource) {
    self.source = source
    buffer = ByteBuffer(capacity: Self.chunkBytes)
  }

  var name: String? { source.name }
  /// Where the window's first byte is in the file.
  var offset: Int64 { source.offset - Int64(count) }
  var count: Int { buffer.count - start }
  /// Valid until the window is filled or moved.
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer.bytes[start...]) }

  /// Reads until `wanted` bytes are in the window.
  ///
  /// Room is made as bytes arrive, so a length that is not true costs no more than twice what the file has.
  /// - Returns: false when the file ends before.
  mutating func fill(_ wanted: Int) throws(AvroFileError) -> Bool {
    while count < wanted {
      if isAtEnd { return false }
      makeRoom(min(wanted - count, max(count, Self.chunkBytes)))
      let room = UnsafeMutableRawBufferPointer(start: buffer.end, count: buffer.free)
      let read = try source.read(into: room)
      buffer.count += read
      if read == 0 { isAtEnd = true }
    }
    return true
  }

  private mutating func makeRoom(_ more: Int) {
    guard buffer.free < more else { return }
    if start > 0 {
      buffer.removeFirst(start)
      start = 0
    }
    buffer.reserve(more)
  }

  /// Leaves the first `number` bytes behind.
  mutating func consume(_ number: Int) {
    start += number
    if start == buffer.count {
      start = 0
      buffer.removeAll()
    }
  }

  /// Forgets what was read and goes on at `place`.
  mutating func seek(to place: Int64) throws(AvroFileError) {
    if place >= offset, place - offset <= Int64(count) {
      consume(Int(place - offset))
      return
    }
    try source.seek(to: place)
    start = 0
    buffer.removeAll()
    isAtEnd = false
  }

  /// Leaves behind all up to the end of the next `marker` that begins `skip` bytes or more into the window.
  /// - Returns: false when there is none; then the window is at the end of the file.
  mutating func consume(through marker: [UInt8], skip: Int) throws(AvroFileError) -> Bool {
    guard try fill(skip) else {
      consume(count)
      return false
    }
    consume(skip)
    while true {
      if let index = firstIndex(of: marker, in: bytes) {
        consume(index + marker.count)
        return true
      }
      // The marker may begin in the last bytes and go on in the next.
      consume(max(count - marker.count + 1, 0))
      guard try fill(max(count + 1, marker.count)) else {
        consume(count)
        return false
      }
    }
  }
}

/// Where `marker` is first in `bytes`.
func firstIndex(of marker: [UInt8], in bytes: UnsafeRawBufferPointer) -> Int? {
  guard let first = marker.first, bytes.count >= marker.count else { return nil }
  return marker.withUnsafeBytes { marker -> Int? in
    var index = 0
    let last = bytes.count - marker.count
    while index <= last {
      if bytes[index] == first, bytes[index..<index + marker.count].elementsEqual(marker) { return index }
      index += 1
    }
    return nil
  }
}
