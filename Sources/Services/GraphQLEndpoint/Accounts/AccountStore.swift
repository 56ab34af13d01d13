import Foundation
import PostgresRuntime

/// Table `account`: who may log in.
struct AccountStore: Sendable {
  struct Entry: Sendable, Hashable {
    /// Of the account creation; the bank's answer to it has IBAN and token.
    var uuid: UUID
    /// A `PasswordHash` as text.
    var password: String
  }

  let pool: PostgresPool

  func find(_ username: String) async throws -> Entry? {
    try await pool.run { session in
      try session.first(
        "select uuid, password from account where username = \(username)", as: UUID.self, String.self)
    }.map { Entry(uuid: $0.0, password: $0.1) }
  }

  /// - Returns: false when the name is taken.
  func insert(_ username: String, _ entry: Entry) async throws -> Bool {
    try await pool.run { session in
      try session.execute(
        """
        insert into account (username, password, uuid) values (\(username), \(entry.password), \(entry.uuid))
        on conflict (username) do nothing
        """) == 1
    }
  }

  /// Frees the name, unless it belongs to another account by now.
  func delete(_ username: String, uuid: UUID) async throws {
    try await pool.run { session in
      _ = try session.execute("delete from account where username = \(username) and uuid = \(uuid)")
    }
  }
}
