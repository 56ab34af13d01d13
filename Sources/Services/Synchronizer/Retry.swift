import KafkaRuntime

/// Growing random pauses, so that many who wait don't come back at the same moment.
struct Backoff {
  private let settings: Synchronizer.Settings
  private var attempt = 1

  init(_ settings: Synchronizer.Settings) {
    self.settings = settings
  }

  /// Waits before the next attempt. False when there is none left, or the task was cancelled.
  mutating func wait() async -> Bool {
    guard attempt < settings.maxAttempts else { return false }
    let ceiling = min(settings.maxPauseMillis, settings.firstPauseMillis << min(attempt - 1, 20))
    attempt += 1
    do {
      try await Task.sleep(for: .milliseconds(Int.random(in: 1...max(1, ceiling))))
      return true
    } catch {
      return false
    }
  }
}

/// Makes a request again while its error is transient.
func retrying<R: Sendable>(
  _ settings: Synchronizer.Settings, _ body: () async throws(KafkaError) -> R
) async throws(SynchronizerError) -> R {
  var pause = Backoff(settings)
  while true {
    do {
      return try await body()
    } catch {
      guard error.isRetriable, await pause.wait() else { throw SynchronizerError(message: "\(error)") }
    }
  }
}

/// Makes a request that changes something.
///
/// - Parameter alreadySo: the error that says, from the second attempt on, that the first one did it and only its answer
///   got lost.
func retrying(
  _ settings: Synchronizer.Settings, alreadySo: KafkaErrorCode, _ body: () async throws(KafkaError) -> Void
) async throws(SynchronizerError) {
  var attempt = 0
  try await retrying(settings) { () async throws(KafkaError) in
    attempt += 1
    do throws(KafkaError) {
      try await body()
    } catch {
      if attempt > 1, error.code == alreadySo { return }
      throw error
    }
  }
}
