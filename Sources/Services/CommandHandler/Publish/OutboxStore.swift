import Definitions
import Foundation
import KafkaRuntime
import PostgresRuntime

/// A row of the outbox that was not published yet.
struct OutboxRow: Sendable {
  var id: Int64
  /// An `OutboxBatch`.
  var bytes: [UInt8]
}

/// A row that was, with where each event went.
struct SentRow: Sendable {
  struct Event: Sendable {
    var partition: TopicPartition
    var offset: Int64
    /// The `ce_id` of the record that should stand there.
    var eventID: String?
  }

  var id: Int64
  var events: [Event]
}

/// The statements of the publisher.
struct OutboxStore {
  static let channel = "outbox"

  let session: PostgresSession

  /// Makes this connection the publisher of the database, for as long as it lives.
  func lock() throws -> Bool {
    try session.first("select pg_try_advisory_lock(hashtext('outbox'))", as: Bool.self) ?? false
  }

  /// What is to be published, oldest first. Always asked anew: ids become visible in the order of the commits, which
  /// is not that of the ids.
  func unsentIDs(limit: Int) throws -> [Int64] {
    try session.query("select id from outbox where sent_at is null order by id limit \(limit)", as: Int64.self)
  }

  func unsentCount() throws -> Int {
    try session.first("select count(*) from outbox where sent_at is null", as: Int.self) ?? 0
  }

  func rows(_ ids: [Int64]) throws -> [OutboxRow] {
    if ids.isEmpty { return [] }
    let rows = try session.query(
      "select id, events from outbox where id = any(\(ids))", as: Int64.self, [UInt8].self)
    return rows.map { id, bytes in OutboxRow(id: id, bytes: bytes) }
  }

  func markSent(_ rows: [(id: Int64, deliveries: [KafkaDelivery])]) throws {
    if rows.isEmpty { return }
    let delivered = try rows.map { row in
      try OutboxDeliveries(
        deliveries: row.deliveries.map { delivery in
          OutboxDelivery(
            partition: delivery.partition, offset: delivery.offset, timestampMillis: delivery.timestampMillis)
        }
      ).avroBytes()
    }
    try session.execute(
      """
      update outbox o set sent_at = clock_timestamp(), delivered = u.delivered
      from unnest(\(rows.map(\.id)), \(delivered)) u(id, delivered) where o.id = u.id
      """)
  }

  /// Sent rows below an id, newest first.
  func sentRows(below id: Int64, limit: Int) throws -> [SentRow] {
    let rows = try session.query(
      """
      select id, events, delivered from outbox
      where id < \(id) and sent_at is not null and delivered is not null order by id desc limit \(limit)
      """, as: Int64.self, [UInt8].self, [UInt8].self)
    return try rows.map { id, events, delivered in try SentRow(id: id, events: events, delivered: delivered) }
  }

  /// - Returns: how many rows are to be published again.
  func unsend(from id: Int64) throws -> Int {
    try session.execute("update outbox set sent_at = null, delivered = null where id >= \(id) and sent_at is not null")
  }

  /// - Returns: how many rows were deleted; ask again while it is `limit`.
  func deleteSent(olderThanHours hours: Int, limit: Int) throws -> Int {
    try session.execute(
      """
      delete from outbox where id in (
        select id from outbox where sent_at < clock_timestamp() - \(hours) * interval '1 hour'
        order by id limit \(limit))
      """)
  }
}

extension SentRow {
  /// - Parameters:
  ///   - events: an `OutboxBatch`.
  ///   - delivered: the `OutboxDeliveries` of its events.
  init(id: Int64, events: [UInt8], delivered: [UInt8]) throws {
    let events = try OutboxBatch(avroBytes: events).events
    let deliveries = try OutboxDeliveries(avroBytes: delivered).deliveries
    guard events.count == deliveries.count else {
      throw HandlerError("outbox row \(id) has \(events.count) events and \(deliveries.count) deliveries")
    }
    self.id = id
    self.events = zip(events, deliveries).map { event, delivery in
      Event(
        partition: TopicPartition(topic: event.topic, partition: delivery.partition), offset: delivery.offset,
        eventID: event.headers["ce_id"])
    }
  }
}
