import FoundationEssentials

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// One registration: what a line of the journal holds.
struct Registration: Codable, Hashable, Sendable {
  var id: Int32
  var subject: String
  var version: Int32
  /// As it was sent.
  var schema: String
}

/// A change of compatibility level; the journal's other kind of line.
struct LevelSetting: Codable, Hashable, Sendable {
  /// Nil for the global one.
  var subject: String?
  /// Nil when it was deleted.
  var level: String?
}

/// The append-only file of registrations.
///
/// A line is `{"crc32":"xxxxxxxx","registration":{…}}` or has `level` in that place: the checksum is over the bytes of the inner object as they
/// stand there. Each line is on the disk (fsync) before ``append(_:)`` returns. Not `Sendable`: ``RegistryStore``
/// owns it.
final class Journal {
  /// What replaying the file gave, in the order of the file.
  enum Entry {
    case registration(Registration, line: Int)
    case level(LevelSetting, line: Int)
    /// `lostAtMost` is a bound on the registrations that the damaged bytes held: none is shorter than 64 bytes.
    case damaged(line: Int, reason: String, lostAtMost: Int)
  }

  static let shortestLineBytes = 64
  private static let prefix = Array(#"{"crc32":""#.utf8)
  private static let registrationMiddle = Array(#"","registration":"#.utf8)
  private static let levelMiddle = Array(#"","level":"#.utf8)

  /// What a whole line holds.
  enum Content {
    case registration(Registration)
    case level(LevelSetting)
  }

  let path: String
  /// -1 when closed.
  private var descriptor: Int32
  /// Bytes in the file up to the end of the last whole append.
  private var length: Int
  /// Set when the file's state is no longer known: nothing is written any more.
  private var failure: String?

  /// Opens or makes `registry.jsonl` in `directory`, and locks it against a second registry.
  init(directory: String) throws(RegistryFailure) {
    do {
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    } catch {
      throw .store("cannot make the directory \(directory): \(error)")
    }
    path = directory + "/registry.jsonl"
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
    failure = "the registry has stopped"
  }

  /// Reads the whole file. Damaged lines are entries of their own; nothing is removed from the file.
  func replay(maxBytes: Int) throws(RegistryFailure) -> [Entry] {
    let bytes = try readAll(maxBytes: maxBytes)
    length = bytes.count
    var entries: [Entry] = []
    var number = 0
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true) {
      number += 1
      switch Self.parse(line) {
      case .success(.level(let setting)):
        entries.append(.level(setting, line: number))
      case .success(.registration(let registration)):
        entries.append(.registration(registration, line: number))
      case .failure(let damage):
        entries.append(
          .damaged(
            line: number, reason: damage.reason, lostAtMost: line.count / Self.shortestLineBytes + 1))
      }
    }
    if let last = bytes.last, last != UInt8(ascii: "\n") {
      // A write was cut off: the next line must not be glued to it.
      try write([UInt8(ascii: "\n")])
    }
    return entries
  }

  /// Adds a line and waits until it is on the disk.
  func append(_ registration: Registration) throws(RegistryFailure) {
    try write(Self.line(of: registration, middle: Self.registrationMiddle))
  }

  /// As above.
  func append(_ setting: LevelSetting) throws(RegistryFailure) {
    try write(Self.line(of: setting, middle: Self.levelMiddle))
  }

  // MARK: Lines

  struct Damage: Error { var reason: String }

  private static func line(of content: some Encodable, middle: [UInt8]) throws(RegistryFailure) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let body: [UInt8]
    do {
      body = Array(try encoder.encode(content))
    } catch {
      throw .store("cannot write the registration as JSON: \(error)")
    }
    return prefix + hex(CRC32.checksum(body)) + middle + body + Array("}\n".utf8)
  }

  static func parse(_ line: some BidirectionalCollection<UInt8>) -> Result<Content, Damage> {
    let bytes = Array(line)
    let kindStart = prefix.count + 8
    let isLevel = bytes.count > kindStart && bytes[kindStart...].starts(with: levelMiddle)
    let middle = isLevel ? levelMiddle : registrationMiddle
    let bodyStart = prefix.count + 8 + middle.count
    guard bytes.count > bodyStart + 1, bytes.starts(with: prefix), bytes.last == UInt8(ascii: "}"),
      bytes[(prefix.count + 8)..<bodyStart].elementsEqual(middle)
    else { return .failure(Damage(reason: "not a line of a registry's journal")) }
    let body = bytes[bodyStart..<(bytes.count - 1)]
    guard bytes[prefix.count..<(prefix.count + 8)].elementsEqual(hex(CRC32.checksum(body))) else {
      return .failure(Damage(reason: "the checksum does not fit"))
    }
    do {
      let data = Data(body)
      return .success(
        isLevel
          ? .level(try JSONDecoder().decode(LevelSetting.self, from: data))
          : .registration(try JSONDecoder().decode(Registration.self, from: data)))
    } catch {
      return .failure(Damage(reason: "the registration cannot be read: \(error)"))
    }
  }

  private static func hex(_ value: UInt32) -> [UInt8] {
    let text = String(value, radix: 16)
    return Array((String(repeating: "0", count: 8 - text.count) + text).utf8)
  }

  // MARK: The file

  private func write(_ bytes: [UInt8]) throws(RegistryFailure) {
    if let failure { throw .store(failure) }
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { buffer in
        pwrite(descriptor, buffer.baseAddress, buffer.count, off_t(length + written))
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        let reason = "cannot write \(path): \(Self.errorText())"
        // What was written of the line is taken back; where that fails too the file's end is not known any more.
        if ftruncate(descriptor, off_t(length)) != 0 { failure = reason + "; restart the registry" }
        throw .store(reason)
      }
      written += count
    }
    guard fsync(descriptor) == 0 else {
      // After a failed fsync the kernel may have dropped the pages: only reading the file again tells.
      let reason = "cannot fsync \(path): \(Self.errorText()); restart the registry"
      failure = reason
      throw .store(reason)
    }
    length += bytes.count
  }

  private func readAll(maxBytes: Int) throws(RegistryFailure) -> [UInt8] {
    let size = lseek(descriptor, 0, SEEK_END)
    guard size >= 0 else { throw .store("cannot read \(path): \(Self.errorText())") }
    guard Int(size) <= maxBytes else {
      throw .store("\(path) has \(size) bytes, more than the \(maxBytes) that this registry reads")
    }
    var bytes = [UInt8](repeating: 0, count: Int(size))
    var filled = 0
    while filled < bytes.count {
      let count = bytes.withUnsafeMutableBytes { buffer in
        pread(
          descriptor, buffer.baseAddress.map { $0 + filled }, buffer.count - filled, off_t(filled))
      }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .store("cannot read \(path): \(Self.errorText())") }
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
