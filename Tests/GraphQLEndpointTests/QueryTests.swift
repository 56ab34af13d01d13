import BankSupport
import Foundation
import GraphQLRuntime
import JSONText
import TestBank
import Testing

@testable import GraphQLEndpointService

@Suite("Endpoint: queries", .serialized)
struct QueryTests {
  @Test("filters, pages, the newest of each account, and numbers that do not fit")
  func queries() async throws {
    let bank = try await EndpointBank.start()
    let endpoint = try await bank.endpoint()
    try await endpoint.ready()
    try await bank.bank.send(try await bank.events("NL2", 1...5, descr: "Éénmalig 100%"))
    try await bank.bank.send(try await bank.events("NL1", 1...3, partition: 1, descr: "a_b"))
    try await bank.bank.send(try await bank.events("NL3", 1...1, partition: 2))
    try await eventually("the rows are there") { try await bank.rows().count == 9 }
    let store = endpoint.services.transactions
    func balances(
      _ filter: TransactionFilter, before: TransactionStore.Place? = nil, _ count: Int = 10
    ) async throws -> [Int64] {
      try await store.transactions(filter, before: before, maxItems: count).map(\.newBalanceCents)
    }
    #expect(try await balances(.init(iban: "NL2")) == [500, 400, 300, 200, 100])
    #expect(try await balances(.init(iban: "NL2"), 2) == [500, 400])
    let newest = try #require(try await store.transactions(.init(iban: "NL2"), before: nil, maxItems: 2).last)
    #expect(try await balances(.init(iban: "NL2"), before: .id(newest.id), 2) == [300, 200])
    #expect(try await balances(.init(iban: "NL2"), before: .event(newest.eventID), 2) == [300, 200])
    await #expect(throws: GraphQLError.self) {
      _ = try await balances(.init(iban: "NL2"), before: .event(UUID()))
    }
    #expect(try await balances(.init(iban: "NL2", minCents: 100, maxCents: 100)).count == 5)
    #expect(try await balances(.init(iban: "NL2", minCents: 101)).isEmpty)
    #expect(try await balances(.init(iban: "NL2", direction: .debit)).isEmpty)
    #expect(try await balances(.init(iban: "NL2", descrIncludes: "ÉÉNMALIG 100%")).count == 5)
    #expect(try await balances(.init(iban: "NL2", descrIncludes: "_")).isEmpty)
    #expect(try await balances(.init(iban: "NL1", descrIncludes: "A_B")).count == 3)
    #expect(try await balances(.init(iban: "'; drop table transaction; --\0")).isEmpty)
    let last = try await store.lastTransactions(maxItems: 1_000, after: nil)
    #expect(last.map(\.iban) == ["NL1", "NL2", "NL3"] && last.map(\.newBalanceCents) == [300, 500, 100])
    #expect(try await store.lastTransactions(maxItems: 1, after: "NL1").map(\.iban) == ["NL2"])
    #expect(try await store.lastTransactions(maxItems: 2, after: "NL3").isEmpty)
    for count in [0, -1, 1_001] {
      await #expect(throws: GraphQLError.self) { _ = try await store.lastTransactions(maxItems: count, after: nil) }
      await #expect(throws: GraphQLError.self) { _ = try await balances(.init(iban: "NL1"), count) }
    }
    try await bank.database { session in
      _ = try session.execute("update transaction set id = 3000000000 where iban = 'NL3'")
    }
    let engine = try BankSchema.engine(EndpointSettings()) { error, _ in Issue.record("\(error)") }
    let operation = try engine.prepare(GraphQLRequest(query: "{ all_last_transactions { id event_id } }"))
    let response = await engine.execute(
      operation, context: EndpointContext(services: endpoint.services, remoteAddress: nil))
    #expect(response.errors.map(\.path) == [[.key("all_last_transactions"), .index(2), .key("id")]])
    #expect(response.errors.first?.extensions.first?.value == .string("OUT_OF_RANGE"))
    try await endpoint.stop()
  }

  /// Runs a document and gives the codes of its errors.
  private func codes(_ query: String, _ context: EndpointContext) async throws -> [JSONValue?] {
    let engine = try BankSchema.engine(EndpointSettings()) { error, _ in Issue.record("\(error)") }
    let operation = try engine.prepare(GraphQLRequest(query: query))
    guard operation.kind == .subscription else {
      return await engine.execute(operation, context: context).errors.map(\.extensions.first?.value)
    }
    switch await engine.subscribe(operation, context: context) {
    case .failed(let response): return response.errors.map(\.extensions.first?.value)
    case .responses(let responses):
      for try await response in responses { return response.errors.map(\.extensions.first?.value) }
      return []
    }
  }

  @Test("arguments that are too long, and places that are none, are bad input")
  func badInput() async throws {
    let bank = try await EndpointBank.start()
    let endpoint = try await bank.endpoint()
    try await endpoint.ready()
    let context = EndpointContext(services: endpoint.services, remoteAddress: nil)
    let (iban, text) = (String(repeating: "x", count: 257), String(repeating: "é", count: 141))
    for query in [
      "{ transactions_by_iban(iban: \"\(iban)\", max_items: 1) { id } }",
      "{ transactions_by_iban(iban: \"x\", max_items: 1, descr_includes: \"\(text)\") { id } }",
      "{ all_last_transactions(after: \"\(iban)\") { id } }",
      "subscription { stream_transactions(iban: \"\(iban)\") { id } }",
      "subscription { stream_transactions(descr_includes: \"\(text)\") { id } }",
      "{ transactions_by_iban(iban: \"x\", max_items: 1, before: \"x\") { id } }",
      "{ transactions_by_iban(iban: \"x\", max_items: 1, before: \"\(UUID().uuidString)\") { id } }",
    ] {
      #expect(try await codes(query, context) == [.string("BAD_INPUT")], "\(query)")
    }
    let most = "iban: \"\(iban.dropLast())\", max_items: 1, descr_includes: \"\(text.dropLast())\""
    #expect(try await codes("{ transactions_by_iban(\(most)) { id } }", context).isEmpty)
    try await endpoint.stop()
    #expect(try await bank.rows().isEmpty)
  }

  @Test("what counts guesses, makes accounts or moves money is not answered to GET")
  func byGET() async throws {
    let bank = try await EndpointBank.start()
    let endpoint = try await bank.endpoint()
    try await endpoint.ready()
    let context = EndpointContext(services: endpoint.services, remoteAddress: nil, isGET: true)
    for query in [
      #"{ account(username: "testuser", password: "password") { iban } }"#,
      #"subscription { get_account(username: "testuser", password: "password") { iban } }"#,
      #"subscription { money_transfer(uuid: "", token: "", amount: 1, from: "", to: "", descr: "") { success } }"#,
    ] {
      #expect(try await codes(query, context) == [.string("POST_ONLY")], "\(query)")
    }
    #expect(try await codes("{ all_last_transactions { id } }", context).isEmpty)
    try await endpoint.stop()
    #expect(try await bank.count("select count(*) from account") == 0)
  }

  @Test("reading that takes all of its connections stands in the way of nobody else, and who goes is no fault to log")
  func pools() async throws {
    let bank = try await EndpointBank.start()
    var settings = EndpointBank.settings
    settings.maxDatabaseConnections = 1
    settings.readTimeoutMillis = 60_000
    let endpoint = try await bank.endpoint(settings)
    try await endpoint.ready()
    let services = endpoint.services
    let context = EndpointContext(services: services, remoteAddress: nil)
    let slow = Task { try await services.reads.run { session in _ = try session.execute("select pg_sleep(60)") } }
    let waiting = Task { try await codes("{ all_last_transactions { id } }", context) }
    try await eventually("reading waits") { services.reads.counts == (1, 1) }
    let result = try await services.accounts.logIn(username: "testuser", password: "password", address: nil)
    #expect(result.reason == "incorrect password")
    try await services.pool.run { session in _ = try session.execute("select 1") }
    #expect(endpoint.health.problem == nil)
    waiting.cancel()
    #expect(try await waiting.value == [.string("CANCELLED")])
    slow.cancel()
    _ = await slow.result
    // While its statement runs, too.
    let running = Task {
      try await context.query {
        try await services.reads.run { session in _ = try session.execute("select pg_sleep(60)") }
      }
    }
    try await eventually("it runs") {
      try await bank.count(
        """
        select count(*) from pg_stat_activity
        where state = 'active' and datname = current_database() and query = 'select pg_sleep(60)'
        """) > 0
    }
    running.cancel()
    await #expect(throws: CancellationError.self) { try await running.value }
    try await endpoint.stop()
  }

  @Test("a query that takes too long is broken off sooner than others")
  func readTimeOut() async throws {
    var settings = EndpointBank.settings
    settings.readTimeoutMillis = 200
    let bank = try await EndpointBank.start()
    let endpoint = try await bank.endpoint(settings)
    let context = EndpointContext(services: endpoint.services, remoteAddress: nil)
    let error = await #expect(throws: GraphQLError.self) {
      try await context.query {
        try await endpoint.services.reads.run { session in _ = try session.execute("select pg_sleep(60)") }
      }
    }
    #expect(error?.extensions.first?.value == .string("TIMEOUT"))
    try await endpoint.stop()
    #expect(try await bank.rows().isEmpty)
  }

  @Test("the newest rows of accounts are found through the index, however many rows there are")
  func plan() async throws {
    let bank = try await EndpointBank.start()
    try await bank.database { session in
      _ = try session.execute(
        """
        insert into transaction (event_id, iban, new_balance, new_balance_cents, changed_by, changed_by_cents, from_to,
          direction, descr)
        select gen_random_uuid(), 'NL' || n % 20, '', n, '', 1, '', 'CREDIT', '' from generate_series(1, 50000) n
        """)
      try session.script("analyze transaction")
    }
    let endpoint = try await bank.endpoint()
    let last = try await endpoint.services.transactions.lastTransactions(maxItems: 5, after: "NL1")
    #expect(last.count == 5 && last.allSatisfy { $0.newBalanceCents > 49_980 })
    // What a scan of the table reads shows in its counter, and a scan of an index in that of the index.
    try await eventually("the scans are counted") {
      try await bank.count(
        "select coalesce(sum(idx_tup_read), 0)::bigint from pg_stat_user_indexes where relname = 'transaction'") > 0
    }
    #expect(
      try await bank.count(
        "select coalesce(sum(seq_tup_read), 0)::bigint from pg_stat_user_tables where relname = 'transaction'")
        < 50_000)
    let read = try await bank.count(
      """
      select idx_tup_read from pg_stat_user_indexes where indexrelname = 'transaction_iban_id_idx'
      """)
    #expect(read < 1_000)
    try await endpoint.stop()
  }
}
