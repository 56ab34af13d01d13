import AvroRuntime
import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import PostgresRuntime

extension LedgerSnapshot {
  /// Outbox rows read at a time; a row holds the events of one batch.
  private static let outboxPageRows = 200

  /// Reads everything in one REPEATABLE READ transaction.
  ///
  /// - Parameter earlierEnds: for each partition of events an end that was read before this call.
  static func read(
    _ configuration: PostgresConfiguration, incarnation: UUID, earlierEnds: [TopicPartition: Int64]
  ) async throws -> LedgerSnapshot {
    let connection = try await PostgresConnection.connect(configuration)
    do {
      let snapshot = try await connection.transaction(isolation: .repeatableRead, readOnly: true) { session in
        var snapshot = LedgerSnapshot()
        snapshot.earlierEnds = earlierEnds
        try snapshot.readAccounts(session)
        try snapshot.readLegs(session)
        try snapshot.readTransfers(session)
        try snapshot.readCreations(session)
        try snapshot.readConflicts(session)
        try snapshot.readPositions(session, incarnation: incarnation)
        try snapshot.readOutbox(session)
        return snapshot
      }
      await connection.close()
      return snapshot
    } catch {
      await connection.close()
      throw error
    }
  }

  private mutating func readAccounts(_ session: PostgresSession) throws {
    try session.forEach(
      """
      select iban, amount, lmt, version, token, balance_id, (extract(epoch from created_at) * 1000000)::bigint
      from balance
      """
    ) { (row) throws(PostgresError) in
      let iban: String = try row.decode(0)
      let number: Int32 = try row.decode(5)
      accounts[iban] = Account(
        amount: try row.decode(1), limit: try row.decode(2), version: try row.decode(3), token: try row.decode(4),
        isCompany: number == 0, openedAtMicros: try row.decode(6))
    }
  }

  private mutating func readLegs(_ session: PostgresSession) throws {
    // The rows of an account come together: its array is moved out and in once, not once a leg.
    var current = ""
    var chain: [Leg] = []
    // The texts repeat: kept once each.
    var texts: [String: String] = [:]
    try session.forEach(
      "select iban, command_id, side, amount, counterparty, sequence from leg order by iban, sequence"
    ) { (row) throws(PostgresError) in
      let iban: String = try row.decode(0)
      if iban != current {
        if !chain.isEmpty { legs[current] = chain }
        (current, chain) = (iban, [])
      }
      let counterparty: String = try row.decode(4)
      if texts[counterparty] == nil { texts[counterparty] = counterparty }
      chain.append(
        Leg(
          commandID: try row.decode(1), side: try row.decode(2), amount: try row.decode(3),
          counterparty: texts[counterparty] ?? counterparty, sequence: try row.decode(5)))
    }
    if !chain.isEmpty { legs[current] = chain }
  }

  private mutating func readTransfers(_ session: PostgresSession) throws {
    var texts: [String: String] = [:]
    try session.forEach(
      "select uuid, reason, payload_hash, (extract(epoch from created_at) * 1000000)::bigint from cmt"
    ) { (row) throws(PostgresError) in
      var reason: String? = try row.decode(1)
      if let text = reason {
        if texts[text] == nil { texts[text] = text }
        reason = texts[text]
      }
      let id: UUID = try row.decode(0)
      transfers[id] = Transfer(
        reason: reason, payload: PayloadMark(hash: try row.decode(2)), decidedAtMicros: try row.decode(3))
    }
  }

  private mutating func readCreations(_ session: PostgresSession) throws {
    try session.forEach("select uuid, iban, token, reason, payload_hash from cac") { (row) throws(PostgresError) in
      let id: UUID = try row.decode(0)
      creations[id] = Creation(
        iban: try row.decode(1), token: try row.decode(2), reason: try row.decode(3),
        payload: PayloadMark(hash: try row.decode(4)))
    }
  }

  private mutating func readConflicts(_ session: PostgresSession) throws {
    let rows = try session.query(
      "select command_id, topic, partition, record_offset from conflict", as: UUID.self, String.self, Int32.self,
      Int64.self)
    for (id, topic, partition, offset) in rows {
      conflicts[Place(partition: TopicPartition(topic: topic, partition: partition), offset: offset)] = id
    }
  }

  private mutating func readPositions(_ session: PostgresSession, incarnation: UUID) throws {
    let rows = try session.query(
      """
      select topic, partition, next_offset, last_timestamp from consumed_offset where incarnation = \(incarnation)
      """, as: String.self, Int32.self, Int64.self, Int64.self)
    for (topic, partition, next, last) in rows {
      positions[TopicPartition(topic: topic, partition: partition)] = Position(
        nextOffset: next, lastTimestampMillis: last)
    }
  }

  private mutating func readOutbox(_ session: PostgresSession) throws {
    var after: Int64 = -1
    while true {
      let rows = try session.query(
        """
        select id, events, sent_at is not null, delivered from outbox where id > \(after) order by id
        limit \(Self.outboxPageRows)
        """, as: Int64.self, [UInt8].self, Bool.self, [UInt8]?.self)
      guard let last = rows.last else { return }
      after = last.0
      for (id, events, isSent, delivered) in rows {
        try addOutboxRow(id: id, events: events, isSent: isSent, delivered: delivered)
      }
    }
  }

  mutating func addOutboxRow(id: Int64, events: [UInt8], isSent: Bool, delivered: [UInt8]?) throws {
    let events = try OutboxBatch(avroBytes: events).events.map { AuditedEvent($0, row: id) }
    deadLetters.formUnion(events.compactMap(\.deadLetterOf))
    guard isSent else {
      unsent += events
      return
    }
    // Marked sent and without deliveries: nobody publishes it again, so nothing of it may count as on its way.
    guard let delivered else { return }
    try add(events, deliveredTo: try OutboxDeliveries(avroBytes: delivered).deliveries, row: id)
  }

  /// - Parameter row: of the outbox, or the number of a journal's entry.
  mutating func add(_ events: [AuditedEvent], deliveredTo deliveries: [OutboxDelivery], row: Int64) throws {
    guard deliveries.count == events.count else {
      throw SupportError("outbox row \(row) has \(events.count) events and \(deliveries.count) deliveries")
    }
    for (event, delivery) in zip(events, deliveries) {
      guard let eventID = event.id else { continue }
      let partition = TopicPartition(topic: event.topic, partition: delivery.partition)
      self.deliveries[Place(partition: partition, offset: delivery.offset), default: []].append(eventID)
    }
  }
}
