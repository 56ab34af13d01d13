import Foundation
import PostgresRuntime
import TestPostgres
import Testing

@testable import avrogen

/// What each role may do in each database, tried on a real server: by the definitions, and by the promises that
/// docs/security.md makes.
@Suite struct RoleTests {
  /// SQLSTATE of insufficient_privilege.
  private static let refused = "42501"

  /// The databases as definitions/databases.yaml has them, read by the generator.
  private static func databases() throws -> [DatabaseDefinition] {
    var root = URL(filePath: #filePath)
    for _ in 0..<3 { root.deleteLastPathComponent() }
    let path = root.appending(path: "definitions/databases.yaml").path
    let bytes = Array(try Data(contentsOf: URL(filePath: path)))
    switch Loader.load([Loader.Input(path: path, bytes: bytes)]) {
    case .good(let model): return model.databases
    case .bad(let lines): throw RoleTestError(description: lines.joined(separator: "\n"))
    }
  }

  private struct RoleTestError: Error, CustomStringConvertible { let description: String }

  /// Tries a statement and takes back what it did.
  ///
  /// - Returns: SQLSTATE of the refusal; empty when there was none.
  private func state(of statement: String, _ connection: PostgresConnection) async throws -> String {
    struct Undo: Error {}
    do {
      try await connection.transaction { session in
        try session.script(SQL(unsafe: statement))
        throw Undo()
      }
    } catch is Undo {
      return ""
    } catch let error as PostgresError {
      return error.sqlState
    }
    return ""
  }

  private func withRole(
    _ server: TestPostgres, _ role: String, _ database: String, _ body: (PostgresConnection) async throws -> Void
  ) async throws {
    try await server.configuration(database: database, user: role, password: nil).withConnection(body)
  }

  /// A statement that needs this right on the table and no other.
  private static func statement(_ privilege: String, _ table: TableDefinition) -> String {
    switch privilege {
    case "select": "select * from \(table.name) limit 0"
    case "insert": "insert into \(table.name) default values"
    case "update": "update \(table.name) set \(table.columns[0].name) = null where false"
    case "delete": "delete from \(table.name) where false"
    default: "\(privilege) \(table.name)"
    }
  }

  @Test("each right of each role on each table is there exactly when the definitions grant it")
  func definitions() async throws {
    let databases = try Self.databases()
    let roles = Set(databases.flatMap(\.roles)).sorted()
    #expect(databases.map(\.name) == ["balancedb", "transactiondb"] && roles.count == 3)
    var tried = 0
    try await withBank { server in
      for database in databases {
        for role in roles {
          guard database.roles.contains(role) else {
            let error = await #expect(throws: PostgresError.self) {
              try await withRole(server, role, database.name) { _ in }
            }
            #expect(error?.sqlState == Self.refused, "\(role) gets into \(database.name)")
            continue
          }
          try await withRole(server, role, database.name) { connection in
            for table in database.tables {
              let granted = Set(table.grants.filter { $0.role == role }.flatMap(\.privileges))
              for privilege in ["select", "insert", "update", "delete", "truncate", "drop table", "lock table"] {
                let isGranted =
                  privilege == "lock table"
                  ? !granted.isDisjoint(with: ["update", "delete"]) : granted.contains(privilege)
                let state = try await state(of: Self.statement(privilege, table), connection)
                #expect((state != Self.refused) == isGranted, "\(role): \(privilege) of \(table.name): \(state)")
                tried += 1
              }
            }
          }
        }
      }
    }
    #expect(tried > 180)
  }

