import KafkaRuntime

/// Shows how many records wait, by partition, in `bank_consumer_lag_records`, and sees that a broker answers at all.
package struct LagWatch: Sendable {
  private static let everyMillis = 5_000
  /// After a look that failed, so that the health does not stay red for long.
  private static let againMillis = 1_000

  private let kafka: KafkaConfiguration
  private let status: ServiceStatus
  private let places: @Sendable () -> [TopicPartition: Position]

  /// - Parameter places: where each partition stands now.
  package init(
    kafka: KafkaConfiguration, status: ServiceStatus, places: @escaping @Sendable () -> [TopicPartition: Position]
  ) {
    self.kafka = kafka
    self.status = status
    self.places = places
  }

  package func run(until stop: StopFlag) async {
    var consumer: KafkaConsumer?
    while !stop.isSet {
      let places = places()
      var pauseMillis = Self.everyMillis
      if !places.isEmpty {
        do {
          let open = try consumer ?? KafkaConsumer(kafka, assignment: [:])
          consumer = open
          for (partition, end) in try await open.endOffsets(Array(places.keys), timeoutMillis: 2_000) {
            let lag = max(0, end - (places[partition]?.nextOffset ?? end))
            status.metrics.set(
              "bank_consumer_lag_records", ["topic": partition.topic, "partition": String(partition.partition)],
              to: lag)
          }
          status.works(.lag)
        } catch {
          // A reader sees that a connection is lost. That a broker is silent looks to it as if there were no records.
          status.fails(.lag, error)
          pauseMillis = Self.againMillis
        }
      }
      await stop.sleep(millis: pauseMillis)
    }
    await consumer?.close()
  }
}
