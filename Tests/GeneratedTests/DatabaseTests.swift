import Definitions
import NastyNamesFixture
import PostgresRuntime
import TestPostgres
import Testing
import TopologyModel

/// The generated SQL and the generated rows against a real server.
@Suite struct DatabaseTests {
  private static let databases =
    Definitions.Topology.description.databases + NastyNamesFixture.Topology.description.databases

  /// Columns, constraints, indexes, triggers, rights and rows of the database, one line each.
  private static let catalog: SQL = """
    select 'column ' || table_name || ' ' || ordinal_position || ' ' || column_name || ' ' || data_type || ' '
        || is_nullable || ' ' || coalesce(column_default, '-') || ' ' || is_identity
      from information_schema.columns where table_schema = 'public'
    union all select 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
      from pg_constraint where connamespace = 'public'::regnamespace
    union all select 'index ' || indexdef from pg_indexes where schemaname = 'public'
    union all select 'trigger ' || pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
    union all select 'right ' || grantee || ' ' || table_name || ' ' || privilege_type
      from information_schema.table_privileges where table_schema = 'public'
    union all select 'rows ' || relname || ' '
        || (xpath('/row/count/text()', query_to_xml(format('select count(*) from %I', relname), false, true, '')))[1]
      from pg_stat_user_tables where schemaname = 'public'
    union all select 'number ' || sequencename || ' ' || coalesce(last_value, 0) from pg_sequences
    order by 1
    """

  @Test(arguments: databases.map(\.name))
  func appliedTwiceIsAppliedOnce(name: String) async throws {
    let database = try #require(Self.databases.first { $0.name == name })
    let connection = try await connect(applying: database)
    let once = try await catalog(connection)
    try await apply(database, connection)
    try await apply(database, connection)
    #expect(try await catalog(connection) == once)
    #expect(once.contains { $0.hasPrefix("column schema_version") })
    for role in database.roles {
      #expect(once.contains("right \(role) schema_version SELECT"))
    }
    await connection.close()
  }

  @Test func rowsAreRead() async throws {
    let connection = try await connect(applying: Balancedb.description)
    let rows = try await connection.run { session in
      try session.query("select \(columns: Balancedb.BalanceRow.self) from balance", as: Balancedb.BalanceRow.self)
    }
    let company = try #require(rows.first)
    #expect(rows.count == 1)
    #expect(company.balanceId == 0)
    #expect(company.iban == "NL66OPEN0000000000")
    #expect(company.amount == 100_000_000_000_000_000)
    #expect(company.lmt == -50000)
    #expect(company.createdAt == company.updatedAt)
    let touched = try await connection.run { session in
      _ = try session.execute("update balance set amount = amount - 1")
      return try session.query(
        "select \(columns: Balancedb.BalanceRow.self) from balance", as: Balancedb.BalanceRow.self)
    }
    #expect(touched.first?.amount == 99_999_999_999_999_999)
    #expect(touched.first.map { $0.updatedAt > company.updatedAt } == true)
    await connection.close()
  }

  @Test func nastyRowsAreRead() async throws {
    let connection = try await connect(applying: Shop_.description)
    let (orders, pairs) = try await connection.run { session in
      (
        try session.query(
          #"select \#(columns: Shop_.OrderRow.self) from "order" order by "select""#, as: Shop_.OrderRow.self),
        try session.query("select \(columns: Shop_.NoKeyRow.self) from no_key order by b", as: Shop_.NoKeyRow.self)
      )
    }
    #expect(orders.map(\.select) == [5, 6])
    #expect(orders.map(\.row) == ["it's", "back\\slash"])
    #expect(orders.map(\.small) == [-32768, -32768])
    #expect(orders.allSatisfy { $0.reader == nil && $0.selfValue == nil && $0.bigRatio == nil && !$0.flag })
    #expect(pairs.map(\.b) == [-32768, 2])
    #expect(pairs.map(\.a) == [nil, "x"])
    await connection.close()
  }

  @Test func rolesMayDoWhatIsGrantedOnly() async throws {
    let connection = try await connect(applying: Balancedb.description)
    let mayWrite = try await connection.run { session in
      _ = try session.execute("set role command_handler")
      return try session.execute("insert into outbox (events) values ('')")
    }
    #expect(mayWrite == 1)
    await #expect(throws: (any Error).self) {
      try await connection.run { session in
        _ = try session.execute("set role audit")
        _ = try session.execute("insert into outbox (events) values ('')")
      }
    }
    await connection.close()
  }

  private func connect(applying database: DatabaseDescription) async throws -> PostgresConnection {
    let configuration = try await TestPostgres.shared().makeDatabase()
    let connection = try await PostgresConnection.connect(configuration)
    try await apply(database, connection)
    return connection
  }

  private func apply(_ database: DatabaseDescription, _ connection: PostgresConnection) async throws {
    try await connection.transaction { session in try session.script("\(unsafe: database.sql)") }
  }

  private func catalog(_ connection: PostgresConnection) async throws -> [String] {
    try await connection.run { session in
      // The counts of rows are exact only after an analysis.
      try session.script("analyze")
      return try session.query(Self.catalog, as: String.self)
    }
  }
}
