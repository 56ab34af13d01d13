import Foundation
import Glibc

/// Starts programs that die with this one.
package enum ProcessStart {
  /// The command behind two small steps: `setpriv` asks the kernel to kill it when its parent dies, and `sh` looks
  /// whether the parent had died before that was asked.
  ///
  /// - Parameter signal: which it gets then.
  package static func bound(_ command: [String], signal: String = "KILL") -> [String] {
    let check = #"[ "$PPID" = "$1" ] || exit 125; shift; exec "$@""#
    return ["setpriv", "--pdeathsig", signal, "sh", "-c", check, "sh", String(getpid())] + command
  }

  /// The lock and the sockets of this process are not its children's, whoever opened them.
  private static func keepDescriptors() {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] {
      guard let descriptor = Int32(name), descriptor > 2 else { continue }
      _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }
  }

  /// Starts a program, found through PATH, in a process group of its own.
  ///
  /// - Parameters:
  ///   - logPath: what it writes is added there.
  ///   - name: for the error.
  ///   - environment: beside this process's.
  package static func spawn(
    _ command: [String], logPath: String, name: String, environment more: [String: String] = [:]
  ) throws(SupportError) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, logPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    keepDescriptors()
    // A group of its own: Ctrl-C at the terminal reaches bank up alone, which stops the children in order.
    posix_spawnattr_setpgroup(&attributes, 0)
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    for signal in [SIGINT, SIGTERM, SIGPIPE, SIGHUP] { sigaddset(&signals, signal) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    posix_spawnattr_setflags(&attributes, Int16(flags))

    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var pid: pid_t = 0
    let all = ProcessInfo.processInfo.environment.merging(more) { $1 }
    var environment: [UnsafeMutablePointer<CChar>?] = all.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for variable in environment { free(variable) } }
    let error = posix_spawnp(&pid, command[0], &actions, &attributes, &arguments, &environment)
    guard error == 0 else {
      throw SupportError("cannot start \(name) (\(command[0])): \(String(cString: strerror(error)))")
    }
    return pid
  }
}
