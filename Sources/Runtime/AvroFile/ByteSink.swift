#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Where the bytes of a container file go. Calls block.
struct ByteSink: ~Copyable {
  /// Nil in memory.
  private var descriptor: Descriptor?
  private let number: Int32
  private var memory: [UInt8] = []
  let name: String?
  /// Bytes that are whole blocks; what is behind them is not there.
  private(set) var count: Int64

  /// In memory, behind `bytes`.
  init(_ bytes: [UInt8]) {
    descriptor = nil
    number = -1
    memory = bytes
    name = nil
    count = Int64(bytes.count)
  }

  private init(_ descriptor: consuming Descriptor, path: String, count: Int64) {
    number = descriptor.number
    self.descriptor = consume descriptor
    name = path
    self.count = count
  }

  /// Opens a file for this writer alone.
  /// - Returns: with `count` 0 for one to begin.
  static func opened(path: String, _ ifExists: AvroFileWriting.IfExists) throws(AvroFileError) -> ByteSink {
    let exclusive = ifExists == .fail ? O_EXCL : 0
    let number = retrying { systemOpen(path, O_RDWR | O_CREAT | O_CLOEXEC | exclusive) }
    guard number >= 0 else {
      let code = errno
      if code == EEXIST {
        throw AvroFileError(.fileExists, file: path, message: "there is a file already: replace it or append to it")
      }
      throw AvroFileError(.system(code), file: path, message: "can't be opened: \(systemMessage(code))")
    }
    let descriptor = Descriptor(number)
    var info = stat()
    guard fstat(number, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
      throw AvroFileError(.invalidOption, file: path, message: "not a regular file")
    }
    // Some network file systems have no locks; there the caller has to see to it.
    if retrying({ flock(number, LOCK_EX | LOCK_NB) }) != 0, errno == EWOULDBLOCK {
      throw AvroFileError(.locked, file: path, message: "somebody else writes this file: wait until it is closed")
    }
    var sink = ByteSink(descriptor, path: path, count: Int64(info.st_size))
    if ifExists == .replace { try sink.truncate(to: 0) }
    return sink
  }

  /// What is there, to be read by a descriptor of its own position.
  func source() throws(AvroFileError) -> ByteSource {
    if let name { return try ByteSource(path: name) }
    return ByteSource(memory)
  }

  /// Takes away what is behind `newCount` bytes.
  mutating func truncate(to newCount: Int64) throws(AvroFileError) {
    if number < 0 {
      memory.removeLast(memory.count - Int(newCount))
    } else {
      let number = number
      guard retrying({ ftruncate(number, off_t(newCount)) }) == 0 else { throw failure("cutting", errno) }
    }
    count = newCount
  }

  /// Writes all of it, or leaves the file as it was before.
  mutating func write(_ bytes: UnsafeRawBufferPointer) throws(AvroFileError) {
    if number < 0 {
      memory.append(contentsOf: bytes)
    } else {
      try writeToFile(bytes)
    }
    count += Int64(bytes.count)
  }

  private func writeToFile(_ bytes: UnsafeRawBufferPointer) throws(AvroFileError) {
    let (number, count) = (number, off_t(count))
    var written = 0
    while written < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
      let place = count + off_t(written)
      let result = retrying { pwrite(number, rest.baseAddress, rest.count, place) }
      guard result > 0 else {
        let error = failure("writing", result == 0 ? EIO : errno)
        // A reader would stop at half a block; without it the file is whole. When even this fails, it is cut off at
        // the next opening.
        _ = retrying { ftruncate(number, count) }
        throw error
      }
      written += result
    }
  }

  /// Returns once all that was written is on the disk.
  func sync() throws(AvroFileError) {
    guard number >= 0 else { return }
    let number = number
    guard retrying({ fsync(number) }) == 0 else { throw failure("syncing", errno) }
  }

  /// Returns once the file's name is on the disk too.
  func syncFolder() throws(AvroFileError) {
    guard let name else { return }
    let folder = name.lastIndex(of: "/").map { $0 == name.startIndex ? "/" : String(name[..<$0]) } ?? "."
    let number = retrying { systemOpen(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard number >= 0 else { throw failure("opening the folder", errno) }
    defer { _ = close(number) }
    guard retrying({ fsync(number) }) == 0 else { throw failure("syncing the folder", errno) }
  }

  /// Closes a file; gives the bytes of one in memory.
  mutating func finish() throws(AvroFileError) -> [UInt8] {
    guard let descriptor = descriptor.take() else { return memory }
    // Some file systems say only now that there was no room.
    let code = descriptor.closed()
    guard code == 0 || code == EINTR else { throw failure("closing", code) }
    return []
  }

  private func failure(_ doing: String, _ code: Int32) -> AvroFileError {
    AvroFileError(.system(code), file: name, offset: count, message: "\(doing) failed: \(systemMessage(code))")
  }
}

private func systemOpen(_ path: String, _ flags: Int32) -> Int32 { open(path, flags, 0o666) }
