import PostgresRuntime
import SetupDBService
import TestPostgres
import Testing
import TopologyModel

@Suite struct SetupDBTests {
  /// As avrogen writes it: roles of the whole server, tables if not there, rights, rows.
  private func description(
    _ name: String, role: String, columns: String = "id integer not null, iban text not null, primary key (id)",
    extra: String = "", checksum: String = "1"
  ) -> DatabaseDescription {
    let sql = """
      set client_min_messages = warning;
      do $$
      begin
        if not exists (select from pg_roles where rolname = '\(role)') then
          create role \(role) login;
        end if;
      exception
        when duplicate_object or unique_violation then null;
      end
      $$;
      do $$
      begin
        execute format('revoke all on database %I from public', current_database());
        execute format('grant connect on database %I to \(role)', current_database());
      end
      $$;
      revoke create on schema public from public;
      grant usage on schema public to \(role);
      create table if not exists schema_version (
        version integer not null, checksum text not null, applied_at timestamptz not null default now(),
        primary key (version)
      );
      create table if not exists account (\(columns));
      comment on table account is 'One row; an account''s';
      create or replace function account_touch() returns trigger language plpgsql as $$ begin return new; end $$;
      create or replace trigger account_touch before update on account for each row execute function account_touch();
      revoke all on account from public, \(role);
      grant select, insert on account to \(role);
      insert into account (id, iban) values (0, 'NL66OPEN0000000000') on conflict do nothing;
      \(extra)
      reset client_min_messages;
      """
    return DatabaseDescription(name: name, roles: [role], sql: sql, checksum: checksum)
  }

  /// Roles belong to the server, so each test has its own.
  private func names(_ test: String) -> (database: String, role: String) {
    ("db_\(test)", "role_\(test)")
  }

  private func query<Value: PostgresDecodable & Sendable>(
    _ server: TestPostgres, _ database: String, _ sql: SQL, as type: Value.Type
  ) async throws -> [Value] {
    let connection = try await PostgresConnection.connect(server.configuration(database: database))
    let values = try await connection.run { session in try session.query(sql, as: type) }
    await connection.close()
    return values
  }

