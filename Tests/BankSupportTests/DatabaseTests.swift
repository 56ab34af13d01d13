import BankSupport
import LoopbackProxy
import PostgresRuntime
import TestPostgres
import Testing

@Suite struct DatabaseTests {
  @Test("what a connection had locked that was given up is free, although the way to the server stays open")
  func abandonedLocks() async throws {
    let server = try await TestPostgres.shared()
    let proxy = try LoopbackProxy(to: .unixSocket(server.socketPath))
    var configuration = try await server.makeDatabase()
    configuration.host = "127.0.0.1"
    configuration.port = proxy.port
    // Five seconds more, and it is given up.
    configuration.statementTimeoutMillis = 500
    let database = Database(configuration, purpose: "locks")
    let lock: SQL = "select pg_try_advisory_lock(1)"
    #expect(try await database.run { session in try session.first(lock, as: Bool.self) } == true)
    proxy.holdAll()
    let error = await #expect(throws: PostgresError.self) {
      try await database.run { session in try session.first("select 1", as: Int32.self) }
    }
    #expect(error?.kind == .connectionLost)
    // The server ends a process when that one looks at its signals, so not at once.
    var isFree = false
    for _ in 0..<50 where !isFree {
      isFree = try await database.run { session in try session.first(lock, as: Bool.self) } == true
      if !isFree { try await Task.sleep(for: .milliseconds(100)) }
    }
    #expect(isFree)
    await database.close()
  }
}
