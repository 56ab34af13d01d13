import Definitions
import EmbeddedBroker
import Foundation
import KafkaRuntime
import SchemaRegistry

/// A broker with the bank's topics and a registry with their schemas, real and of its own.
public final class TestStreams: Sendable {
  public let broker: EmbeddedBroker
  public let registryServer: TestRegistry

  public static func start() async throws -> TestStreams {
    let streams = TestStreams(broker: try EmbeddedBroker.start(), registryServer: try await TestRegistry.start())
    try await streams.setUp()
    return streams
  }

  private init(broker: EmbeddedBroker, registryServer: TestRegistry) {
    self.broker = broker
    self.registryServer = registryServer
  }

  public var registry: RegistryClient { registryServer.client }

  public var kafka: KafkaConfiguration {
    let clients = Topology.description.clients
    return KafkaConfiguration(
      brokers: broker.bootstrapServers, producerProperties: clients["producer"] ?? [:],
      consumerProperties: clients["consumer"] ?? [:], fetchPaceMillis: 1, log: .off)
  }

  private func setUp() async throws {
    let topics = Topology.description.topics
    let admin = try KafkaAdmin(kafka)
    let results = try await admin.createTopics(topics.map { NewTopic(name: $0.name, partitions: $0.partitions) })
    for result in results.values { try result.get() }
    await admin.close()
    for subject in topics.flatMap(\.subjects) {
      _ = try await registry.register(subject: subject.subject, schema: subject.schemaText)
    }
  }

  public func send<Value>(_ topic: Topic<Value>, _ values: [Value]) async throws {
    let codec = TopicCodec(topic, registry: registry)
    try await codec.prepare()
    try await send(
      values.map { value in
        KafkaRecord(topic: topic.name, key: topic.keyText(value).map { Array($0.utf8) }, value: try codec.encode(value))
      })
  }

  public func send(_ records: [KafkaRecord]) async throws {
    let producer = try KafkaProducer(kafka)
    let results = await producer.send(records)
    await producer.close()
    for result in results { _ = try result.get() }
  }

  /// All records of a topic, by partition and offset.
  public func records(_ topic: String) async throws -> [ConsumedRecord] {
    let count = Topology.description.topics.first { $0.name == topic }?.partitions ?? 1
    let partitions = (0..<Int32(count)).map { TopicPartition(topic: topic, partition: $0) }
    let consumer = try KafkaConsumer(
      kafka, assignment: Dictionary(uniqueKeysWithValues: partitions.map { ($0, KafkaOffset.beginning) }))
    var open = try await consumer.endOffsets(partitions).filter { $0.value > 0 }
    var records: [ConsumedRecord] = []
    while !open.isEmpty {
      let batch = try await consumer.next(maxRecords: 1_000, timeoutMillis: 5_000)
      guard !batch.isEmpty else { throw TestStreamsError("\(topic) did not give out all of its records") }
      records += batch
      for record in batch where record.offset + 1 >= open[record.topicPartition] ?? .max {
        open[record.topicPartition] = nil
      }
    }
    await consumer.close()
    return records.sorted { ($0.partition, $0.offset) < ($1.partition, $1.offset) }
  }

  /// All values of a topic.
  public func values<Value>(_ topic: Topic<Value>) async throws -> [Value] {
    let codec = TopicCodec(topic, registry: registry)
    try await codec.prepare()
    var values: [Value] = []
    for record in try await records(topic.name) { values.append(try await codec.decode(record.value)) }
    return values
  }
}

public struct TestStreamsError: Error, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}

/// Looks until it holds; fails with `what` after a minute.
public func eventually(_ what: String, _ holds: () async throws -> Bool) async throws {
  let deadline = ContinuousClock.now + .seconds(60)
  while true {
    if try await holds() { return }
    guard ContinuousClock.now < deadline else { throw TestStreamsError("not within 60 s: \(what)") }
    try await Task.sleep(for: .milliseconds(50))
  }
}
