import BankSupport
import Foundation
import Glibc
import Synchronization

/// A program that is started on a thread of its own, which lives as long as it does: the signal that a parent's death
/// sends comes when the thread ends that started the child.
final class ServiceProcess: Sendable {
  private let pid: pid_t
  private let status: SharedStatus

  private final class SharedStatus: Sendable {
    let ended = Mutex<Int32?>(nil)
    let started = Mutex<Result<pid_t, SupportError>?>(nil)
  }

  /// - Parameter signal: which it gets when this process dies.
  init(
    _ command: [String], logPath: String, name: String, environment: [String: String], signal: String
  ) throws(SupportError) {
    let status = SharedStatus()
    let ready = DispatchSemaphore(value: 0)
    let thread = Thread {
      let result = Result { () throws(SupportError) in
        try ProcessStart.spawn(
          ProcessStart.bound(command, signal: signal), logPath: logPath, name: name, environment: environment)
      }
      status.started.withLock { $0 = result }
      ready.signal()
      guard case .success(let pid) = result else { return }
      var code: Int32 = 0
      while waitpid(pid, &code, 0) < 0 && errno == EINTR {}
      status.ended.withLock { $0 = code & 0x7F == 0 ? code >> 8 & 0xFF : 128 + code & 0x7F }
    }
    thread.start()
    ready.wait()
    guard let result = status.started.withLock(\.self) else { throw SupportError("\(name) was not started") }
    pid = try result.get()
    self.status = status
  }

  var isRunning: Bool { status.ended.withLock { $0 == nil } }

  /// Asks it to end, and kills it with its group when it does not.
  func stop(seconds: Double) async {
    if isRunning { kill(pid, SIGTERM) }
    let deadline = ContinuousClock.now + .seconds(seconds)
    while isRunning, ContinuousClock.now < deadline { try? await Task.sleep(for: .milliseconds(20)) }
    kill(-pid, SIGKILL)
    while isRunning { try? await Task.sleep(for: .milliseconds(20)) }
  }
}
