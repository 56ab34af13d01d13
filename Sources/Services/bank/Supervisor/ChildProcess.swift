import BankSupport
import Foundation
import Glibc

/// How to start one child of `bank up`, how to see that it is ready, and how to stop it.
struct ChildPlan {
  enum Kind {
    /// Its end stops everything.
    case infrastructure
    /// It is started again.
    case service
  }

  let name: String
  let kind: Kind
  /// Program and arguments; the program is found through PATH.
  let command: [String]
  var stopSignal = SIGTERM
  var readyLimitSeconds = 30.0
  /// Asked some 40 times a second while it starts; nil when ready, else what is still wanting.
  let waitingFor: () -> String?
}

/// A process that was started by this one and dies with it, also when this one is killed.
///
/// Used from the main thread alone: a parent-death signal comes when the thread ends that started the child.
final class ChildProcess {
  let plan: ChildPlan
  let logPath: String
  let pid: pid_t
  let started: Date
  private let begin = ContinuousClock.now
  /// When it answered that it is ready.
  var readyAt: Date?
  /// Set when it has ended: the exit status, or 128 + the signal.
  private(set) var status: Int32?
  private var logStart: Int

  init(_ plan: ChildPlan, home: String) throws(SupportError) {
    self.plan = plan
    logPath = "\(home)/logs/\(plan.name).log"
    logStart = Self.rotate(logPath)
    pid = try ProcessStart.spawn(ProcessStart.bound(plan.command), logPath: logPath, name: plan.name)
    started = Date()
  }

  /// How long ago it was started, whatever the clock was set to meanwhile.
  var age: Duration { ContinuousClock.now - begin }

  /// Looks whether it has ended; true when it has.
  func poll() -> Bool {
    if status != nil { return true }
    var code: Int32 = 0
    let answer = waitpid(pid, &code, WNOHANG)
    if answer == 0 || (answer < 0 && errno == EINTR) { return false }
    let signal = code & 0x7F
    status = answer < 0 ? -1 : signal == 0 ? (code >> 8) & 0xFF : 128 + signal
    return true
  }

  /// Sends a signal to it alone.
  func send(_ signal: Int32) {
    if status == nil { kill(pid, signal) }
  }

  /// Kills it and all of its process group.
  func killGroup() {
    kill(-pid, SIGKILL)
    if status == nil { kill(pid, SIGKILL) }
  }

  /// "exit status 1" or "signal 9".
  var ending: String {
    guard let status else { return "running" }
    return status > 128 ? "signal \(status - 128)" : "exit status \(status)"
  }

  /// The last lines of what this start has written, indented; the broker's line about a newer C library means nothing.
  func logTail(lines limit: Int = 15) -> String {
    guard let log = FileHandle(forReadingAtPath: logPath), let end = try? log.seekToEnd() else { return "" }
    let start = max(end >= UInt64(logStart) ? UInt64(logStart) : 0, end - min(end, 16_384))
    guard (try? log.seek(toOffset: start)) != nil, let own = try? log.readToEnd() else { return "" }
    return String(decoding: own, as: UTF8.self).split(separator: "\n")
      .filter { !$0.contains("GLIBC_2.39") }.suffix(limit).map { "    \($0)" }.joined(separator: "\n")
  }

  /// Puts a log past 8 MB aside while the child writes: it appends, so it goes on at the start of the emptied file.
  func limitLog() {
    let size = (try? FileManager.default.attributesOfItem(atPath: logPath))?[.size] as? Int
    guard let size, size > 8 << 20 else { return }
    unlink(logPath + ".old")
    try? FileManager.default.copyItem(atPath: logPath, toPath: logPath + ".old")
    truncate(logPath, 0)
    logStart = 0
  }

  /// A log past 8 MB is put aside; two are kept. Gives the size at which this start's part begins.
  private static func rotate(_ path: String) -> Int {
    guard let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int else { return 0 }
    if size <= 8 << 20 { return size }
    rename(path, path + ".old")
    return 0
  }
}

/// Runs a short program to its end and gives its exit status and output (both streams, the last 16 KB).
///
/// - Parameters:
///   - prefix: stands before everything, such as `unshare …`; the parent-death signal would not outlive it.
///   - limitSeconds: after that it is killed and the status is 124.
func runToEnd(
  _ command: [String], prefix: [String] = [], limitSeconds: Double
) throws(SupportError) -> (status: Int32, output: String) {
  let output = FileManager.default.temporaryDirectory.appendingPathComponent("bank-\(UUID().uuidString)").path
  defer { unlink(output) }
  let pid = try ProcessStart.spawn(prefix + ProcessStart.bound(command), logPath: output, name: command[0])
  let limit = ContinuousClock.now + .seconds(limitSeconds)
  var code: Int32 = 0
  var late = false
  while waitpid(pid, &code, WNOHANG) == 0 {
    if .now > limit && !late {
      late = true
      kill(-pid, SIGKILL)
    }
    usleep(10_000)
  }
  let content = (try Files.read(output, limitBytes: 16 << 20)) ?? []
  let status = late ? 124 : code & 0x7F == 0 ? code >> 8 & 0xFF : 128 + code & 0x7F
  return (status, String(decoding: content.suffix(16_384), as: UTF8.self))
}
