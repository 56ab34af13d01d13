import AvroRuntime
import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import SchemaRegistry
import TestStreams
import Testing

@testable import CommandHandlerService

@Suite("Events as outbox rows")
struct EventEncoderTests {
  private static let transfer = UUID()
  private static let creation = UUID()

  private static let events: [LedgerEvent] = [
    .balanceChanged(
      BalanceChanged(
        iban: "NL39OPEN0000000001", newBalance: -250, changedBy: -250, fromTo: "é, c'est moi",
        description: String(repeating: "long ", count: 200)),
      commandID: transfer, side: .debit, sequence: 1),
    .balanceChanged(
      BalanceChanged(
        iban: "NL80OPEN0123456789", newBalance: .max, changedBy: 250, fromTo: "NL39OPEN0000000001", description: ""),
      commandID: transfer, side: .credit, sequence: 1_234_567_890_123),
    .transferConfirmed(MoneyTransferConfirmed(id: transfer)),
    .transferFailed(MoneyTransferFailed(id: UUID(), reason: "insufficient funds")),
    .accountConfirmed(
      AccountCreationConfirmed(id: creation, iban: "NL39OPEN0000000001", token: Token.company, aType: .manual)),
    .accountFailed(AccountCreationFailed(id: creation, reason: "")),
  ]

  @Test("they are what the records say: topic, key, value, headers in order")
  func sameAsTheRecords() async throws {
    try await withEncoder { encoder, registry in
      let bytes = try #require(try encoder.encode(Self.events))
      let expected = try await Self.expected(registry)
      let found = try OutboxBatch(avroBytes: bytes).events
      #expect(found.count == expected.count)
      for (event, record) in zip(found, expected) {
        #expect(event == record)
        #expect(event.headers.map(\.key) == record.headers.map(\.key))
      }
      #expect(try encoder.encode([]) == nil)
    }
  }

  @Test("in feedback topics they are the same but for the topic")
  func feedbackTopics() async throws {
    try await withEncoder { _, registry in
      let encoder = EventEncoder(registry: registry, feedback: .shared)
      try await encoder.prepare()
      let found = try OutboxBatch(avroBytes: #require(try encoder.encode(Self.events))).events
      let topics = [
        "account_creation_confirmed": "account_feedback", "account_creation_failed": "account_feedback",
        "money_transfer_confirmed": "transfer_feedback", "money_transfer_failed": "transfer_feedback",
      ]
      for (event, record) in zip(found, try await Self.expected(registry)) {
        var record = record
        record.topic = topics[record.topic] ?? record.topic
        #expect(event == record)
        #expect(event.headers.map(\.key) == record.headers.map(\.key))
      }
    }
  }

  @Test("they are sent as they are, and dead letters with the key and value that they came with")
  func sent() async throws {
    try await withEncoder { encoder, registry in
      let poison = [
        ConsumedRecord(topic: "t", partition: 0, offset: 0, timestampMillis: 0, key: nil, value: nil),
        ConsumedRecord(topic: "t", partition: 0, offset: 1, timestampMillis: 0, key: [], value: []),
        ConsumedRecord(topic: "t", partition: 0, offset: 2, timestampMillis: 0, key: [0xFF, 0], value: [1, 2]),
        ConsumedRecord(topic: "t", partition: 0, offset: 3, timestampMillis: 0, key: [0x61], value: [3]),
      ]
      let letters = poison.map { DeadLetter(record: $0, cause: .emptyValue, message: "m").event(incarnation: UUID()) }
      let rows = [
        OutboxRow(id: 1, bytes: try #require(try encoder.encode(Self.events))),
        OutboxRow(id: 2, bytes: try #require(try encoder.encode([], letters: letters))),
      ]
      let records = try OutboxRecords(rows)
      #expect(records.counts == [6, 4])
      let cluster = try MockKafkaCluster()
      let expected = try await Self.expected(registry)
      let topics = Set(expected.map(\.topic) + [Topics.deadLetter.name])
      for topic in topics { try cluster.createTopic(topic, partitions: 1) }
      let producer = try KafkaProducer(cluster.configuration)
      for result in await producer.send(records.records) { _ = try result.get() }
      await producer.close()
      for event in expected {
        let found = try await Self.read(event.topic, cluster).first { $0.header("ce_id") == event.headers["ce_id"] }
        let record = try #require(found)
        #expect(record.keyText == event.key)
        #expect(record.value == event.value)
        #expect(record.headers == event.headers.map { KafkaHeader($0.key, $0.value) })
      }
      let dead = try await Self.read(Topics.deadLetter.name, cluster)
      #expect(dead.map(\.key) == poison.map(\.key))
      #expect(dead.map(\.value) == poison.map(\.value))
      #expect(dead.allSatisfy { $0.headers.count == 9 && $0.headers.allSatisfy { !$0.name.hasPrefix(".") } })
    }
  }

  @Test("bytes that are no batch are an error")
  func damaged() throws {
    #expect(throws: AvroError.self) { try OutboxRecords([OutboxRow(id: 1, bytes: [2, 40, 1])]) }
  }

  // MARK: Support

  private static func read(_ topic: String, _ cluster: MockKafkaCluster) async throws -> [ConsumedRecord] {
    let partition = TopicPartition(topic: topic, partition: 0)
    let consumer = try KafkaConsumer(cluster.configuration, assignment: [partition: .beginning])
    let end = try await consumer.endOffsets([partition])[partition] ?? 0
    var records: [ConsumedRecord] = []
    let deadline = ContinuousClock.now + .seconds(20)
    while records.count < Int(end), ContinuousClock.now < deadline {
      records += try await consumer.next(maxRecords: 100, timeoutMillis: 500)
    }
    await consumer.close()
    return records
  }

  /// The events, each made by itself.
  private static func expected(_ registry: RegistryClient) async throws -> [OutboxEvent] {
    var records: [OutboxEvent] = []
    func add<Value: TopicValue & AvroNamedValue>(
      _ topic: Topic<Value>, _ value: Value, _ command: UUID, _ leg: CloudEvent.Leg = .only, _ sequence: Int64? = nil
    ) async throws {
      let codec = TopicCodec(topic, registry: registry)
      try await codec.prepare()
      let headers = CloudEvent.event(
        causedBy: command, topic: topic.name, leg: leg, type: Value.schemaName, sequence: sequence
      ).headers
      records.append(
        OutboxEvent(
          topic: topic.name, key: topic.keyText(value) ?? "", value: try codec.encode(value),
          headers: AvroMap(pairs: headers.map { ($0.name, $0.value) })))
    }
    for event in events {
      switch event {
      case .balanceChanged(let value, let command, let side, let sequence):
        try await add(Topics.balanceChanged, value, command, side == .debit ? .debit : .credit, sequence)
      case .transferConfirmed(let value): try await add(Topics.moneyTransferConfirmed, value, value.id)
      case .transferFailed(let value): try await add(Topics.moneyTransferFailed, value, value.id)
      case .accountConfirmed(let value): try await add(Topics.accountCreationConfirmed, value, value.id)
      case .accountFailed(let value): try await add(Topics.accountCreationFailed, value, value.id)
      }
    }
    return records
  }

  private func withEncoder(
    _ body: (EventEncoder, RegistryClient) async throws -> Void
  ) async throws {
    let server = try await TestRegistry.start()
    let registry = server.client
    for subject in Topology.description.topics.flatMap(\.subjects) {
      _ = try await registry.register(subject: subject.subject, schema: subject.schemaText)
    }
    let encoder = EventEncoder(registry: registry)
    try await encoder.prepare()
    try await body(encoder, registry)
    await server.stop()
  }
}
