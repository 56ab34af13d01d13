import Foundation
import PostgresRuntime
import Synchronization

/// Whether money left the account or came in.
package enum Direction: String, Sendable, Hashable, CaseIterable {
  case debit = "DEBIT"
  case credit = "CREDIT"

  /// What has no sign is a credit.
  init(changedByCents: Int64) { self = changedByCents < 0 ? .debit : .credit }
}

/// One row of table `transaction`, as it is shown. A class, so that handing one to many subscribers copies nothing.
package final class Transaction: Sendable {
  package let id: Int64
  package let eventID: UUID
  package let iban: String
  package let newBalance: String
  package let newBalanceCents: Int64
  /// Without a sign.
  package let changedBy: String
  /// Negative for a debit.
  package let changedByCents: Int64
  package let fromTo: String
  package let direction: Direction
  package let descr: String
  private let lowercase = Mutex<String?>(nil)

  /// Made once, however many look into it, and not at all while nobody does.
  var lowercasedDescr: String {
    lowercase.withLock { lowercase in
      if let lowercase { return lowercase }
      let text = descr.lowercased()
      lowercase = text
      return text
    }
  }

  init(id: Int64, _ change: BalanceChange) {
    self.id = id
    eventID = change.eventID
    iban = change.iban
    newBalance = change.newBalance
    newBalanceCents = change.newBalanceCents
    changedBy = change.changedBy
    changedByCents = change.changedByCents
    fromTo = change.fromTo
    direction = change.direction
    descr = change.descr
  }

  /// The columns that `init(row:)` reads, in its order.
  static let columns =
    "id, event_id, iban, new_balance, new_balance_cents, changed_by, changed_by_cents, from_to, direction, descr"

  init(row: borrowing PostgresRowReader) throws(PostgresError) {
    id = try row.decode(0)
    eventID = try row.decode(1)
    iban = try row.decode(2)
    newBalance = try row.decode(3)
    newBalanceCents = try row.decode(4)
    changedBy = try row.decode(5)
    changedByCents = try row.decode(6)
    fromTo = try row.decode(7)
    let direction: String = try row.decode(8)
    self.direction = direction == Direction.debit.rawValue ? .debit : .credit
    descr = try row.decode(9)
  }
}
