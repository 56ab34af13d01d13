import Foundation
import PostgresRuntime
import TestPostgres
import Testing

@Suite struct PipelineTests {
  static let schema: SQL = "create table item (id int primary key, text text)"

  struct Stop: Error {}

  private func ids(_ connection: PostgresConnection) async throws -> [Int32] {
    try await connection.run { session in try session.query("select id from item order by id", as: Int32.self) }
  }

  @Test func answersComeInOrderWhenTheBodyHasReturned() async throws {
    try await withDatabase(Self.schema) { connection in
      for _ in 1...2 {
        try await connection.run { session in try session.script("delete from item") }
        let log = try await connection.transaction { session in
          var log: [String] = []
          try session.pipeline { pipeline in
            for id in [3, 1, 2] as [Int32] {
              try pipeline.execute("insert into item (id) values (\(id))") { log.append("inserted \($0)") }
            }
            try pipeline.forEach("select id from item order by id") { row throws(PostgresError) in
              log.append("row \(try row.decode(0, as: Int32.self))")
            }
            try pipeline.execute("update item set text = 'x' where id > \(1 as Int32)") { log.append("updated \($0)") }
            log.append("sent")
          }
          return log
        }
        #expect(
          log == ["sent", "inserted 1", "inserted 1", "inserted 1", "row 1", "row 2", "row 3", "updated 2"])
        #expect(try await ids(connection) == [1, 2, 3])
      }
    }
  }

  @Test func whatIsBehindAFailureDoesNotRun() async throws {
    try await withDatabase(Self.schema) { connection in
      for _ in 1...2 {
        let error = try await postgresError {
          try await connection.transaction { session in
            try session.pipeline { pipeline in
              try pipeline.execute("insert into item (id) values (\(1 as Int32))")
              try pipeline.execute("insert into item (id, text) select 1, \("again")") { _ in Issue.record("taken") }
              try pipeline.execute("insert into item (id) values (2)") { _ in Issue.record("taken") }
            }
          }
        }
        #expect(error.isUniqueViolation)
        #expect(error.statement == "insert into item (id, text) select 1, $1")
        // The statements that were prepared for the first time in vain are prepared again.
        #expect(try await ids(connection).isEmpty)
        try await connection.transaction { session in
          try session.pipeline { pipeline in
            try pipeline.execute("insert into item (id, text) select 1, \("again")")
            try pipeline.execute("insert into item (id) values (2)")
          }
        }
        #expect(try await ids(connection) == [1, 2])
        try await connection.run { session in try session.script("delete from item") }
      }
    }
  }

  @Test func aStatementThatCanNotBePreparedIsNamed() async throws {
    try await withDatabase(Self.schema) { connection in
      for _ in 1...2 {
        let error = try await postgresError {
          try await connection.transaction { session in
            try session.pipeline { pipeline in
              try pipeline.execute("insert into item (id) values (1)")
              try pipeline.execute("select nothing from nowhere")
            }
          }
        }
        #expect(error.sqlState == "42P01")
        #expect(error.statement == "select nothing from nowhere")
      }
      #expect(try await ids(connection).isEmpty)
    }
  }

  @Test func whatTheBodyOrATakerThrowsRollsBack() async throws {
    try await withDatabase(Self.schema) { connection in
      await #expect(throws: Stop.self) {
        try await connection.transaction { session in
          try session.pipeline { pipeline in
            try pipeline.execute("insert into item (id) values (1)")
            throw Stop()
          }
        }
      }
      await #expect(throws: Stop.self) {
        try await connection.transaction { session in
          try session.pipeline { pipeline in
            try pipeline.execute("insert into item (id) values (1)") { _ in throw Stop() }
            try pipeline.execute("insert into item (id) values (2)") { _ in Issue.record("taken") }
          }
        }
      }
      let refused = try await postgresError {
        try await connection.transaction { session in
          try session.pipeline { pipeline in try pipeline.execute("select \("a\0b")") }
        }
      }
      #expect(refused.kind == .encoding)
      let outside = try await postgresError {
        try await connection.run { session in try session.pipeline { _ in } }
      }
      #expect(outside.kind == .usage)
      #expect(try await ids(connection).isEmpty)
      #expect(try await answers(connection))
    }
  }

  /// More than the buffers of both sides hold, in both directions.
  @Test func muchGoesBothWaysAtOnce() async throws {
    try await withDatabase(Self.schema) { connection in
      let text = String(repeating: "0123456789abcdef", count: 1 << 16)
      let bytes = try await connection.transaction { session in
        var bytes = 0
        try session.pipeline { pipeline in
          for _ in 0..<20 {
            try pipeline.forEach("select \(text)") { row throws(PostgresError) in
              bytes += try row.decode(0, as: String.self).utf8.count
            }
          }
        }
        return bytes
      }
      #expect(bytes == 20 << 20)
    }
  }

  /// The server's reason is read while statements are still being sent, at the first of them or later.
  @Test(arguments: [1, 2, 3, 6])
  func whatTheServerSaidAtItsEndIsKept(statements: Int) async throws {
    try await withDatabase(Self.schema) { connection in
      let error = try await postgresError {
        try await connection.transaction { session in
          try session.execute("set local idle_in_transaction_session_timeout = 50")
          usleep(400_000)
          try session.pipeline { pipeline in
            for id in 1...statements {
              try pipeline.execute("insert into item (id) values (\(Int32(id)))")
              usleep(20_000)
            }
          }
        }
      }
      #expect(error.kind == .connectionLost && error.isIdleTooLong)
    }
  }

  @Test func aLostConnectionEndsIt() async throws {
    try await withDatabase(Self.schema) { connection in
      let (processID, configuration) = (connection.processID, connection.configuration)
      let error = try await postgresError {
        try await connection.transaction { session in
          try session.pipeline { pipeline in
            try pipeline.execute("insert into item (id) values (1)")
            try wait { try await terminate(processID, configuration) }
            for id in 2...100 as ClosedRange<Int32> { try pipeline.execute("insert into item (id) values (\(id))") }
          }
        }
      }
      #expect(error.kind == .connectionLost)
      #expect(!connection.isUsable)
      let again = try await PostgresConnection.connect(configuration)
      #expect(try await ids(again).isEmpty)
      await again.close()
    }
  }
}
