import BankSupport
import Definitions
import Foundation
import KafkaRuntime

/// Draws the conclusions from a snapshot and what the topics say.
struct Audit {
  let evidence: Evidence
  private var snapshot: Snapshot { evidence.snapshot }

  func report() -> AuditReport {
    let invariants = [sums(), outcomes(), chains(), limits()]
    return AuditReport(invariants: invariants, counts: counts())
  }

  private func figure(_ name: String, _ value: some CustomStringConvertible) -> AuditReport.Figure {
    AuditReport.Figure(name: name, value: value.description)
  }

  private func invariant(
    _ name: String, _ statement: String, _ findings: [Finding], _ figures: [AuditReport.Figure],
    isPending: Bool = false
  ) -> AuditReport.Invariant {
    let count = findings.reduce(0) { $0 + $1.count }
    return AuditReport.Invariant(
      name: name, statement: statement, verdict: count > 0 ? .fails : isPending ? .pending : .holds,
      figures: figures, problemCount: count,
      problems: Array(findings.flatMap(\.problems).prefix(AuditReport.maxProblems)))
  }

  // MARK: I1

  private func sums() -> AuditReport.Invariant {
    let balances = snapshot.accounts.reduce(Int128(0)) { $0 + Int128($1.amount) }
    let expected = Int128(Snapshot.companyStart) + snapshot.legSum
    var finding = Finding()
    if balances != expected { finding.add("the balances are \(balances - expected) cents more than the legs explain") }
    return invariant(
      "I1", "sum of balances = 10^17 + sum of legs", [finding],
      [
        figure("balances", balances), figure("legs", snapshot.legSum), figure("difference", balances - expected),
        figure("outside", outside.sum),
      ])
  }

  /// Confirmed transfers with one side at this bank: how many, and what they sum up to.
  private var outside: (count: Int, sum: Int128) {
    snapshot.transfers.values.reduce(into: (count: 0, sum: Int128(0))) { result, transfer in
      guard transfer.hasDebit != transfer.hasCredit else { return }
      result.count += 1
      result.sum += Int128(transfer.net)
    }
  }

  // MARK: I2

  private func outcomes() -> AuditReport.Invariant {
    var missing = Finding()
    var inFlight = 0
    var lost = 0
    func look(_ id: UUID, topic: String, kind: String) {
      let event = CloudEvent.eventID(command: id, topic: topic)
      if snapshot.inFlight.contains(event) {
        inFlight += 1
      } else if evidence.lost.contains(event) {
        lost += 1
      } else {
        missing.add("the answer to \(kind) \(id.text) is neither on \(topic) nor on its way there")
      }
    }
    for (id, transfer) in snapshot.transfers where !transfer.isAnswered {
      let topic = transfer.reason == 0 ? Topics.moneyTransferConfirmed.name : Topics.moneyTransferFailed.name
      look(id, topic: topic, kind: "transfer")
    }
    for (id, creation) in snapshot.creations where !creation.isAnswered {
      let topic =
        creation.reason == nil ? Topics.accountCreationConfirmed.name : Topics.accountCreationFailed.name
      look(id, topic: topic, kind: "account creation")
    }
    let (unhandled, overtaken) = unhandled
    return invariant(
      "I2", "each decided command has one outcome, here and on the topics", [evidence.answers, missing, unhandled],
      [
        figure("decided", snapshot.transfers.count + snapshot.creations.count),
        figure("answers", evidence.answerCount), figure("repeated answers", evidence.repeatedAnswers),
        figure("answers in flight", inFlight), figure("answers lost by the broker", lost),
        figure("commands to read again", overtaken),
      ], isPending: lost > 0 || !evidence.lost.isEmpty || overtaken > 0)
  }

  /// Commands that were passed without an outcome. Where the broker has lost the end of a partition and put others
  /// there, the handler goes back and reads them: those are counted apart.
  private var unhandled: (Finding, overtaken: Int) {
    var finding = Finding()
    var overtaken = 0
    for (partition, found) in evidence.unhandled {
      if evidence.intactPositions.contains(partition) {
        for problem in found.problems { finding.add("the command at \(problem), was passed without an outcome") }
        finding.count += found.count - found.problems.count
      } else {
        overtaken += found.count
      }
    }
    return (finding, overtaken)
  }

  // MARK: I3

  private func chains() -> AuditReport.Invariant {
    var database = Finding()
    var topic = Finding()
    var inFlight = 0
    var lost = 0
    for (index, account) in snapshot.accounts.enumerated() {
      checkLegs(account, &database)
      let (unsent, gone) = checkEvents(account, evidence.chains[index], &topic)
      inFlight += unsent
      lost += gone
    }
    let legs = checkConfirmed()
    return invariant(
      "I3", "each account's chain of changes is unbroken, and every confirmed transfer has its legs",
      [snapshot.strayLegs, database, legs, topic, evidence.events],
      [
        figure("legs", snapshot.legCount), figure("events", evidence.changeCount),
        figure("repeated events", evidence.repeatedChanges), figure("out of order", evidence.lateInOrder),
        figure("events in flight", inFlight), figure("events lost by the broker", lost),
      ], isPending: lost > 0 || !evidence.lost.isEmpty)
  }

