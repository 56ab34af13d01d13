import FoundationEssentials
import JSONText

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The append-only file of changes, which holds all that the registry knows.
///
/// Each change is on the disk (fsync) before ``append(_:)`` returns. Not `Sendable`: ``RegistryStore`` owns it.
final class Journal {
  let path: String
  private let maxBytes: Int
  private let sync: @Sendable (Int32) -> Int32
  /// -1 when closed.
  private var descriptor: Int32
  /// Bytes in the file up to the end of the last whole append.
  private var length: Int
  /// Set when the file's state is no longer known: nothing is written any more.
  private var failure: RegistryFailure?

  static func path(in directory: String) -> String { directory + "/registry.jsonl" }

  /// Opens or makes `registry.jsonl` in `directory`, and locks it against a second registry.
  ///
  /// - Parameter sync: In place of `fsync(2)`: tests put one that fails or takes its time.
  init(
    directory: String, maxBytes: Int, sync: (@Sendable (Int32) -> Int32)? = nil
  ) throws(RegistryFailure) {
    self.maxBytes = maxBytes
    self.sync = sync ?? { fsync($0) }
    do {
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    } catch {
      throw .store("cannot make the directory \(directory): \(error)")
    }
    path = Self.path(in: directory)
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    length = 0
    guard descriptor >= 0 else { throw .store("cannot open \(path): \(Self.errorText())") }
    // From here on the deinit closes the file, also when this init throws.
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw .store("\(path) is in use by another registry; stop that one or name another directory")
    }
    let folder = open(directory, O_RDONLY | O_CLOEXEC)
    if folder >= 0 {
      // The file's name has to survive a power cut as well.
      fsync(folder)
      systemClose(folder)
    }
  }

  deinit {
    close()
  }

  /// Lets go of the file and its lock; nothing can be appended any more.
  func close() {
    guard descriptor >= 0 else { return }
    systemClose(descriptor)
    descriptor = -1
    failure = .stopped
  }

  /// Reads the whole file. Damaged lines are entries of their own; nothing is removed from the file.
  func replay() throws(RegistryFailure) -> [JournalLine.Entry] {
    let bytes = try Self.readAll(descriptor, path: path, maxBytes: maxBytes)
    length = bytes.count
    if let last = bytes.last, last != UInt8(ascii: "\n") {
      // A write was cut off: the next line must not be glued to it.
      try write([UInt8(ascii: "\n")])
    }
    return JournalLine.entries(in: bytes)
  }

  /// What stands in the file of a registry that may be running: lines are only ever added. A last line that is being
  /// written just now is left out.
  static func peek(directory: String, maxBytes: Int) throws(RegistryFailure) -> [JournalLine.Entry] {
    let path = path(in: directory)
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .store("cannot open \(path): \(errorText())") }
    defer { systemClose(descriptor) }
    let bytes = try readAll(descriptor, path: path, maxBytes: maxBytes)
    let end = bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    return JournalLine.entries(in: Array(bytes[..<end]))
  }

  /// Adds lines, all in one write, and waits until they are on the disk.
  func append(_ records: [RegistryRecord]) throws(RegistryFailure) {
    guard !records.isEmpty else { return }
    try write(records.flatMap { JournalLine.bytes(of: $0) })
  }

  // MARK: The file

  private func write(_ bytes: [UInt8]) throws(RegistryFailure) {
    if let failure { throw failure }
    guard length + bytes.count <= maxBytes else {
      throw .store(
        "\(path) has \(length) bytes and its limit is \(maxBytes); move to a new directory by export and import")
    }
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { buffer in
        pwrite(descriptor, buffer.baseAddress, buffer.count, off_t(length + written))
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        let reason = "cannot write \(path): \(Self.errorText())"
        // What was written of the lines is taken back; where that fails too the file's end is not known any more.
        if ftruncate(descriptor, off_t(length)) != 0 { failure = .store(reason + "; restart the registry") }
        throw .store(reason)
      }
      written += count
    }
    guard sync(descriptor) == 0 else {
      // After a failed fsync the kernel may have dropped the pages: only reading the file again tells.
      let problem = RegistryFailure.store("cannot fsync \(path): \(Self.errorText()); restart the registry")
      failure = problem
      throw problem
    }
    length += bytes.count
  }

  private static func readAll(_ descriptor: Int32, path: String, maxBytes: Int) throws(RegistryFailure) -> [UInt8] {
    let size = lseek(descriptor, 0, SEEK_END)
    guard size >= 0 else { throw .store("cannot read \(path): \(errorText())") }
    guard Int(size) <= maxBytes else {
      throw .store("\(path) has \(size) bytes; the limit is \(maxBytes)")
    }
    var bytes = [UInt8](repeating: 0, count: Int(size))
    var filled = 0
    while filled < bytes.count {
      let start = filled
      let count = bytes.withUnsafeMutableBytes { buffer in
        pread(descriptor, buffer.baseAddress?.advanced(by: start), buffer.count - start, off_t(start))
      }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .store("cannot read \(path): \(errorText())") }
      if count == 0 { break }
      filled += count
    }
    return Array(bytes[..<filled])
  }

  private static func errorText() -> String {
    String(cString: strerror(errno))
  }
}

/// `close(2)`, which the journal's own method hides.
@discardableResult
private func systemClose(_ descriptor: Int32) -> Int32 {
  close(descriptor)
}
