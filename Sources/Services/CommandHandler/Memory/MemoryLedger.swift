import BankSupport
import Definitions
import Foundation
import KafkaRuntime

/// All that was ever decided, in memory: about 150 bytes an outcome and 250 an account.
struct MemoryLedger: Sendable {
  /// Amounts need not be kept twice: an outcome is a few words instead of arrays of its own.
  private struct Outcome: Sendable {
    /// Index into `reasons`, -1 for none.
    var reason: Int32
    var payload: (UInt64, UInt64, UInt64, UInt64)
  }

  private struct CreationOutcome: Sendable {
    var outcome: Outcome
    var kind: Atype
    var iban: String?
    var token: String?
  }

  private struct ConflictMark: Sendable, Hashable {
    var topic: String
    var partition: Int32
    var offset: Int64
    var payloadHash: [UInt8]
  }

  private var accounts: [String: LedgerAccount] = [:]
  private var transfers: [UUID: Outcome] = [:]
  private var creations: [UUID: CreationOutcome] = [:]
  private var conflicts: Set<ConflictMark> = []
  /// The texts of refusals, once each.
  private var reasons: [String] = []
  private(set) var positions: [TopicPartition: Position] = [:]
  /// Of the last entry that was applied.
  private(set) var number: Int64 = 0
  /// Transfers by reason, the confirmed ones under `confirmed`.
  private(set) var transferCounts: [String: Int] = [:]
  /// sum(balances) - 10^17 - sum(legs): I1 says that it is 0.
  private(set) var difference: Int128 = 0

  /// What the bank begins with: the company's account.
  init() {
    let company = LedgerAccount(
      iban: IBAN.company.text, token: Token.company, amount: 100_000_000_000_000_000,
      limit: LedgerAccount.defaultLimit, version: 0)
    accounts[company.iban] = company
  }

  var accountCount: Int { accounts.count }
  /// What grows with each command: conflicts too.
  var outcomeCount: Int { transfers.count + creations.count + conflicts.count }

  // MARK: For a decision

  /// What the commands can depend on.
  func state(for commands: [Command]) -> LedgerState {
    var state = LedgerState()
    for command in commands {
      switch command.body {
      case .accountCreation(let body, let candidate):
        if let outcome = creations[body.id] { state.creations[body.id] = decided(body.id, outcome) }
        state.accounts[candidate.iban] = accounts[candidate.iban]
      case .transfer(let body):
        if let outcome = transfers[body.id] { state.transfers[body.id] = decided(body.id, outcome) }
        for party in [body.from, body.to] where party.isOwnIBAN { state.accounts[party.text] = accounts[party.text] }
      }
    }
    return state
  }

  /// Whether a record was noted as a conflict before.
  func knowsConflict(_ record: ConsumedRecord, payloadHash: [UInt8]) -> Bool {
    conflicts.contains(
      ConflictMark(
        topic: record.topic, partition: record.partition, offset: record.offset, payloadHash: payloadHash))
  }

  /// Whether an event that stands on its topic follows from what is known.
  func knows(_ record: ConsumedRecord) -> Bool {
    switch record.topic {
    case Topics.balanceChanged.name:
      guard let iban = record.keyText, let sequence = record.header(CloudEvent.Header.sequence).flatMap(Int64.init)
      else { return false }
      return sequence <= accounts[iban]?.version ?? 0
    case Topics.deadLetter.name: return true
    default:
      guard let id = record.header(CloudEvent.Header.causationID).flatMap(UUID.init(uuidString:)) else { return false }
      return transfers[id] != nil || creations[id] != nil
    }
  }

  // MARK: Entries

  mutating func apply(_ entry: JournalEntry) {
    number = entry.number
    for position in entry.positions {
      positions[TopicPartition(topic: position.topic, partition: position.partition)] = Position(
        nextOffset: position.nextOffset, lastTimestampMillis: position.lastTimestampMillis)
    }
    for account in entry.opened {
      difference += Int128(account.amount)
      accounts[account.iban] = LedgerAccount(
        iban: account.iban, token: account.token, amount: account.amount, limit: account.limit,
        version: account.version)
    }
    for balance in entry.balances {
      difference += Int128(balance.amount) - Int128(accounts[balance.iban]?.amount ?? 0)
      accounts[balance.iban]?.amount = balance.amount
      accounts[balance.iban]?.version = balance.version
    }
    for leg in entry.legs { difference -= Int128(leg.amount) }
    for transfer in entry.transfers {
      transferCounts[transfer.reason ?? "confirmed", default: 0] += 1
      transfers[transfer.id] = outcome(transfer.reason, transfer.payloadHash)
    }
    for creation in entry.creations {
      creations[creation.id] = CreationOutcome(
        outcome: outcome(creation.reason, creation.payloadHash), kind: creation.aType, iban: creation.iban,
        token: creation.token)
    }
    for conflict in entry.conflicts {
      conflicts.insert(
        ConflictMark(
          topic: conflict.topic, partition: conflict.partition, offset: conflict.offset,
          payloadHash: conflict.payloadHash))
    }
  }

