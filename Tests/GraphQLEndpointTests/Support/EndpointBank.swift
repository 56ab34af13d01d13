import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import PostgresRuntime
import SchemaRegistry
import TestBank
import TestPostgres

@testable import GraphQLEndpointService

/// A bank with a transactiondb, for endpoints without their HTTP server.
struct EndpointBank: Sendable {
  let bank: TestBank
  /// Of transactiondb, as its owner.
  let owner: PostgresConfiguration

  /// - Parameter database: empty, with a superuser; nil takes one of the cluster that all tests share.
  static func start(database: PostgresConfiguration? = nil) async throws -> EndpointBank {
    let bank = try await TestBank.start()
    return EndpointBank(bank: bank, owner: try await setUp(database, bank))
  }

  /// The same bank with an empty transactiondb.
  func withNewDatabase() async throws -> EndpointBank {
    EndpointBank(bank: bank, owner: try await Self.setUp(nil, bank))
  }

  private static func setUp(
    _ database: PostgresConfiguration?, _ bank: TestBank
  ) async throws -> PostgresConfiguration {
    let owner = if let database { database } else { try await TestPostgres.shared().makeDatabase() }
    try await bank.setUp(Transactiondb.description, in: owner)
    return owner
  }

  /// A bank whose endpoint is well, for as long as `body` runs.
  ///
  /// - Parameter handled: there is a handler too.
  static func running(
    _ settings: EndpointSettings = settings, handled: Bool = true,
    _ body: (EndpointBank, RunningEndpoint) async throws -> Void
  ) async throws {
    let bank = try await start()
    let handler = handled ? bank.bank.startHandler() : nil
    let endpoint = try await bank.endpoint(settings)
    try await endpoint.ready()
    try await body(bank, endpoint)
    try await endpoint.stop()
    try await handler?.stop()
  }

  var connections: ServiceConnections { bank.connections(owner, role: GraphQLEndpointService.role) }

  /// Cheap to hash, and patient: the machine may be busy.
  static var settings: EndpointSettings {
    var settings = EndpointSettings()
    settings.scryptLogCost = 4
    settings.answerTimeoutMillis = 90_000
    settings.queryTimeoutMillis = 90_000
    settings.readTimeoutMillis = 90_000
    return settings
  }

  func endpoint(_ settings: EndpointSettings = EndpointBank.settings) async throws -> RunningEndpoint {
    try await RunningEndpoint(connections, settings)
  }

  @discardableResult
  func database<Value: Sendable>(
    _ body: @escaping @Sendable (PostgresSession) throws -> Value
  ) async throws -> Value {
    try await owner.withConnection { try await $0.run(body) }
  }

  func count(_ sql: SQL) async throws -> Int64 {
    try await database { session in try session.first(sql, as: Int64.self) ?? 0 }
  }

  /// Event ids and what was made of each, without the numbers of the rows.
  func rows() async throws -> [UUID: String] {
    let rows = try await database { session in
      try session.query(
        """
        select event_id, concat_ws('|', iban, new_balance, new_balance_cents, changed_by, changed_by_cents, sequence,
          from_to, direction, descr) from transaction
        """, as: UUID.self, String.self)
    }
    return Dictionary(rows.map { ($0.0, $0.1) }) { first, _ in first }
  }

  /// Sequences of an IBAN in the order of the rows.
  func sequences(_ iban: String) async throws -> [Int64?] {
    try await database { session in
      try session.query("select sequence from transaction where iban = \(iban) order by id", as: Int64?.self)
    }
  }

  /// Records of balance_changed as the command handler makes them, one partition for all unless told otherwise.
  func events(
    _ iban: String, _ sequences: some Sequence<Int64>, partition: Int32 = 0, descr: String = "test"
  ) async throws -> [KafkaRecord] {
    let codec = TopicCodec(Topics.balanceChanged, registry: bank.registry)
    try await codec.prepare()
    return try sequences.map { sequence in
      let command = UUID.v5(namespace: bank.incarnation, name: "\(iban)/\(sequence)")
      let event = CloudEvent.event(
        causedBy: command, topic: codec.topic.name, leg: .credit, type: BalanceChanged.schemaName, sequence: sequence)
      return KafkaRecord(
        topic: codec.topic.name, partition: partition, key: Array(iban.utf8),
        value: try codec.encode(
          BalanceChanged(
            iban: iban, newBalance: sequence * 100, changedBy: 100, fromTo: "cash", description: descr)),
        headers: event.kafkaHeaders)
    }
  }

  /// A record of an answer topic.
  func answer<Value: TopicValue>(_ topic: Topic<Value>, _ value: Value) async throws -> KafkaRecord {
    let codec = TopicCodec(topic, registry: bank.registry)
    try await codec.prepare()
    return KafkaRecord(
      topic: topic.name, key: topic.keyText(value).map { Array($0.utf8) }, value: try codec.encode(value))
  }
}

/// Asks again and again until the answer is yes, with more patience than others: the machine may be busy.
func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
  try await eventually(what, timeoutSeconds: 90, condition)
}

/// An endpoint inside of this process, without its HTTP server.
final class RunningEndpoint: Sendable {
  let metrics = Metrics()
  let health = Health()
  let services: EndpointServices
  private let stopFlag = StopFlag()
  private let task: Task<Void, any Error>

  init(_ connections: ServiceConnections, _ settings: EndpointSettings) async throws {
    let status = ServiceStatus(name: GraphQLEndpointService.name, metrics: metrics, health: health)
    let services = try await EndpointServices(
      kafka: connections.kafka, postgres: connections.postgres, registryURL: connections.registryURL,
      settings: settings, status: status)
    self.services = services
    let flag = stopFlag
    task = Task {
      try await EndpointWork(connections, services: services, settings: settings, status: status).run(until: flag)
    }
  }

  deinit { stopFlag.set() }

  func ready() async throws {
    try await eventually("the endpoint is well") { self.health.problem == nil }
  }

  /// What SIGTERM does.
  func stop() async throws {
    stopFlag.set()
    try await task.value
  }
}

/// Collects what a subscription gives, until it ends.
actor Collected {
  private(set) var rows: [Transaction] = []
  private(set) var failure: (any Error)?
  private var task: Task<Void, Never>?

  static func of(_ stream: TransactionStream) async -> Collected {
    let collected = Collected()
    await collected.begin(stream)
    return collected
  }

  private func begin(_ stream: TransactionStream) {
    task = Task {
      do { for try await row in stream { rows.append(row) } } catch { failure = error }
    }
  }

  func cancel() { task?.cancel() }

  var eventIDs: [UUID] { rows.map(\.eventID) }
}