  /// The legs alone, against the balance.
  private func checkLegs(_ account: Snapshot.Account, _ finding: inout Finding) {
    if account.hasGap { finding.add("the legs of \(account.iban) are not numbered 1, 2, 3 …") }
    if account.version != Int64(account.legs.count) {
      finding.add("\(account.iban) has version \(account.version) and \(account.legs.count) legs")
    }
    let end = account.legs.reduce(Int128(account.start)) { $0 + Int128($1.amount) }
    if end != Int128(account.amount) {
      finding.add("the legs of \(account.iban) end at \(end), its balance is \(account.amount)")
    }
  }

  /// The events alone, and each against its leg.
  private func checkEvents(
    _ account: Snapshot.Account, _ chain: [Evidence.Change?], _ finding: inout Finding
  ) -> (inFlight: Int, lost: Int) {
    var missing = (inFlight: 0, lost: 0)
    var balance = Int128(account.start)
    var previous: Int64? = account.start
    for (leg, change) in zip(account.legs, chain) {
      balance += Int128(leg.amount)
      guard let change else {
        previous = nil
        let id = CloudEvent.eventID(
          command: leg.commandID, topic: Topics.balanceChanged.name, leg: leg.isCredit ? .credit : .debit)
        if snapshot.inFlight.contains(id) {
          missing.inFlight += 1
        } else if evidence.lost.contains(id) {
          missing.lost += 1
        } else {
          finding.add("change \(leg.sequence) of \(account.iban) is neither published nor on its way")
        }
        continue
      }
      if let previous, Int128(previous) + Int128(change.changedBy) != Int128(change.newBalance) {
        finding.add(
          "change \(leg.sequence) of \(account.iban) goes from \(previous) by \(change.changedBy) to \(change.newBalance)"
        )
      }
      previous = change.newBalance
      let agrees =
        change.commandID == leg.commandID && change.changedBy == leg.amount
        && change.counterparty == leg.counterparty && Int128(change.newBalance) == balance
      if !agrees { finding.add("change \(leg.sequence) of \(account.iban) is another one than its leg") }
    }
    return missing
  }

  private func checkConfirmed() -> Finding {
    var finding = Finding()
    for (id, transfer) in snapshot.transfers {
      let legs = (transfer.hasDebit ? 1 : 0) + (transfer.hasCredit ? 1 : 0)
      if transfer.reason != 0 {
        if legs > 0 { finding.add("transfer \(id.text) was refused and has \(legs) legs") }
      } else if legs == 0 {
        finding.add("transfer \(id.text) is confirmed and has no legs")
      } else if legs == 2 {
        if transfer.net != 0 { finding.add("the legs of transfer \(id.text) differ by \(transfer.net)") }
      } else if let index = snapshot.accountIndexes[snapshot.counterparties[transfer.counterparty]],
        snapshot.accounts[index].createdMicros < transfer.createdMicros
      {
        finding.add("transfer \(id.text) has one leg, and its other side, \(snapshot.accounts[index].iban), is here")
      }
    }
    return finding
  }

  // MARK: I4

  private func limits() -> AuditReport.Invariant {
    var finding = Finding()
    for account in snapshot.accounts where account.amount < account.limit {
      finding.add("\(account.iban) has \(account.amount), its limit is \(account.limit)")
    }
    return invariant(
      "I4", "no balance is under its limit", [finding], [figure("lowest", snapshot.accounts.map(\.amount).min() ?? 0)])
  }

  // MARK: Counts

  private func counts() -> [AuditReport.Figure] {
    var byReason: [Int32: Int] = [:]
    var gone = 0
    for transfer in snapshot.transfers.values {
      byReason[transfer.reason, default: 0] += 1
      if !transfer.hasCommand { gone += 1 }
    }
    for creation in snapshot.creations.values where !creation.hasCommand { gone += 1 }
    let failedCreations = snapshot.creations.values.count { $0.reason != nil }
    var figures = [
      figure("accounts", snapshot.accounts.count), figure("handled transfers", snapshot.transfers.count),
      figure("confirmed", byReason[0] ?? 0),
    ]
    let failed = byReason.filter { $0.key != 0 }.map { (snapshot.reasons[$0.key], $0.value) }
    for (reason, count) in failed.sorted(by: { $0.0 < $1.0 }) { figures.append(figure("failed: \(reason)", count)) }
    return figures + [
      figure("failed account creations", failedCreations), figure("outside transfers", outside.count),
      figure("conflicts", snapshot.conflicts), figure("unreadable commands", evidence.poison),
      figure("commands waiting", evidence.waiting), figure("events in flight", snapshot.inFlight.count),
      figure("events after the snapshot", evidence.later),
      figure("handled, command lost by the broker", gone),
      figure("delivered, event lost by the broker", evidence.lost.count),
    ]
  }
}
