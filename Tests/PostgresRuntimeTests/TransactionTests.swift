import PostgresRuntime
import TestPostgres
import Testing

@Suite struct TransactionTests {
  static let schema: SQL = "create table item (id int primary key)"

  struct Stop: Error {}

  private func ids(_ connection: PostgresConnection) async throws -> [Int32] {
    try await connection.run { session in try session.query("select id from item order by id", as: Int32.self) }
  }

  @Test func returningCommitsAndThrowingRollsBack() async throws {
    try await withDatabase(Self.schema) { connection in
      let value = try await connection.transaction { session in
        try session.execute("insert into item values (1)")
        return "kept"
      }
      #expect(value == "kept")
      await #expect(throws: Stop.self) {
        try await connection.transaction { session in
          try session.execute("insert into item values (2)")
          throw Stop()
        }
      }
      #expect(try await ids(connection) == [1])
    }
  }

  @Test func aSwallowedErrorIsNotACommit() async throws {
    try await withDatabase(Self.schema) { connection in
      let error = try await postgresError {
        try await connection.transaction { session in
          try session.execute("insert into item values (1)")
          _ = try? session.execute("insert into item values (1)")
        }
      }
      #expect(error.kind == .rolledBack)
      #expect(try await ids(connection).isEmpty)
    }
  }

  @Test func savepointsFailAlone() async throws {
    try await withDatabase(Self.schema) { connection in
      try await connection.transaction { session in
        try session.execute("insert into item values (1)")
        do {
          try session.savepoint { session in
            try session.execute("insert into item values (2)")
            try session.execute("insert into item values (1)")
          }
        } catch let error as PostgresError {
          #expect(error.isUniqueViolation)
        }
        try session.savepoint { session in try session.execute("insert into item values (3)") }
      }
      #expect(try await ids(connection) == [1, 3])
      let outside = try await postgresError { try await connection.run { session in try session.savepoint { _ in } } }
      #expect(outside.kind == .usage)
    }
  }

  @Test func isolationAndReadOnlyAreWhatWasAskedFor() async throws {
    try await withDatabase(Self.schema) { connection in
      for isolation in [PostgresIsolation.readCommitted, .repeatableRead, .serializable] {
        for readOnly in [true, false] {
          let settings = try await connection.transaction(isolation: isolation, readOnly: readOnly) { session in
            try session.first(
              "select current_setting('transaction_isolation'), current_setting('transaction_read_only')",
              as: String.self, String.self)
          }
          #expect(try #require(settings) == (isolation.rawValue, readOnly ? "on" : "off"))
        }
      }
      let error = try await postgresError {
        try await connection.transaction(readOnly: true) { session in
          _ = try session.execute("insert into item values (1)")
        }
      }
      #expect(error.sqlState == "25006")
      let nested = try await postgresError {
        try await connection.transaction { session in try session.transaction { _ in } }
      }
      #expect(nested.kind == .usage)
    }
  }

  @Test func aDatabaseThatWasMadeReadOnlyStaysSo() async throws {
    try await withDatabase(Self.schema) { connection in
      try await connection.run { session in try session.script("set default_transaction_read_only = on") }
      let error = try await postgresError {
        try await connection.transaction { session in _ = try session.execute("insert into item values (1)") }
      }
      #expect(error.sqlState == "25006" && error.kind == .server && !error.isTransient)
    }
  }

  @Test func concurrentUpdatesOfASnapshotAreASerializationFailure() async throws {
    try await withDatabase("create table item (id int primary key); insert into item values (1)") { connection in
      let configuration = connection.configuration
      let other = try await PostgresConnection.connect(configuration)
      let error = try await postgresError {
        try await connection.transaction(isolation: .repeatableRead) { session in
          try session.execute("select * from item")
          try wait { try await other.run { session in _ = try session.execute("update item set id = 2") } }
          try session.execute("update item set id = 3")
        }
      }
      #expect(error.isSerializationFailure && error.isTransient && !error.isConnectionLost)
      await other.close()
    }
  }

  @Test func aDeadlockIsNamed() async throws {
    try await withDatabase("create table item (id int primary key); insert into item values (1), (2)") { connection in
      let other = try await PostgresConnection.connect(connection.configuration)
      let lock: @Sendable (PostgresConnection, Int32, Int32) async -> PostgresError? = { connection, first, second in
        do {
          try await connection.transaction { session in
            try session.execute("select * from item where id = \(first) for update")
            try session.execute("select pg_sleep(0.2)")
            try session.execute("select * from item where id = \(second) for update")
          }
          return nil
        } catch {
          return error as? PostgresError
        }
      }
      async let one = lock(connection, 1, 2)
      async let two = lock(other, 2, 1)
      let errors = await [one, two].compactMap { $0 }
      #expect(errors.count == 1)
      #expect(errors.allSatisfy { $0.isDeadlock && $0.isTransient })
      await other.close()
    }
  }

  @Test func aCommitThatIsRefusedHasRolledBack() async throws {
    let schema: SQL = """
      create table item (id int primary key);
      create table part (item int references item (id) deferrable initially deferred)
      """
    try await withDatabase(schema) { connection in
      let error = try await postgresError {
        try await connection.transaction { session in _ = try session.execute("insert into part values (9)") }
      }
      #expect(error.kind == .server && error.sqlState == "23503")
      #expect(try await answers(connection))
    }
  }

  /// A trigger that runs in COMMIT ends its own server process.
  @Test func aConnectionThatIsLostInCommitLeavesTheOutcomeUnknown() async throws {
    let schema: SQL = """
      create table item (id int primary key);
      create function quit() returns trigger language plpgsql as $$
        begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(5); return null; end $$;
      create constraint trigger quit after insert on item deferrable initially deferred
        for each row execute function quit();
      """
    try await withDatabase(schema) { connection in
      let error = try await postgresError {
        try await connection.transaction { session in _ = try session.execute("insert into item values (1)") }
      }
      #expect(error.kind == .commitOutcomeUnknown)
      #expect(error.isConnectionLost && !error.isTransient)
      #expect(error.sqlState == "57P01")
      #expect(!connection.isUsable)
    }
  }

  @Test func aConnectionThatIsLostBeforeCommitHasRolledBack() async throws {
    try await withDatabase(Self.schema) { connection in
      let configuration = connection.configuration
      let error = try await postgresError {
        try await connection.transaction { session in
          try session.execute("insert into item values (1)")
          let processID = session.processID
          try wait { try await terminate(processID, configuration) }
          try session.execute("insert into item values (2)")
        }
      }
      #expect(error.kind == .connectionLost && error.isTransient)
      #expect(error.sqlState == "57P01", "\(error)")
      let swallowed = try await PostgresConnection.connect(configuration)
      let late = try await postgresError {
        try await swallowed.transaction { session in
          let processID = session.processID
          try wait { try await terminate(processID, configuration) }
          _ = try? session.execute("insert into item values (2)")
        }
      }
      #expect(late.kind == .connectionLost)
      let after = try await PostgresConnection.connect(configuration)
      #expect(try await ids(after).isEmpty)
      await after.close()
    }
  }
}
