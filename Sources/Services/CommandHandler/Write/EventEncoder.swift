import BankSupport
import Definitions
import Foundation
import SchemaRegistry

/// Makes records for the outbox: topic, key, value in the wire format, headers.
struct EventEncoder: Sendable {
  private let balanceChanged: TopicCodec<BalanceChanged>
  private let accountConfirmed: TopicCodec<AccountCreationConfirmed>
  private let accountFailed: TopicCodec<AccountCreationFailed>
  private let transferConfirmed: TopicCodec<MoneyTransferConfirmed>
  private let transferFailed: TopicCodec<MoneyTransferFailed>

  init(registry: RegistryClient) {
    balanceChanged = TopicCodec(Topics.balanceChanged, registry: registry)
    accountConfirmed = TopicCodec(Topics.accountCreationConfirmed, registry: registry)
    accountFailed = TopicCodec(Topics.accountCreationFailed, registry: registry)
    transferConfirmed = TopicCodec(Topics.moneyTransferConfirmed, registry: registry)
    transferFailed = TopicCodec(Topics.moneyTransferFailed, registry: registry)
  }

  /// Gets the schema ids; afterwards encoding asks nobody.
  func prepare() async throws(RegistryError) {
    try await balanceChanged.prepare()
    try await accountConfirmed.prepare()
    try await accountFailed.prepare()
    try await transferConfirmed.prepare()
    try await transferFailed.prepare()
  }

  func encode(_ event: LedgerEvent) throws(CodecError) -> OutboxEvent {
    switch event {
    case .balanceChanged(let value, let commandID, let side, let sequence):
      try record(
        balanceChanged, value, commandID, leg: side == .debit ? .debit : .credit, sequence: sequence)
    case .accountConfirmed(let value): try record(accountConfirmed, value, value.id)
    case .accountFailed(let value): try record(accountFailed, value, value.id)
    case .transferConfirmed(let value): try record(transferConfirmed, value, value.id)
    case .transferFailed(let value): try record(transferFailed, value, value.id)
    }
  }

  private func record<Value>(
    _ codec: TopicCodec<Value>, _ value: Value, _ commandID: UUID, leg: CloudEvent.Leg = .only,
    sequence: Int64? = nil
  ) throws(CodecError) -> OutboxEvent {
    let headers = CloudEvent.event(
      causedBy: commandID, topic: codec.topic.name, leg: leg, type: Value.topicRecordName(of: value),
      sequence: sequence)
    return OutboxEvent(
      topic: codec.topic.name, key: codec.topic.keyText(value) ?? "", value: try codec.encode(value),
      headers: AvroMap(pairs: headers.headers.map { ($0.name, $0.value) }))
  }
}
