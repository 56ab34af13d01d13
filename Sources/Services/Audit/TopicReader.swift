import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import SchemaRegistry

/// Decodes records and hands them to the auditor.
struct TopicReader {
  /// What the command handler writes.
  static let eventTopics = Set([Topics.balanceChanged.name, Topics.deadLetter.name] + FeedbackTopics.names)

  private(set) var auditor: Auditor
  private let balanceChanged: TopicCodec<BalanceChanged>
  private let transferConfirmed: TopicCodec<MoneyTransferConfirmed>
  private let transferFailed: TopicCodec<MoneyTransferFailed>
  private let accountConfirmed: TopicCodec<AccountCreationConfirmed>
  private let accountFailed: TopicCodec<AccountCreationFailed>
  private let accountFeedback: TopicCodec<AccountFeedback>
  private let transferFeedback: TopicCodec<TransferFeedback>
  private let confirmAccount: TopicCodec<ConfirmAccountCreation>
  private let confirmTransfer: TopicCodec<ConfirmMoneyTransfer>

  init(auditor: Auditor, registry: RegistryClient) {
    self.auditor = auditor
    balanceChanged = TopicCodec(Topics.balanceChanged, registry: registry)
    transferConfirmed = TopicCodec(Topics.moneyTransferConfirmed, registry: registry)
    transferFailed = TopicCodec(Topics.moneyTransferFailed, registry: registry)
    accountConfirmed = TopicCodec(Topics.accountCreationConfirmed, registry: registry)
    accountFailed = TopicCodec(Topics.accountCreationFailed, registry: registry)
    accountFeedback = TopicCodec(Topics.accountFeedback, registry: registry)
    transferFeedback = TopicCodec(Topics.transferFeedback, registry: registry)
    confirmAccount = TopicCodec(Topics.confirmAccountCreation, registry: registry)
    confirmTransfer = TopicCodec(Topics.confirmMoneyTransfer, registry: registry)
  }

  consuming func finish() -> AuditReport { auditor.finish() }

  // MARK: Events

  /// Records of the event topics, or events in the outbox.
  mutating func add(_ events: [AuditedEvent]) async throws {
    for event in events {
      auditor.place(event)
      do {
        try await add(event)
      } catch {
        // Only the registry being away is no finding.
        guard error.deadLetterCause != nil else { throw error }
        auditor.add(unreadable: event, because: "\(error)")
      }
    }
  }

  private mutating func add(_ event: AuditedEvent) async throws(CodecError) {
    switch event.topic {
    case balanceChanged.topic.name: auditor.add(try await balanceChanged.decode(event.value), at: event)
    case transferConfirmed.topic.name: auditor.add(try await transferConfirmed.decode(event.value), at: event)
    case transferFailed.topic.name: auditor.add(try await transferFailed.decode(event.value), at: event)
    case accountConfirmed.topic.name: auditor.add(try await accountConfirmed.decode(event.value), at: event)
    case accountFailed.topic.name: auditor.add(try await accountFailed.decode(event.value), at: event)
    case accountFeedback.topic.name:
      switch try await accountFeedback.decode(event.value) {
      case .accountCreationConfirmed(let value): auditor.add(value, at: event)
      case .accountCreationFailed(let value): auditor.add(value, at: event)
      }
    case transferFeedback.topic.name:
      switch try await transferFeedback.decode(event.value) {
      case .moneyTransferConfirmed(let value): auditor.add(value, at: event)
      case .moneyTransferFailed(let value): auditor.add(value, at: event)
      }
    default: auditor.add(deadLetter: event)
    }
  }

  // MARK: Commands

  private enum Command {
    case transfer(ConfirmMoneyTransfer, PayloadMark)
    case creation(ConfirmAccountCreation, PayloadMark)
    case unreadable
  }

  /// Every command below the handler's position has an outcome. A partition where the broker lost records is left
  /// out and counted: its offsets were given out again.
  mutating func addCommands(
    _ kafka: KafkaConfiguration, positions: [TopicPartition: LedgerSnapshot.Position]
  ) async throws {
    var waiting: [TopicPartition: [(place: LedgerSnapshot.Place, command: Command)]] = [:]
    var lastTimestamps: [TopicPartition: Int64] = [:]
    let ends = try await TopicScan.read(kafka, ends: positions.mapValues(\.nextOffset)) { records in
      for record in records {
        lastTimestamps[record.topicPartition] = record.timestampMillis
        let place = LedgerSnapshot.Place(partition: record.topicPartition, offset: record.offset)
        waiting[record.topicPartition, default: []].append((place, try await command(record)))
      }
    }
    for (partition, position) in positions {
      let end = ends[partition] ?? 0
      let isTrue =
        end >= position.nextOffset
        && (position.nextOffset == 0 || position.lastTimestampMillis < 0
          || lastTimestamps[partition] == position.lastTimestampMillis)
      guard isTrue else {
        auditor.addStaleCommandPartition()
        continue
      }
      auditor.add(unhandled: Int(end - position.nextOffset))
      for (place, command) in waiting[partition] ?? [] { add(command, at: place) }
    }
  }

  private mutating func add(_ command: Command, at place: LedgerSnapshot.Place) {
    switch command {
    case .transfer(let value, let payload): auditor.add(value, payload: payload, at: place)
    case .creation(let value, let payload): auditor.add(value, payload: payload, at: place)
    case .unreadable: auditor.add(unreadableCommand: place)
    }
  }

  private func command(_ record: ConsumedRecord) async throws -> Command {
    let bytes = record.value ?? []
    let payload = PayloadMark(hash: PayloadHash.sha256(bytes.dropFirst(WireFormat.headerCount)))
    do {
      if record.topic == confirmTransfer.topic.name {
        return .transfer(try await confirmTransfer.decode(bytes), payload)
      }
      return .creation(try await confirmAccount.decode(bytes), payload)
    } catch {
      guard error.deadLetterCause != nil else { throw error }
      return .unreadable
    }
  }
}
