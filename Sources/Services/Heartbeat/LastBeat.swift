import Definitions
import KafkaRuntime
import SchemaRegistry

/// The number from which to count on.
enum LastBeat {
  /// Records at the end of the topic that are looked at: the last may be something else than a beat.
  static let window: Int64 = 100

  /// The highest beat among the last records of the topic. When they are gone (a beat is kept for 15 minutes) or
  /// unreadable, the topic's end: there were not more beats than records.
  static func find(_ kafka: KafkaConfiguration, _ codec: TopicCodec<Heartbeat>) async throws -> Int64 {
    let partitions = (0..<codec.topic.partitions).map {
      TopicPartition(topic: codec.topic.name, partition: Int32($0))
    }
    let consumer = try KafkaConsumer(kafka, assignment: [:])
    do {
      let last = try await find(consumer, partitions, codec)
      await consumer.close()
      return last
    } catch {
      await consumer.close()
      throw error
    }
  }

  private static func find(
    _ consumer: KafkaConsumer, _ partitions: [TopicPartition], _ codec: TopicCodec<Heartbeat>
  ) async throws -> Int64 {
    let ends = try await consumer.endOffsets(partitions)
    let beginnings = try await consumer.beginningOffsets(partitions)
    var starts: [TopicPartition: Int64] = [:]
    for (partition, end) in ends {
      let start = max(beginnings[partition] ?? 0, end - window)
      if start < end { starts[partition] = start }
    }
    var last: Int64?
    if !starts.isEmpty {
      try await consumer.assign(starts.mapValues { .at($0) })
      var open = Set(starts.keys)
      var empty = 0
      while !open.isEmpty {
        let records = try await consumer.next(maxRecords: 1_000, timeoutMillis: 500)
        try Task.checkCancellation()
        // A topic may have been shortened meanwhile; ten seconds without a record are an answer.
        empty = records.isEmpty ? empty + 1 : 0
        if empty == 20 { break }
        for record in records {
          if let beat = try await beat(record, codec) { last = max(last ?? beat, beat) }
          if record.offset + 1 >= ends[record.topicPartition] ?? 0 { open.remove(record.topicPartition) }
        }
      }
    }
    return max(0, last ?? ends.values.reduce(0, +))
  }

  /// Nil for what is no beat.
  private static func beat(_ record: ConsumedRecord, _ codec: TopicCodec<Heartbeat>) async throws -> Int64? {
    do {
      return try await codec.decode(record.value).beat
    } catch {
      guard error.deadLetterCause == nil else { return nil }
      throw error
    }
  }
}
