import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import SchemaRegistry

extension TestBank {
  /// Sends commands, each to the partition of its key unless told otherwise.
  public func send(_ commands: [ConfirmMoneyTransfer], partition: Int32? = nil) async throws {
    try await send(
      try await encoded(commands).map { record in
        var record = record
        record.partition = partition
        return record
      })
  }

  /// The records of commands, without a partition.
  public func encoded(_ commands: [ConfirmMoneyTransfer]) async throws -> [KafkaRecord] {
    let codec = TopicCodec(Topics.confirmMoneyTransfer, registry: registry)
    try await codec.prepare()
    return try commands.map { command in
      record(
        codec.topic.name, id: command.id, value: try codec.encode(command), type: ConfirmMoneyTransfer.schemaName)
    }
  }

  public func send(_ commands: [ConfirmAccountCreation]) async throws {
    let codec = TopicCodec(Topics.confirmAccountCreation, registry: registry)
    try await codec.prepare()
    try await send(
      commands.map { command in
        record(
          codec.topic.name, id: command.id, value: try codec.encode(command), type: ConfirmAccountCreation.schemaName)
      })
  }

  private func record(_ topic: String, id: UUID, value: [UInt8], type: String) -> KafkaRecord {
    KafkaRecord(
      topic: topic, key: Array(id.text.utf8), value: value,
      headers: CloudEvent.command(id: id, source: .commandGenerator, type: type).kafkaHeaders)
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
      let batch = try await consumer.next(maxRecords: 1000, timeoutMillis: 5_000)
      guard !batch.isEmpty else { throw TestBankError("\(topic) did not give out all of its records") }
      records += batch
      for record in batch where record.offset + 1 >= open[record.topicPartition] ?? .max {
        open[record.topicPartition] = nil
      }
    }
    await consumer.close()
    return records.sorted { ($0.partition, $0.offset) < ($1.partition, $1.offset) }
  }

  /// All values of a topic.
  public func values<Value: TopicValue>(_ topic: Topic<Value>) async throws -> [Value] {
    let codec = TopicCodec(topic, registry: registry)
    try await codec.prepare()
    var values: [Value] = []
    for record in try await records(topic.name) { values.append(try await codec.decode(record.value)) }
    return values
  }

  /// Opens accounts and returns them once they are confirmed.
  public func openAccounts(_ count: Int) async throws -> [AccountCreationConfirmed] {
    let commands = (0..<count).map { _ in ConfirmAccountCreation(id: UUID(), aType: .auto) }
    try await send(commands)
    let ids = Set(commands.map(\.id))
    try await eventually("\(count) accounts are open") {
      try await self.values(Topics.accountCreationConfirmed).filter { ids.contains($0.id) }.count == count
    }
    return try await values(Topics.accountCreationConfirmed).filter { ids.contains($0.id) }
  }
}

/// A transfer from the company's account unless told otherwise.
public func transfer(
  _ id: UUID = UUID(), from: String = IBAN.company.text, token: String = Token.company, to: String, amount: Int64,
  description: String = "test"
) -> ConfirmMoneyTransfer {
  ConfirmMoneyTransfer(id: id, token: token, amount: amount, from: from, to: to, description: description)
}
