import BankSupport
import Definitions
import EmbeddedBroker
import Foundation
import KafkaRuntime
import PostgresRuntime
import SchemaRegistry
import SetupDBService
import SynchronizerService
import TestPostgres
import TestStreams

@testable import AuditService

/// Broker, registry and Postgres of its own, set up as a bank, found through variables as a service finds them.
final class RealBank: Sendable {
  let environment: BankEnvironment
  let incarnation: UUID
  private let server: TestPostgres
  private let broker: EmbeddedBroker
  private let directory: URL
  private let registryServer: TestRegistry
  private var registry: RegistryClient { registryServer.client }

  static func start() async throws -> RealBank {
    try await RealBank(
      server: try await TestPostgres.start(), broker: try EmbeddedBroker.start(), directory: try temporaryDirectory(),
      registryServer: try await TestRegistry.start())
  }

  private init(
    server: TestPostgres, broker: EmbeddedBroker, directory: URL, registryServer: TestRegistry
  ) async throws {
    (self.server, self.broker, self.directory, self.registryServer) = (server, broker, directory, registryServer)
    environment = try BankEnvironment.resolve(
      home: directory.appending(path: "home").path,
      environment: [
        "KAFKA_BROKERS": broker.bootstrapServers, "SCHEMA_REGISTRY_URL": registryServer.url, "DB_HOSTNAME": "127.0.0.1",
        "DB_PORT": "\(server.port)", "PGUSER": TestPostgres.owner, "DB_PASSWORD": TestPostgres.ownerPassword,
        "DB_PASSWORD_AUDIT": "only reads",
      ])
    try await SetupDBService.run(
      try environment.postgres(database: "postgres", role: TestPostgres.owner), databases: [Balancedb.description],
      passwords: ["audit": "only reads"])
    let synchronizer = Synchronizer(kafka: try environment.kafka(), registry: registryServer.client)
    let outcome = await synchronizer.run(Topology.description)
    if let failure = outcome.failure { throw SupportError(failure) }
    incarnation = try await Incarnation.establish(environment, databases: ["balancedb"])
  }

  deinit {
    try? FileManager.default.removeItem(at: directory)
  }

  func stop() async {
    await registryServer.stop()
    broker.kill()
    await server.stop()
  }

  /// Runs statements as the owner, who may do anything.
  func database<Value: Sendable>(
    _ body: @escaping @Sendable (PostgresSession) throws -> Value
  ) async throws -> Value {
    let owner = try environment.postgres(database: "balancedb", role: TestPostgres.owner)
    return try await owner.withConnection { try await $0.transaction(body) }
  }

  func send(_ records: [KafkaRecord]) async throws -> [KafkaDelivery] {
    let producer = try KafkaProducer(try environment.kafka())
    let results = await producer.send(records)
    await producer.close()
    return try results.map { try $0.get() }
  }

  // MARK: Writing a bank down

  /// Writes what a paper bank says: rows, commands, events and their deliveries.
  ///
  /// - Parameter unsent: indexes of the events that stay in the outbox.
  func write(_ paper: PaperBank, unsent: Set<Int> = []) async throws {
    let hashes = try await sendCommands(paper)
    try await writeRows(paper, hashes)
    var events: [OutboxEvent] = []
    for event in paper.events { events.append(try await outboxEvent(event)) }
    let published = events.indices.filter { !unsent.contains($0) }
    let sent = try await send(published.map { record(events[$0]) })
    let deliveries = Dictionary(uniqueKeysWithValues: zip(published, sent))
    for start in stride(from: 0, to: events.count, by: 5) {
      let batch = start..<min(start + 5, events.count)
      let sent = batch.filter { deliveries[$0] != nil }
      try await writeOutbox(sent.map { events[$0] }, sent.compactMap { deliveries[$0] })
      try await writeOutbox(batch.filter { deliveries[$0] == nil }.map { events[$0] }, nil)
    }
  }

  private func record(_ event: OutboxEvent) -> KafkaRecord {
    KafkaRecord(
      topic: event.topic, key: Array(event.key.utf8), value: event.value,
      headers: event.headers.map { KafkaHeader($0.key, $0.value) })
  }

  func writeOutbox(_ events: [OutboxEvent], _ deliveries: [KafkaDelivery]?) async throws {
    guard !events.isEmpty else { return }
    let batch = try OutboxBatch(events: events).avroBytes()
    let delivered = try deliveries.map { deliveries in
      try OutboxDeliveries(
        deliveries: deliveries.map {
          OutboxDelivery(partition: $0.partition, offset: $0.offset, timestampMillis: $0.timestampMillis)
        }
      ).avroBytes()
    }
    try await database { session in
      let sentAt = delivered == nil ? "null" : "now()"
      _ = try session.execute(
        "insert into outbox (events, sent_at, delivered) values (\(batch), \(unsafe: sentAt), \(delivered as [UInt8]?))"
      )
    }
  }

