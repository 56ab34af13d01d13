import AvroRuntime
import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import PostgresRuntime

extension LedgerSnapshot {
  /// The balance that the company's account, number 0, starts with.
  static let companyOpening: Int64 = 100_000_000_000_000_000
  /// Outbox rows read at a time; a row holds the events of one batch.
  private static let outboxPageRows = 200

  /// Reads everything in one REPEATABLE READ transaction.
  static func read(
    _ configuration: PostgresConfiguration, incarnation: UUID
  ) async throws -> LedgerSnapshot {
    let connection = try await PostgresConnection.connect(configuration)
    do {
      let snapshot = try await connection.transaction(isolation: .repeatableRead, readOnly: true) { session in
        var snapshot = LedgerSnapshot()
        try snapshot.readSums(session)
        try snapshot.readAccounts(session)
        try snapshot.readLegs(session)
        try snapshot.readOutcomes(session)
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

  private mutating func readSums(_ session: PostgresSession) throws {
    let row = try session.first(
      """
      select b.total::text, l.total::text, b.total = \(Self.companyOpening)::numeric + l.total
      from (select coalesce(sum(amount), 0) as total from balance) b,
        (select coalesce(sum(amount), 0) as total from leg) l
      """, as: String.self, String.self, Bool.self)
    if let row { (balanceSum, legSum, sumsAgree) = row }
    conflicts = try session.first("select count(*) from conflict", as: Int.self) ?? 0
  }

  private mutating func readAccounts(_ session: PostgresSession) throws {
    let rows = try session.query(
      "select iban, amount, lmt, version, balance_id from balance", as: String.self, Int64.self, Int64.self,
      Int64.self, Int32.self)
    for (iban, amount, limit, version, number) in rows {
      accounts[iban] = Account(
        amount: amount, limit: limit, version: version, opening: number == 0 ? Self.companyOpening : 0)
    }
  }

  private mutating func readLegs(_ session: PostgresSession) throws {
    let rows = try session.query(
      "select iban, command_id, side, amount, counterparty, sequence from leg order by iban, sequence",
      as: String.self, UUID.self, Int16.self, Int64.self, String.self, Int64.self)
    for (iban, commandID, side, amount, counterparty, sequence) in rows {
      legs[iban, default: []].append(
        Leg(commandID: commandID, side: side, amount: amount, counterparty: counterparty, sequence: sequence))
    }
  }

  private mutating func readOutcomes(_ session: PostgresSession) throws {
    for (id, reason) in try session.query("select uuid, reason from cmt", as: UUID.self, String?.self) {
      transfers[id] = .some(reason)
    }
    let rows = try session.query("select uuid, iban, reason from cac", as: UUID.self, String?.self, String?.self)
    for (id, iban, reason) in rows { creations[id] = Creation(iban: iban, reason: reason) }
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
        try addOutboxRow(id: id, events: events, delivered: isSent ? delivered : nil)
      }
    }
  }

  private mutating func addOutboxRow(id: Int64, events: [UInt8], delivered: [UInt8]?) throws {
    let events = try OutboxBatch(avroBytes: events).events
    let deliveries = try delivered.map { try OutboxDeliveries(avroBytes: $0).deliveries }
    if let deliveries, deliveries.count != events.count {
      throw SupportError("outbox row \(id) has \(events.count) events and \(deliveries.count) deliveries")
    }
    for (index, event) in events.enumerated() {
      // Dead letters have no id; nothing is to be found by them.
      guard let id = event.headers[CloudEvent.Header.id].flatMap(UUID.init(uuidString:)) else { continue }
      if let delivery = deliveries?[index] {
        let partition = TopicPartition(topic: event.topic, partition: delivery.partition)
        self.deliveries[Place(partition: partition, offset: delivery.offset)] = id
      } else {
        inFlight.insert(id)
      }
    }
  }
}
