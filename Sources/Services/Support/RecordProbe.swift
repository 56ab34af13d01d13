import KafkaRuntime

/// Looks at single records, to see whether the broker still has what it acknowledged.
package struct RecordProbe: Sendable {
  private let kafka: KafkaConfiguration
  /// A broker that answers and doesn't give the record out within this time doesn't have it.
  package var timeoutMillis = 10_000
  /// A broker that can't be asked within this time is away; the caller asks again.
  private static let askMillis = 3_000

  package init(kafka: KafkaConfiguration) { self.kafka = kafka }

  /// The records at these offsets; partitions without a record there are left out.
  ///
  /// - Throws: `KafkaError` when the broker can't be asked.
  package func records(at offsets: [TopicPartition: Int64]) async throws -> [TopicPartition: ConsumedRecord] {
    if offsets.isEmpty { return [:] }
    let consumer = try KafkaConsumer(kafka, assignment: [:])
    do {
      let found = try await records(at: offsets, consumer)
      await consumer.close()
      return found
    } catch {
      await consumer.close()
      throw error
    }
  }

  private func records(
    at offsets: [TopicPartition: Int64], _ consumer: KafkaConsumer
  ) async throws -> [TopicPartition: ConsumedRecord] {
    let partitions = Array(offsets.keys)
    let ends = try await consumer.endOffsets(partitions, timeoutMillis: Self.askMillis)
    let beginnings = try await consumer.beginningOffsets(partitions, timeoutMillis: Self.askMillis)
    var open = offsets.filter { ($0.value < ends[$0.key] ?? 0) && ($0.value >= beginnings[$0.key] ?? 0) }
    guard !open.isEmpty else { return [:] }
    try await consumer.assign(open.mapValues { .at($0) })
    var found: [TopicPartition: ConsumedRecord] = [:]
    let deadline = ContinuousClock.now + .milliseconds(timeoutMillis)
    while !open.isEmpty, ContinuousClock.now < deadline {
      var done: Set<TopicPartition> = []
      for record in try await consumer.next(maxRecords: 1000, timeoutMillis: 200) {
        guard let offset = open[record.topicPartition] else { continue }
        // A later offset: what stood here was compacted away, or is a marker.
        if record.offset == offset { found[record.topicPartition] = record }
        if record.offset >= offset { done.insert(record.topicPartition) }
      }
      for partition in done { open[partition] = nil }
      if !done.isEmpty, !open.isEmpty { try await consumer.pause(Array(done)) }
    }
    return found
  }
}
