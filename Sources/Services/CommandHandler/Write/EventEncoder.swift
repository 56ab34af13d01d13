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

  init(registry: RegistryClient, feedback: FeedbackTopics = .separate) {
    balanceChanged = EventForm(Topics.balanceChanged, registry: registry)
    switch feedback {
    case .separate:
      accountConfirmed = EventForm(Topics.accountCreationConfirmed, registry: registry)
      accountFailed = EventForm(Topics.accountCreationFailed, registry: registry)
      transferConfirmed = EventForm(Topics.moneyTransferConfirmed, registry: registry)
      transferFailed = EventForm(Topics.moneyTransferFailed, registry: registry)
    case .shared:
      let accounts = TopicCodec(Topics.accountFeedback, registry: registry)
      let transfers = TopicCodec(Topics.transferFeedback, registry: registry)
      accountConfirmed = EventForm(
        accounts, AccountFeedback.accountCreationConfirmed, eventsOf: Topics.accountCreationConfirmed)
      accountFailed = EventForm(accounts, AccountFeedback.accountCreationFailed, eventsOf: Topics.accountCreationFailed)
      transferConfirmed = EventForm(
        transfers, TransferFeedback.moneyTransferConfirmed, eventsOf: Topics.moneyTransferConfirmed)
      transferFailed = EventForm(transfers, TransferFeedback.moneyTransferFailed, eventsOf: Topics.moneyTransferFailed)
    }
  }

  /// Gets the schema ids; afterwards encoding asks nobody.
  func prepare() async throws(RegistryError) {
    try await balanceChanged.prepare()
    try await accountConfirmed.prepare()
    try await accountFailed.prepare()
    try await transferConfirmed.prepare()
    try await transferFailed.prepare()
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
struct EventForm<Event: TopicValue & AvroNamedValue>: Sendable {
  /// Gets the schema ids; afterwards encoding asks nobody.
  let prepare: @Sendable () async throws(RegistryError) -> Void
  /// Appends the event in the wire format.
  private let encode: @Sendable (Event, inout AvroWriter) throws(CodecError) -> Void
  private let keyText: @Sendable (Event) -> String?
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

  /// A topic of this event only.
  init(_ topic: Topic<Event>, registry: RegistryClient) {
    self.init(TopicCodec(topic, registry: registry), { $0 }, eventsOf: topic)
  }

  /// - Parameters:
  ///   - codec: of the topic that the events go to.
  ///   - value: what that topic calls an event.
  ///   - own: the topic of this event only: ids of events are made with its name, wherever they go.
  init<Value: TopicValue>(
    _ codec: TopicCodec<Value>, _ value: @escaping @Sendable (Event) -> Value, eventsOf own: Topic<Event>
  ) {
    let topic = codec.topic
    prepare = { () async throws(RegistryError) in try await codec.prepare() }
    encode = { (event, writer) throws(CodecError) in try codec.encode(value(event), to: &writer) }
    keyText = { topic.keyText(value($0)) }
    isKeyedByCommand = topic.key == .field("id")
    self.topic = Self.strings(topic.name)
    beforeID = Self.strings(CloudEvent.Header.specVersion, "1.0", CloudEvent.Header.id)
    beforeCausation = Self.strings(
      CloudEvent.Header.source, CloudEvent.Source.commandHandler.rawValue, CloudEvent.Header.type, Event.schemaName,
      CloudEvent.Header.causationID)
    sequence = Self.strings(CloudEvent.Header.sequence)
    func name(_ leg: CloudEvent.Leg) -> String { CloudEvent.eventName(topic: own.name, leg: leg) }
    names = (name(.debit), name(.credit), name(.only))
  }

  private static func strings(_ texts: String...) -> [UInt8] {
    var writer = AvroWriter()
    for text in texts { writer.writeString(text) }
    return writer.withBytes { Array($0) }
  }

  /// - Parameter scratch: memory that is used again.
  func write(
    _ event: Event, _ commandID: UUID, leg: CloudEvent.Leg = .only, sequence number: Int64? = nil,
    to writer: inout AvroWriter, _ scratch: inout AvroWriter
  ) throws(CodecError) {
    writer.writeRaw(topic)
    if isKeyedByCommand {
      write(commandID, to: &writer)
    } else {
      writer.writeString(keyText(event) ?? "")
    }
    scratch.reset()
    try encode(event, &scratch)
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
