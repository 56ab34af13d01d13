import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import SchemaRegistry
import TestStreams

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

  public func send(_ records: [KafkaRecord]) async throws { try await streams.send(records) }

  /// All records of a topic, by partition and offset.
  public func records(_ topic: String) async throws -> [ConsumedRecord] { try await streams.records(topic) }

  /// All values of a topic.
  public func values<Value>(_ topic: Topic<Value>) async throws -> [Value] { try await streams.values(topic) }

  /// Opens accounts and returns them once they are confirmed.
  public func openAccounts(_ count: Int) async throws -> [AccountCreationConfirmed] {
    let commands = (0..<count).map { _ in ConfirmAccountCreation(id: UUID(), aType: .auto) }
    try await send(commands)
    let ids = Set(commands.map(\.id))
    try await eventually("\(count) accounts are open") {
      try await self.openedAccounts().filter { ids.contains($0.id) }.count == count
    }
    return try await openedAccounts().filter { ids.contains($0.id) }
  }

  /// Of both topics that can have them.
  private func openedAccounts() async throws -> [AccountCreationConfirmed] {
    let shared = try await values(Topics.accountFeedback).compactMap { feedback -> AccountCreationConfirmed? in
      if case .accountCreationConfirmed(let account) = feedback { account } else { nil }
    }
    return try await values(Topics.accountCreationConfirmed) + shared
  }
}

/// A transfer from the company's account unless told otherwise.
public func transfer(
  _ id: UUID = UUID(), from: String = IBAN.company.text, token: String = Token.company, to: String, amount: Int64,
  description: String = "test"
) -> ConfirmMoneyTransfer {
  ConfirmMoneyTransfer(id: id, token: token, amount: amount, from: from, to: to, description: description)
}
