import Foundation
import KafkaRuntime

/// Reads the commands of the partitions that are leased, from where they were left.
///
/// Used by one task only.
final class CommandReader {
  private struct Assigned {
    var lease: Lease
    var position: Position
  }

  private let kafka: KafkaConfiguration
  private let positions: PositionStore
  private let settings: HandlerSettings
  private let status: HandlerStatus
  private var consumer: KafkaConsumer?
  private var assigned: [TopicPartition: Assigned] = [:]
  /// Whose position has to be compared with the broker before anything is read.
  private var unchecked: Set<TopicPartition> = []
  private var seenDisconnects = 0
  /// Paused because the next record can't be read yet.
  private var held: [TopicPartition: ContinuousClock.Instant] = [:]
  private var holdBackoffs: [TopicPartition: Int] = [:]

  init(
    _ kafka: KafkaConfiguration, positions: PositionStore, settings: HandlerSettings, status: HandlerStatus
  ) {
    self.kafka = kafka
    self.positions = positions
    self.settings = settings
    self.status = status
  }

  /// Where a partition stands, with the epoch to move it under; nil when it is not read.
  func place(of partition: TopicPartition) -> (position: Position, epoch: Int64)? {
    assigned[partition].map { ($0.position, $0.lease.epoch) }
  }

  var all: [TopicPartition: Position] { assigned.mapValues(\.position) }

  /// The next commands, those of `leases` only; empty when none came within the time.
  func next(_ leases: [TopicPartition: Lease], timeoutMillis: Int) async throws -> [ConsumedRecord] {
    let consumer = try consumer ?? KafkaConsumer(kafka, assignment: [:])
    self.consumer = consumer
    try await follow(leases, consumer)
    try await letGo(consumer)
    guard !assigned.isEmpty else {
      status.works(.kafka)
      try await Task.sleep(for: .milliseconds(timeoutMillis))
      return []
    }
    let records: [ConsumedRecord]
    do {
      records = try await consumer.next(maxRecords: settings.maxBatchCommands, timeoutMillis: timeoutMillis)
    } catch {
      guard let partition = error.topicPartition, error.isOffsetOutOfRange else { throw error }
      status.fails(.kafka, "\(error)")
      unchecked.insert(partition)
      return []
    }
    if consumer.disconnects != seenDisconnects {
      // The broker may have come back without its last records, and with others at their offsets.
      status.fails(.kafka, consumer.lastProblem.map { "\($0)" } ?? "the connection to a broker was lost")
      unchecked = Set(assigned.keys)
      return []
    }
    status.works(.kafka)
    return records.filter { record in
      guard let entry = assigned[record.topicPartition], held[record.topicPartition] == nil else { return false }
      return record.offset >= entry.position.nextOffset
    }
  }

  /// The batch is committed: these are the positions now.
  func moved(_ moves: [TopicPartition: Position]) {
    for (partition, position) in moves {
      assigned[partition]?.position = position
      holdBackoffs[partition] = nil
    }
  }

  /// Reads no more of the partition for a while, then again from its position; longer each time in a row.
  func hold(_ partition: TopicPartition) async throws {
    guard assigned[partition] != nil, held[partition] == nil else { return }
    let attempt = holdBackoffs[partition, default: 0]
    holdBackoffs[partition] = min(attempt + 1, 5)
    held[partition] = .now + .milliseconds(500 << attempt)
    try await consumer?.pause([partition])
  }

  /// What was read and not handled is read again.
  func rewind() { unchecked = Set(assigned.keys) }

  /// Whether every position was compared with the broker, which takes the database too.
  var isChecked: Bool { unchecked.isEmpty }

  func close() async {
    await consumer?.close()
    consumer = nil
    assigned = [:]
    unchecked = []
    held = [:]
    holdBackoffs = [:]
    seenDisconnects = 0
  }

  /// Makes the assignment what the leases are, each partition from a position that was compared with the broker.
  private func follow(_ leases: [TopicPartition: Lease], _ consumer: KafkaConsumer) async throws {
    if consumer.disconnects != seenDisconnects { unchecked = Set(assigned.keys) }
    var changed = false
    for partition in assigned.keys where leases[partition] != assigned[partition]?.lease {
      assigned[partition] = nil
      unchecked.remove(partition)
      holdBackoffs[partition] = nil
      changed = true
    }
    for (partition, lease) in leases where assigned[partition] == nil {
      assigned[partition] = Assigned(lease: lease, position: lease.start)
      unchecked.insert(partition)
      changed = true
    }
    guard changed || !unchecked.isEmpty else { return }
    // Before the look: what is lost after it shows as another count.
    seenDisconnects = consumer.disconnects
    try await check(consumer)
    held = [:]
    try await consumer.assign(assigned.mapValues { .at($0.position.nextOffset) })
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

  /// Goes back by time, and relies on every command being handled once.
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
    guard try await positions.reset(partition, from: position, to: start, epoch: entry.lease.epoch) else {
      throw LeaseLost(partitions: [partition])
    }
    assigned[partition]?.position = start
  }

  /// Goes on with partitions whose pause is over.
  private func letGo(_ consumer: KafkaConsumer) async throws {
    for (partition, until) in held where until <= .now {
      held[partition] = nil
      guard let entry = assigned[partition] else { continue }
      try await consumer.seek(partition, .at(entry.position.nextOffset))
      try await consumer.resume([partition])
    }
  }
}

/// Partitions that this handler may no longer move.
struct LeaseLost: Error {
  let partitions: Set<TopicPartition>
}
