import Definitions
import PostgresRuntime
import TestPostgres

/// A balancedb without the rest of a bank.
enum TestPostgresBank {
  static func database() async throws -> PostgresConnection {
    let connection = try await PostgresConnection.connect(try await TestPostgres.shared().makeDatabase())
    try await connection.run { session in try session.script(SQL(unsafe: Balancedb.description.sql)) }
    return connection
  }
}
