import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import SchemaRegistry

/// What the topics say, held against a snapshot of the database.
///
/// Used by one task only.
final class Evidence {
  /// A BalanceChanged as it was published.
  struct Change: Sendable, Hashable {
    var commandID: UUID
    var newBalance: Int64
    var changedBy: Int64
    var counterparty: Int32
  }

  var snapshot: Snapshot
  /// By the index of the account; nil where the event of that sequence has not been seen.
  private(set) var chains: [[Change?]]
  var answers = Finding()
  var events = Finding()
  private(set) var answerCount = 0
  private(set) var repeatedAnswers = 0
  private(set) var changeCount = 0
  private(set) var repeatedChanges = 0
  /// Events that came after one of the same account with a higher sequence.
  private(set) var lateInOrder = 0
  /// Of commands that were decided after the snapshot.
  private(set) var later = 0
  private(set) var poison = 0
  private(set) var waiting = 0
  /// Commands at positions that were passed, and without an outcome.
  private(set) var unhandled: [TopicPartition: Finding] = [:]
  /// Events that are not where they were delivered.
  private(set) var lost: Set<UUID> = []
  private var lostPartitions: Set<TopicPartition> = []
  /// Events of commands without an outcome, until all losses are known.
  private var unexplained: [(partition: TopicPartition, problem: String, isAnswer: Bool)] = []
  private var unexplainedCount = 0
  private static let maxUnexplained = 100_000
  private var highest: [Int64]
  private var nextDelivery: [TopicPartition: Int] = [:]

  private let changeCodec: TopicCodec<BalanceChanged>
  private let accountConfirmed: TopicCodec<AccountCreationConfirmed>
  private let accountFailed: TopicCodec<AccountCreationFailed>
  private let transferConfirmed: TopicCodec<MoneyTransferConfirmed>
  private let transferFailed: TopicCodec<MoneyTransferFailed>
  private let creationCommand: TopicCodec<ConfirmAccountCreation>
  private let transferCommand: TopicCodec<ConfirmMoneyTransfer>

  init(_ snapshot: Snapshot, registry: RegistryClient) {
    self.snapshot = snapshot
    chains = snapshot.accounts.map { Array(repeating: nil, count: $0.legs.count) }
    highest = Array(repeating: 0, count: snapshot.accounts.count)
    changeCodec = TopicCodec(Topics.balanceChanged, registry: registry)
    accountConfirmed = TopicCodec(Topics.accountCreationConfirmed, registry: registry)
    accountFailed = TopicCodec(Topics.accountCreationFailed, registry: registry)
    transferConfirmed = TopicCodec(Topics.moneyTransferConfirmed, registry: registry)
    transferFailed = TopicCodec(Topics.moneyTransferFailed, registry: registry)
    creationCommand = TopicCodec(Topics.confirmAccountCreation, registry: registry)
    transferCommand = TopicCodec(Topics.confirmMoneyTransfer, registry: registry)
  }

  /// The topics that an audit reads.
  static let topics = [
    Topics.balanceChanged.name, Topics.accountCreationConfirmed.name, Topics.accountCreationFailed.name,
    Topics.moneyTransferConfirmed.name, Topics.moneyTransferFailed.name, Topics.confirmAccountCreation.name,
    Topics.confirmMoneyTransfer.name, Topics.deadLetter.name,
  ]

  func take(_ record: ConsumedRecord) async throws {
    matchDelivery(record)
    switch record.topic {
    case Topics.balanceChanged.name: try await takeChange(record)
    case Topics.accountCreationConfirmed.name:
      let value = try await accountConfirmed.decode(record.value)
      takeAnswer(record, account: value.id) { creation in
        creation.reason == nil && creation.iban == value.iban && creation.token == value.token
          && creation.type == (value.aType == .auto ? "AUTO" : "MANUAL")
      }
    case Topics.accountCreationFailed.name:
      let value = try await accountFailed.decode(record.value)
      takeAnswer(record, account: value.id) { $0.reason == value.reason }
    case Topics.moneyTransferConfirmed.name:
      takeAnswer(record, transfer: try await transferConfirmed.decode(record.value).id, reason: nil)
    case Topics.moneyTransferFailed.name:
      let value = try await transferFailed.decode(record.value)
      takeAnswer(record, transfer: value.id, reason: value.reason)
    case Topics.confirmAccountCreation.name: try await takeCommand(record, creationCommand) { $0.id }
    case Topics.confirmMoneyTransfer.name: try await takeCommand(record, transferCommand) { $0.id }
    default: break
    }
  }

  // MARK: Deliveries

  /// Compares with what was recorded for the offset; deliveries below it that were passed over are lost.
  private func matchDelivery(_ record: ConsumedRecord) {
    let partition = record.topicPartition
    guard let recorded = snapshot.deliveries[partition] else { return }
    var index = nextDelivery[partition, default: 0]
    while index < recorded.count, recorded[index].offset <= record.offset {
      let delivery = recorded[index]
      if delivery.offset < record.offset || record.header("ce_id").flatMap({ UUID(uuidString: $0) }) != delivery.eventID
      {
        lose(delivery, partition)
      }
      index += 1
    }
    nextDelivery[partition] = index
  }

  private func lose(_ delivery: Snapshot.Delivery, _ partition: TopicPartition) {
    lost.insert(delivery.eventID)
    lostPartitions.insert(partition)
  }

