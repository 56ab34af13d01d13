import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// Small file operations whose modes and atomicity matter.
public enum Files {
  /// A file's content, at most `limitBytes`; nil when there is no such file.
  /// - Throws: `SupportError` when it cannot be read or is larger.
  public static func read(_ path: String, limitBytes: Int = 1 << 20) throws(SupportError) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw failure("read", path)
    }
    defer { close(descriptor) }
    var content: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16_384)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      if count < 0 { throw failure("read", path) }
      if count == 0 { return content }
      content += buffer[..<count]
      if content.count > limitBytes { throw SupportError("\(path) is larger than \(limitBytes) bytes") }
    }
  }

  /// `.tools/<path>` of the checkout, which set-up fills: in the working folder, or above the program. Nil when it is in
  /// neither.
  public static func tool(_ path: String) -> String? { checkout(".tools/\(path)") }

  /// A file of the checkout: in the working folder, or above the program. Nil when it is in neither.
  public static func checkout(_ path: String) -> String? {
    var folders = [FileManager.default.currentDirectoryPath]
    var folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    for _ in 0..<6 where folder.path != "/" {
      folders.append(folder.path)
      folder.deleteLastPathComponent()
    }
    return folders.map { "\($0)/\(path)" }.first { FileManager.default.fileExists(atPath: $0) }
  }

  /// Replaces a file in one step: written beside it, flushed to disk, renamed. A reader sees the old or the new one.
  public static func replace(_ path: String, with content: [UInt8], mode: mode_t) throws(SupportError) {
    let beside = "\(path).\(getpid()).new"
    unlink(beside)
    try write(content, toNew: beside, mode: mode)
    guard rename(beside, path) == 0 else {
      let error = failure("write", path)
      unlink(beside)
      throw error
    }
  }

  /// Brings a folder to hold `files`: all are written beside their places first, then renamed, so that a failure on the
  /// way leaves what was there. Files that are as wanted keep their dates; others in the folder stay.
  ///
  /// - Parameters:
  ///   - files: paths from `folder`, which is made when missing, and texts.
  ///   - replacesOthers: without it, a file that is there and differs is an error, and nothing is written.
  /// - Returns: the paths of what was written.
  public static func replaceAll(
    _ files: [(path: String, text: String)], folder: String, replacesOthers: Bool
  ) throws(SupportError) -> [String] {
    var changed: [(path: String, text: String)] = []
    var others: [String] = []
    for file in files {
      let path = folder.hasSuffix("/") ? folder + file.path : "\(folder)/\(file.path)"
      let old = try read(path, limitBytes: 256 << 20)
      if let old, old.elementsEqual(file.text.utf8) { continue }
      if old != nil { others.append(path) }
      changed.append((path, file.text))
    }
    guard others.isEmpty || replacesOthers else {
      let more = others.count > 5 ? " and \(others.count - 5) more" : ""
      throw SupportError(
        "nothing is written: \(others.prefix(5).joined(separator: ", "))\(more) "
          + "\(others.count == 1 ? "is" : "are") there and not the same; --force replaces them")
    }
    var pending: [(beside: String, path: String)] = []
    do throws(SupportError) {
      for file in changed {
        try makeSharedFolder((file.path as NSString).deletingLastPathComponent)
        let beside = "\(file.path).\(getpid()).new"
        unlink(beside)
        pending.append((beside, file.path))
        try write(Array(file.text.utf8), toNew: beside, mode: 0o666)
      }
      for (beside, path) in pending where rename(beside, path) != 0 { throw failure("write", path) }
    } catch {
      for (beside, _) in pending { unlink(beside) }
      throw error
    }
    return changed.map(\.path)
  }

  /// Makes a folder and those above it, private to the user; fine when it is there.
  public static func makeFolder(_ path: String) throws(SupportError) {
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw SupportError("cannot make the folder \(path): \(error.localizedDescription)")
    }
  }

  private static func makeSharedFolder(_ path: String) throws(SupportError) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw SupportError("cannot make the folder \(path): \(error.localizedDescription)")
    }
  }

  /// Writes a file that isn't there yet and flushes it to disk; leaves none behind when that fails.
  private static func write(_ content: [UInt8], toNew path: String, mode: mode_t) throws(SupportError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw failure("write", path) }
    defer { close(descriptor) }
    var written = 0
    while written < content.count {
      let count = content[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      if count < 0 {
        let error = failure("write", path)
        unlink(path)
        throw error
      }
      written += count
    }
    guard fsync(descriptor) == 0 else {
      let error = failure("write", path)
      unlink(path)
      throw error
    }
  }

  /// The path from the root, without `.` and `..`.
  public static func absolute(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.path
  }

  private static func failure(_ action: String, _ path: String) -> SupportError {
    SupportError("cannot \(action) \(path): \(String(cString: strerror(errno)))")
  }
}
