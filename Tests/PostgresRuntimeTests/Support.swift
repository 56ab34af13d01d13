import Dispatch
import PostgresRuntime
import Synchronization
import TestPostgres
import Testing

/// A connection to a database of the test's own, closed at the end.
func withDatabase<Value>(
  _ schema: SQL = "", _ body: (PostgresConnection) async throws -> Value
) async throws -> Value {
  let server = try await TestPostgres.shared()
  let connection = try await PostgresConnection.connect(try await server.makeDatabase())
  do {
    if !schema.text.isEmpty { try await connection.run { session in try session.script(schema) } }
    let value = try await body(connection)
    await connection.close()
    return value
  } catch {
    await connection.close()
    throw error
  }
}

/// The error that `body` has to throw.
func postgresError(
  of body: () async throws -> Void, sourceLocation: SourceLocation = #_sourceLocation
) async throws -> PostgresError {
  let error = await #expect(throws: PostgresError.self, sourceLocation: sourceLocation) { try await body() }
  return try #require(error, sourceLocation: sourceLocation)
}

/// Ends the server's process of a connection, from another connection.
func terminate(_ processID: Int32, _ configuration: PostgresConfiguration) async throws {
  let other = try await PostgresConnection.connect(configuration)
  try await other.run { session in
    try session.execute("select pg_terminate_backend(\(processID), 5000)")
  }
  await other.close()
}

/// The connection still works.
func answers(_ connection: PostgresConnection) async throws -> Bool {
  let one = try await connection.run { session in try session.first("select 1", as: Int.self) }
  return one == 1
}

/// Runs what blocks off Swift's concurrency.
func blocking(_ body: @escaping @Sendable () -> Void) async {
  await withCheckedContinuation { continuation in
    DispatchQueue.global().async {
      body()
      continuation.resume()
    }
  }
}

/// Waits inside a connection's closure, which may block, for something asynchronous.
func wait(_ body: @escaping @Sendable () async throws -> Void) throws {
  let done = DispatchSemaphore(value: 0)
  let failure = Mutex<(any Error)?>(nil)
  Task {
    do { try await body() } catch { failure.withLock { $0 = error } }
    done.signal()
  }
  done.wait()
  if let error = failure.withLock({ $0 }) { throw error }
}

/// A value that tasks share.
final class Locked<Value: Sendable>: Sendable {
  private let value: Mutex<Value>

  init(_ value: Value) {
    self.value = Mutex(value)
  }

  func withLock<Result: Sendable>(_ body: @Sendable (inout Value) -> Result) -> Result {
    value.withLock { value in body(&value) }
  }
}