  private mutating func outcome(_ reason: String?, _ hash: [UInt8]) -> Outcome {
    func word(_ index: Int) -> UInt64 {
      hash.dropFirst(index * 8).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
    return Outcome(reason: index(of: reason), payload: (word(0), word(1), word(2), word(3)))
  }

  private mutating func index(of reason: String?) -> Int32 {
    guard let reason else { return -1 }
    if let index = reasons.firstIndex(of: reason) { return Int32(index) }
    reasons.append(reason)
    return Int32(reasons.count - 1)
  }

  private func decided(_ id: UUID, _ outcome: Outcome) -> DecidedTransfer {
    DecidedTransfer(
      id: id, reason: outcome.reason < 0 ? nil : reasons[Int(outcome.reason)], payloadHash: Self.hash(outcome))
  }

  private func decided(_ id: UUID, _ creation: CreationOutcome) -> DecidedCreation {
    let outcome: DecidedCreation.Outcome
    if let iban = creation.iban, let token = creation.token {
      outcome = .confirmed(AccountNumbers(iban: iban, token: token))
    } else {
      outcome = .failed(reason: creation.outcome.reason < 0 ? "" : reasons[Int(creation.outcome.reason)])
    }
    return DecidedCreation(id: id, kind: creation.kind, outcome: outcome, payloadHash: Self.hash(creation.outcome))
  }

  private static func hash(_ outcome: Outcome) -> [UInt8] {
    let words = [outcome.payload.0, outcome.payload.1, outcome.payload.2, outcome.payload.3]
    return words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * UInt64($0))) } }
  }
}

extension JournalEntry {
  /// What a decision did.
  ///
  /// - Parameters:
  ///   - moves: of the positions.
  ///   - conflicts: the records of commands whose id was used before, that were not noted before.
  ///   - events: an `OutboxBatch`; empty when there is nothing to publish.
  init(
    epoch: Int64, number: Int64, _ decision: Decision, moves: [TopicPartition: CommandBatch.Move],
    conflicts: [(record: ConsumedRecord, command: Command)], events: [UInt8], deliveries: [JournalDeliveries]
  ) {
    self.init(
      epoch: epoch, number: number,
      positions: moves.sorted { $0.key < $1.key }.map { partition, move in
        JournalPosition(
          topic: partition.topic, partition: partition.partition, nextOffset: move.to.nextOffset,
          lastTimestampMillis: move.to.lastTimestampMillis)
      },
      balances: decision.changed.map { JournalBalance(iban: $0.iban, amount: $0.amount, version: $0.version) },
      opened: decision.opened.map { opened in
        let account = opened.account
        return JournalAccount(
          iban: account.iban, token: account.token, aType: opened.kind, amount: account.amount, limit: account.limit,
          version: account.version)
      },
      legs: decision.legs.map { leg in
        JournalLeg(
          commandId: leg.commandID, side: Int32(leg.side.rawValue), iban: leg.iban, amount: leg.amount,
          counterparty: leg.counterparty, sequence: leg.sequence)
      },
      transfers: decision.transfers.map { JournalTransfer(id: $0.id, reason: $0.reason, payloadHash: $0.payloadHash) },
      creations: decision.creations.map(JournalCreation.init),
      conflicts: conflicts.map { record, command in
        JournalConflict(
          commandId: command.id, topic: record.topic, partition: record.partition, offset: record.offset,
          payloadHash: command.payloadHash)
      },
      events: events, deliveries: deliveries, ends: false)
  }

  /// An entry of no commands: that the writer lives, where events went, that it ends.
  init(epoch: Int64, number: Int64, deliveries: [JournalDeliveries], ends: Bool = false) {
    self.init(
      epoch: epoch, number: number, positions: [], balances: [], opened: [], legs: [], transfers: [], creations: [],
      conflicts: [], events: [], deliveries: deliveries, ends: ends)
  }
}

extension JournalCreation {
  fileprivate init(_ decided: DecidedCreation) {
    var numbers: AccountNumbers?
    var reason: String?
    switch decided.outcome {
    case .confirmed(let given): numbers = given
    case .failed(let why): reason = why
    }
    self.init(
      id: decided.id, aType: decided.kind, iban: numbers?.iban, token: numbers?.token, reason: reason,
      payloadHash: decided.payloadHash)
  }
}
