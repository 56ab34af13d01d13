import BankSupport
import KafkaRuntime

extension KafkaProducer {
  /// A producer whose broker came back without its last records may wait for ever. What it had is sent again by another
  /// one; who reads drops what it knows.
  private static let giveUp = Duration.seconds(30)

  /// Sends events, and waits for the broker as long as that may help; once the flag is set not longer than `drainMillis`.
  ///
  /// - Parameter silent: is called again and again when nothing was acknowledged for three seconds.
  /// - Returns: a result for each record, and whether the producer was closed, so that another has to be made.
  func sendEvents(
    _ records: PackedRecords, until stop: StopFlag, drainMillis: Int,
    silent: @escaping @Sendable () async -> Void = {}
  ) async -> (results: [Result<KafkaDelivery, KafkaError>], isClosed: Bool) {
    let giveUp = Self.giveUp
    let watch = Task {
      let start = ContinuousClock.now
      while !Task.isCancelled, !stop.isSet, start.duration(to: .now) < giveUp {
        try await Task.sleep(for: .milliseconds(250))
        if start.duration(to: .now) > .seconds(3) { await silent() }
      }
      if stop.isSet { try await Task.sleep(for: .milliseconds(drainMillis)) }
      await close(timeoutMillis: 0)
      return true
    }
    let results = await send(records)
    watch.cancel()
    return (results, (try? await watch.value) == true)
  }
}
