import BankSupport
import Definitions
import Foundation
import KafkaRuntime

extension Auditor {
  consuming func finish() -> AuditReport {
    report.inFlight = snapshot.unsent.count
    report.awaitingRepublication = missing.values.reduce(0) { $0 + $1.count }
    for ids in missing.values { waiting.formUnion(ids) }
    report.accounts = snapshot.accounts.count
    report.conflicts = snapshot.conflicts.count
    report.deadLetters = deadLetters.count
    countOutcomes()
    checkAccounts()
    let unanswered = checkAnswers()
    let sides = checkChains()
    let inside = checkPairs()
    report.outsideLegs = sides - 2 * inside
    let answered = answeredTransfers.count + answeredCreations.count
    report.invariants = [
      sumInvariant(),
      answers.invariant(
        "I2",
        figures: "\(snapshot.transfers.count + snapshot.creations.count) outcomes, \(answered) answered on the "
          + "topics, \(unanswered) on their way"),
      chains.invariant(
        "I3", figures: "\(snapshot.legs.count) chains of \(sides) events, \(inside) transfers within the bank"),
      limitInvariant(),
    ]
    return report
  }

  private mutating func countOutcomes() {
    report.handled = snapshot.transfers.count
    for transfer in snapshot.transfers.values {
      if let reason = transfer.reason { report.failed[reason, default: 0] += 1 } else { report.confirmed += 1 }
    }
  }

  // MARK: I1

  private func sumInvariant() -> AuditReport.Invariant {
    // 128 bits hold the sum of any number of 64-bit amounts that a database can have.
    let balances = snapshot.accounts.values.reduce(Int128(0)) { $0 + Int128($1.amount) }
    let legs = snapshot.legs.values.reduce(Int128(0)) { sum, chain in
      chain.reduce(sum) { $0 + Int128($1.amount) }
    }
    let difference = balances - Int128(LedgerSnapshot.companyOpening) - legs
    var findings = Findings()
    if difference != 0 {
      findings.add("the balances hold \(abs(difference)) \(difference > 0 ? "more" : "less") than the legs say")
    }
    return findings.invariant(
      "I1", figures: "sum of balances \(balances) \(difference == 0 ? "=" : "is not") 10^17 + sum of legs \(legs)")
  }

  // MARK: I2

  /// Every account was opened by one command, and every command that opened one has it.
  private mutating func checkAccounts() {
    var opened: Set<String> = []
    for (id, creation) in snapshot.creations {
      if (creation.iban == nil) == (creation.reason == nil) {
        answers.add(
          "account creation \(id.text) has \(creation.iban == nil ? "neither IBAN nor" : "both IBAN and") reason")
      }
      guard let iban = creation.iban else { continue }
      if !opened.insert(iban).inserted { answers.add("\(iban) was opened by two commands") }
      if let account = snapshot.accounts[iban] {
        if account.token != creation.token { answers.add("\(iban): its token is not the one that was given out") }
      } else {
        answers.add("account creation \(id.text) opened \(iban), which has no balance")
      }
    }
    for (iban, account) in snapshot.accounts where !account.isCompany && !opened.contains(iban) {
      answers.add("\(iban) has a balance, and no command opened it")
    }
  }

  /// Every outcome is on its topic or waits to be. Returns how many wait.
  private mutating func checkAnswers() -> Int {
    var unanswered = 0
    for (id, transfer) in snapshot.transfers where !answeredTransfers.contains(id) {
      let name = Self.answerName(transferRefused: transfer.reason != nil)
      if waiting.contains(CloudEvent.eventID(command: id, topic: name)) {
        unanswered += 1
      } else {
        answers.add("transfer \(id.text) is decided, and \(name) has no answer")
      }
    }
    for (id, creation) in snapshot.creations where !answeredCreations.contains(id) {
      let name = Self.answerName(creationRefused: creation.iban == nil)
      if waiting.contains(CloudEvent.eventID(command: id, topic: name)) {
        unanswered += 1
      } else {
        answers.add("account creation \(id.text) is decided, and \(name) has no answer")
      }
    }
    return unanswered
  }

  // MARK: I3

