import KafkaRuntime
import Logging

/// Sends records until the broker has acknowledged each, however long it is away.
///
/// A record whose acknowledgement was lost is sent again, so it may be on its topic twice. While the broker is away
/// `health` says so, and `bank_retries_total{target="kafka"}` counts.
public actor SteadyProducer {
  /// Records of one call to librdkafka; what is more goes in several.
  public static let batchLimit = 1_000
  /// From the cancellation of a caller to the end of waiting for acknowledgements.
  static let closeMillis = 3_000

  private let configuration: KafkaConfiguration
  private let metrics: Metrics
  private let health: Health
  private let logger: Logger
  private var current: KafkaProducer?

  /// - Parameter configuration: `message.timeout.ms` is 15 s unless it says otherwise, so that a broker that is away
  ///   shows in `health` soon.
  public init(_ configuration: KafkaConfiguration, metrics: Metrics, health: Health, logger: Logger) {
    var configuration = configuration
    if configuration.properties["message.timeout.ms"] == nil {
      configuration.producerProperties["message.timeout.ms", default: "15000"] = "15000"
    }
    self.configuration = configuration
    self.metrics = metrics
    self.health = health
    self.logger = logger
  }

  /// Sends records and returns when all were acknowledged.
  ///
  /// - Parameter delivered: called with the number of records that were acknowledged in one go.
  /// - Throws: `CancellationError` when the task is cancelled before all were acknowledged; `KafkaError` for what
  ///   trying again can't help, such as a record that is too large or a property that librdkafka doesn't take.
  public func send(
    _ records: [KafkaRecord], delivered: @Sendable (Int) -> Void = { _ in }
  ) async throws {
    var start = 0
    while start < records.count {
      let end = min(start + Self.batchLimit, records.count)
      try await sendBatch(Array(records[start..<end]), delivered)
      start = end
    }
  }

  /// Waits for what is on its way, `closeMillis` at most.
  public func close() async {
    let producer = current
    current = nil
    await producer?.close(timeoutMillis: Self.closeMillis)
  }

  private func sendBatch(_ records: [KafkaRecord], _ delivered: @Sendable (Int) -> Void) async throws {
    var pending = records
    var backoff = Backoff(firstMillis: 100, maxMillis: 5_000)
    while true {
      try Task.checkCancellation()
      let producer = try producer()
      let sent = pending
      let results = await withTaskCancellationHandler {
        await producer.send(sent)
      } onCancel: {
        // Otherwise the wait for a broker that is away would outlast the time that the process has to stop.
        Task { await producer.close(timeoutMillis: Self.closeMillis) }
      }
      var failed: [KafkaRecord] = []
      var problem: KafkaError?
      for (record, result) in zip(sent, results) {
        guard case .failure(let error) = result else { continue }
        failed.append(record)
        if problem == nil || !Self.canBeTriedAgain(error) { problem = error }
      }
      if failed.count < sent.count { delivered(sent.count - failed.count) }
      guard let problem else {
        if backoff.attempts > 0 {
          logger.info("Kafka takes records again")
          health.ready()
        }
        return
      }
      try Task.checkCancellation()
      guard Self.canBeTriedAgain(problem) else { throw problem }
      pending = failed
      await note(problem, pending: failed.count, attempt: backoff.attempts)
      try await backoff.wait()
    }
  }

  private func producer() throws -> KafkaProducer {
    if let current { return current }
    let made = try KafkaProducer(configuration)
    current = made
    return made
  }

  private func note(_ problem: KafkaError, pending: Int, attempt: Int) async {
    metrics.add(to: "bank_retries_total", ["target": "kafka"])
    health.fail("Kafka does not take records: \(problem)")
    // The first failure is told, then one in ten.
    if attempt % 10 == 0 { logger.warning("\(pending) records wait, Kafka does not take them: \(problem)") }
    if problem.isFatal || problem.code == .closed { await close() }
  }

  /// Everything but what depends on the record or on the settings alone.
  private static func canBeTriedAgain(_ error: KafkaError) -> Bool {
    error.code != .messageTooLarge && error.code != .invalidArgument
  }
}