  /// After the last record: what is past the ends is lost too.
  func finish(_ bounds: TopicReader.Bounds) {
    for (partition, recorded) in snapshot.deliveries where bounds.ends[partition] != nil {
      for delivery in recorded.dropFirst(nextDelivery[partition, default: 0]) { lose(delivery, partition) }
    }
    for (partition, problem, isAnswer) in unexplained {
      if lostPartitions.contains(partition) {
        later += 1
      } else if isAnswer {
        answers.add(problem)
      } else {
        events.add(problem)
      }
    }
    for _ in unexplained.count..<max(unexplainedCount, unexplained.count) {
      events.add("more events without an outcome")
    }
    unexplained = []
  }

  /// An event of a command that the snapshot doesn't know: decided a moment later, or made of nothing.
  private func unexplained(_ record: ConsumedRecord, _ problem: String, isAnswer: Bool) {
    let last = snapshot.lastDelivered(record.topicPartition)
    let isLater =
      last >= 0 ? record.offset > last : record.timestampMillis > snapshot.timeMillis - 60_000
    if isLater {
      later += 1
      return
    }
    unexplainedCount += 1
    if unexplained.count < Self.maxUnexplained {
      unexplained.append((record.topicPartition, problem, isAnswer))
    }
  }

  private func place(_ record: ConsumedRecord) -> String {
    "\(record.topic)/\(record.partition) at \(record.offset)"
  }

  // MARK: Answers

  private func takeAnswer(_ record: ConsumedRecord, transfer id: UUID, reason: String?) {
    guard var transfer = snapshot.transfers.removeValue(forKey: id) else {
      return unexplained(record, "\(place(record)) answers transfer \(id.text), which has no outcome", isAnswer: true)
    }
    let decided = transfer.reason == 0 ? nil : snapshot.reasons[transfer.reason]
    if decided != reason {
      answers.add(
        "\(place(record)) answers transfer \(id.text) with '\(reason ?? "confirmed")', the database has "
          + "'\(decided ?? "confirmed")'")
    }
    count(wasAnswered: transfer.isAnswered)
    transfer.isAnswered = true
    snapshot.transfers[id] = transfer
  }

  private func takeAnswer(
    _ record: ConsumedRecord, account id: UUID, isSame: (Snapshot.Creation) -> Bool
  ) {
    guard var creation = snapshot.creations.removeValue(forKey: id) else {
      return unexplained(
        record, "\(place(record)) answers account creation \(id.text), which has no outcome", isAnswer: true)
    }
    if !isSame(creation) {
      answers.add("\(place(record)) answers account creation \(id.text) otherwise than the database")
    }
    count(wasAnswered: creation.isAnswered)
    creation.isAnswered = true
    snapshot.creations[id] = creation
  }

  private func count(wasAnswered: Bool) {
    answerCount += 1
    if wasAnswered { repeatedAnswers += 1 }
  }

  // MARK: Balances

  private func takeChange(_ record: ConsumedRecord) async throws {
    let value = try await changeCodec.decode(record.value)
    guard let commandID = record.header("causationid").flatMap({ UUID(uuidString: $0) }),
      let sequence = record.header("sequence").flatMap(Int64.init), sequence > 0
    else {
      return events.add("\(place(record)) lacks the header causationid or sequence")
    }
    guard snapshot.transfers[commandID] != nil else {
      return unexplained(
        record, "\(place(record)) changes \(value.iban) for \(commandID.text), which has no outcome", isAnswer: false)
    }
    guard let account = snapshot.accountIndexes[value.iban], sequence <= chains[account].count else {
      return events.add("\(place(record)) is change \(sequence) of \(value.iban), which has no leg of that sequence")
    }
    changeCount += 1
    if sequence < highest[account], chains[account][Int(sequence) - 1] == nil { lateInOrder += 1 }
    highest[account] = max(highest[account], sequence)
    let change = Change(
      commandID: commandID, newBalance: value.newBalance, changedBy: value.changedBy,
      counterparty: snapshot.counterparties.index(of: value.fromTo.replacing("\0", with: "\u{FFFD}")))
    if let before = chains[account][Int(sequence) - 1] {
      repeatedChanges += 1
      if before != change {
        events.add("\(place(record)) is another change \(sequence) of \(value.iban) than the one before it")
      }
    } else {
      chains[account][Int(sequence) - 1] = change
    }
  }

  // MARK: Commands

  private func takeCommand<Value>(
    _ record: ConsumedRecord, _ codec: TopicCodec<Value>, id: (Value) -> UUID
  ) async throws {
    let position = snapshot.positions[record.topicPartition]
    guard record.offset < position?.next ?? 0 else {
      waiting += 1
      return
    }
    let value: Value
    do { value = try await codec.decode(record.value) } catch {
      guard error.deadLetterCause != nil else { throw error }
      poison += 1
      return
    }
    let id = id(value)
    if snapshot.transfers[id] != nil, record.topic == Topics.confirmMoneyTransfer.name {
      snapshot.transfers[id]?.hasCommand = true
    } else if snapshot.creations[id] != nil, record.topic == Topics.confirmAccountCreation.name {
      snapshot.creations[id]?.hasCommand = true
    } else if (record.value?.count ?? 0) + (record.key?.count ?? 0) > 900_000 {
      poison += 1
    } else {
      unhandled[record.topicPartition, default: Finding()].add("\(place(record)), id \(id.text)")
    }
    if let position, record.offset == position.next - 1, record.timestampMillis == position.lastTimestampMillis {
      intactPositions.insert(record.topicPartition)
    }
  }

  /// Command partitions whose last handled record is still the one that was handled.
  private(set) var intactPositions: Set<TopicPartition> = []
}
