import AuditService
import BankSupport
import CommandHandlerService
import Definitions
import EmbeddedBroker
import Foundation
import KafkaRuntime
import Logging
import PostgresRuntime
import SchemaRegistry
import SchemaRegistryServer
import Synchronization
import TestPostgres

/// Everything that a command handler needs, real and of its own: broker, schema registry, a database, the topics.
public final class TestBank: Sendable {
  public let broker: EmbeddedBroker
  public let owner: PostgresConfiguration
  public let registryURL: String
  public let incarnation: UUID
  public let registry: RegistryClient
  private let registryPort: Int
  private let registryTask: Mutex<Task<Void, any Error>?>
  private let directory: URL

  /// - Parameter database: empty, with a superuser; nil takes one of the cluster that all tests share.
  public static func start(database: PostgresConfiguration? = nil) async throws -> TestBank {
    let broker = try EmbeddedBroker.start()
    let shared = if database == nil { try await TestPostgres.shared().makeDatabase() } else { database }
    guard let owner = shared else { throw TestBankError("no database") }
    let directory = try temporaryDirectory()
    let (task, port) = try await serveRegistry(directory, port: 0)
    let bank = try TestBank(broker: broker, owner: owner, registry: task, port: port, directory: directory)
    try await bank.setUp()
    return bank
  }

  private init(
    broker: EmbeddedBroker, owner: PostgresConfiguration, registry: Task<Void, any Error>, port: Int, directory: URL
  ) throws {
    self.broker = broker
    self.owner = owner
    self.directory = directory
    registryURL = "http://127.0.0.1:\(port)"
    registryPort = port
    registryTask = Mutex(registry)
    self.registry = try RegistryClient(registryURL)
    incarnation = UUID()
  }

  deinit {
    registryTask.withLock { $0?.cancel() }
    try? FileManager.default.removeItem(at: directory)
  }

  private static func serveRegistry(
    _ directory: URL, port: Int
  ) async throws -> (task: Task<Void, any Error>, port: Int) {
    let (ports, ready) = AsyncStream<Int>.makeStream()
    var logger = Logger(label: "schema-registry")
    logger.logLevel = .critical
    let server = EmbeddedRegistry(directory: directory.path, port: port, logger: logger) { port in ready.yield(port) }
    let task = Task {
      defer { ready.finish() }
      try await server.run()
    }
    var iterator = ports.makeAsyncIterator()
    guard let port = await iterator.next() else {
      try await task.value
      throw TestBankError("the registry did not start")
    }
    return (task, port)
  }

  public func stopRegistry() async {
    let task = registryTask.withLock { task in
      defer { task = nil }
      return task
    }
    task?.cancel()
    _ = await task?.result
  }

  public func restartRegistry() async throws {
    let (task, _) = try await Self.serveRegistry(directory, port: registryPort)
    registryTask.withLock { $0 = task }
  }

  public var kafka: KafkaConfiguration {
    let clients = Topology.description.clients
    return KafkaConfiguration(
      brokers: broker.bootstrapServers, producerProperties: clients["producer"] ?? [:],
      consumerProperties: clients["consumer"] ?? [:], fetchPaceMillis: 1, log: .off)
  }

  /// As one of the roles of the definitions.
  public func postgres(role: String) -> PostgresConfiguration {
    var configuration = owner
    configuration.user = role
    configuration.password = nil
    return configuration
  }

  package var connections: HandlerConnections {
    HandlerConnections(
      kafka: kafka, postgres: postgres(role: "command_handler"), registryURL: registryURL, incarnation: incarnation)
  }

