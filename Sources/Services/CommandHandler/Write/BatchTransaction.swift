import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import PostgresRuntime

/// One batch of commands as one transaction (the contract's six steps).
struct BatchTransaction: Sendable {
  let batch: CommandBatch
  let encoder: EventEncoder
  let incarnation: UUID
  let settings: HandlerSettings

  struct Result: Sendable {
    /// What was put into the outbox; nil when the batch has no events.
    var outbox: OutboxRow?
    /// `confirmed` or a reason, and how many commands got it for the first time.
    var outcomes: [String: Int] = [:]
    var deadLetters: [DeadLetterCause: Int] = [:]
    var conflicts = 0
    var times = StageTimes()

    /// Notes what came of the commands.
    mutating func count(_ decision: Decision, _ letters: [DeadLetter], conflicts: Int) {
      for transfer in decision.transfers { outcomes[transfer.reason ?? "confirmed", default: 0] += 1 }
      for creation in decision.creations {
        if case .failed(let reason) = creation.outcome {
          outcomes[reason, default: 0] += 1
        } else {
          outcomes["confirmed", default: 0] += 1
        }
      }
      for letter in letters { deadLetters[letter.cause, default: 0] += 1 }
      self.conflicts = conflicts
    }

    func record(in metrics: Metrics) {
      times.record(in: metrics)
      for (outcome, count) in outcomes {
        metrics.add(count, to: "bank_commands_total", ["service": "command-handler", "outcome": outcome])
      }
      for (cause, count) in deadLetters {
        metrics.add(count, to: "bank_dead_letters_total", ["cause": cause.rawValue])
      }
      if conflicts > 0 { metrics.add(conflicts, to: "bank_conflicts_total") }
    }
  }

  /// The batch is committed when this returns.
  func commit(_ session: PostgresSession) throws -> Result {
    var clock = StageClock()
    var result = try session.transaction { session in try perform(session, &clock) }
    clock.ends(.commit)
    result.times = clock.times
    return result
  }

  private func perform(_ session: PostgresSession, _ clock: inout StageClock) throws -> Result {
    var result = Result()
    let (commands, indexes) = batch.commands
    let state = try state(of: commands, session, &clock)
    let decision = decide(state, commands)
    clock.ends(.decide)
    try settings.reach(.decided)
    let conflicts = try writeConflicts(decision.conflicts.map { indexes[$0] }, session)
    let letters = batch.poison + conflicts
    var moved: Set<TopicPartition> = []
    // The server writes the ledger while the events are encoded.
    try session.pipeline { pipeline in
      let writer = LedgerWriter(pipeline: pipeline, settings: settings)
      try writer.writeBalances(decision)
      try settings.reach(.balancesWritten)
      try writer.writeOutcomes(decision)
      try settings.reach(.outcomesWritten)
      clock.ends(.write)
      let bytes = try encoder.encode(decision.events, letters: letters.map { $0.event(incarnation: incarnation) })
      clock.ends(.encode)
      if let bytes { try writeOutbox(bytes, pipeline) { result.outbox = OutboxRow(id: $0, bytes: bytes) } }
      try settings.reach(.outboxWritten)
      try moveOffsets(pipeline) { moved.insert($0) }
      try settings.reach(.offsetsMoved)
    }
    clock.ends(.write)
    // The fence: a row that is missing was moved, or has a new owner.
    let lost = Set(batch.moves.keys).subtracting(moved)
    guard lost.isEmpty else { throw LeaseLost(partitions: lost) }
    result.count(decision, letters, conflicts: conflicts.count)
    return result
  }

  private func state(
    of commands: [Command], _ session: PostgresSession, _ clock: inout StageClock
  ) throws -> LedgerState {
    let reader = LedgerReader()
    try session.pipeline { pipeline in
      try reader.readDecided(commands, pipeline)
      try settings.reach(.idsRead)
      clock.ends(.ids)
      try reader.lockAccounts(commands, pipeline)
    }
    try settings.reach(.balancesLocked)
    let state = try reader.state()
    clock.ends(.lock)
    return state
  }

