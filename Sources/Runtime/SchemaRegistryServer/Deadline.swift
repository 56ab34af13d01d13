import Synchronization

/// Gives an answer in time although what it comes from can't be hurried or cancelled.
enum Deadline {
  /// What `work` gives, or `otherwise` when that takes longer; `work` goes on then, and nobody hears of it.
  static func run<Result: Sendable>(
    millis: Int, otherwise: any Error, _ work: @escaping @Sendable () async throws -> Result
  ) async throws -> Result {
    let race = Race<Result>()
    return try await withCheckedThrowingContinuation { continuation in
      race.begin(continuation)
      let timer = Task {
        try await Task.sleep(for: .milliseconds(millis))
        race.end(.failure(otherwise))
      }
      Task {
        let outcome = await Task { try await work() }.result
        timer.cancel()
        race.end(outcome)
      }
    }
  }
}

/// The first to end it decides.
private final class Race<Result: Sendable>: Sendable {
  private let continuation = Mutex<CheckedContinuation<Result, any Error>?>(nil)

  func begin(_ continuation: CheckedContinuation<Result, any Error>) {
    self.continuation.withLock { $0 = continuation }
  }

  func end(_ outcome: Swift.Result<Result, any Error>) {
    let waiting = continuation.withLock { continuation in
      defer { continuation = nil }
      return continuation
    }
    waiting?.resume(with: outcome)
  }
}
