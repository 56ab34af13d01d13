import BankSupport
import Foundation
import Glibc

/// What a run that was killed has left: processes that outlived it, and the lock file of its Postgres.
enum Leftovers {
  /// Kills the recorded processes of a dead run, each only when its command line names this home, and waits for them.
  /// Called with the home's lock held, so no run is alive.
  ///
  /// - Returns: what was cleaned, for the person at the terminal.
  static func clean(home: String) throws(SupportError) -> [String] {
    guard let run = try RunFile.read(home: home) else { return [] }
    var notes: [String] = []
    let recorded = run.services.filter { isOurs($0.pid, home: home) }
    for service in recorded {
      kill(-service.pid, SIGKILL)
      kill(service.pid, SIGKILL)
      notes.append("killed \(service.name) (process \(service.pid)) of the run that was killed")
    }
    let data = "\(home)/postgres"
    let limit = ContinuousClock.now + .seconds(5)
    while true {
      // What works in the cluster's folder without its server would write beside the next one.
      let backends = processes(workingIn: data)
      for pid in backends { kill(pid, SIGKILL) }
      if backends.isEmpty && !recorded.contains(where: { isOurs($0.pid, home: home) }) { break }
      if .now > limit { throw SupportError("a process of an earlier run on \(home) does not end") }
      usleep(50_000)
    }
    if try removeStaleServerLock(data: data) {
      notes.append("removed the lock file of a Postgres that is gone")
    }
    return notes
  }

  /// True when a process lives and its command line names a path under the home: pids are used again.
  static func isOurs(_ pid: pid_t, home: String) -> Bool {
    guard pid > 1, !isZombie(pid) else { return false }
    return commandLine(pid).contains { argument in argument == home || argument.hasPrefix(home + "/") }
  }

  /// True when a process is this program.
  static func isBank(_ pid: pid_t) -> Bool {
    commandLine(pid).first.map { $0 == "bank" || $0.hasSuffix("/bank") } == true
  }

  /// Arguments of a process; none when it is gone.
  static func commandLine(_ pid: pid_t) -> [String] {
    guard let content = (try? Files.read("/proc/\(pid)/cmdline")).flatMap({ $0 }) else { return [] }
    return content.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Processes whose working folder is this one; a server's backends say no path in their command line.
  private static func processes(workingIn folder: String) -> [pid_t] {
    let manager = FileManager.default
    return ((try? manager.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap(pid_t.init).filter { pid in
      (try? manager.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")) == folder && !isZombie(pid)
    }
  }

  private static func isZombie(_ pid: pid_t) -> Bool {
    guard let content = (try? Files.read("/proc/\(pid)/stat")).flatMap({ $0 }) else { return false }
    // "pid (name) state …"; the name may hold anything, so look from its end.
    let fields = String(decoding: content, as: UTF8.self).split(separator: ")").last?.split(separator: " ")
    return fields?.first == "Z"
  }

  /// Postgres takes a postmaster.pid for that of a living server as long as there is any process of that number, be it
  /// another program's or a dead one that nobody has waited for. By now no process of that server is left.
  private static func removeStaleServerLock(data: String) throws(SupportError) -> Bool {
    guard let content = try Files.read("\(data)/postmaster.pid"),
      let first = String(decoding: content, as: UTF8.self).split(separator: "\n").first, let pid = pid_t(first),
      kill(pid, 0) == 0, !isOurs(pid, home: data)
    else { return false }
    return unlink("\(data)/postmaster.pid") == 0
  }
}