  /// - Returns: dead letters of the conflicts that are new; a record that is read again has its row already.
  private func writeConflicts(_ indexes: [Int], _ session: PostgresSession) throws -> [DeadLetter] {
    if indexes.isEmpty { return [] }
    var letters: [DeadLetter] = []
    for index in indexes {
      let parsed = batch.records[index]
      guard case .command(let command) = parsed.content else { continue }
      let record = parsed.record
      // Conflicts are rare: a statement each.
      let count = try session.execute(
        """
        insert into conflict (command_id, payload_hash, topic, partition, record_offset)
        values (\(command.id), \(command.payloadHash), \(record.topic), \(record.partition), \(record.offset))
        on conflict do nothing
        """)
      if count == 1 {
        letters.append(DeadLetter(idReused: command.id, record: record))
      }
    }
    return letters
  }

  /// - Parameter take: gets the row's id.
  private func writeOutbox(
    _ bytes: [UInt8], _ pipeline: PostgresPipeline, _ take: @escaping (Int64) -> Void
  ) throws {
    try pipeline.forEach("insert into outbox (events) values (\(bytes)) returning id") {
      (row) throws(PostgresError) in take(try row.decode(0))
    }
    try pipeline.execute("select pg_notify(\(OutboxStore.channel), '')")
  }

  /// - Parameter take: gets the partitions that were where they should be.
  private func moveOffsets(_ pipeline: PostgresPipeline, _ take: @escaping (TopicPartition) -> Void) throws {
    let moves = batch.moves.sorted { $0.key < $1.key }
    try pipeline.forEach(
      """
      update consumed_offset c set next_offset = u.next_offset, last_timestamp = u.last_timestamp
      from unnest(\(moves.map(\.key.topic)), \(moves.map(\.key.partition)), \(moves.map(\.value.from.nextOffset)),
        \(moves.map(\.value.epoch)), \(moves.map(\.value.to.nextOffset)), \(moves.map(\.value.to.lastTimestampMillis)))
        u(topic, partition, expected, epoch, next_offset, last_timestamp)
      where c.incarnation = \(incarnation) and c.topic = u.topic and c.partition = u.partition
        and c.next_offset = u.expected and c.epoch = u.epoch
      returning c.topic, c.partition
      """
    ) { (row) throws(PostgresError) in
      take(TopicPartition(topic: try row.decode(0), partition: try row.decode(1)))
    }
  }

  /// Tells what became of a transaction whose end was not seen. Waits for a server process that may still be at it.
  ///
  /// - Returns: true when it was committed.
  /// - Throws: `LeaseLost` where another handler has moved on since.
  static func isCommitted(
    _ batch: CommandBatch, incarnation: UUID, _ session: PostgresSession
  ) throws -> Bool {
    let rows = try session.query(
      """
      select topic, partition, next_offset, epoch from consumed_offset
      where incarnation = \(incarnation) and (topic, partition) in (
        select * from unnest(\(batch.moves.keys.map(\.topic)), \(batch.moves.keys.map(\.partition))))
      order by topic, partition for update
      """, as: String.self, Int32.self, Int64.self, Int64.self)
    var stands: [TopicPartition: (next: Int64, epoch: Int64)] = [:]
    for row in rows { stands[TopicPartition(topic: row.0, partition: row.1)] = (row.2, row.3) }
    // All positions move in one transaction: one partition that is still ours tells for all.
    var lost: Set<TopicPartition> = []
    var verdict: Bool?
    for (partition, move) in batch.moves {
      guard let stand = stands[partition], stand.epoch == move.epoch else {
        lost.insert(partition)
        continue
      }
      if stand.next == move.to.nextOffset { verdict = true }
      if stand.next == move.from.nextOffset { verdict = verdict ?? false }
    }
    if let verdict, verdict || lost.isEmpty { return verdict }
    throw LeaseLost(partitions: lost.isEmpty ? Set(batch.moves.keys) : lost)
  }
}