  private func setUp() async throws {
    let incarnation = incarnation.text
    try await database { session in
      try session.script(SQL(unsafe: Balancedb.description.sql))
      try session.execute("insert into meta (name, value) values ('incarnation', \(incarnation))")
    }
    let admin = try KafkaAdmin(kafka)
    let results = try await admin.createTopics(
      Topology.description.topics.map { NewTopic(name: $0.name, partitions: $0.partitions) })
    for result in results.values { try result.get() }
    await admin.close()
    for topic in Topology.description.topics {
      for subject in topic.subjects {
        _ = try await registry.register(subject: subject.subject, schema: subject.schemaText)
      }
    }
  }

  /// Runs statements as the owner, who may do anything.
  @discardableResult
  public func database<Value: Sendable>(
    _ body: @escaping @Sendable (PostgresSession) throws -> Value
  ) async throws -> Value {
    let connection = try await PostgresConnection.connect(owner)
    do {
      let value = try await connection.run(body)
      await connection.close()
      return value
    } catch {
      await connection.close()
      throw error
    }
  }

  /// A number that the database knows.
  public func count(_ sql: SQL) async throws -> Int64 {
    try await database { session in try session.first(sql, as: Int64.self) ?? 0 }
  }

  public func startHandler(_ settings: HandlerSettings = HandlerSettings()) -> RunningHandler {
    RunningHandler(connections, settings)
  }

  public func audit() async throws -> AuditReport {
    try await AuditService.audit(
      kafka: kafka, postgres: postgres(role: AuditService.role), registryURL: registryURL, incarnation: incarnation)
  }

  /// Waits until nothing is in flight: every command up to the end of its topic has its outcome, and every event is
  /// published.
  public func drain(timeoutSeconds: Int = 30) async throws {
    try await eventually("everything is handled and published", timeoutSeconds: timeoutSeconds) {
      try await self.isDrained()
    }
  }

  private func isDrained() async throws -> Bool {
    let consumer = try KafkaConsumer(kafka, assignment: [:])
    let topics = [Topics.confirmAccountCreation.name, Topics.confirmMoneyTransfer.name]
    let partitions = topics.flatMap { topic in
      (0..<Int32(topic == topics[0] ? 1 : 9)).map { TopicPartition(topic: topic, partition: $0) }
    }
    let ends: [TopicPartition: Int64]
    do { ends = try await consumer.endOffsets(partitions) } catch {
      await consumer.close()
      return false
    }
    await consumer.close()
    return try await database { session in
      let rows = try session.query(
        "select topic, partition, next_offset from consumed_offset", as: String.self, Int32.self, Int64.self)
      var next: [TopicPartition: Int64] = [:]
      for row in rows { next[TopicPartition(topic: row.0, partition: row.1)] = row.2 }
      guard ends.allSatisfy({ $0.value == next[$0.key] ?? 0 }) else { return false }
      let unsent = try session.first("select count(*) from outbox where sent_at is null", as: Int64.self)
      return unsent == 0
    }
  }
}

public struct TestBankError: Error, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}

/// Asks again and again until the answer is yes.
public func eventually(
  _ what: String, timeoutSeconds: Int = 20, _ condition: () async throws -> Bool
) async throws {
  let deadline = ContinuousClock.now + .seconds(timeoutSeconds)
  while try await !condition() {
    guard ContinuousClock.now < deadline else { throw TestBankError("not within \(timeoutSeconds) s: \(what)") }
    try await Task.sleep(for: .milliseconds(50))
  }
}

/// A handler inside of this process.
public final class RunningHandler: Sendable {
  public let metrics = Metrics()
  public let health = Health()
  private let stopFlag = StopFlag()
  private let task: Task<Void, any Error>

  init(_ connections: HandlerConnections, _ settings: HandlerSettings) {
    let handler = CommandHandler(
      connections, settings: settings,
      status: ServiceStatus(name: CommandHandlerService.name, metrics: metrics, health: health))
    let flag = stopFlag
    task = Task { try await handler.run(until: flag) }
  }

  deinit { stopFlag.set() }

  /// What SIGTERM does.
  public func stop() async throws {
    stopFlag.set()
    try await task.value
  }
}
