import AuditService
import BankSupport
import CommandHandlerService
import Definitions
import EmbeddedBroker
import Foundation
import KafkaRuntime
import PostgresRuntime
import SchemaRegistry
import Synchronization
import TestPostgres
import TestStreams
import TopologyModel

/// Everything that a command handler needs, real and of its own: broker, schema registry, a database, the topics.
public final class TestBank: Sendable {
  public let streams: TestStreams
  public let owner: PostgresConfiguration
  public let incarnation = UUID()
  /// Where balancedb and transactiondb are, on a bank of `startForProcesses`.
  public let server: TestPostgres?
  private let lapStart = Mutex(ContinuousClock.now)

  /// - Parameter database: empty, with a superuser; nil takes one of the cluster that all tests share.
  public static func start(database: PostgresConfiguration? = nil) async throws -> TestBank {
    let streams = try await TestStreams.start()
    let owner = if let database { database } else { try await TestPostgres.shared().makeDatabase() }
    let bank = TestBank(streams: streams, owner: owner, server: nil)
    try await bank.setUp(Balancedb.description, in: owner)
    try await bank.writeIncarnation()
    return bank
  }

  /// The password over TCP of each role, on a bank of `startForProcesses`.
  public static let rolePassword = "secret"

  /// A bank that services can be started on as processes: with a Postgres cluster of its own in which balancedb and
  /// transactiondb have these names, and the incarnation on its topic.
  ///
  /// - Parameters:
  ///   - settings: of postgresql.conf, beside those of `TestPostgres`.
  ///   - smallDiskMegabytes: puts the databases on a disk of that size, see `TestPostgres.start`.
  public static func startForProcesses(
    settings: [String: String] = [:], smallDiskMegabytes: Int? = nil
  ) async throws -> TestBank {
    let server = try await TestPostgres.start(settings: settings, smallDiskMegabytes: smallDiskMegabytes)
    for name in [Balancedb.description.name, Transactiondb.description.name] {
      try await server.makeDatabase(named: name, onSmallDisk: smallDiskMegabytes != nil)
    }
    let owner = server.configuration(database: Balancedb.description.name)
    let bank = TestBank(streams: try await TestStreams.start(), owner: owner, server: server)
    try await bank.setUp(Balancedb.description, in: owner)
    try await bank.setUp(
      Transactiondb.description, in: server.configuration(database: Transactiondb.description.name))
    try await bank.transactions { session in
      for role in BankEnvironment.databaseRoles { try session.setPassword(rolePassword, ofRole: role) }
    }
    try await bank.writeIncarnation()
    return bank
  }

  private init(streams: TestStreams, owner: PostgresConfiguration, server: TestPostgres?) {
    self.streams = streams
    self.owner = owner
    self.server = server
  }

  public var broker: EmbeddedBroker { streams.broker }
  public var kafka: KafkaConfiguration { streams.kafka }
  public var registryURL: String { streams.registryServer.url }
  public var registry: RegistryClient { streams.registry }

  /// Makes the tables in an empty database, and writes down that they are of this bank's run.
  public func setUp(_ description: DatabaseDescription, in database: PostgresConfiguration) async throws {
    let incarnation = incarnation.text
    try await database.withConnection { connection in
      try await connection.run { session in
        try session.script(SQL(unsafe: description.sql))
        try session.execute("insert into meta (name, value) values ('incarnation', \(incarnation))")
      }
    }
  }

  private func writeIncarnation() async throws {
    try await send([KafkaRecord(topic: Incarnation.topic, key: nil, value: Array(incarnation.text.utf8))])
  }

  /// What a service works with that has this database and this role.
  package func connections(_ database: PostgresConfiguration, role: String) -> ServiceConnections {
    var postgres = database
    postgres.user = role
    postgres.password = nil
    return ServiceConnections(kafka: kafka, postgres: postgres, registryURL: registryURL, incarnation: incarnation)
  }

  /// Runs statements as the owner, who may do anything.
  @discardableResult
  public func database<Value: Sendable>(
    _ body: @escaping @Sendable (PostgresSession) throws -> Value
  ) async throws -> Value {
    try await owner.withConnection { try await $0.run(body) }
  }

  /// The same in transactiondb, on a bank of `startForProcesses`.
  @discardableResult
  public func transactions<Value: Sendable>(
    _ body: @escaping @Sendable (PostgresSession) throws -> Value
  ) async throws -> Value {
    guard let server else { throw TestBankError("only a bank of startForProcesses has a transactiondb") }
    return try await server.configuration(database: Transactiondb.description.name)
      .withConnection { try await $0.run(body) }
  }

  /// Seconds since the start, or since this was asked last.
  public func lapSeconds() -> Double {
    lapStart.withLock { start in
      defer { start = .now }
      return (ContinuousClock.now - start) / .seconds(1)
    }
  }

  /// A number that the database knows.
  public func count(_ sql: SQL) async throws -> Int64 {
    try await database { session in try session.first(sql, as: Int64.self) ?? 0 }
  }

  public func startHandler(_ settings: HandlerSettings = HandlerSettings()) -> RunningHandler {
    RunningHandler(connections(owner, role: CommandHandlerService.role), settings)
  }

  /// - Parameter change: of what the handler connects to.
  package func startHandler(
    _ settings: HandlerSettings = HandlerSettings(), connecting change: (inout ServiceConnections) -> Void
  ) -> RunningHandler {
    var connections = connections(owner, role: CommandHandlerService.role)
    change(&connections)
    return RunningHandler(connections, settings)
  }

  public func audit() async throws -> AuditReport {
    let own = connections(owner, role: AuditService.role)
    return try await AuditService.audit(
      kafka: own.kafka, postgres: own.postgres, registryURL: own.registryURL, incarnation: own.incarnation)
  }

  /// Waits until nothing is in flight: every command up to the end of its topic has its outcome, and every event is
  /// published.
  public func drain(timeoutSeconds: Int = 30) async throws {
    let what = "everything is handled and published"
    do { try await eventually(what, timeoutSeconds: timeoutSeconds) { try await self.isDrained() } } catch {
      throw TestBankError("\(error):\n\(try await standing())")
    }
  }

  /// Who has which partition and how far it is, what is not published, and what Postgres is asked: for a message.
  public func standing() async throws -> String {
    try await database { session in
      let parts: [SQL] = [
        """
        select concat_ws(' ', l.topic, l.partition, 'lease', l.owner, l.epoch, l.expires_at - clock_timestamp(), 'next',
          c.next_offset, 'epoch', c.epoch)
        from partition_lease l left join consumed_offset c using (topic, partition) order by l.topic, l.partition
        """,
        "select concat('outbox rows unsent ', count(*), ' from ', min(id)) from outbox where sent_at is null",
        """
        select concat_ws(' ', pid, application_name, state, wait_event, clock_timestamp() - state_change, left(query, 80))
        from pg_stat_activity where datname = current_database()
        """,
        "select concat_ws(' ', 'advisory lock', pid, granted) from pg_locks where locktype = 'advisory'",
      ]
      return try parts.flatMap { try session.query($0, as: String.self) }.joined(separator: "\n")
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

  init(_ connections: ServiceConnections, _ settings: HandlerSettings) {
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
