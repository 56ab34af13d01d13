import Foundation
import Synchronization

/// A shell that starts a server, and ends it and removes its folder when this process closes the pipe or dies. A server
/// that ends by itself is started again when the file `again` is there.
final class Guardian: Sendable {
  /// Signals to the process group (Ctrl-C) must not end the shell before it has cleaned up.
  private static let script = #"""
    trap '' INT TERM HUP
    directory=$1
    shift
    exec 3<&0 </dev/null
    start() {
      "$@" >>"$directory/log" 2>&1 3<&- &
      server=$!
      echo "$server" >"$directory/server"
    }
    start "$@"
    (
      read -r _ <&3
      rm -f "$directory/again"
      kill -INT "$(cat "$directory/server")"
      tries=0
      while [ "$tries" -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
      kill -QUIT "$(cat "$directory/server")"
    ) 2>/dev/null &
    stopper=$!
    wait "$server"
    while [ -e "$directory/again" ]; do
      rm "$directory/again"
      start "$@"
      wait "$server"
    done
    : >"$directory/ended"
    read -r _ <&3
    kill -KILL "$stopper" 2>/dev/null
    rm -rf "$directory"
    """#

  private struct State {
    var isEnded = false
    /// Closing it is the signal to stop.
    var pipe: Int32
  }

  private static let starting = Mutex(())
  private let processID: pid_t
  private let endMark: String
  private let state: Mutex<State>

  init(directory: URL, command: [String]) throws {
    let arguments = ["/bin/sh", "-c", Self.script, "guardian", directory.path] + command
    // One at a time: a shell that inherited another's pipe would keep it open.
    let (processID, pipe) = try Self.starting.withLock { _ in try Self.spawn(arguments) }
    self.processID = processID
    endMark = directory.appendingPathComponent("ended").path
    state = Mutex(State(pipe: pipe))
  }

  /// Foundation's Process hands its thread's blocked signals to the child, and a shell that never hears of SIGCHLD
  /// waits for ever; here the child starts with none blocked.
  /// - Returns: the process, and the end of the pipe that keeps it going
  private static func spawn(_ arguments: [String]) throws -> (processID: pid_t, pipe: Int32) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw TestPostgresError("no pipe: \(errno)") }
    defer { close(ends[0]) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var texts: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for text in texts { free(text) } }
    var processID: pid_t = 0
    let status = posix_spawn(&processID, arguments[0], &actions, &attributes, &texts, environ)
    guard status == 0 else {
      close(ends[1])
      throw TestPostgresError("cannot start \(arguments[0]): \(status)")
    }
    return (processID, ends[1])
  }

  /// The server runs.
  var isRunning: Bool { !isEnded && !FileManager.default.fileExists(atPath: endMark) }

  /// The shell is gone, and with it the server and the folder.
  private var isEnded: Bool {
    state.withLock { state in
      if !state.isEnded {
        var status: Int32 = 0
        state.isEnded = waitpid(processID, &status, WNOHANG) != 0
      }
      return state.isEnded
    }
  }

  func letGo() {
    state.withLock { state in
      if state.pipe >= 0 { close(state.pipe) }
      state.pipe = -1
    }
  }

  func ended() async {
    while !isEnded { try? await Task.sleep(for: .milliseconds(20)) }
  }
}
