#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Why a file could not be printed as JSON.
struct ToJSONError: Error {
  /// File, offset and what is wrong.
  var message: String
}

/// A file from its start, a part at a time.
struct ByteStream: ~Copyable {
  let name: String
  let descriptor: Int32
  /// What was read and not yet consumed.
  private(set) var bytes: [UInt8] = []
  /// Where ``bytes`` begin in the file.
  private(set) var offset = 0
  private(set) var isAtEnd = false

  /// - Parameter path: `-` for `standardInput`.
  init(_ path: String, standardInput: Int32) throws(ToJSONError) {
    name = path == "-" ? "standard input" : path
    if path == "-" {
      descriptor = standardInput
      isOwned = false
      return
    }
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    isOwned = true
    guard descriptor >= 0 else {
      throw ToJSONError(message: "\(path): cannot be read: \(String(cString: strerror(errno)))")
    }
  }

  private let isOwned: Bool

  deinit {
    if isOwned, descriptor >= 0 { _ = close(descriptor) }
  }

  /// Reads on: as much again as there is, at least a chunk. At the end it does nothing but note that.
  mutating func readMore() throws(ToJSONError) {
    var chunk = [UInt8](repeating: 0, count: max(64 << 10, bytes.count))
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        let place = offset + bytes.count
        throw ToJSONError(message: "\(name), byte \(place): reading failed: \(String(cString: strerror(errno)))")
      }
      if count == 0 { isAtEnd = true }
      bytes += chunk[..<count]
      return
    }
  }

  mutating func readMore(until count: Int) throws(ToJSONError) {
    while bytes.count < count, !isAtEnd { try readMore() }
  }

  /// Leaves the first `count` bytes behind.
  mutating func consume(_ count: Int) {
    bytes.removeFirst(count)
    offset += count
  }
}

/// Lines for a descriptor, gathered into large writes.
struct LineWriter: ~Copyable {
  private let descriptor: Int32
  private var bytes: [UInt8] = []
  /// Nobody reads any more: nothing further is to be written.
  private(set) var isClosed = false

  private static let chunkBytes = 64 << 10

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  mutating func write(_ line: String) throws(ToJSONError) {
    bytes += line.utf8
    bytes.append(UInt8(ascii: "\n"))
    if bytes.count >= Self.chunkBytes { try flush() }
  }

  mutating func flush() throws(ToJSONError) {
    var written = 0
    while written < bytes.count, !isClosed {
      let count = bytes.withUnsafeBytes { buffer in
        systemWrite(descriptor, UnsafeRawBufferPointer(rebasing: buffer[written...]))
      }
      if count >= 0 {
        written += count
      } else if errno == EPIPE {
        isClosed = true
      } else if errno != EINTR {
        bytes = []
        throw ToJSONError(message: "writing failed: \(String(cString: strerror(errno)))")
      }
    }
    bytes.removeAll(keepingCapacity: true)
  }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
  write(descriptor, bytes.baseAddress, bytes.count)
}
