import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import SchemaRegistry

/// Compares the snapshot with what the topics hold. Feed it every record, then ask for the report.
struct Auditor {
  private let snapshot: LedgerSnapshot
  private var report = AuditReport()
  private var answers = Findings()
  private var chains = Findings()
  private var answered: Set<UUID> = []
  /// For each IBAN, whether the event of each sequence was seen; index 0 is sequence 1.
  private var seen: [String: [Bool]]
  /// The balance after each leg, by IBAN; index 0 is sequence 1.
  private let balances: [String: [Int64]]
  /// Deliveries not found on the topics so far.
  private var missing: [LedgerSnapshot.Place: UUID]

  init(_ snapshot: LedgerSnapshot) {
    self.snapshot = snapshot
    missing = snapshot.deliveries
    seen = snapshot.legs.mapValues { Array(repeating: false, count: $0.count) }
    var balances: [String: [Int64]] = [:]
    for (iban, legs) in snapshot.legs {
      var balance = snapshot.accounts[iban]?.opening ?? 0
      balances[iban] = legs.map { leg in
        // A sum that wraps can't equal a balance that was checked: it shows as a finding.
        balance &+= leg.amount
        return balance
      }
    }
    self.balances = balances
  }

  // MARK: Records

  /// Notes that a record stands where it does. Every record of the answer topics passes here once.
  mutating func place(_ record: ConsumedRecord) {
    report.recordsRead += 1
    let place = LedgerSnapshot.Place(partition: record.topicPartition, offset: record.offset)
    guard let expected = missing[place] else { return }
    if record.header(CloudEvent.Header.id).flatMap(UUID.init(uuidString:)) == expected { missing[place] = nil }
  }

  mutating func add(_ event: BalanceChanged, at record: ConsumedRecord) {
    let what = "balance_changed \(record.partition)/\(record.offset)"
    guard let sequence = record.header(CloudEvent.Header.sequence).flatMap({ Int64($0) }) else {
      return chains.add("\(what): no sequence")
    }
    guard let legs = snapshot.legs[event.iban], sequence >= 1, sequence <= legs.count else {
      return chains.add("\(what): \(event.iban) has no leg with sequence \(sequence)")
    }
    let index = Int(sequence) - 1
    let leg = legs[index]
    if leg.amount != event.changedBy || balances[event.iban]?[index] != event.newBalance {
      chains.add(
        "\(what): \(event.iban) sequence \(sequence) changed by \(event.changedBy) to \(event.newBalance), in the "
          + "database by \(leg.amount) to \(balances[event.iban]?[index] ?? 0)")
    }
    if leg.counterparty != event.fromTo {
      chains.add("\(what): other side is \(event.fromTo), in the database \(leg.counterparty)")
    }
    if record.header(CloudEvent.Header.causationID).flatMap(UUID.init(uuidString:)) != leg.commandID {
      chains.add("\(what): caused by another command than leg \(sequence) of \(event.iban)")
    }
    if seen[event.iban]?[index] == true {
      report.repeated += 1
    } else {
      seen[event.iban]?[index] = true
    }
  }

  mutating func add(transfer id: UUID, reason: String?, at record: ConsumedRecord) {
    switch snapshot.transfers[id] {
    case .none: answers.add("\(place(of: record)): the database has no transfer \(id.text)")
    case .some(let decided):
      if decided != reason {
        answers.add(
          "\(place(of: record)): transfer \(id.text) is \(Self.outcome(reason)), in the database \(Self.outcome(decided))"
        )
      }
    }
    note(id)
  }

  mutating func add(creation id: UUID, iban: String?, reason: String?, at record: ConsumedRecord) {
    if let decided = snapshot.creations[id] {
      if decided.iban != iban || decided.reason != reason {
        answers.add("\(place(of: record)): account creation \(id.text) has another outcome in the database")
      }
    } else {
      answers.add("\(place(of: record)): the database has no account creation \(id.text)")
    }
    note(id)
  }

  /// A command below the handler's position.
  mutating func add(command id: UUID, isTransfer: Bool, at record: ConsumedRecord) {
    let isDecided = isTransfer ? snapshot.transfers[id] != nil : snapshot.creations[id] != nil
    if !isDecided { answers.add("\(place(of: record)): command \(id.text) was passed over without an outcome") }
  }

  mutating func addStaleCommandPartition() { report.staleCommandPartitions += 1 }

  private mutating func note(_ id: UUID) {
    if !answered.insert(id).inserted { report.repeated += 1 }
  }

  private func place(of record: ConsumedRecord) -> String { "\(record.topicPartition)/\(record.offset)" }

  private static func outcome(_ reason: String?) -> String { reason.map { "refused (\($0))" } ?? "confirmed" }

  // MARK: Report

