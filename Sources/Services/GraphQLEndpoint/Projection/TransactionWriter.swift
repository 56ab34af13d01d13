import BankSupport
import Foundation
import KafkaRuntime
import PostgresRuntime

/// Writes balance changes as rows, and moves the positions with them.
struct TransactionWriter: Sendable {
  /// A change and its row.
  struct Written: Sendable {
    var id: Int64
    /// False when the row was there before.
    var isInserted: Bool
  }

  let positions: EventPositions
  let failpoints: Failpoints<EndpointStep>

  /// Part of one transaction; harmless to repeat.
  ///
  /// - Returns: the rows, by event.
  func write(
    _ changes: [BalanceChange], moving moves: [TopicPartition: Position], _ session: PostgresSession
  ) throws -> [UUID: Written] {
    var written: [UUID: Written] = [:]
    if !changes.isEmpty {
      for (id, eventID) in try insert(changes, session) { written[eventID] = Written(id: id, isInserted: true) }
      let others = changes.map(\.eventID).filter { written[$0] == nil }
      if !others.isEmpty {
        let rows = try session.query(
          "select id, event_id from transaction where event_id = any(\(others))", as: Int64.self, UUID.self)
        for (id, eventID) in rows { written[eventID] = Written(id: id, isInserted: false) }
      }
    }
    try failpoints.reach(.rowsInserted)
    try positions.move(moves, session)
    try failpoints.reach(.rowPositionsMoved)
    return written
  }

  /// In the order of the changes, which the numbers of the rows follow.
  private func insert(_ changes: [BalanceChange], _ session: PostgresSession) throws -> [(Int64, UUID)] {
    try session.query(
      """
      insert into transaction (event_id, iban, new_balance, new_balance_cents, changed_by, changed_by_cents, sequence,
        from_to, direction, descr)
      select event_id, iban, new_balance, new_balance_cents, changed_by, changed_by_cents, sequence, from_to, direction,
        descr
      from unnest(\(changes.map(\.eventID)), \(changes.map(\.iban)), \(changes.map(\.newBalance)),
        \(changes.map(\.newBalanceCents)), \(changes.map(\.changedBy)), \(changes.map(\.changedByCents)),
        \(changes.map(\.sequence)), \(changes.map(\.fromTo)), \(changes.map(\.direction.rawValue)),
        \(changes.map(\.descr)))
        with ordinality u(event_id, iban, new_balance, new_balance_cents, changed_by, changed_by_cents, sequence,
          from_to, direction, descr, number)
      order by number
      on conflict (event_id) do nothing
      returning id, event_id
      """, as: Int64.self, UUID.self)
  }

  /// The last sequence of each IBAN; 0 where there is none. The newest rows tell: a change that came after its gap was
  /// given up is among them.
  func lastSequences(_ ibans: [String], _ session: PostgresSession) throws -> [String: Int64] {
    var sequences = Dictionary(ibans.map { ($0, Int64(0)) }) { first, _ in first }
    let rows = try session.query(
      """
      select u.iban, (
        select max(sequence) from (
          select sequence from transaction t where t.iban = u.iban order by id desc limit 20) newest)
      from unnest(\(ibans)) u(iban)
      """, as: String.self, Int64?.self)
    for (iban, sequence) in rows { sequences[iban] = sequence ?? 0 }
    return sequences
  }

  /// The highest number of a row; 0 when there is none.
  func highestID(_ session: PostgresSession) throws -> Int64 {
    try session.first("select coalesce(max(id), 0) from transaction", as: Int64.self) ?? 0
  }
}
