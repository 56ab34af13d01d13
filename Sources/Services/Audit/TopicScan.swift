import BankSupport
import KafkaRuntime

/// Reads partitions from their beginning up to given ends.
struct TopicScan {
  /// How long the broker may be silent before the audit gives up.
  static let silenceMillis = 30_000
  private static let batchRecords = 2_000

  /// The partitions that the cluster has of these topics.
  ///
  /// - Throws: `SupportError` when it doesn't have one of the topics, and `KafkaError`.
  static func partitions(_ configuration: KafkaConfiguration, topics: Set<String>) async throws -> [TopicPartition] {
    let admin = try KafkaAdmin(configuration)
    do {
      let found = try await admin.topics().filter { topics.contains($0.name) }
      await admin.close()
      let missing = topics.subtracting(found.map(\.name)).sorted()
      guard missing.isEmpty else {
        throw SupportError("the cluster has no topic \(missing.joined(separator: ", ")): bank synchronize makes it")
      }
      return found.flatMap { topic in
        (0..<topic.partitions).map { TopicPartition(topic: topic.name, partition: Int32($0)) }
      }
    } catch {
      await admin.close()
      throw error
    }
  }

  /// The offset after the last record of each partition.
  static func ends(
    _ configuration: KafkaConfiguration, _ partitions: [TopicPartition]
  ) async throws -> [TopicPartition: Int64] {
    let consumer = try KafkaConsumer(configuration, assignment: [:])
    do {
      let ends = try await consumer.endOffsets(partitions)
      await consumer.close()
      return ends
    } catch {
      await consumer.close()
      throw error
    }
  }

  /// Calls `body` with every batch of records.
  ///
  /// - Parameters:
  ///   - ends: for each partition the offset to stop before; a partition that ends earlier is read to its end.
  /// - Returns: the end offset that each partition had.
  /// - Throws: `SupportError` when the broker stays silent, `KafkaError`, and what `body` throws.
  static func read(
    _ configuration: KafkaConfiguration, ends: [TopicPartition: Int64],
    _ body: ([ConsumedRecord]) async throws -> Void
  ) async throws -> [TopicPartition: Int64] {
    guard !ends.isEmpty else { return [:] }
    let partitions = Array(ends.keys)
    let consumer = try KafkaConsumer(configuration, assignment: [:])
    do {
      let last = try await consumer.endOffsets(partitions)
      let first = try await consumer.beginningOffsets(partitions)
      var left: [TopicPartition: Int64] = [:]
      for (partition, end) in ends {
        let stop = min(end, last[partition] ?? 0)
        if stop > first[partition] ?? 0 { left[partition] = stop }
      }
      try await consumer.assign(left.mapValues { _ in .beginning })
      var silence = 0
      while !left.isEmpty {
        let records = try await consumer.next(maxRecords: batchRecords, timeoutMillis: 1_000)
        silence = records.isEmpty ? silence + 1_000 : 0
        guard silence < silenceMillis else {
          throw SupportError("the broker gave no record of \(left.keys.sorted()) for \(silenceMillis / 1_000) s")
        }
        // What is past the stop belongs to a later moment than the snapshot.
        try await body(records.filter { $0.offset < ends[$0.topicPartition] ?? 0 })
        for record in records where record.offset + 1 >= left[record.topicPartition] ?? .max {
          left[record.topicPartition] = nil
          try await consumer.pause([record.topicPartition])
        }
      }
      await consumer.close()
      return last
    } catch {
      await consumer.close()
      throw error
    }
  }
}