  consuming func finish() -> AuditReport {
    let waiting = snapshot.inFlight.union(missing.values)
    report.inFlight = snapshot.inFlight.count
    report.awaitingRepublication = missing.count
    report.accounts = snapshot.accounts.count
    report.conflicts = snapshot.conflicts
    countOutcomes()
    let unanswered = checkAnswers(waiting)
    let (sides, pairs) = checkLegs(waiting)
    report.outsideLegs = sides - 2 * pairs
    report.invariants = [
      sumInvariant(),
      answers.invariant(
        "I2",
        figures: "\(snapshot.transfers.count + snapshot.creations.count) outcomes, \(answered.count) answered on the "
          + "topics, \(unanswered) on their way"),
      chains.invariant(
        "I3", figures: "\(snapshot.legs.count) chains of \(sides) events, \(pairs) transfers within the bank"),
      limitInvariant(),
    ]
    return report
  }

  private mutating func countOutcomes() {
    report.handled = snapshot.transfers.count
    for case .some(let reason) in snapshot.transfers.values.map({ $0 }) { report.failed[reason, default: 0] += 1 }
    report.confirmed = report.handled - report.failed.values.reduce(0, +)
  }

  private func sumInvariant() -> AuditReport.Invariant {
    var findings = Findings()
    if !snapshot.sumsAgree { findings.add("the two differ") }
    return findings.invariant(
      "I1", figures: "sum of balances \(snapshot.balanceSum) = 10^17 + sum of legs \(snapshot.legSum)")
  }

  private func limitInvariant() -> AuditReport.Invariant {
    var findings = Findings()
    for (iban, account) in snapshot.accounts where account.amount < account.limit {
      findings.add("\(iban) has \(account.amount), its limit is \(account.limit)")
    }
    return findings.invariant("I4", figures: "\(snapshot.accounts.count) balances at or over their limit")
  }

  /// Every outcome is on its topic or waits to be. Returns how many wait.
  private mutating func checkAnswers(_ waiting: Set<UUID>) -> Int {
    var unanswered = 0
    for (id, reason) in snapshot.transfers where !answered.contains(id) {
      let topic = reason == nil ? Topics.moneyTransferConfirmed.name : Topics.moneyTransferFailed.name
      unanswered += 1
      if !waiting.contains(CloudEvent.eventID(command: id, topic: topic)) {
        answers.add("transfer \(id.text) is decided, and \(topic) has no answer")
      }
    }
    for (id, creation) in snapshot.creations where !answered.contains(id) {
      let topic = creation.iban != nil ? Topics.accountCreationConfirmed.name : Topics.accountCreationFailed.name
      unanswered += 1
      if !waiting.contains(CloudEvent.eventID(command: id, topic: topic)) {
        answers.add("account creation \(id.text) is decided, and \(topic) has no answer")
      }
    }
    return unanswered
  }

  /// Chains of the database, events that are not on the topic, and legs against outcomes.
  /// Returns the number of legs, and of transfers with two.
  private mutating func checkLegs(_ waiting: Set<UUID>) -> (sides: Int, pairs: Int) {
    var amounts: [UUID: (count: Int, sum: Int64)] = [:]
    var sides = 0
    for (iban, legs) in snapshot.legs {
      sides += legs.count
      checkChain(iban, legs)
      for (index, leg) in legs.enumerated() {
        let (count, sum) = amounts[leg.commandID] ?? (0, 0)
        amounts[leg.commandID] = (count + 1, sum &+ leg.amount)
        guard seen[iban]?[index] == false else { continue }
        let event = CloudEvent.eventID(
          command: leg.commandID, topic: Topics.balanceChanged.name, leg: leg.side == 0 ? .debit : .credit)
        if !waiting.contains(event) { chains.add("\(iban): balance_changed has no event of sequence \(leg.sequence)") }
      }
    }
    for (iban, account) in snapshot.accounts where snapshot.legs[iban] == nil && account.amount != account.opening {
      chains.add("\(iban) has \(account.amount) and no legs")
    }
    for (id, total) in amounts {
      if snapshot.transfers[id] != .some(nil) { chains.add("command \(id.text) has legs and is not confirmed") }
      if total.count == 2, total.sum != 0 { chains.add("the legs of \(id.text) differ by \(total.sum)") }
      if total.count > 2 { chains.add("command \(id.text) has \(total.count) legs") }
    }
    for (id, reason) in snapshot.transfers where reason == nil && amounts[id] == nil {
      chains.add("transfer \(id.text) is confirmed and has no legs")
    }
    return (sides, amounts.values.count { $0.count == 2 })
  }

  private mutating func checkChain(_ iban: String, _ legs: [LedgerSnapshot.Leg]) {
    guard let account = snapshot.accounts[iban] else { return chains.add("\(iban) has legs and no balance") }
    for (index, leg) in legs.enumerated() where leg.sequence != Int64(index) + 1 {
      return chains.add("\(iban): sequence \(leg.sequence) stands where \(index + 1) should")
    }
    if account.version != legs.count {
      chains.add("\(iban): version \(account.version), and \(legs.count) legs")
    }
    if balances[iban]?.last != account.amount {
      chains.add("\(iban): balance \(account.amount), and its legs end at \(balances[iban]?.last ?? 0)")
    }
  }
}
