import Foundation
import KafkaRuntime

/// How far a partition is handled.
package struct Position: Sendable, Hashable {
  package var nextOffset: Int64
  /// Of the record before `nextOffset`, in milliseconds since 1970; -1 when unknown.
  package var lastTimestampMillis: Int64

  package init(nextOffset: Int64, lastTimestampMillis: Int64) {
    self.nextOffset = nextOffset
    self.lastTimestampMillis = lastTimestampMillis
  }

  /// Where a partition begins that was never read.
  package static let beginning = Position(nextOffset: 0, lastTimestampMillis: -1)
}

/// What allows a reader to read a partition; another grant begins anew.
package protocol PartitionGrant: Sendable, Hashable {
  /// When it was given.
  var start: Position { get }
}

/// A position that nobody else can take away.
extension Position: PartitionGrant {
  package var start: Position { self }
}

/// Reads the partitions that are granted, from where they were left (docs/contracts.md, "Broker that lost records").
///
/// Used by one task only.
package final class PartitionReader<Grant: PartitionGrant> {
  /// Writes that a partition is read again from an earlier position; may throw that it belongs to another now.
  package typealias Reset =
    @Sendable (
      _ partition: TopicPartition, _ grant: Grant, _ from: Position, _ to: Position
    ) async throws -> Void

  package struct Settings: Sendable {
    /// Of one call of `next`.
    package var maxRecords: Int
    /// From the stored timestamp back to where a partition is replayed that lost records.
    package var replayMillis: Int64
    /// Whether records have their headers.
    package var readsHeaders: Bool

    package init(maxRecords: Int, replayMillis: Int64 = 60_000, readsHeaders: Bool = true) {
      self.maxRecords = maxRecords
      self.replayMillis = replayMillis
      self.readsHeaders = readsHeaders
    }
  }

  private struct Assigned {
    var grant: Grant
    var position: Position
  }

  private let kafka: KafkaConfiguration
  private let settings: Settings
  private let status: ServiceStatus
  /// What fails when the broker does.
  private let part: ServiceStatus.Part
  private let verify: @Sendable () async throws -> Void
  private let reset: Reset
  private var consumer: KafkaConsumer?
  private var assigned: [TopicPartition: Assigned] = [:]
  /// Whose position has to be compared with the broker before anything is read.
  private var unchecked: Set<TopicPartition> = []
  private var seenDisconnects = 0
  /// Paused because the next record can't be read yet.
  private var held: [TopicPartition: ContinuousClock.Instant] = [:]
  private var holdBackoffs: [TopicPartition: Int] = [:]
  /// A new assignment does not end a pause.
  private var paused: Set<TopicPartition> = []

  /// - Parameter verify: throws when the broker's topics are not those of the positions; is asked before positions are
  ///   compared.
  package init(
    _ kafka: KafkaConfiguration, settings: Settings, status: ServiceStatus, part: ServiceStatus.Part = .kafka,
    verify: @escaping @Sendable () async throws -> Void, reset: @escaping Reset
  ) {
    self.kafka = kafka
    self.settings = settings
    self.status = status
    self.part = part
    self.verify = verify
    self.reset = reset
  }

  /// Where a partition stands, and by which grant; nil when it is not read.
  package func place(of partition: TopicPartition) -> (position: Position, grant: Grant)? {
    assigned[partition].map { ($0.position, $0.grant) }
  }

  package var all: [TopicPartition: Position] { assigned.mapValues(\.position) }

  /// The next records, those of `grants` only; empty when none came within the time.
  package func next(_ grants: [TopicPartition: Grant], timeoutMillis: Int) async throws -> [ConsumedRecord] {
    let consumer = try consumer ?? KafkaConsumer(kafka, assignment: [:], readsHeaders: settings.readsHeaders)
    self.consumer = consumer
    try await follow(grants, consumer)
    try await letGo(consumer)
    guard !assigned.isEmpty else {
      status.works(part)
      try await Task.sleep(for: .milliseconds(timeoutMillis))
      return []
    }
    let records: [ConsumedRecord]
    do {
      records = try await consumer.next(maxRecords: settings.maxRecords, timeoutMillis: timeoutMillis)
    } catch {
      guard let partition = error.topicPartition, error.isOffsetOutOfRange else { throw error }
      status.fails(part, error)
      unchecked.insert(partition)
      return []
    }
    if consumer.disconnects != seenDisconnects {
      // The broker may have come back without its last records, and with others at their offsets.
      status.fails(part, consumer.lastProblem.map { "\($0)" } ?? "the connection to a broker was lost")
      unchecked = Set(assigned.keys)
      return []
    }
    status.works(part)
    return records.filter { record in
      guard let entry = assigned[record.topicPartition], held[record.topicPartition] == nil else { return false }
      return record.offset >= entry.position.nextOffset
    }
  }

  /// The batch is committed: these are the positions now.
  package func moved(_ moves: [TopicPartition: Position]) {
    for (partition, position) in moves {
      assigned[partition]?.position = position
      holdBackoffs[partition] = nil
    }
  }

  /// Reads no more of the partition for a while, then again from its position; longer each time in a row.
  package func hold(_ partition: TopicPartition) async throws {
    guard assigned[partition] != nil, held[partition] == nil else { return }
    let attempt = holdBackoffs[partition, default: 0]
    holdBackoffs[partition] = min(attempt + 1, 5)
    held[partition] = .now + .milliseconds(500 << attempt)
    paused.insert(partition)
    try await consumer?.pause([partition])
  }

  /// What was read and not handled is read again.
  package func rewind() { unchecked = Set(assigned.keys) }

  /// Whether every position was compared with the broker, which takes the database too.
  package var isChecked: Bool { unchecked.isEmpty }

  package func close() async {
    await consumer?.close()
    consumer = nil
    assigned = [:]
    unchecked = []
    held = [:]
    holdBackoffs = [:]
    paused = []
    seenDisconnects = 0
  }

  /// Makes the assignment what the grants are, each partition from a position that was compared with the broker.
  private func follow(_ grants: [TopicPartition: Grant], _ consumer: KafkaConsumer) async throws {
    if consumer.disconnects != seenDisconnects { unchecked = Set(assigned.keys) }
    var changed = false
    for partition in assigned.keys where grants[partition] != assigned[partition]?.grant {
      assigned[partition] = nil
      unchecked.remove(partition)
      holdBackoffs[partition] = nil
      changed = true
    }
    for (partition, grant) in grants where assigned[partition] == nil {
      assigned[partition] = Assigned(grant: grant, position: grant.start)
      unchecked.insert(partition)
      changed = true
    }
    guard changed || !unchecked.isEmpty else { return }
    // Before the look: what is lost after it shows as another count.
    seenDisconnects = consumer.disconnects
    try await verify()
    try await check(consumer)
    held = [:]
    try await consumer.assign(assigned.mapValues { .at($0.position.nextOffset) })
    try await resume(paused.filter { assigned[$0] != nil }, consumer)
  }

  private func resume(_ partitions: Set<TopicPartition>, _ consumer: KafkaConsumer) async throws {
    if partitions.isEmpty { return }
    try await consumer.resume(Array(partitions))
    paused.subtract(partitions)
  }

  /// The contract's "Broker that lost records", for what is read.
  private func check(_ consumer: KafkaConsumer) async throws {
    var before: [TopicPartition: Int64] = [:]
    for partition in unchecked {
      if let position = assigned[partition]?.position, position.nextOffset > 0 {
        before[partition] = position.nextOffset - 1
      }
    }
    let records = try await RecordProbe(kafka: kafka).records(at: before)
    let beginnings = try await consumer.beginningOffsets(Array(unchecked), timeoutMillis: 3_000)
    for partition in unchecked.sorted() {
      guard let entry = assigned[partition] else { continue }
      let position = entry.position
      let isThere = records[partition].map { $0.timestampMillis == position.lastTimestampMillis } ?? false
      // Records before the beginning were deleted on purpose: reading can only start there.
      let isDeleted = position.nextOffset < beginnings[partition] ?? 0
      if isDeleted || (position.nextOffset > 0 && !isThere) { try await replay(partition, entry, consumer) }
    }
    unchecked = []
  }

  /// Goes back by time, and relies on every record being handled once.
  private func replay(_ partition: TopicPartition, _ entry: Assigned, _ consumer: KafkaConsumer) async throws {
    let position = entry.position
    let beginning = try await consumer.beginningOffsets([partition], timeoutMillis: 3_000)[partition] ?? 0
    var offset = beginning
    if position.lastTimestampMillis >= 0 {
      let time = max(0, position.lastTimestampMillis - settings.replayMillis)
      offset =
        try await consumer.offsets(
          forTimestampMillis: [partition: time], timeoutMillis: 3_000)[partition] ?? beginning
    }
    offset = max(beginning, min(offset, position.nextOffset))
    let before = try await RecordProbe(kafka: kafka).records(at: offset > 0 ? [partition: offset - 1] : [:])
    let start = Position(
      nextOffset: offset, lastTimestampMillis: before[partition]?.timestampMillis ?? -1)
    status.log(
      "\(partition) lost records: the one before \(position.nextOffset) is not the one that was read; "
        + "reading again from \(offset)")
    try await reset(partition, entry.grant, position, start)
    assigned[partition]?.position = start
  }

  /// Goes on with partitions whose pause is over.
  private func letGo(_ consumer: KafkaConsumer) async throws {
    for (partition, until) in held where until <= .now {
      held[partition] = nil
      guard let entry = assigned[partition] else { continue }
      try await consumer.seek(partition, .at(entry.position.nextOffset))
      try await resume([partition], consumer)
    }
  }
}
