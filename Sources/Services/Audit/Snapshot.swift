import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import PostgresRuntime

/// What balancedb held at one moment. About 150 bytes a transfer, 100 a leg and 60 a delivery are kept in memory.
struct Snapshot: Sendable {
  struct Account: Sendable {
    var iban: String
    var amount: Int64
    var limit: Int64
    var version: Int64
    var createdMicros: Int64
    /// The legs in the order of their sequence; where the sequence has gaps it says so in `hasGap`.
    var legs: [Leg] = []
    var hasGap = false
    /// What the balance was before the first leg.
    var start: Int64 { iban == IBAN.company.text ? Snapshot.companyStart : 0 }
  }

  struct Leg: Sendable {
    var commandID: UUID
    var amount: Int64
    var sequence: Int64
    var counterparty: Int32
    var isCredit: Bool
  }

  struct Transfer: Sendable {
    /// Index into `reasons`; 0 is confirmed.
    var reason: Int32
    var createdMicros: Int64
    var hasDebit = false
    var hasCredit = false
    var net: Int64 = 0
    /// Of the last leg seen, for the one that has no other.
    var counterparty: Int32 = -1
    var isAnswered = false
    var hasCommand = false
  }

  struct Creation: Sendable {
    var iban: String?
    var token: String?
    var type: String
    var reason: String?
    var isAnswered = false
    var hasCommand = false
  }

  /// Where an event was delivered.
  struct Delivery: Sendable {
    var offset: Int64
    var eventID: UUID
  }

  static let companyStart: Int64 = 100_000_000_000_000_000

  var accounts: [Account] = []
  var accountIndexes: [String: Int] = [:]
  var transfers: [UUID: Transfer] = [:]
  var creations: [UUID: Creation] = [:]
  var reasons = Interner(first: "confirmed")
  var counterparties = Interner()
  /// Legs whose IBAN has no account or whose command has no outcome.
  var strayLegs = Finding()
  var legCount = 0
  var legSum: Int128 = 0
  /// Ids of events in unsent rows.
  var inFlight: Set<UUID> = []
  var deliveries: [TopicPartition: [Delivery]] = [:]
  var positions: [TopicPartition: (next: Int64, lastTimestampMillis: Int64)] = [:]
  var conflicts = 0
  var timeMillis: Int64 = 0

  /// Beyond this nothing in a partition was delivered when the snapshot was taken; -1 when nothing is known.
  func lastDelivered(_ partition: TopicPartition) -> Int64 { deliveries[partition]?.last?.offset ?? -1 }
}

/// Texts that come again and again, kept once.
struct Interner: Sendable {
  private(set) var texts: [String] = []
  private var indexes: [String: Int32] = [:]

  init(first: String? = nil) {
    if let first { _ = index(of: first) }
  }

  mutating func index(of text: String) -> Int32 {
    if let index = indexes[text] { return index }
    let index = Int32(texts.count)
    texts.append(text)
    indexes[text] = index
    return index
  }

  subscript(_ index: Int32) -> String { texts.indices.contains(Int(index)) ? texts[Int(index)] : "" }
}

/// Reads a snapshot, page by page, inside of one transaction.
struct SnapshotReader {
  private static let rowsPerPage = 10_000
  private static let outboxRowsPerPage = 20

  let session: PostgresSession
  let incarnation: UUID
  private var snapshot = Snapshot()

  init(session: PostgresSession, incarnation: UUID) {
    self.session = session
    self.incarnation = incarnation
  }

  mutating func read() throws -> Snapshot {
    try readFacts()
    try readAccounts()
    try readTransfers()
    try readCreations()
    try readLegs()
    try readOutbox()
    return snapshot
  }

  private mutating func readFacts() throws {
    // The first statement fixes what the others see.
    let now = try session.first("select clock_timestamp()", as: PostgresTimestamp.self)
    snapshot.timeMillis = now?.millisSinceEpoch ?? 0
    let rows = try session.query(
      "select topic, partition, next_offset, last_timestamp from consumed_offset where incarnation = \(incarnation)",
      as: String.self, Int32.self, Int64.self, Int64.self)
    for row in rows {
      snapshot.positions[TopicPartition(topic: row.0, partition: row.1)] = (row.2, row.3)
    }
    snapshot.conflicts = try session.first("select count(*) from conflict", as: Int.self) ?? 0
  }

  private mutating func readAccounts() throws {
    var after = ""
    while true {
      let rows = try session.query(
        """
        select iban, amount, lmt, version, created_at from balance
        where iban > \(after) order by iban limit \(Self.rowsPerPage)
        """, as: String.self, Int64.self, Int64.self, Int64.self, PostgresTimestamp.self)
      guard let last = rows.last else { return }
      after = last.0
      for (iban, amount, limit, version, created) in rows {
        snapshot.accountIndexes[iban] = snapshot.accounts.count
        snapshot.accounts.append(
          Snapshot.Account(
            iban: iban, amount: amount, limit: limit, version: version, createdMicros: created.microsSince2000))
      }
    }
  }

