import AvroRuntime
import BankSupport
import Definitions
import Foundation
import SchemaRegistry

/// Writes what a batch publishes as the bytes of an `OutboxBatch`: topic, key, value in the wire format and headers of
/// each event, once and without making records of them first. What is the same for all events of a topic is copied.
struct EventEncoder: Sendable {
  private let balanceChanged: EventForm<BalanceChanged>
  private let accountConfirmed: EventForm<AccountCreationConfirmed>
  private let accountFailed: EventForm<AccountCreationFailed>
  private let transferConfirmed: EventForm<MoneyTransferConfirmed>
  private let transferFailed: EventForm<MoneyTransferFailed>

  init(registry: RegistryClient) {
    balanceChanged = EventForm(Topics.balanceChanged, registry: registry)
    accountConfirmed = EventForm(Topics.accountCreationConfirmed, registry: registry)
    accountFailed = EventForm(Topics.accountCreationFailed, registry: registry)
    transferConfirmed = EventForm(Topics.moneyTransferConfirmed, registry: registry)
    transferFailed = EventForm(Topics.moneyTransferFailed, registry: registry)
  }

  /// Gets the schema ids; afterwards encoding asks nobody.
  func prepare() async throws(RegistryError) {
    try await balanceChanged.codec.prepare()
    try await accountConfirmed.codec.prepare()
    try await accountFailed.codec.prepare()
    try await transferConfirmed.codec.prepare()
    try await transferFailed.codec.prepare()
  }

  /// - Parameters:
  ///   - events: in the order in which they are published.
  ///   - letters: what is published behind them.
  /// - Returns: the bytes of an `OutboxBatch`; nil when there is nothing to publish.
  func encode(_ events: [LedgerEvent], letters: [OutboxEvent] = []) throws -> [UInt8]? {
    if events.isEmpty && letters.isEmpty { return nil }
    var writer = AvroWriter(capacity: 512 * (events.count + letters.count))
    var scratch = AvroWriter()
    writer.writeBlockCount(events.count + letters.count)
    for event in events { try write(event, to: &writer, &scratch) }
    for letter in letters { letter.encode(to: &writer) }
    writer.writeBlockCount(0)
    return try writer.bytes()
  }

  private func write(
    _ event: LedgerEvent, to writer: inout AvroWriter, _ scratch: inout AvroWriter
  ) throws(CodecError) {
    switch event {
    case .balanceChanged(let value, let commandID, let side, let sequence):
      try balanceChanged.write(
        value, commandID, leg: side == .debit ? .debit : .credit, sequence: sequence, to: &writer, &scratch)
    case .accountConfirmed(let value): try accountConfirmed.write(value, value.id, to: &writer, &scratch)
    case .accountFailed(let value): try accountFailed.write(value, value.id, to: &writer, &scratch)
    case .transferConfirmed(let value): try transferConfirmed.write(value, value.id, to: &writer, &scratch)
    case .transferFailed(let value): try transferFailed.write(value, value.id, to: &writer, &scratch)
    }
  }
}

/// The layout of a topic's events in the outbox: an `OutboxEvent` whose headers are those of `CloudEvent.event`, in the
/// same order.
struct EventForm<Value: TopicValue & AvroNamedValue>: Sendable {
  let codec: TopicCodec<Value>
  /// The key is the field `id`, which is the command's in every answer.
  private let isKeyedByCommand: Bool
  /// The Avro string of the topic's name.
  private let topic: [UInt8]
  /// Headers before the event's id and between it and the command's: names and values as Avro strings, up to the
  /// length of what follows.
  private let beforeID: [UInt8]
  private let beforeCausation: [UInt8]
  /// The name of the header, if there is one.
  private let sequence: [UInt8]
  /// The name of an event's id beside its command's; as many as there are legs.
  private let names: (debit: String, credit: String, only: String)

  init(_ topic: Topic<Value>, registry: RegistryClient) {
    codec = TopicCodec(topic, registry: registry)
    isKeyedByCommand = topic.key == .field("id")
    self.topic = Self.strings(topic.name)
    beforeID = Self.strings(CloudEvent.Header.specVersion, "1.0", CloudEvent.Header.id)
    beforeCausation = Self.strings(
      CloudEvent.Header.source, CloudEvent.Source.commandHandler.rawValue, CloudEvent.Header.type, Value.schemaName,
      CloudEvent.Header.causationID)
    sequence = Self.strings(CloudEvent.Header.sequence)
    func name(_ leg: CloudEvent.Leg) -> String { CloudEvent.eventName(topic: topic.name, leg: leg) }
    names = (name(.debit), name(.credit), name(.only))
  }

  private static func strings(_ texts: String...) -> [UInt8] {
    var writer = AvroWriter()
    for text in texts { writer.writeString(text) }
    return writer.withBytes { Array($0) }
  }

  /// - Parameter scratch: memory that is used again.
  func write(
    _ value: Value, _ commandID: UUID, leg: CloudEvent.Leg = .only, sequence number: Int64? = nil,
    to writer: inout AvroWriter, _ scratch: inout AvroWriter
  ) throws(CodecError) {
    writer.writeRaw(topic)
    if isKeyedByCommand {
      write(commandID, to: &writer)
    } else {
      writer.writeString(codec.topic.keyText(value) ?? "")
    }
    scratch.reset()
    try codec.encode(value, to: &scratch)
    writer.writeLong(Int64(scratch.count))
    scratch.withBytes { writer.writeRaw($0) }
    writer.writeBlockCount(number == nil ? 5 : 6)
    writer.writeRaw(beforeID)
    write(.v5(namespace: commandID, name: name(of: leg)), to: &writer)
    writer.writeRaw(beforeCausation)
    write(commandID, to: &writer)
    if let number {
      writer.writeRaw(sequence)
      writer.writeString(String(number))
    }
    writer.writeBlockCount(0)
  }

  private func name(of leg: CloudEvent.Leg) -> String {
    switch leg {
    case .debit: names.debit
    case .credit: names.credit
    case .only: names.only
    }
  }

  private func write(_ id: UUID, to writer: inout AvroWriter) {
    writer.writeLong(Int64(UUID.textCount))
    id.withText { writer.writeRaw($0) }
  }
}