  /// Chains of the database, and events that are not on the topic. Returns the number of legs.
  private mutating func checkChains() -> Int {
    var sides = 0
    for (iban, legs) in snapshot.legs {
      sides += legs.count
      checkChain(iban, legs)
      checkEvents(iban, legs)
    }
    for (iban, account) in snapshot.accounts where snapshot.legs[iban] == nil {
      if account.amount != account.opening || account.version != 0 {
        chains.add("\(iban) has \(account.amount) and version \(account.version), and no legs")
      }
    }
    return sides
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

  /// Each leg has its event on the topic, and whoever drops what is not next gets all of them in order.
  private mutating func checkEvents(_ iban: String, _ legs: [LedgerSnapshot.Leg]) {
    guard let chain = seen[iban] else { return }
    for (leg, isSeen) in zip(legs, chain.isSeen) where !isSeen && !isWaiting(leg) {
      chains.add("\(iban): balance_changed has no event of sequence \(leg.sequence)")
    }
    guard chain.inOrder < legs.count, chain.isSeen[chain.inOrder] else { return }
    let next = legs[chain.inOrder]
    // From the oldest lost record on everything comes again, in order.
    guard missing.isEmpty, !isWaiting(next) else { return }
    chains.add("\(iban): balance_changed has sequence \(next.sequence) before sequence \(next.sequence - 1)")
  }

  private func isWaiting(_ leg: LedgerSnapshot.Leg) -> Bool {
    // The hash takes longer than all the rest.
    if waiting.isEmpty { return false }
    return waiting.contains(
      CloudEvent.eventID(
        command: leg.commandID, topic: Topics.balanceChanged.name, leg: leg.side == 0 ? .debit : .credit))
  }

  /// Legs against outcomes and against each other. Returns the number of transfers with two.
  private mutating func checkPairs() -> Int {
    var inside = 0
    for (id, pair) in pairs {
      if let transfer = snapshot.transfers[id], transfer.reason == nil {
        checkOtherSide(id, pair, decidedAtMicros: transfer.decidedAtMicros)
      } else {
        chains.add("command \(id.text) has legs and is not confirmed")
      }
      let debit = pair.debit.flatMap(leg)
      let credit = pair.credit.flatMap(leg)
      if let debit, debit.amount >= 0 { chains.add("the debit of \(id.text) is \(debit.amount)") }
      if let credit, credit.amount <= 0 { chains.add("the credit of \(id.text) is \(credit.amount)") }
      guard let debit, let credit else { continue }
      inside += 1
      if debit.amount != 0 &- credit.amount {
        chains.add("the legs of \(id.text) differ: debit \(debit.amount), credit \(credit.amount)")
      }
      if debit.counterparty != pair.credit?.iban || credit.counterparty != pair.debit?.iban {
        chains.add("the legs of \(id.text) don't name each other")
      }
    }
    for (id, transfer) in snapshot.transfers where transfer.reason == nil && pairs[id] == nil {
      chains.add("transfer \(id.text) is confirmed and has no legs")
    }
    return inside
  }

  /// A transfer with one leg: the other side must not have had an account here.
  private mutating func checkOtherSide(_ id: UUID, _ pair: Pair, decidedAtMicros: Int64) {
    guard (pair.debit == nil) != (pair.credit == nil), let side = pair.debit ?? pair.credit else { return }
    guard let counterparty = leg(side)?.counterparty, let account = snapshot.accounts[counterparty] else { return }
    if account.openedAtMicros < decidedAtMicros {
      chains.add(
        "transfer \(id.text) has a \(pair.debit == nil ? "credit" : "debit") of \(side.iban), and no "
          + "\(pair.debit == nil ? "debit" : "credit") of \(counterparty), which has an account here")
    }
  }

  // MARK: I4

  private func limitInvariant() -> AuditReport.Invariant {
    var findings = Findings()
    for (iban, account) in snapshot.accounts {
      if account.amount < account.limit {
        findings.add("\(iban) has \(account.amount), its limit is \(account.limit)")
      }
      // A balance that is over the limit by now may have been under it before.
      for (leg, balance) in zip(snapshot.legs[iban] ?? [], balances[iban] ?? [])
      where leg.amount < 0 && balance < account.limit && balance != account.amount {
        findings.add("\(iban) had \(balance) after sequence \(leg.sequence), its limit is \(account.limit)")
      }
    }
    return findings.invariant("I4", figures: "\(snapshot.accounts.count) balances at or over their limit")
  }
}
