import BankSupport
import Foundation
import GraphQLRuntime
import PostgresRuntime

/// Reads table `transaction`.
struct TransactionStore: Sendable {
  static let maxItems = 1...1_000

  /// A row, as someone names it who has seen it.
  enum Place: Sendable, Hashable {
    case id(Int64)
    case event(UUID)

    /// - Throws: `GraphQLError` with code `BAD_INPUT` for what is neither.
    init(text: String) throws(GraphQLError) {
      if let id = Int64(text) {
        self = .id(id)
      } else if let event = UUID(uuidString: text) {
        self = .event(event)
      } else {
        throw GraphQLError("before must be the id or the event_id of a row", code: "BAD_INPUT")
      }
    }
  }

  let pool: PostgresPool

  /// The row of a number; nil when there is none.
  func transaction(id: Int64) async throws -> Transaction? {
    try await rows("select \(unsafe: Transaction.columns) from transaction where id = \(id)").first
  }

  /// Rows of an account, newest first.
  ///
  /// - Parameters:
  ///   - filter: has an IBAN.
  ///   - before: only rows before that one.
  /// - Throws: `GraphQLError` with code `BAD_INPUT` when `maxItems` is not 1 to 1000, or no row has the event.
  func transactions(
    _ filter: TransactionFilter, before: Place?, maxItems: Int
  ) async throws -> [Transaction] {
    try Self.check(maxItems)
    let before = try await number(of: before)
    let text = filter.lowercasedText?.asPostgresText
    let direction = filter.direction?.rawValue
    let sql: SQL = """
      select \(unsafe: Transaction.columns) from transaction
      where iban = \((filter.iban ?? "").asPostgresText)
        and id < \(before)
        and changed_by_cents >= \(filter.minCents ?? .min) and changed_by_cents <= \(filter.maxCents ?? .max)
        and (\(direction as String?)::text is null or direction = \(direction as String?))
        and (\(text as String?)::text is null
          or position(\(text as String?) in lower(descr collate "und-x-icu")) > 0)
      order by id desc limit \(maxItems)
      """
    return try await rows(sql)
  }

  /// The newest row of each account, in the order of the accounts.
  ///
  /// - Parameter after: only accounts behind this one.
  /// - Throws: `GraphQLError` with code `BAD_INPUT` when `maxItems` is not 1 to 1000.
  func lastTransactions(maxItems: Int, after: String?) async throws -> [Transaction] {
    try Self.check(maxItems)
    // One step through the index an account, however many rows it has.
    return try await rows(
      """
      with recursive account_number as (
        (select iban, 1 as number from transaction where iban > \((after ?? "").asPostgresText) order by iban limit 1)
        union all
        select (select t.iban from transaction t where t.iban > a.iban order by t.iban limit 1), a.number + 1
        from account_number a where a.iban is not null and a.number < \(maxItems))
      select newest.* from account_number a
      cross join lateral (
        select \(unsafe: Transaction.columns) from transaction t where t.iban = a.iban order by t.id desc limit 1) newest
      order by a.number
      """)
  }

  private func number(of place: Place?) async throws -> Int64 {
    switch place {
    case nil: return .max
    case .id(let id): return id
    case .event(let event):
      let id = try await pool.run { session in
        try session.first("select id from transaction where event_id = \(event)", as: Int64.self)
      }
      guard let id else { throw GraphQLError("no row has the event_id that before says", code: "BAD_INPUT") }
      return id
    }
  }

  private func rows(_ sql: SQL) async throws -> [Transaction] {
    try await pool.run { session in
      var rows: [Transaction] = []
      try session.forEach(sql) { (row) throws(PostgresError) in rows.append(try Transaction(row: row)) }
      return rows
    }
  }

  private static func check(_ count: Int) throws(GraphQLError) {
    guard maxItems.contains(count) else {
      throw GraphQLError(
        "max_items must be \(maxItems.lowerBound) to \(maxItems.upperBound): ask for the next page instead",
        code: "BAD_INPUT")
    }
  }
}