  /// By hand, so that a change of the definitions that breaks one is seen.
  private static let promises: [(database: String, role: String, statements: [String])] = [
    (
      "balancedb", "audit",
      [
        "update balance set amount = 0", "insert into balance (iban, token, type) values ('x', 'x', 'AUTO')",
        "delete from cmt", "delete from leg", "update outbox set sent_at = now()", "delete from partition_lease",
        "update consumed_offset set next_offset = 0", "select * from balance for update",
      ]
    ),
    (
      "balancedb", "command_handler",
      [
        "delete from balance", "delete from leg", "update leg set amount = 0", "update cmt set reason = null",
        "delete from cmt", "update cac set token = 'x'", "delete from cac", "update conflict set topic = 'x'",
        "delete from conflict", "delete from consumed_offset", "update meta set value = 'x'",
        "insert into meta (name, value) values ('x', 'x')", "delete from meta",
      ]
    ),
    (
      "transactiondb", "graphql_endpoint",
      [
        "update transaction set new_balance_cents = 0", "delete from transaction", "update account set password = 'x'",
        "delete from transfer_request", "delete from consumed_offset", "update meta set value = 'x'",
        "delete from meta",
      ]
    ),
    (
      "transactiondb", "audit",
      [
        "select password from account", "select * from account", "select count(*) from account",
        "update account set password = 'x'", "insert into transaction default values",
        "update transfer_request set success = true", "delete from meta",
      ]
    ),
  ]

  /// Of every role in every database that it gets into.
  private static let forbidden = [
    "create table mine (a int)", "create temporary table mine (a int)", "create schema mine",
    "create function mine() returns int language sql as 'select 1'", "create role mine",
    "alter role current_user superuser", "alter role audit password 'x'", "set role owner",
    "insert into schema_version (version, checksum) values (99, 'x')", "delete from schema_version",
    "alter table meta add column mine int", "alter table meta owner to current_user",
    "create trigger mine before update on meta for each row execute function suppress_redundant_updates_trigger()",
    "copy (select 1) to program 'true'", "copy meta to '/tmp/meta'", "select pg_read_file('/etc/hostname')",
    "select pg_ls_dir('/')", "select rolpassword from pg_authid", "select lo_import('/etc/hostname')",
    "select pg_reload_conf()", "set session_replication_role = replica",
  ]

  @Test("what no change of the definitions may grant")
  func promises() async throws {
    try await withBank { server in
      for (database, role, statements) in Self.promises {
        try await withRole(server, role, database) { connection in
          for statement in statements + Self.forbidden {
            // A role may not even name another's rights; its own password is its own.
            if statement.contains("audit") && role == "audit" { continue }
            let state = try await state(of: statement, connection)
            #expect(state == Self.refused, "\(role) in \(database): \(statement): \(state)")
          }
        }
      }
      for (role, database) in [("graphql_endpoint", "balancedb"), ("command_handler", "transactiondb")] {
        let error = await #expect(throws: PostgresError.self) {
          try await withRole(server, role, database) { _ in }
        }
        #expect(error?.sqlState == Self.refused, "\(role) gets into \(database)")
      }
    }
  }

  @Test("roles are plain ones: no attribute beside login, member of nothing, owner of nothing")
  func attributes() async throws {
    try await withBank { server in
      for database in ["balancedb", "transactiondb"] {
        try await withRole(server, TestPostgres.owner, database) { connection in
          try await connection.run { session in
            let names = ["audit", "command_handler", "graphql_endpoint"]
            let plain = try session.query(
              """
              select rolname::text from pg_roles where rolname = any(\(names)) and rolcanlogin and not (rolsuper or rolcreatedb
                or rolcreaterole or rolreplication or rolbypassrls)
              order by rolname
              """, as: String.self)
            #expect(plain == names)
            let members = try session.first(
              "select count(*) from pg_auth_members where member in (select oid from pg_roles where rolname = any(\(names)))",
              as: Int.self)
            #expect(members == 0)
            let owned = try session.first(
              "select count(*) from pg_class where relowner in (select oid from pg_roles where rolname = any(\(names)))",
              as: Int.self)
            #expect(owned == 0)
            // Public has no right on any table, and no role may pass one on.
            let open = try session.query(
              """
              select c.relname::text from pg_class c cross join lateral aclexplode(c.relacl) a
              where c.relnamespace = 'public'::regnamespace and (a.grantee = 0 or a.is_grantable and a.grantee <> relowner)
              """, as: String.self)
            #expect(open.isEmpty)
          }
        }
      }
    }
  }
}
