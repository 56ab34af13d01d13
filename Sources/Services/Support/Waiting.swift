import KafkaRuntime
import Logging
import SchemaRegistry

/// Waiting for a server that is not there yet, or not any more: tries again with growing pauses, for as long as it
/// takes, and says so in `health`, in `bank_retries_total` and in the log.
public struct Waiting: Sendable {
  let metrics: Metrics
  let health: Health
  let logger: Logger

  public init(metrics: Metrics, health: Health, logger: Logger) {
    self.metrics = metrics
    self.health = health
    self.logger = logger
  }

  /// Repeats what needs broker or registry until they answer. A topic that is not there is waited for too: set-up may
  /// still be making it.
  ///
  /// - Throws: `CancellationError` when the task is cancelled; at once what a server's return can't help.
  public func forServers<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
    var backoff = Backoff(firstMillis: 100, maxMillis: 5_000)
    while true {
      try Task.checkCancellation()
      do {
        return try await body()
      } catch {
        try Task.checkCancellation()
        guard let target = Self.absent(error) else { throw error }
        metrics.add(to: "bank_retries_total", ["target": target])
        health.fail("waiting for \(target): \(error)")
        // The first failure is told, then one in ten.
        if backoff.attempts % 10 == 0 { logger.warning("waiting for \(target): \(error)") }
        try await backoff.wait()
      }
    }
  }

  /// What is away, or nil when the error is of another kind.
  private static func absent(_ error: any Error) -> String? {
    switch error {
    case let error as KafkaError: error.code == .invalidArgument ? nil : "kafka"
    case RegistryError.unreachable, CodecError.registry(.unreachable): "registry"
    default: nil
    }
  }
}
