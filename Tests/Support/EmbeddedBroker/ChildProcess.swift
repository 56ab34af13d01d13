import Dispatch
import Foundation
import Synchronization

/// A program as a child process that dies with this one, its output in a file.
public final class ChildProcess: Sendable {
  public enum End: Sendable, Hashable {
    case exited(Int32)
    case signalled(Int32)
  }

  public let id: pid_t
  private let end = Mutex<End?>(nil)

  /// - Parameters:
  ///   - environment: added to that of this process.
  ///   - log: a file that what it prints is appended to.
  public init(
    _ path: String, _ arguments: [String], environment: [String: String] = [:], log: String
  ) throws {
    id = try spawn(path, arguments, environment: environment, log: log)
  }

  deinit {
    signal(SIGKILL)
    waitForEnd()
  }

  /// How it ended; nil while it runs.
  public var ended: End? {
    end.withLock { end in
      if end == nil { end = Self.wait(id, WNOHANG) }
      return end
    }
  }

  /// Nothing when it has ended.
  public func signal(_ number: Int32) {
    // Inside of the lock: once it was waited for, its number may be another's.
    end.withLock { end in
      if end == nil { kill(id, number) }
    }
  }

  /// Waits without an end, so only after SIGKILL.
  public func waitForEnd() {
    end.withLock { end in
      if end == nil { end = Self.wait(id, 0) }
    }
  }

  /// Whether it was stopped (SIGSTOP) and has not gone on.
  public var isStopped: Bool {
    guard let bytes = FileManager.default.contents(atPath: "/proc/\(id)/stat") else { return false }
    // The name, in brackets, may hold anything.
    let rest = String(decoding: bytes, as: UTF8.self).split(separator: ")").last ?? ""
    return rest.split(separator: " ").first == "T"
  }

  private static func wait(_ id: pid_t, _ options: Int32) -> End? {
    var status: Int32 = 0
    guard waitpid(id, &status, options) == id else { return nil }
    let signal = status & 0x7f
    return signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
  }
}

/// Processes are started from one thread that never ends: Linux sends the parent-death signal when the thread that
/// started the child ends, and threads of the pool come and go.
private let spawner: SpawnThread = {
  let thread = SpawnThread()
  Thread.detachNewThread { thread.loop() }
  return thread
}()

private final class SpawnThread: Sendable {
  private let jobs = Mutex<[@Sendable () -> Void]>([])
  private let wake = DispatchSemaphore(value: 0)

  func run<R: Sendable>(_ body: @escaping @Sendable () -> R) -> R? {
    let result = Outcome<R>()
    let done = DispatchSemaphore(value: 0)
    jobs.withLock { jobs in
      jobs.append {
        result.value.withLock { $0 = body() }
        done.signal()
      }
    }
    wake.signal()
    done.wait()
    return result.value.withLock { $0 }
  }

  func loop() {
    while true {
      wake.wait()
      let batch = jobs.withLock { jobs in
        defer { jobs = [] }
        return jobs
      }
      for job in batch { job() }
    }
  }
}

private final class Outcome<R: Sendable>: Sendable {
  let value = Mutex<R?>(nil)
}

private func spawn(_ path: String, _ arguments: [String], environment: [String: String], log: String) throws -> pid_t {
  // util-linux' setpriv asks for the parent-death signal and then becomes the program.
  let setpriv = ["/usr/bin/setpriv", "/bin/setpriv"].first { FileManager.default.isExecutableFile(atPath: $0) }
  let command = (setpriv.map { [$0, "--pdeathsig", "KILL", "--"] } ?? []) + [path] + arguments
  let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { "\($0.key)=\($0.value)" }
  let outcome = spawner.run { () -> (Int32, pid_t) in
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    // A server of this process would have its port for as long as the child lives.
    for descriptor in openDescriptors() where descriptor > 2 {
      posix_spawn_file_actions_addclose(&actions, descriptor)
    }
    // A child inherits blocked and ignored signals, and would not hear a SIGTERM.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var (none, all) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var pointers = command.map { strdup($0) } + [nil]
    var settings = variables.map { strdup($0) } + [nil]
    defer { for pointer in pointers + settings { free(pointer) } }
    var pid: pid_t = 0
    let status = posix_spawn(&pid, command[0], &actions, &attributes, &pointers, &settings)
    return (status, pid)
  }
  guard let (status, pid) = outcome, status == 0 else {
    throw EmbeddedBrokerError(message: "\(path) could not be started (error \(outcome?.0 ?? -1))")
  }
  return pid
}

private func openDescriptors() -> [Int32] {
  ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []).compactMap { Int32($0) }
}
