internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// Ends a poll from another thread.
final class WakePipe: Sendable {
  private let reader: Int32
  private let writer: Int32
  private let shut = Atomic<Bool>(false)

  init() throws(PostgresError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else {
      throw PostgresError(
        .connectFailed, "no pipe for a connection to Postgres: \(String(cString: strerror(errno))); raise ulimit -n")
    }
    for end in ends {
      _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK)
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
    }
    reader = ends[0]
    writer = ends[1]
  }

  deinit {
    close(reader)
    close(writer)
  }

  /// True once waiting is over for good.
  var isShut: Bool { shut.load(ordering: .acquiring) }

  /// Ends the wait that runs and all that would follow.
  func shutDown() {
    shut.store(true, ordering: .releasing)
    signal()
  }

  /// Never blocks; a pipe that is full wakes as well.
  func signal() {
    var byte: UInt8 = 1
    _ = write(writer, &byte, 1)
  }

  /// Blocks until the socket is ready, someone signalled, or the time is over. Signals so far are used up.
  func wait(for socket: Int32, events: Int16, timeoutMillis: Int64) -> (isReady: Bool, isWoken: Bool) {
    var descriptors = [
      pollfd(fd: socket, events: events, revents: 0), pollfd(fd: reader, events: Int16(POLLIN), revents: 0),
    ]
    guard poll(&descriptors, 2, Int32(clamping: max(0, timeoutMillis))) > 0 else { return (false, false) }
    let isWoken = descriptors[1].revents != 0
    if isWoken {
      var bytes: UInt64 = 0
      while read(reader, &bytes, 8) > 0 {}
    }
    return (descriptors[0].revents != 0, isWoken)
  }

  /// True when the other side sent something or went away. Never blocks.
  static func isReadable(_ socket: Int32) -> Bool {
    var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
    return poll(&descriptor, 1, 0) > 0
  }
}

enum Clock {
  /// Milliseconds of the machine's monotonic clock.
  static func millis() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}
