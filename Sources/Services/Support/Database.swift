import PostgresRuntime
import Synchronization

/// A connection that is made again when it was lost.
///
/// `use` is called by one task at a time; the lock only guards what `close` reads.
package final class Database: Sendable {
  package let configuration: PostgresConfiguration
  private let current = Mutex<PostgresConnection?>(nil)

  package init(_ configuration: PostgresConfiguration, purpose: String) {
    var configuration = configuration
    configuration.applicationName += " \(purpose)"
    // Longer than any statement here takes on a healthy server: a hanging one must not hang the handler.
    if configuration.statementTimeoutMillis == 0 { configuration.statementTimeoutMillis = 30_000 }
    // A process that was frozen inside of a transaction must not keep its locks: whoever took over needs them.
    configuration.keywords["options", default: ""] += " -c idle_in_transaction_session_timeout=5000"
    if configuration.connectTimeoutSeconds > 3 { configuration.connectTimeoutSeconds = 3 }
    self.configuration = configuration
  }

  /// The connection, which is a new one when the last was lost.
  package func connection() async throws -> PostgresConnection {
    if let connection = current.withLock({ $0 }) {
      if connection.isUsable { return connection }
      await connection.close()
    }
    let connection = try await PostgresConnection.connect(configuration)
    current.withLock { $0 = connection }
    return connection
  }

  package func run<Value: Sendable>(_ body: @escaping @Sendable (PostgresSession) throws -> Value) async throws -> Value
  {
    try await connection().run(body)
  }

  package func transaction<Value: Sendable>(
    _ body: @escaping @Sendable (PostgresSession) throws -> Value
  ) async throws -> Value {
    try await connection().transaction(body)
  }

  package func close() async {
    let last = current.withLock { current in
      defer { current = nil }
      return current
    }
    await last?.close()
  }
}
