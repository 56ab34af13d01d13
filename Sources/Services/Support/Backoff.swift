/// How long to wait between tries: doubling from `firstMillis` to `maxMillis`, each drawn between half and whole, so
/// that those who failed together don't come back together.
public struct Backoff: Sendable {
  public let firstMillis: Int
  public let maxMillis: Int
  /// How many delays have been given since the last `reset`.
  public private(set) var attempts = 0

  public init(firstMillis: Int = 100, maxMillis: Int = 10_000) {
    precondition(firstMillis > 0 && maxMillis >= firstMillis)
    self.firstMillis = firstMillis
    self.maxMillis = maxMillis
  }

  /// The next delay.
  public mutating func nextMillis(using generator: inout some RandomNumberGenerator) -> Int {
    let doubled = firstMillis.multipliedReportingOverflow(by: 1 << min(attempts, 30))
    let whole = doubled.overflow ? maxMillis : min(doubled.partialValue, maxMillis)
    attempts = min(attempts + 1, 1_000_000)
    return Int.random(in: (whole + 1) / 2...whole, using: &generator)
  }

  /// The next delay, from the system's generator.
  public mutating func nextMillis() -> Int {
    var generator = SystemRandomNumberGenerator()
    return nextMillis(using: &generator)
  }

  /// Waits for the next delay; ends early with `CancellationError` when the task is cancelled.
  public mutating func wait() async throws {
    try await Task.sleep(for: .milliseconds(nextMillis()))
  }

  /// What failed works again.
  public mutating func reset() { attempts = 0 }
}
