import KafkaRuntime

/// Gives the records of topics, batch by batch, from their beginning to where they end at the call.
struct TopicReader: Sendable {
  /// A broker that gives nothing for this long, although records are left, is a failure.
  static let stallSeconds = 20
  private static let recordsPerBatch = 2_000

  let kafka: KafkaConfiguration
  let partitions: [TopicPartition]

  struct Bounds: Sendable {
    var beginnings: [TopicPartition: Int64]
    var ends: [TopicPartition: Int64]
  }

  /// - Parameter body: gets records of a partition in ascending order of offset, none at or past the end.
  /// - Returns: from where to where was read.
  func forEachBatch(_ body: ([ConsumedRecord]) async throws -> Void) async throws -> Bounds {
    let consumer = try KafkaConsumer(kafka, assignment: [:])
    do {
      let bounds = try await read(consumer, body)
      await consumer.close()
      return bounds
    } catch {
      await consumer.close()
      throw error
    }
  }

  private func read(
    _ consumer: KafkaConsumer, _ body: ([ConsumedRecord]) async throws -> Void
  ) async throws -> Bounds {
    let bounds = Bounds(
      beginnings: try await consumer.beginningOffsets(partitions), ends: try await consumer.endOffsets(partitions))
    var open = bounds.ends.filter { $0.value > bounds.beginnings[$0.key] ?? 0 }
    let disconnects = consumer.disconnects
    try await consumer.assign(
      Dictionary(uniqueKeysWithValues: open.keys.map { ($0, .at(bounds.beginnings[$0] ?? 0)) }))
    var lastRecord = ContinuousClock.now
    while !open.isEmpty {
      let records = try await consumer.next(maxRecords: Self.recordsPerBatch, timeoutMillis: 500)
      guard consumer.disconnects == disconnects else {
        throw AuditError("the connection to the broker was lost while the topics were read: audit again")
      }
      if records.isEmpty {
        guard lastRecord.duration(to: .now) < .seconds(Self.stallSeconds) else {
          throw AuditError("the broker gives no more records of \(open.keys.sorted().map(\.description))")
        }
        continue
      }
      lastRecord = .now
      var done: [TopicPartition] = []
      var wanted: [ConsumedRecord] = []
      wanted.reserveCapacity(records.count)
      for record in records {
        guard let end = open[record.topicPartition] else { continue }
        if record.offset < end { wanted.append(record) }
        if record.offset + 1 >= end {
          open[record.topicPartition] = nil
          done.append(record.topicPartition)
        }
      }
      try await body(wanted)
      if !done.isEmpty, !open.isEmpty { try await consumer.pause(done) }
    }
    return bounds
  }
}

/// Why an audit could not be made.
struct AuditError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
