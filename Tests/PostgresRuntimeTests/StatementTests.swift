import PostgresRuntime
import TestPostgres
import Testing

struct AccountRow: PostgresRow, Hashable {
  var id: Int64
  var iban: String
  var note: String?

  static let columnList = #""id", "iban", "note""#

  init(id: Int64, iban: String, note: String?) {
    self.id = id
    self.iban = iban
    self.note = note
  }

  init(row: borrowing PostgresRowReader) throws(PostgresError) {
    id = try row.decode(0)
    iban = try row.decode(1)
    note = try row.decode(2)
  }
}

@Suite struct StatementTests {
  static let schema: SQL = """
    create table account (id bigint primary key, iban text not null unique, note text);
    create table other (id bigint references account (id));
    """

  @Test func interpolationBinds() {
    let name = "x'; drop table account; --"
    let sql: SQL = "select \(columns: AccountRow.self) from \(identifier: "my \"table") where a = \(name) and b = \(1)"
    #expect(sql.text == #"select "id", "iban", "note" from "my ""table" where a = $1 and b = $2"#)
    let spliced: SQL = "x \(unsafe: "y") \(literal: "it's") \(literal: #"back\slash"#)"
    #expect(spliced.text == #"x y 'it''s'  E'back\\slash'"#)
  }

  @Test func literalsMeanWhatTheySay() async throws {
    try await withDatabase { connection in
      for text in ["", "'", "\\", "\\'", "a\\nb", "''; select 1", "é\u{301}'", "\"", "'\u{301}"] {
        let back = try await connection.run { session in
          try session.first("select \(literal: text)", as: String.self)
        }
        #expect(back == text)
        let name = try await connection.run { session in
          try session.first(
            "select \(identifier: "t" + text) from (select 'v' as \(identifier: "t" + text)) x", as: String.self)
        }
        #expect(name == "v")
      }
    }
  }

  @Test func rowsComeTyped() async throws {
    try await withDatabase(Self.schema) { connection in
      let rows = [AccountRow(id: 1, iban: "NL1", note: nil), AccountRow(id: 2, iban: "NL2", note: "é")]
      let inserted = try await connection.run { session in
        try session.execute(
          """
          insert into account (\(columns: AccountRow.self))
          select * from unnest(\(rows.map(\.id)), \(rows.map(\.iban)), \(rows.map(\.note)))
          """)
      }
      #expect(inserted == 2)
      let read = try await connection.run { session in
        try session.query("select \(columns: AccountRow.self) from account order by id", as: AccountRow.self)
      }
      #expect(read == rows)
      let sum = try await connection.run { session in
        var sum: Int64 = 0
        try session.forEach("select id from account") { row throws(PostgresError) in sum += try row.decode(0) }
        return sum
      }
      #expect(sum == 3)
      let none = try await connection.run { session in
        try session.first("select \(columns: AccountRow.self) from account where id = \(9)", as: AccountRow.self)
      }
      #expect(none == nil)
    }
  }

  @Test func errorsHaveTheirFields() async throws {
    try await withDatabase(Self.schema) { connection in
      try await connection.run { session in try session.execute("insert into account values (1, 'NL1')") }
      let unique = try await postgresError {
        try await connection.run { session in _ = try session.execute("insert into account values (2, \("NL1"))") }
      }
      #expect(unique.isUniqueViolation && unique.kind == .server && !unique.isTransient)
      #expect(unique.sqlState == "23505")
      #expect(unique.constraint == "account_iban_key")
      #expect(unique.table == "account" && unique.schema == "public")
      #expect(unique.detail == "Key (iban)=(NL1) already exists.")
      #expect(unique.statement == "insert into account values (2, $1)")
      let syntax = try await postgresError {
        try await connection.run { session in _ = try session.execute("selec 1") }
      }
      #expect(syntax.sqlState == "42601" && syntax.position == 1)
      let hint = try await postgresError {
        try await connection.run { session in _ = try session.execute("select ibann from account") }
      }
      #expect(hint.sqlState == "42703" && hint.hint?.contains("iban") == true)
      let script = try await postgresError {
        try await connection.run { session in try session.script("create table x (a int); select 1/0") }
      }
      #expect(script.sqlState == "22012")
      let isThere = try await connection.run { session in
        try session.first("select to_regclass('x') is not null", as: Bool.self)
      }
      #expect(isThere == false)
    }
  }

  @Test func usageThatCannotWorkIsExplained() async throws {
    try await withDatabase(Self.schema) { connection in
      let copy = try await postgresError {
        try await connection.run { session in try session.script("copy account from stdin") }
      }
      #expect(copy.kind == .usage && copy.message.contains("unnest"))
      let copyOut = try await postgresError {
        try await connection.run { session in try session.script("copy account to stdout") }
      }
      #expect(copyOut.kind == .usage)
      let bound = try await postgresError {
        try await connection.run { session in try session.script("select \(1)") }
      }
      #expect(bound.kind == .usage)
      let open = try await postgresError { try await connection.run { session in try session.script("begin") } }
      #expect(open.kind == .usage && open.message.contains("rolled back"))
      #expect(try await answers(connection))
    }
  }

  @Test func statementsAreCachedWithinTheirLimit() async throws {
    let server = try await TestPostgres.shared()
    var configuration = try await server.makeDatabase()
    configuration.maxPreparedStatements = 4
    let connection = try await PostgresConnection.connect(configuration)
    let names = try await connection.run { session in
      for round in 0..<3 {
        for column in 0..<10 { try session.execute("select \(round) as c\(unsafe: String(column))") }
      }
      // The same text with another type is another statement.
      #expect(try session.first("select \(1)", as: Int.self) == 1)
      #expect(try session.first("select \("a")", as: String.self) == "a")
      #expect(try session.first("select \(2)", as: Int.self) == 2)
      return try session.first(
        "select count(*), count(distinct name) from pg_prepared_statements", as: Int.self, Int.self)
    }
    #expect(try #require(names).0 <= 5)
    await connection.close()
  }

  @Test func aPlanThatGrewStaleIsMadeAnew() async throws {
    try await withDatabase(Self.schema) { connection in
      try await connection.run { session in
        #expect(try session.query("select * from account", as: Int64.self, String.self, String?.self).isEmpty)
        try session.script("alter table account add column extra int")
        #expect(try session.query("select * from account", as: Int64.self, String.self, String?.self).isEmpty)
        try session.script("deallocate all")
        #expect(try session.query("select * from account", as: Int64.self, String.self, String?.self).isEmpty)
      }
    }
  }

  @Test func noticesStayOffStandardError() async throws {
    try await withDatabase { connection in
      try await connection.run { session in
        try session.script("drop table if exists nothing_there")
        #expect(try session.first("select 1", as: Int.self) == 1)
      }
    }
  }

  @Test func aThousandRowsAStatement() async throws {
    try await withDatabase(Self.schema) { connection in
      let ids = (0..<1000).map { Int64($0) }
      let ibans = ids.map { "NL\($0)" }
      let (inserted, found) = try await connection.transaction { session in
        let inserted = try session.execute(
          "insert into account (id, iban) select * from unnest(\(ids), \(ibans))")
        let found = try session.query(
          "select \(columns: AccountRow.self) from account where iban = any(\(ibans)) order by id for update",
          as: AccountRow.self)
        return (inserted, found)
      }
      #expect(inserted == 1000)
      #expect(found.map(\.id) == ids)
    }
  }
}
