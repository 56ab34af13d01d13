import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import PostgresRuntime
import SchemaRegistry

/// Makes a row of each balance change, and hands the rows to the subscribers once they are committed.
///
/// Used by one task only.
final class Projection {
  struct Settings: Sendable {
    var maxBatchRecords: Int
    /// A record whose value is larger is skipped: no balance change of this bank comes near it.
    var maxValueBytes: Int
    var gate: SequenceGate.Settings
    var failpoints: Failpoints<EndpointStep>
  }

  private static let pollMillis = 500
  /// While something is held.
  private static let heldPollMillis = 50

  private let settings: Settings
  private let status: ServiceStatus
  private let hub: TransactionHub
  private let parser: BalanceChangeParser
  private let follower: TopicFollower
  private let writer: TransactionWriter
  private let places: PlaceBoard
  private var gate: SequenceGate
  /// Behind the last record that was read, whatever is held.
  private var read: [TopicPartition: Position] = [:]
  /// Where the reader was told to stand; where it stands elsewhere, the broker has lost records.
  private var stood: [TopicPartition: Position] = [:]
  /// With a record that can't be read until the registry answers.
  private var waiting: Set<TopicPartition> = []
  private var delivered = DeliveredRows(after: 0)
  /// What has to be read before the rows are those of now; nil once they are.
  private var toCatchUp: [TopicPartition: Int64]?

  init(
    _ connections: ServiceConnections, registry: RegistryClient, hub: TransactionHub, settings: Settings,
    status: ServiceStatus, places: PlaceBoard, stop: StopFlag
  ) {
    self.settings = settings
    self.status = status
    self.hub = hub
    self.places = places
    parser = BalanceChangeParser(registry: registry, incarnation: connections.incarnation)
    follower = TopicFollower(
      connections, topics: [Topics.balanceChanged.name], part: .projection, maxRecords: settings.maxBatchRecords,
      status: status, stop: stop)
    writer = TransactionWriter(positions: follower.positions, failpoints: settings.failpoints)
    gate = SequenceGate(settings.gate)
  }

  /// Works until the service is stopped; what it has begun to write is written then.
  ///
  /// - Throws: when it can't begin.
  func run() async throws {
    guard let starts = try await follower.start() else { return }
    guard let ends = try await follower.ends(Array(starts.keys)) else { return }
    guard let highest = await follower.write({ [writer] session in try writer.highestID(session) }) else { return }
    delivered = DeliveredRows(after: highest)
    toCatchUp = ends
    read = starts
    stood = starts
    lookWhetherCaughtUp()
    await follower.run(
      from: starts, pollMillis: { self.gate.heldCount > 0 ? Self.heldPollMillis : Self.pollMillis },
      handle: { try await self.handle($0) })
  }

  private func handle(_ records: [ConsumedRecord]) async throws {
    let start = ContinuousClock.now
    for (partition, position) in follower.reader.all where position != stood[partition] {
      read[partition] = position
      stood[partition] = position
    }
    let (changes, unreadable) = await parse(records)
    // Also without records: where all were deleted, only the position moves.
    guard !records.isEmpty || gate.heldCount > 0 else { return lookWhetherCaughtUp() }
    try settings.failpoints.reach(.eventsRead)
    let unknown = gate.unknown(changes)
    if !unknown.isEmpty {
      let sequences = await follower.write { [writer] session in try writer.lastSequences(unknown, session) }
      guard let sequences else { return }
      gate.learn(sequences)
      try settings.failpoints.reach(.sequencesRead)
    }
    var ready = gate.admit(changes, now: start)
    let (overdue, gaps) = gate.overdue(now: start)
    ready += overdue
    for gap in gaps { note(gap) }
    guard try await write(ready) else { return }
    lookWhetherCaughtUp()
    if !records.isEmpty {
      let duration = start.duration(to: .now)
      status.metrics.observe("bank_batch_duration_seconds", seconds: duration / .seconds(1))
    }
    for (partition, reason) in unreadable { try await follower.wait(partition, reason) }
  }

