import Dispatch
import Foundation
import FreePort
import Synchronization

/// The real broker binary as a child process, for tests: a random port, data in a temporary folder, killed when the
/// last reference goes, or the test process ends however it ends.
public final class EmbeddedBroker: Sendable {
  public let port: Int
  /// Where it keeps its data; removed in the end.
  public let directory: URL
  private let binary: URL
  private let process = Mutex<pid_t?>(nil)

  /// `host:port`
  public var bootstrapServers: String { "127.0.0.1:\(port)" }

  /// Starts a broker and waits until it accepts connections.
  ///
  /// - Throws: when the binary is not there or does not come up; never skips.
  public static func start() throws -> EmbeddedBroker {
    let binary = try findBinary()
    var failure: any Error = EmbeddedBrokerError(message: "no port was free")
    // Another process may take the port between our look and the broker's bind.
    for _ in 0..<3 {
      let broker = EmbeddedBroker(
        port: try freePort(), directory: try temporaryDirectory(), binary: binary)
      do {
        try broker.launch()
        return broker
      } catch {
        failure = error
      }
    }
    throw failure
  }

  private init(port: Int, directory: URL, binary: URL) {
    self.port = port
    self.directory = directory
    self.binary = binary
  }

  deinit {
    stopProcess(SIGKILL)
    try? FileManager.default.removeItem(at: directory)
  }

  /// `BANK_BROKER_BINARY`, else `.tools/broker/noida-db` of the package.
  public static func findBinary() throws -> URL {
    if let path = ProcessInfo.processInfo.environment["BANK_BROKER_BINARY"], !path.isEmpty {
      guard FileManager.default.isExecutableFile(atPath: path) else {
        throw EmbeddedBrokerError(message: "BANK_BROKER_BINARY names no executable file: \(path)")
      }
      return URL(fileURLWithPath: path)
    }
    // <package>/Tests/Support/EmbeddedBroker/EmbeddedBroker.swift
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<4 { root.deleteLastPathComponent() }
    let binary = root.appending(path: ".tools/broker/noida-db")
    guard FileManager.default.isExecutableFile(atPath: binary.path) else {
      throw EmbeddedBrokerError(
        message: "no broker binary at .tools/broker/noida-db: run `make test`, or name one in BANK_BROKER_BINARY")
    }
    return binary
  }

  /// Starts it again, with the same port and data, after `kill` or `stop`.
  public func restart() throws {
    guard process.withLock({ $0 == nil }) else { return }
    try launch()
  }

  /// kill -9: what it had not saved is lost.
  public func kill() { stopProcess(SIGKILL) }

  /// Lets it save everything and waits for its end.
  public func stop() { stopProcess(SIGTERM) }

  /// What it printed.
  public var log: String {
    (try? String(contentsOf: directory.appending(path: "broker.log"), encoding: .utf8)) ?? ""
  }

  private func launch() throws {
    let arguments = [
      "start", "--only", "kafka", "--kafka-port", String(port), "--data-dir", directory.appending(path: "data").path,
    ]
    let pid = try spawn(binary.path, arguments, log: directory.appending(path: "broker.log").path)
    process.withLock { $0 = pid }
    let deadline = ContinuousClock.now + .seconds(20)
    while !accepts(port: port) {
      var status: Int32 = 0
      guard waitpid(pid, &status, WNOHANG) == 0 else {
        process.withLock { $0 = nil }
        throw EmbeddedBrokerError(message: "the broker ended at once:\n\(log)")
      }
      guard ContinuousClock.now < deadline else {
        kill()
        throw EmbeddedBrokerError(message: "the broker did not listen within 20 s:\n\(log)")
      }
      usleep(20_000)
    }
  }

  private func stopProcess(_ signal: Int32) {
    let pid = process.withLock { process in
      defer { process = nil }
      return process
    }
    guard let pid else { return }
    Foundation.kill(pid, signal)
    var status: Int32 = 0
    for _ in 0..<500 {
      if waitpid(pid, &status, WNOHANG) != 0 { return }
      usleep(20_000)
    }
    Foundation.kill(pid, SIGKILL)
    waitpid(pid, &status, 0)
  }
}

public struct EmbeddedBrokerError: Error, CustomStringConvertible {
  public let message: String
  public var description: String { message }
}

/// A new folder of its own.
public func temporaryDirectory() throws -> URL {
  let directory = FileManager.default.temporaryDirectory.appending(path: "bank-test-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  return directory
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

/// Starts a child that dies with this process, its output in a file.
private func spawn(_ path: String, _ arguments: [String], log: String) throws -> pid_t {
  // util-linux' setpriv asks for the parent-death signal and then becomes the broker.
  let setpriv = ["/usr/bin/setpriv", "/bin/setpriv"].first { FileManager.default.isExecutableFile(atPath: $0) }
  let command = (setpriv.map { [$0, "--pdeathsig", "KILL", "--"] } ?? []) + [path] + arguments
  let outcome = spawner.run { () -> (Int32, pid_t) in
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
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
    defer { for pointer in pointers { free(pointer) } }
    var pid: pid_t = 0
    let status = posix_spawn(&pid, command[0], &actions, &attributes, &pointers, environ)
    return (status, pid)
  }
  guard let (status, pid) = outcome, status == 0 else {
    throw EmbeddedBrokerError(message: "\(path) could not be started (error \(outcome?.0 ?? -1))")
  }
  return pid
}
