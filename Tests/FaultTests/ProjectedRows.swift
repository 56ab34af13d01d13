import Foundation
import PostgresRuntime
import TestBank
import Testing

extension TestBank {
  /// Rows that the endpoint has made.
  func rowCount() async throws -> Int {
    try await transactions { session in try session.first("select count(*) from transaction", as: Int.self) ?? 0 }
  }
}

/// Waits until transactiondb has as many rows as balance_changed has events, then expects that they are the same: the same
/// event ids, in each row what its event says, and the rows of an IBAN in the order of its events.
func expectProjected(_ bank: TestBank, sourceLocation: SourceLocation = #_sourceLocation) async throws {
  let auditor = TopicAuditor(try await bank.records("balance_changed"))
  let events = auditor.changes.mapValues { change in
    "\(change.iban) \(change.balance) \(change.amount) \(change.counterparty) \(change.description) \(change.sequence)"
  }
  try await eventually("there is a row for each of \(events.count) events", timeoutSeconds: 60) {
    try await bank.rowCount() == events.count
  }
  let rows = try await bank.transactions { session in
    try session.query(
      """
      select event_id::text, concat_ws(' ', iban, new_balance_cents, changed_by_cents, from_to, descr, sequence)
      from transaction
      """, as: String.self, String.self)
  }
  let same = Dictionary(rows.map { ($0.0, $0.1) }) { first, _ in first } == events
  #expect(same, "rows and events differ", sourceLocation: sourceLocation)
  let swapped = try await bank.transactions { session in
    try session.first(
      """
      select count(*) from (
        select sequence - lag(sequence) over (partition by iban order by id) as step from transaction) steps
      where step <> 1
      """, as: Int.self)
  }
  #expect(swapped == 0, "rows of an IBAN are not in the order of its events", sourceLocation: sourceLocation)
}