  /// Sends the commands and moves the positions behind them. Returns the payload hash of each id.
  private func sendCommands(_ paper: PaperBank) async throws -> [UUID: [UInt8]] {
    let transfers = TopicCodec(Topics.confirmMoneyTransfer, registry: registry)
    let creations = TopicCodec(Topics.confirmAccountCreation, registry: registry)
    try await transfers.prepare()
    try await creations.prepare()
    var hashes: [UUID: [UInt8]] = [:]
    var records: [KafkaRecord] = []
    for (place, command) in paper.commands {
      var value: [UInt8] = [9]
      var key = ""
      switch command {
      case .transfer(let body, _):
        (value, key) = (try transfers.encode(body), body.id.text)
        hashes[body.id] = PayloadHash.sha256(value.dropFirst(WireFormat.headerCount))
      case .creation(let body, _):
        (value, key) = (try creations.encode(body), body.id.text)
        hashes[body.id] = PayloadHash.sha256(value.dropFirst(WireFormat.headerCount))
      case .unreadable: break
      }
      records.append(KafkaRecord(topic: place.partition.topic, partition: 0, key: Array(key.utf8), value: value))
    }
    var last: [TopicPartition: KafkaDelivery] = [:]
    for delivery in try await send(records) {
      last[TopicPartition(topic: delivery.topic, partition: delivery.partition)] = delivery
    }
    let (positions, incarnation) = (last, incarnation)
    try await database { session in
      for (partition, delivery) in positions {
        _ = try session.execute(
          """
          insert into consumed_offset (incarnation, topic, partition, next_offset, last_timestamp, epoch)
          values (\(incarnation), \(partition.topic), \(partition.partition), \(delivery.offset + 1),
            \(delivery.timestampMillis), 1)
          """)
      }
    }
    return hashes
  }

  private func writeRows(_ paper: PaperBank, _ hashes: [UUID: [UInt8]]) async throws {
    let snapshot = paper.snapshot
    try await database { session in
      for (iban, account) in snapshot.accounts {
        let opened = Double(account.openedAtMicros) / 1_000_000
        _ = try session.execute(
          """
          insert into balance (iban, token, amount, type, lmt, version, created_at)
          values (\(iban), \(account.token), \(account.amount), 'AUTO', \(account.limit), \(account.version),
            to_timestamp(\(opened)))
          on conflict (iban) do update set amount = excluded.amount, version = excluded.version
          """)
      }
      for (iban, legs) in snapshot.legs {
        for leg in legs {
          _ = try session.execute(
            """
            insert into leg (command_id, side, iban, amount, counterparty, sequence)
            values (\(leg.commandID), \(leg.side), \(iban), \(leg.amount), \(leg.counterparty), \(leg.sequence))
            """)
        }
      }
      for (id, transfer) in snapshot.transfers {
        let decided = Double(transfer.decidedAtMicros) / 1_000_000
        _ = try session.execute(
          """
          insert into cmt (uuid, reason, payload_hash, created_at)
          values (\(id), \(transfer.reason as String?), \(hashes[id] ?? []), to_timestamp(\(decided)))
          """)
      }
      for (id, creation) in snapshot.creations {
        _ = try session.execute(
          """
          insert into cac (uuid, iban, token, type, reason, payload_hash)
          values (\(id), \(creation.iban as String?), \(creation.token as String?), 'AUTO', \(creation.reason as String?), \(hashes[id] ?? []))
          """)
      }
    }
  }

  func outboxEvent(_ event: PaperBank.Event) async throws -> OutboxEvent {
    let value: [UInt8] =
      switch event.body {
      case .changed(let body): try await encode(Topics.balanceChanged, body)
      case .transferred(let body): try await encode(Topics.moneyTransferConfirmed, body)
      case .notTransferred(let body): try await encode(Topics.moneyTransferFailed, body)
      case .opened(let body): try await encode(Topics.accountCreationConfirmed, body)
      case .notOpened(let body): try await encode(Topics.accountCreationFailed, body)
      case .deadLetter, .unreadable: [9]
      }
    return OutboxEvent(
      topic: event.topic, key: event.key, value: value,
      headers: AvroMap(pairs: event.headers.map { ($0.key, $0.value) }))
  }

  private func encode<Value>(_ topic: Topic<Value>, _ value: Value) async throws -> [UInt8] {
    let codec = TopicCodec(topic, registry: registry)
    // Answered from the client's cache after the first time.
    try await codec.prepare()
    return try codec.encode(value)
  }
}
