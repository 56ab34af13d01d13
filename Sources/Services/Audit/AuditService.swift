import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import SchemaRegistry

/// `bank audit`: checks I1 to I4 (docs/contracts.md, "Invariants") over database and topics, beside a running bank.
public enum AuditService {
  /// Takes a snapshot of the database, reads the topics up to the deliveries recorded in it, and compares.
  ///
  /// - Returns: the report; an invariant that does not hold is in it, not an error.
  /// - Throws: when broker, registry or database can't be read, or are not from the same run.
  public static func run(_ environment: BankEnvironment) async throws -> AuditReport {
    let start = ContinuousClock.now
    let incarnation = try await Incarnation.verify(environment, database: "balancedb", role: "audit")
    let snapshot = try await LedgerSnapshot.read(
      try environment.postgres(database: "balancedb", role: "audit"), incarnation: incarnation)
    var reading = Reading(
      auditor: Auditor(snapshot), registry: try RegistryClient(try environment.registryURL()))
    let kafka = try environment.kafka()
    let ends = snapshot.deliveredEnds.filter { Reading.eventTopics.contains($0.key.topic) }
    _ = try await TopicScan.read(kafka, ends: ends) { try await reading.add(events: $0) }
    try await reading.addCommands(kafka, positions: snapshot.positions)
    var report = reading.auditor.finish()
    report.elapsedMillis = Int((ContinuousClock.now - start) / .milliseconds(1))
    return report
  }
}

/// Decodes records and hands them to the auditor.
private struct Reading {
  static let eventTopics: Set<String> = [
    Topics.balanceChanged.name, Topics.moneyTransferConfirmed.name, Topics.moneyTransferFailed.name,
    Topics.accountCreationConfirmed.name, Topics.accountCreationFailed.name,
  ]

  var auditor: Auditor
  private let balanceChanged: TopicCodec<BalanceChanged>
  private let transferConfirmed: TopicCodec<MoneyTransferConfirmed>
  private let transferFailed: TopicCodec<MoneyTransferFailed>
  private let accountConfirmed: TopicCodec<AccountCreationConfirmed>
  private let accountFailed: TopicCodec<AccountCreationFailed>
  private let confirmAccount: TopicCodec<ConfirmAccountCreation>
  private let confirmTransfer: TopicCodec<ConfirmMoneyTransfer>

  init(auditor: Auditor, registry: RegistryClient) {
    self.auditor = auditor
    balanceChanged = TopicCodec(Topics.balanceChanged, registry: registry)
    transferConfirmed = TopicCodec(Topics.moneyTransferConfirmed, registry: registry)
    transferFailed = TopicCodec(Topics.moneyTransferFailed, registry: registry)
    accountConfirmed = TopicCodec(Topics.accountCreationConfirmed, registry: registry)
    accountFailed = TopicCodec(Topics.accountCreationFailed, registry: registry)
    confirmAccount = TopicCodec(Topics.confirmAccountCreation, registry: registry)
    confirmTransfer = TopicCodec(Topics.confirmMoneyTransfer, registry: registry)
  }

  mutating func add(events records: [ConsumedRecord]) async throws {
    for record in records {
      auditor.place(record)
      switch record.topic {
      case balanceChanged.topic.name:
        auditor.add(try await balanceChanged.decode(record.value), at: record)
      case transferConfirmed.topic.name:
        auditor.add(transfer: try await transferConfirmed.decode(record.value).id, reason: nil, at: record)
      case transferFailed.topic.name:
        let answer = try await transferFailed.decode(record.value)
        auditor.add(transfer: answer.id, reason: answer.reason, at: record)
      case accountConfirmed.topic.name:
        let answer = try await accountConfirmed.decode(record.value)
        auditor.add(creation: answer.id, iban: answer.iban, reason: nil, at: record)
      default:
        let answer = try await accountFailed.decode(record.value)
        auditor.add(creation: answer.id, iban: nil, reason: answer.reason, at: record)
      }
    }
  }

  /// Every command below the handler's position has an outcome. A partition where the broker lost records is left
  /// out and counted: its offsets were given out again.
  mutating func addCommands(
    _ kafka: KafkaConfiguration, positions: [TopicPartition: LedgerSnapshot.Position]
  ) async throws {
    var waiting: [TopicPartition: [(id: UUID, record: ConsumedRecord)]] = [:]
    var lastTimestamps: [TopicPartition: Int64] = [:]
    let ends = positions.mapValues(\.nextOffset).filter { $0.value > 0 }
    let last = try await TopicScan.read(kafka, ends: ends) { records in
      for record in records {
        lastTimestamps[record.topicPartition] = record.timestampMillis
        if let id = try await commandID(record) { waiting[record.topicPartition, default: []].append((id, record)) }
      }
    }
    for (partition, position) in positions where position.nextOffset > 0 {
      let isTrue =
        last[partition] ?? 0 >= position.nextOffset
        && (position.lastTimestampMillis < 0 || lastTimestamps[partition] == position.lastTimestampMillis)
      guard isTrue else {
        auditor.addStaleCommandPartition()
        continue
      }
      let isTransfer = partition.topic == confirmTransfer.topic.name
      for (id, record) in waiting[partition] ?? [] { auditor.add(command: id, isTransfer: isTransfer, at: record) }
    }
  }

  /// Nil for what can't be read: that is among the dead letters.
  private func commandID(_ record: ConsumedRecord) async throws -> UUID? {
    do {
      if record.topic == confirmTransfer.topic.name { return try await confirmTransfer.decode(record.value).id }
      return try await confirmAccount.decode(record.value).id
    } catch {
      guard error.deadLetterCause != nil else { throw error }
      return nil
    }
  }
}
