import BankSupport
import Definitions
import Foundation
import KafkaRuntime

extension Auditor {
  /// A command below the handler's position. Feed dead letters before.
  mutating func add(_ command: ConfirmMoneyTransfer, payload: PayloadMark, at place: LedgerSnapshot.Place) {
    guard let decided = snapshot.transfers[command.id] else { return checkPassedOver(command.id, place) }
    guard decided.payload == payload else { return checkConflict(command.id, place) }
    // A refused one with legs is found where legs are compared with outcomes.
    guard decided.reason == nil, let pair = pairs[command.id] else { return }
    if let debit = pair.debit, let leg = leg(debit),
      debit.iban != command.from || leg.amount != 0 &- command.amount || leg.counterparty != command.to.asStored
    {
      chains.add(
        "\(text(place)): \(command.amount) from \(command.from) to \(command.to) was asked, and the debit is "
          + "\(leg.amount) of \(debit.iban) to \(leg.counterparty)")
    }
    if let credit = pair.credit, let leg = leg(credit),
      credit.iban != command.to || leg.amount != command.amount || leg.counterparty != command.from.asStored
    {
      chains.add(
        "\(text(place)): \(command.amount) from \(command.from) to \(command.to) was asked, and the credit is "
          + "\(leg.amount) of \(credit.iban) from \(leg.counterparty)")
    }
  }

  mutating func add(_ command: ConfirmAccountCreation, payload: PayloadMark, at place: LedgerSnapshot.Place) {
    guard let decided = snapshot.creations[command.id] else { return checkPassedOver(command.id, place) }
    if decided.payload != payload { checkConflict(command.id, place) }
  }

  /// A command that can't be read, below the handler's position.
  mutating func add(unreadableCommand place: LedgerSnapshot.Place) {
    if !deadLetters.contains(place) {
      answers.add("\(text(place)): a command that can't be read was passed over without a dead letter")
    }
  }

  mutating func addStaleCommandPartition() { report.staleCommandPartitions += 1 }

  mutating func add(unhandled count: Int) { report.unhandled += count }

  private mutating func checkPassedOver(_ id: UUID, _ place: LedgerSnapshot.Place) {
    if !deadLetters.contains(place) {
      answers.add("\(text(place)): command \(id.text) was passed over without an outcome")
    }
  }

  private mutating func checkConflict(_ id: UUID, _ place: LedgerSnapshot.Place) {
    if snapshot.conflicts[place] != id || !deadLetters.contains(place) {
      answers.add(
        "\(text(place)): id \(id.text) was decided with another payload, and this one has no "
          + (snapshot.conflicts[place] != id ? "row in conflict" : "dead letter"))
    }
  }

  private func text(_ place: LedgerSnapshot.Place) -> String { "\(place.partition)/\(place.offset)" }
}