  /// Reads records in their order; where one has to wait, so does its partition.
  private func parse(
    _ records: [ConsumedRecord]
  ) async -> (changes: [BalanceChange], unreadable: [TopicPartition: String]) {
    var changes: [BalanceChange] = []
    changes.reserveCapacity(records.count)
    var unreadable: [TopicPartition: String] = [:]
    // By partition, so that two endpoints write in the same order and never wait for each other in a circle.
    for record in records.sorted(by: Self.isBefore) where unreadable[record.topicPartition] == nil {
      let before = place(before: record)
      do {
        if let change = try await parse(record, before: before) { changes.append(change) }
      } catch {
        unreadable[record.topicPartition] = "\(error)"
        waiting.insert(record.topicPartition)
        continue
      }
      if waiting.remove(record.topicPartition) != nil, waiting.isEmpty { status.works(.registry) }
      read[record.topicPartition] = Position(
        nextOffset: record.offset + 1, lastTimestampMillis: record.timestampMillis)
    }
    return (changes, unreadable)
  }

  private static func isBefore(_ left: ConsumedRecord, _ right: ConsumedRecord) -> Bool {
    (left.partition, left.offset) < (right.partition, right.offset)
  }

  /// - Returns: nil for a record that never will be one; it is logged and counted.
  private func parse(_ record: ConsumedRecord, before: Position) async throws(CodecError) -> BalanceChange? {
    let size = record.value?.count ?? 0
    guard size <= settings.maxValueBytes else {
      follower.skip(record, cause: "value-too-large", "\(size) bytes, \(settings.maxValueBytes) are the most")
      return nil
    }
    do {
      let change = try await parser.parse(record, before: before)
      guard change.iban.utf8.count <= BalanceChangeParser.maxIBANBytes else {
        follower.skip(
          record, cause: "value-too-large", "the iban has more than \(BalanceChangeParser.maxIBANBytes) bytes")
        return nil
      }
      return change
    } catch {
      guard let cause = error.deadLetterCause else { throw error }
      follower.skip(record, cause: cause, "\(error)")
      return nil
    }
  }

  /// Where the partition stood before the record. Offsets that no record has are skipped on purpose: the position
  /// before them is as good, and its timestamp is known.
  private func place(before record: ConsumedRecord) -> Position {
    let candidates = [read[record.topicPartition], follower.reader.place(of: record.topicPartition)?.position]
    for case let position? in candidates where position.nextOffset <= record.offset { return position }
    return Position(nextOffset: record.offset, lastTimestampMillis: -1)
  }

  /// - Returns: false when the service was stopped first.
  private func write(_ changes: [BalanceChange]) async throws -> Bool {
    var moves = read
    for (partition, position) in gate.firstHeld where position.nextOffset < moves[partition]?.nextOffset ?? .max {
      moves[partition] = position
    }
    let standing = follower.reader.all
    moves = moves.filter { standing[$0.key] != nil && standing[$0.key] != $0.value }
    if changes.isEmpty, moves.isEmpty { return true }
    let rows = await follower.write { [writer, moves] session in
      try writer.write(changes, moving: moves, session)
    }
    guard let rows else { return false }
    try settings.failpoints.reach(.rowsCommitted)
    follower.reader.moved(moves)
    stood.merge(moves) { $1 }
    places.set(follower.reader.all)
    deliver(changes, rows)
    try settings.failpoints.reach(.rowsDelivered)
    return true
  }

  private func deliver(_ changes: [BalanceChange], _ rows: [UUID: TransactionWriter.Written]) {
    var due: [Transaction] = []
    due.reserveCapacity(changes.count)
    for change in changes {
      guard let row = rows[change.eventID], delivered.isDue(row.id, isInserted: row.isInserted) else { continue }
      due.append(Transaction(id: row.id, change))
    }
    if !due.isEmpty { hub.publish(due) }
  }

  private func note(_ gap: SequenceGate.Gap) {
    status.metrics.add(to: "bank_sequence_gaps_total")
    status.log(
      "finding: \(gap.iban) has no change \(gap.expected), and \(gap.found) was written after waiting for it")
  }

  private func lookWhetherCaughtUp() {
    guard let ends = toCatchUp else { return }
    // A partition that the broker has less of than was read is ahead, not behind.
    guard ends.allSatisfy({ $0.value <= read[$0.key]?.nextOffset ?? 0 }) else { return }
    toCatchUp = nil
    status.works(.catchUp)
  }
}
