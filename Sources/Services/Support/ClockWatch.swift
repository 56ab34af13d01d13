import Foundation

/// Ends a service whose clock was set back, so that it is started anew. librdkafka's threads wait until a time of day
/// (C11's cnd_timedwait has no other clock): set back by an hour, a wait that has begun lasts an hour more, and nobody
/// can end it from outside. A clock that is set forward ends waits early, which does no harm.
enum ClockWatch {
  /// What waits may be late by; setting clocks in small steps is normal.
  static let toleranceSeconds = 10.0

  /// Runs until it is cancelled.
  ///
  /// - Throws: `SupportError` once the time of day has gone back; `CancellationError`.
  static func run() async throws -> Never {
    let begin = (wall: Date(), steady: ContinuousClock.now)
    // How far the clock stood ahead of the steady one at most, in seconds.
    var ahead = 0.0
    while true {
      try await Task.sleep(for: .seconds(1))
      let now = Date().timeIntervalSince(begin.wall) - (ContinuousClock.now - begin.steady) / .seconds(1)
      if now < ahead - toleranceSeconds {
        throw SupportError(
          "the clock was set back by \(Int(ahead - now)) s, and the Kafka client may wait as long: ending, to be started again"
        )
      }
      ahead = max(ahead, now)
    }
  }
}
