import BankSupport
import EmbeddedBroker
import Foundation
import FreePort
import JSONText
import KafkaRuntime
import PostgresRuntime
import PythonPeer
import TestBank
import TestPostgres
import Testing

@testable import GraphQLEndpointService

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

@Suite("Endpoint: as a service", .serialized)
struct ServiceTests {
  private func environment(
    _ bank: EndpointBank, cluster: TestPostgres, _ more: [String: String] = [:]
  ) async throws -> BankEnvironment {
    let environment = [
      "KAFKA_BROKERS": bank.bank.broker.bootstrapServers, "SCHEMA_REGISTRY_URL": bank.bank.registryURL,
      "DB_HOSTNAME": "127.0.0.1", "DB_PORT": String(cluster.port), "DB_PASSWORD": "secret",
      "BANK_GRAPHQL_SCRYPT_LOG_COST": "4", "BANK_GRAPHQL_ANSWER_TIMEOUT_MILLIS": "90000",
    ]
    return try BankEnvironment.resolve(
      home: temporaryDirectory().path, environment: environment.merging(more) { $1 })
  }

  /// A cluster in which transactiondb has that name.
  private func cluster() async throws -> (TestPostgres, PostgresConfiguration) {
    let cluster = try await TestPostgres.start()
    var configuration = cluster.configuration(overTCP: true)
    let connection = try await PostgresConnection.connect(configuration)
    try await connection.run { session in try session.script("create database transactiondb") }
    await connection.close()
    configuration.database = "transactiondb"
    return (cluster, configuration)
  }

  /// The service on a bank of its own, found by the environment, for as long as `body` runs with its port.
  private func withService(
    maxFlowViewers: Int = 100, _ body: (EndpointBank, Int, Task<Void, any Error>) async throws -> Void
  ) async throws {
    let (cluster, owner) = try await cluster()
    let bank = try await EndpointBank.start(database: owner)
    try await bank.database { session in
      try session.setPassword("secret", ofRole: GraphQLEndpointService.role)
    }
    let environment = try await environment(bank, cluster: cluster)
    var settings = try EndpointSettings(environment)
    settings.maxFlowViewers = maxFlowViewers
    let port = try freePort()
    settings.port = port
    let service = Task { [settings] in try await GraphQLEndpointService.run(environment, settings: settings) }
    defer { service.cancel() }
    try await eventually("it is well") { try await get(port, "health").status == 200 }
    try await body(bank, port, service)
    let start = ContinuousClock.now
    service.cancel()
    _ = await service.result
    #expect(start.duration(to: .now) < .seconds(9))
    await cluster.stop()
  }

  @Test("found by the environment, a client of another language makes an account, moves money and sees it")
  func client() async throws {
    try await withService { bank, port, _ in
      let handler = bank.bank.startHandler()
      let seen = try JSONValue(parsing: try await PythonPeer.run([Self.script, String(port)]))
      check(seen)
      let metrics = try await get(port, "metrics").body
      for name in [
        "bank_requests_total", "bank_subscribers 0", #"bank_commands_total{service="graphql-endpoint",outcome="sent"}"#,
        "bank_graphql_connections",
      ] {
        #expect(metrics.contains(name), "\(name)")
      }

      // Not kill: so soon after its start the broker would have saved no topic yet, and come back without any.
      bank.bank.broker.stop()
      try await eventually("it says that the broker is gone") { try await get(port, "health").status == 503 }
      try bank.bank.broker.restart()
      try await eventually("it is well again") { try await get(port, "health").status == 200 }
      try await handler.stop()
    }
  }

  @Test("stopped with subscriptions open, their clients are sent away with 1001 and none is complete")
  func stopping() async throws {
    try await withService(maxFlowViewers: 1) { _, port, service in
      async let output = PythonPeer.run([Self.script, String(port), "stop"])
      try await eventually("both have subscribed") {
        try await get(port, "metrics").body.contains("bank_subscribers 2")
      }
      #expect(
        try await get(port, "metrics").body.contains(#"bank_requests_total{transport="flow",status="503"} 1"#))
      service.cancel()
      let seen = try JSONValue(parsing: try await output)
      #expect(seen["flow"]?["first"] == .integer(200) && seen["flow"]?["second"] == .integer(503))
      #expect(seen["flow"]?["retry"] == .string("10"))
      let sockets = seen["sockets"]?.items ?? []
      #expect(sockets.map { $0["code"] } == [.integer(1001), .integer(1001)])
      for socket in sockets {
        let types = socket["types"]?.items ?? []
        #expect(types.first == .string("connection_ack") && !types.contains(.string("complete")), "\(types)")
      }
    }
  }

  private static var script: String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("endpoint_client.py").path
  }

