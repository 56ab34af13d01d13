#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file descriptor that is closed with its owner.
struct Descriptor: ~Copyable {
  let number: Int32
  private let isOwned: Bool

  init(_ number: Int32, isOwned: Bool = true) {
    self.number = number
    self.isOwned = isOwned
  }

  deinit {
    if isOwned { _ = close(number) }
  }

  /// Closes it now.
  /// - Returns: `errno`; 0 when all was well.
  consuming func closed() -> Int32 {
    let result = isOwned ? close(number) : 0
    discard self
    return result == 0 ? 0 : errno
  }
}

/// What `errno` means.
func systemMessage(_ code: Int32) -> String {
  guard let text = strerror(code) else { return "error \(code)" }
  return String(cString: text)
}

/// Where the bytes of a container file come from. Calls block.
struct ByteSource: ~Copyable {
  private enum Kind: ~Copyable {
    case file(Descriptor)
    case memory([UInt8])
  }

  private let kind: Kind
  /// Bytes of the start that somebody read before.
  private var pending: ArraySlice<UInt8> = []
  /// Where the next byte is read, from the start of the file.
  private(set) var offset: Int64 = 0
  /// For errors; nil in memory.
  let name: String?

  init(path: String) throws(AvroFileError) {
    let number = retrying { open(path, O_RDONLY | O_CLOEXEC) }
    guard number >= 0 else {
      let code = errno
      throw AvroFileError(.system(code), file: path, message: "can't be opened: \(systemMessage(code))")
    }
    self.init(Descriptor(number), name: path)
  }

  init(_ descriptor: consuming Descriptor, name: String?, alreadyRead: [UInt8] = []) {
    kind = .file(descriptor)
    pending = alreadyRead[...]
    self.name = name
  }

  init(_ bytes: [UInt8]) {
    kind = .memory(bytes)
    name = nil
  }

  /// - Returns: how many bytes were read; 0 at the end.
  mutating func read(into target: UnsafeMutableRawBufferPointer) throws(AvroFileError) -> Int {
    if !pending.isEmpty {
      let count = min(target.count, pending.count)
      target.copyBytes(from: pending.prefix(count))
      pending.removeFirst(count)
      offset += Int64(count)
      return count
    }
    let count: Int
    switch kind {
    case .file(let descriptor):
      let number = descriptor.number
      guard let address = target.baseAddress, target.count > 0 else { return 0 }
      count = retrying { systemRead(number, address, target.count) }
      guard count >= 0 else { throw failure("reading", errno) }
    case .memory(let bytes):
      count = min(target.count, bytes.count - Int(offset))
      bytes.withUnsafeBytes { source in
        target.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[Int(offset)..<Int(offset) + count]))
      }
    }
    offset += Int64(count)
    return count
  }

  /// Goes to a place at or before the end.
  mutating func seek(to place: Int64) throws(AvroFileError) {
    pending = []
    switch kind {
    case .file(let descriptor):
      guard lseek(descriptor.number, off_t(place), SEEK_SET) >= 0 else { throw failure("seeking", errno) }
      offset = place
    case .memory(let bytes): offset = min(max(place, 0), Int64(bytes.count))
    }
  }

  private func failure(_ doing: String, _ code: Int32) -> AvroFileError {
    AvroFileError(.system(code), file: name, offset: offset, message: "\(doing) failed: \(systemMessage(code))")
  }
}

/// Again and again while a signal came between.
func retrying<Value: SignedInteger>(_ call: () -> Value) -> Value {
  while true {
    let result = call()
    if result >= 0 || errno != EINTR { return result }
  }
}

private func systemRead(_ number: Int32, _ target: UnsafeMutableRawPointer, _ count: Int) -> Int {
  read(number, target, count)
}
