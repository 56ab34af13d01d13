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

  /// Replaces a file in one step: written beside it, flushed to disk, renamed. A reader sees the old or the new one.
  public static func replace(_ path: String, with content: [UInt8], mode: mode_t) throws(SupportError) {
    let beside = "\(path).\(getpid()).new"
    unlink(beside)
    let descriptor = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw failure("write", beside) }
    defer { close(descriptor) }
    var written = 0
    while written < content.count {
      let count = content[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      if count < 0 {
        let error = failure("write", beside)
        unlink(beside)
        throw error
      }
      written += count
    }
    guard fsync(descriptor) == 0, rename(beside, path) == 0 else {
      let error = failure("write", path)
      unlink(beside)
      throw error
    }
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

  /// The path from the root, without `.` and `..`.
  public static func absolute(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.path
  }

  private static func failure(_ action: String, _ path: String) -> SupportError {
    SupportError("cannot \(action) \(path): \(String(cString: strerror(errno)))")
  }
}
