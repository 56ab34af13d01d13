import Definitions
import FoundationEssentials
import PostgresRuntime
import SetupDBService
import TestPostgres
import Testing

/// A server with the bank's databases, for as long as `body` runs.
func withBank(_ body: (TestPostgres) async throws -> Void) async throws {
  // Roles and databases have the bank's names, so the server is not shared.
  let server = try await TestPostgres.start()
  do {
    try await SetupDBService.run(
      server.configuration(), databases: Topology.description.databases,
      passwords: ["command_handler": "handler's", "graphql_endpoint": "endpoint's", "audit": "audit's"])
    try await body(server)
  } catch {
    await server.stop()
    throw error
  }
  await server.stop()
}

/// The bank's own definitions, from YAML to rows.
@Suite struct BankDatabaseTests {
  private func connect(
    _ server: TestPostgres, _ database: String, _ role: String, _ password: String
  ) async throws -> PostgresConnection {
    try await PostgresConnection.connect(
      server.configuration(database: database, user: role, password: password, overTCP: true))
  }

  @Test func theBankIsSetUpTwice() async throws {
    try await withBank { server in
      let again = try await SetupDBService.run(server.configuration(), databases: Topology.description.databases)
      #expect(
        again.databases == [
          .init(name: "balancedb", isCreated: false, isChanged: false, version: 1),
          .init(name: "transactiondb", isCreated: false, isChanged: false, version: 1),
        ])
      #expect(again.passwordsSet.isEmpty)
      let audit = try await connect(server, "balancedb", "audit", "audit's")
      let company = try await audit.transaction(isolation: .repeatableRead, readOnly: true) { session in
        try session.query("select \(columns: Balancedb.BalanceRow.self) from balance", as: Balancedb.BalanceRow.self)
      }
      #expect(company.map(\.iban) == ["NL66OPEN0000000000"])
      #expect(company.map(\.amount) == [100_000_000_000_000_000])
      #expect(company.map(\.lmt) == [-50_000])
      await audit.close()
    }
  }

  @Test func eachRoleMayDoItsWorkAndNoMore() async throws {
    try await withBank { server in
      let endpoint = try await connect(server, "transactiondb", "graphql_endpoint", "endpoint's")
      let id = UUID()
      try await endpoint.run { session in
        try session.execute("insert into transfer_request (uuid, payload_hash) values (\(id), \([1, 2] as [UInt8]))")
        let row = try session.first(
          "select \(columns: Transactiondb.TransferRequestRow.self) from transfer_request",
          as: Transactiondb.TransferRequestRow.self)
        #expect(row?.uuid == id && row?.payloadHash == [1, 2] && row?.success == nil)
      }
      await endpoint.close()
      let stranger = await #expect(throws: PostgresError.self) {
        _ = try await connect(server, "balancedb", "graphql_endpoint", "endpoint's")
      }
      #expect(stranger?.sqlState == "42501")
      let audit = try await connect(server, "balancedb", "audit", "audit's")
      let writing = await #expect(throws: PostgresError.self) {
        try await audit.run { session in try session.execute("update balance set amount = 0") }
      }
      #expect(writing?.sqlState == "42501")
      await audit.close()
    }
  }

  /// A batch as the command handler sends it: arrays in, rows out, one statement a table.
  @Test func aThousandAccountsChangeInOneTransaction() async throws {
    try await withBank { server in
      let handler = try await connect(server, "balancedb", "command_handler", "handler's")
      let ibans = (0..<1000).map { "NL\($0)" }
      let ids = ibans.map { _ in UUID() }
      let hashes = ibans.map { Array($0.utf8) }
      let amounts = (0..<1000).map { Int64($0) }
      let changed = try await handler.transaction { session in
        try session.execute(
          "insert into balance (iban, token, type) select iban, 'token', 'AUTO' from unnest(\(ibans)) iban")
        try session.execute(
          "insert into cmt (uuid, reason, payload_hash) select * from unnest(\(ids), \(ibans.map { _ in nil as String? }), \(hashes))"
        )
        let locked = try session.query(
          "select \(columns: Balancedb.BalanceRow.self) from balance where iban = any(\(ibans)) order by balance_id for update",
          as: Balancedb.BalanceRow.self)
        #expect(locked.map(\.iban).sorted() == ibans.sorted())
        return try session.execute(
          """
          update balance set amount = balance.amount + d.amount, version = version + 1
          from unnest(\(ibans), \(amounts)) d (iban, amount) where balance.iban = d.iban
          """)
      }
      #expect(changed == 1000)
      let sum = try await handler.run { session in
        try session.first("select sum(amount)::bigint, sum(version)::bigint from balance", as: Int64.self, Int64.self)
      }
      #expect(try #require(sum) == (100_000_000_000_000_000 + 499_500, 1000))
      let known = try await handler.run { session in
        try session.query("select uuid from cmt where uuid = any(\(ids))", as: UUID.self)
      }
      #expect(Set(known) == Set(ids))
      await handler.close()
    }
  }
}
