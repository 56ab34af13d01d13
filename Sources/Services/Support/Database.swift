import PostgresRuntime
import Synchronization

/// A connection that is made again when it was lost.
///
/// `use` is called by one task at a time; the lock only guards what `close` reads.
package final class Database: Sendable {
  package let configuration: PostgresConfiguration
  private let current = Mutex<PostgresConnection?>(nil)
  /// Run on each new connection; a server that refuses it is used as it is.
  private let wish: SQL?

  /// - Parameter wish: a setting that is good to have, as a statement.
  package init(_ configuration: PostgresConfiguration, purpose: String, wish: SQL? = nil) {
    var configuration = configuration
    self.wish = wish
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
    if let wish { try await connection.run { session in try Self.apply(wish, session) } }
    current.withLock { $0 = connection }
    return connection
  }

  private static func apply(_ wish: SQL, _ session: PostgresSession) throws {
    do {
      try session.script(wish)
    } catch let error where error.kind == .server {
      // As it is then.
    }
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