  private mutating func readTransfers() throws {
    var (after, isFirst) = (incarnation, true)
    while true {
      let rows = try session.query(
        """
        select uuid, reason, created_at from cmt
        where \(isFirst) or uuid > \(after) order by uuid limit \(Self.rowsPerPage)
        """, as: UUID.self, String?.self, PostgresTimestamp.self)
      guard let last = rows.last else { return }
      (after, isFirst) = (last.0, false)
      for (id, reason, created) in rows {
        let index = reason.map { snapshot.reasons.index(of: $0) } ?? 0
        snapshot.transfers[id] = Snapshot.Transfer(reason: index, createdMicros: created.microsSince2000)
      }
    }
  }

  private mutating func readCreations() throws {
    var (after, isFirst) = (incarnation, true)
    while true {
      let rows = try session.query(
        """
        select uuid, iban, token, type, reason from cac
        where \(isFirst) or uuid > \(after) order by uuid limit \(Self.rowsPerPage)
        """, as: UUID.self, String?.self, String?.self, String.self, String?.self)
      guard let last = rows.last else { return }
      (after, isFirst) = (last.0, false)
      for (id, iban, token, type, reason) in rows {
        snapshot.creations[id] = Snapshot.Creation(iban: iban, token: token, type: type, reason: reason)
      }
    }
  }

  private mutating func readLegs() throws {
    var after = ("", Int64.min)
    while true {
      let rows = try session.query(
        """
        select command_id, side, iban, amount, counterparty, sequence from leg
        where (iban, sequence) > (\(after.0), \(after.1)) order by iban, sequence limit \(Self.rowsPerPage)
        """, as: UUID.self, Int16.self, String.self, Int64.self, String.self, Int64.self)
      guard let last = rows.last else { return }
      after = (last.2, last.5)
      for (commandID, side, iban, amount, counterparty, sequence) in rows {
        let leg = Snapshot.Leg(
          commandID: commandID, amount: amount, sequence: sequence,
          counterparty: snapshot.counterparties.index(of: counterparty), isCredit: side == 1)
        take(leg, iban: iban)
      }
    }
  }

  private mutating func take(_ leg: Snapshot.Leg, iban: String) {
    snapshot.legCount += 1
    snapshot.legSum += Int128(leg.amount)
    if let index = snapshot.accountIndexes[iban] {
      if leg.sequence != Int64(snapshot.accounts[index].legs.count) + 1 { snapshot.accounts[index].hasGap = true }
      snapshot.accounts[index].legs.append(leg)
    } else {
      snapshot.strayLegs.add("leg of \(leg.commandID.text) is for \(iban), which has no account")
    }
    guard var transfer = snapshot.transfers.removeValue(forKey: leg.commandID) else {
      snapshot.strayLegs.add("leg of \(leg.commandID.text) on \(iban) has no outcome in cmt")
      return
    }
    if leg.isCredit { transfer.hasCredit = true } else { transfer.hasDebit = true }
    transfer.net &+= leg.amount
    transfer.counterparty = leg.counterparty
    snapshot.transfers[leg.commandID] = transfer
  }

  private mutating func readOutbox() throws {
    var after = Int64.min
    while true {
      let rows = try session.query(
        """
        select id, events, delivered from outbox where id > \(after) order by id limit \(Self.outboxRowsPerPage)
        """, as: Int64.self, [UInt8].self, [UInt8]?.self)
      guard let last = rows.last else { break }
      after = last.0
      for (id, events, delivered) in rows { try take(id, events, delivered) }
    }
    for partition in snapshot.deliveries.keys {
      snapshot.deliveries[partition]?.sort { $0.offset < $1.offset }
    }
  }

  private mutating func take(_ id: Int64, _ events: [UInt8], _ delivered: [UInt8]?) throws {
    let events = try OutboxBatch(avroBytes: events).events
    guard let delivered else {
      for event in events {
        if let id = event.headers["ce_id"].flatMap({ UUID(uuidString: $0) }) { snapshot.inFlight.insert(id) }
      }
      return
    }
    let deliveries = try OutboxDeliveries(avroBytes: delivered).deliveries
    guard deliveries.count == events.count else {
      throw SupportError("outbox row \(id) has \(events.count) events and \(deliveries.count) deliveries")
    }
    for (event, delivery) in zip(events, deliveries) {
      guard let eventID = event.headers["ce_id"].flatMap({ UUID(uuidString: $0) }) else { continue }
      snapshot.deliveries[TopicPartition(topic: event.topic, partition: delivery.partition), default: []].append(
        Snapshot.Delivery(offset: delivery.offset, eventID: eventID))
    }
  }
}