  @Test func anEmptyServerIsSetUpAndTheRoleCanWork() async throws {
    let server = try await TestPostgres.shared()
    let (database, role) = names("empty")
    let wanted = description(database, role: role)
    let report = try await SetupDBService.run(
      server.configuration(), databases: [wanted], passwords: [role: "pass'word"])
    #expect(
      report
        == SetupReport(
          databases: [.init(name: database, isCreated: true, isChanged: true, version: 1)], passwordsSet: [role]))
    let connection = try await PostgresConnection.connect(
      server.configuration(database: database, user: role, password: "pass'word", overTCP: true))
    try await connection.run { session in
      try session.execute("insert into account values (1, 'NL1')")
      #expect(try session.first("select count(*) from account", as: Int.self) == 2)
    }
    let refused = await #expect(throws: PostgresError.self) {
      try await connection.run { session in try session.execute("delete from account") }
    }
    #expect(refused?.sqlState == "42501")
    await connection.close()
    #expect(!server.log.contains("pass'word") && !server.log.contains("pass''word"))
  }

  @Test func twiceIsHarmless() async throws {
    let server = try await TestPostgres.shared()
    let (database, role) = names("twice")
    let wanted = description(database, role: role)
    try await SetupDBService.run(server.configuration(), databases: [wanted])
    // A right that was taken away comes back; rows stay as they are.
    let owner = try await PostgresConnection.connect(server.configuration(database: database))
    try await owner.run { session in
      try session.script("revoke all on account from \(identifier: role); update account set iban = 'changed'")
    }
    await owner.close()
    let report = try await SetupDBService.run(server.configuration(), databases: [wanted])
    #expect(
      report.databases == [.init(name: database, isCreated: false, isChanged: false, version: 1)])
    #expect(try await query(server, database, "select iban from account", as: String.self) == ["changed"])
    #expect(try await query(server, database, "select checksum from schema_version", as: String.self) == ["1"])
    let mayInsert: SQL = "select has_table_privilege(\(role), 'account', 'insert')"
    #expect(try await query(server, database, mayInsert, as: Bool.self) == [true])
  }

  @Test func manyAtOnceAreHarmless() async throws {
    let server = try await TestPostgres.shared()
    let (database, role) = names("many")
    let wanted = [description(database, role: role), description(database + "_2", role: role)]
    let reports = try await withThrowingTaskGroup(of: SetupReport.self) { group in
      for _ in 0..<6 {
        group.addTask {
          try await SetupDBService.run(server.configuration(), databases: wanted, passwords: [role: "x"])
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(reports.count == 6)
    #expect(reports.filter { $0.databases[0].isCreated }.count == 1)
    #expect(reports.filter { $0.databases[1].isChanged }.count == 1)
    #expect(try await query(server, database, "select version from schema_version", as: Int.self) == [1])
  }

  @Test func anAdditionIsANewVersion() async throws {
    let server = try await TestPostgres.shared()
    let (database, role) = names("addition")
    try await SetupDBService.run(server.configuration(), databases: [description(database, role: role)])
    let more = description(
      database, role: role, extra: "create table if not exists more (id bigint primary key);", checksum: "2")
    let report = try await SetupDBService.run(server.configuration(), databases: [more])
    #expect(report.databases == [.init(name: database, isCreated: false, isChanged: true, version: 2)])
    #expect(try await query(server, database, "select count(*) from more", as: Int.self) == [0])
    let schemas = try await query(
      server, database, "select nspname from pg_namespace where nspname like 'setup%'", as: String.self)
    #expect(schemas.isEmpty)
  }

  @Test func tablesOfOtherDefinitionsAreNamedAndLeftAlone() async throws {
    let server = try await TestPostgres.shared()
    let (database, role) = names("other")
    try await SetupDBService.run(server.configuration(), databases: [description(database, role: role)])
    let changed = description(
      database, role: role, columns: "id bigint not null, iban text, token text, primary key (id)",
      extra: "create table if not exists more (id bigint primary key);", checksum: "2")
    let error = await #expect(throws: SetupError.self) {
      try await SetupDBService.run(server.configuration(), databases: [changed])
    }
    guard case .differs(database, let lines) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(
      lines == [
        "account.id is integer not null, primary key (id), not bigint not null, primary key (id)",
        "account.iban is text not null, not text", "account.token is missing (text)",
      ])
    #expect(try await query(server, database, "select to_regclass('more') is null", as: Bool.self) == [true])
    #expect(try await query(server, database, "select version from schema_version", as: Int.self) == [1])
  }

  @Test func aStatementThatFailsLeavesNothing() async throws {
    let server = try await TestPostgres.shared()
    let (database, role) = names("fails")
    let broken = description(database, role: role, extra: "select 1/0;")
    let error = await #expect(throws: SetupError.self) {
      try await SetupDBService.run(server.configuration(), databases: [broken])
    }
    guard case .database(database, let cause) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(cause.sqlState == "22012")
    #expect(try await query(server, database, "select to_regclass('account') is null", as: Bool.self) == [true])
  }

  @Test func passwordsAreForRolesThatAreThere() async throws {
    let server = try await TestPostgres.shared()
    let (database, role) = names("unknown")
    let error = await #expect(throws: SetupError.self) {
      try await SetupDBService.run(
        server.configuration(), databases: [description(database, role: role)], passwords: ["nobody": "hush"])
    }
    #expect(error?.description == "no database has the role nobody; roles are: role_unknown")
    let isThere = try await query(
      server, "postgres", "select count(*) from pg_database where datname = \(database)", as: Int.self)
    #expect(isThere == [0])
  }

  @Test func aSetUpThatHangsHoldsOthersUpForALimitedTime() async throws {
    // The lock is the server's, so this needs one that no other test uses.
    let server = try await TestPostgres.start()
    let holder = try await PostgresConnection.connect(server.configuration())
    try await holder.run { session in try session.execute("select pg_advisory_lock(\(0x6F62_6D5F_7365_7475))") }
    let (database, role) = names("held")
    let error = await #expect(throws: SetupError.self) {
      try await SetupDBService.run(
        server.configuration(), databases: [description(database, role: role)], lockTimeoutMillis: 100)
    }
    #expect(error?.description.contains("another set-up of this server was at work for 0.1 s") == true)
    await holder.close()
    try await SetupDBService.run(server.configuration(), databases: [description(database, role: role)])
    await server.stop()
  }
}
