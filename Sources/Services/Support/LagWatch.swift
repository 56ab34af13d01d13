import KafkaRuntime

/// Shows how many records wait, by partition, in `bank_consumer_lag_records`.
package struct LagWatch: Sendable {
  private static let everyMillis = 5_000

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
        } catch {
          // The reader has noticed too, and says so.
          status.metrics.add(to: "bank_retries_total", ["target": ServiceStatus.Part.kafka.rawValue])
        }
      }
      await stop.sleep(millis: Self.everyMillis)
    }
    await consumer?.close()
  }
}