  private func check(_ seen: JSONValue) {
    let iban = seen["account"]?["iban"]
    #expect(seen["http"]?["first"]?["success"] == .bool(true))
    #expect(seen["http"]?["first"]?["uuid"] == seen["http"]?["id"])
    #expect(seen["http"]?["again"] == .bool(true) && seen["http"]?["known"] == .bool(true))
    #expect(seen["http"]?["other"] == .string("uuid was used for another transfer"))
    #expect(seen["http"]?["wrong"]?["reason"] == .string("incorrect password"))
    #expect(seen["http"]?["wrong"]?["token"] == .null)
    #expect(seen["errors"]?["too many"]?["extensions"]?["code"] == .string("BAD_INPUT"))
    #expect(seen["errors"]?["not a number"]?["extensions"]?["code"] == .string("BAD_INPUT"))
    #expect(seen["errors"]?["unknown"]?["message"] != nil)

    let legacy = seen["legacy"]
    #expect(legacy?["login"]?["data"]?["get_account"]?["iban"] == iban)
    #expect(legacy?["move"]?["data"]?["money_transfer"]?["success"] == .bool(true))
    let row = legacy?["rows"]?.items.first
    #expect(row?["iban"] == iban && row?["from_to"] == .string("NL66OPEN0000000000"))
    #expect(row?["new_balance"] == .string("€1.223,45") && row?["new_balance_cents"] == .string("122345"))
    #expect(row?["changed_by"] == .string("€11,11") && row?["changed_by_cents"] == .string("-1111"))
    #expect(row?["direction"] == .string("DEBIT") && row?["descr"] == .string("over the old protocol"))

    let modern = seen["modern"]
    #expect(modern?["newest"]?.items.first?["event_id"] == row?["event_id"])
    #expect(modern?["older"]?.items.map { $0["direction"] } == [.string("CREDIT")])
    #expect(modern?["filtered"]?["pin"]?.items.map { $0["descr"] } == [.string("by python")])
    #expect(modern?["filtered"]?["debits"]?.items.map { $0["descr"] } == [.string("over the old protocol")])
    #expect(modern?["filtered"]?["none"]?.items.isEmpty == true)
    #expect(modern?["filtered"]?["all_last_transactions"]?.items.count == 2)

    #expect(seen["flow"]?["allowed"] == .string("http://127.0.0.1:8181"))
    let events = seen["flow"]?["events"]?.items ?? []
    #expect(events.map { $0.items.first } == [.string("topology"), .string("rates"), .string("rates")])
    let topology = events.first?.items.last
    #expect(topology?["databases"]?.items == [.string("balancedb"), .string("transactiondb")])
    let endpoint = topology?["services"]?.items.first { $0["name"] == .string("graphql_endpoint") }
    #expect(endpoint?["databases"]?["transactiondb"] == .string("write"))
    #expect(endpoint?["produces"]?.items.contains(.string("confirm_money_transfer")) == true)
    let topic = topology?["topics"]?.items.first { $0["name"] == .string("balance_changed") }
    #expect(topic?["partitions"] == .integer(9))
    let records = events.last?.items.last?["topics"]?["balance_changed"]?["records"]
    #expect(records == .integer(3))
    #expect(seen["graphiql"] == .integer(200))
  }

  @Test(
    "a setting that can't be is an error that says what can",
    arguments: [
      ("MAX_DEPTH", "x", "1 to 64"), ("MAX_DEPTH", "65", "1 to 64"), ("ANSWER_TIMEOUT_MILLIS", "-1", "1 to"),
      ("INTROSPECTION", "yes", "true or false"),
    ])
  func settings(name: String, value: String, range: String) throws {
    let environment = try BankEnvironment.resolve(
      home: temporaryDirectory().path, environment: ["BANK_GRAPHQL_" + name: value])
    let error = #expect(throws: SupportError.self) { _ = try EndpointSettings(environment) }
    #expect(error?.message.contains("BANK_GRAPHQL_\(name)") == true && error?.message.contains(range) == true)
  }

  @Test("each setting has a variable, and docs/graphql.md has each with its default")
  func documented() throws {
    let environment = try BankEnvironment.resolve(
      home: temporaryDirectory().path, portOffset: 10,
      environment: [
        "BANK_GRAPHQL_MAX_DEPTH": "12", "BANK_GRAPHQL_INTROSPECTION": "false",
        "BANK_ALLOWED_ORIGINS": "https://bank.example, http://other.example:81",
      ])
    let settings = try EndpointSettings(environment)
    #expect(settings.language.maxDepth == 12 && !settings.allowsIntrospection && settings.servesGraphiQL)
    #expect(
      settings.allowedOrigins == [
        "http://localhost:8191", "http://127.0.0.1:8191", "http://[::1]:8191", "https://bank.example",
        "http://other.example:81",
      ])
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { root.deleteLastPathComponent() }
    let page = try String(contentsOf: root.appending(path: "docs/graphql.md"), encoding: .utf8)
    let defaults = EndpointSettings()
    for (name, path, _) in EndpointSettings.numbers {
      #expect(page.contains("| `\(name)` | \(defaults[keyPath: path]) |"), "\(name) \(defaults[keyPath: path])")
    }
    for (name, path) in EndpointSettings.switches {
      #expect(page.contains("| `\(name)` | \(defaults[keyPath: path]) |"), "\(name)")
    }
  }

  @Test(
    "addresses",
    arguments: [
      ("192.0.2.1", "192.0.2.1"), ("::1", "0:0:0:0"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2"),
      ("2001:db8::6", "2001:db8:0:0"), ("fe80::1%eth0", "fe80:0:0:0"), ("::ffff:192.0.2.1", "192.0.2.1"),
    ])
  func addresses(address: String, network: String) {
    #expect(EndpointContext.network(of: address) == network)
  }

  private func get(_ port: Int, _ path: String) async throws -> (status: Int, body: String) {
    guard let url = URL(string: "http://127.0.0.1:\(port)/\(path)") else { throw TestBankError("no URL") }
    do {
      let (data, response) = try await URLSession.shared.data(from: url)
      return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
    } catch is URLError {
      // Not listening yet.
      return (0, "")
    }
  }
}

extension JSONValue {
  fileprivate var items: [JSONValue] { if case .array(let items) = self { items } else { [] } }
}
