import PostgresRuntime
import Synchronization

/// A connection that is made again when it was lost.
///
/// `use` is called by one task at a time; the lock only guards what `close` reads.
package final class Database: Sendable {
  package let configuration: PostgresConfiguration
  private struct State {
    var connection: PostgresConnection?
    /// The server's process for a connection that was lost, which may still hold what it had locked: between it and us
    /// something can keep the way open that lets nothing through.
    var abandoned: Int32?
  }

  private let state = Mutex(State())
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
    if let connection = state.withLock({ $0.connection }) {
      if connection.isUsable { return connection }
      state.withLock { $0 = State(abandoned: connection.processID) }
      await connection.close()
    }
    let connection = try await PostgresConnection.connect(configuration)
    if let wish { try await connection.run { session in try Self.apply(wish, session) } }
    if let abandoned = state.withLock({ $0.abandoned }) {
      try await connection.run { session in try Self.end(abandoned, session) }
    }
    state.withLock { $0 = State(connection: connection) }
    return connection
  }

  /// Ends what is left of the connection before; a process of that number that is somebody else's is left alone.
  private static func end(_ processID: Int32, _ session: PostgresSession) throws {
    try session.execute(
      """
      select pg_terminate_backend(pid) from pg_stat_activity
      where pid = \(processID) and usename = current_user and application_name = current_setting('application_name')
      """)
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
    let last = state.withLock { state in
      defer { state = State() }
      return state.connection
    }
    await last?.close()
  }
}
