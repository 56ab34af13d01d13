import BankSupport
import Glibc

/// The lock on `<home>/lock`, held by the `bank up` that runs; the kernel frees it with the process.
final class HomeLock {
  private let descriptor: Int32

  /// - Throws: `SupportError` when another process holds it.
  init(home: String) throws(SupportError) {
    try Files.makeFolder(home)
    descriptor = open("\(home)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw SupportError("cannot open \(home)/lock: \(String(cString: strerror(errno)))") }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let pid = (try? RunFile.read(home: home))?.pid
      close(descriptor)
      throw SupportError(
        "a bank runs already on \(home)\(pid.map { " (process \($0))" } ?? ""): stop it with \"bank down --home "
          + "\(home)\", or start another with --home and --port-offset")
    }
  }

  deinit { close(descriptor) }

  /// True when some process holds the lock of a home.
  static func isHeld(home: String) -> Bool {
    let descriptor = open("\(home)/lock", O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_EX | LOCK_NB) != 0
  }
}
