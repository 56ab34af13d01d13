import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import Testing

@testable import AuditService

/// One thing wrong: exactly these invariants fail, and a finding says what it is.
struct Corruption: Sendable, CustomTestStringConvertible {
  let name: String
  let failing: [String]
  /// Part of a finding.
  let finding: String
  let apply: @Sendable (_ bank: inout PaperBank, _ anna: String, _ bert: String) throws -> Void

  init(
    _ name: String, _ failing: [String], _ finding: String,
    _ apply: @escaping @Sendable (inout PaperBank, String, String) throws -> Void
  ) {
    (self.name, self.failing, self.finding, self.apply) = (name, failing, finding, apply)
  }

  var testDescription: String { name }
}

@Suite struct CorruptionTests {
  @Test(arguments: database + legs + events + headers + answers + commands)
  func isFound(_ corruption: Corruption) throws {
    var (bank, anna, bert) = PaperBank.small()
    #expect(bank.audit().isGood)
    try corruption.apply(&bank, anna, bert)
    let report = bank.audit()
    #expect(report.failing == corruption.failing, "\(report.text)")
    #expect(report.findings.contains(corruption.finding), "\(report.text)")
    #expect(!report.isGood)
  }

  // MARK: Rows of the database

  static let database: [Corruption] = [
    Corruption("balance changed", ["I1", "I3"], "balance 74001, and its legs end at 74000") { bank, anna, _ in
      bank.snapshot.accounts[anna]?.amount += 1
    },
    Corruption("money moved between balances", ["I3"], "its legs end at") { bank, anna, bert in
      bank.snapshot.accounts[anna]?.amount += 1
      bank.snapshot.accounts[bert]?.amount -= 1
    },
    Corruption("company's balance changed", ["I1", "I3"], "the balances hold 5 less") { bank, _, _ in
      bank.snapshot.accounts[PaperBank.company]?.amount -= 5
    },
    Corruption("version off", ["I3"], "version 4, and 3 legs") { bank, anna, _ in
      bank.snapshot.accounts[anna]?.version += 1
    },
    Corruption("account deleted", ["I1", "I2", "I3"], "has legs and no balance") { bank, anna, _ in
      bank.snapshot.accounts[anna] = nil
    },
    Corruption("account that nobody asked for", ["I2"], "no command opened it") { bank, _, _ in
      bank.snapshot.accounts["NL00OPEN0000000007"] = LedgerSnapshot.Account(
        amount: 0, limit: -50_000, version: 0, token: "", openedAtMicros: 0)
    },
    Corruption("account with money and no legs", ["I1", "I3"], "has 100 and version 0, and no legs") { bank, _, _ in
      let iban = bank.open(account: 5)
      bank.snapshot.accounts[iban]?.amount = 100
    },
    Corruption("token changed", ["I2"], "its token is not the one that was given out") { bank, anna, _ in
      bank.snapshot.accounts[anna]?.token = "1"
    },
    Corruption("account opened twice", ["I2"], "was opened by two commands") { bank, _, _ in
      bank.open(account: 1)
      bank.snapshot.accounts[IBAN(account: 1).text] = PaperBank.small().bank.snapshot.accounts[IBAN(account: 1).text]
    },
    Corruption("balance under limit", ["I4"], "its limit is 74001") { bank, anna, _ in
      bank.snapshot.accounts[anna]?.limit = 740_01
    },
    Corruption("balance under limit in between", ["I4"], "had -50001 after sequence 4") { bank, anna, _ in
      bank.transfer(124_001, from: anna, to: "elsewhere")
      bank.transfer(1_00, from: "cash", to: anna)
    },
  ]

  // MARK: Legs

  static let legs: [Corruption] = [
    Corruption("leg deleted", ["I1", "I3"], "sequence 3 stands where 2 should") { bank, anna, _ in
      bank.snapshot.legs[anna]?.remove(at: 1)
    },
    Corruption("both legs of a transfer deleted", ["I3"], "is confirmed and has no legs") { bank, anna, bert in
      bank.transfer(3_00, from: anna, to: bert)
      bank.snapshot.legs[anna]?.removeLast()
      bank.snapshot.legs[bert]?.removeLast()
    },
    // Balance, version and chain agree, and the money is gone.
    Corruption("credit never made", ["I3"], "which has an account here") { bank, anna, bert in
      bank.transfer(3_00, from: anna, to: bert)
      bank.snapshot.legs[bert]?.removeLast()
      bank.snapshot.accounts[bert]?.amount -= 3_00
      bank.snapshot.accounts[bert]?.version -= 1
      let events = bank.indexes(of: Topics.balanceChanged.name)
      bank.lose(try #require(events.last))
    },
    Corruption("credit larger than debit", ["I3"], "debit -300, credit 400") { bank, anna, bert in
      bank.transfer(3_00, from: anna, to: bert)
      let last = try #require(bank.snapshot.legs[bert]?.indices.last)
      bank.snapshot.legs[bert]?[last].amount = 4_00
      bank.snapshot.accounts[bert]?.amount += 1_00
      try bank.change(bert, Int64(last) + 1) {
        $0.changedBy += 1_00
        $0.newBalance += 1_00
      }
    },
    Corruption("leg amounts not opposite", ["I1", "I3"], "differ: debit -25000, credit 25001") { bank, _, bert in
      bank.snapshot.legs[bert]?[1].amount += 1
    },
    Corruption("legs don't name each other", ["I3"], "don't name each other") { bank, anna, _ in
      bank.snapshot.legs[anna]?[1].counterparty = PaperBank.company
    },
    Corruption("legs of a refused transfer", ["I2", "I3"], "has legs and is not confirmed") { bank, anna, _ in
      let id = try #require(bank.snapshot.legs[anna]?[2].commandID)
      bank.snapshot.transfers[id]?.reason = "insufficient funds"
    },
    Corruption("legs without a transfer", ["I2", "I3"], "has legs and is not confirmed") { bank, anna, _ in
      let id = try #require(bank.snapshot.legs[anna]?[2].commandID)
      bank.snapshot.transfers[id] = nil
    },
    Corruption("debit that adds", ["I3"], "the debit of") { bank, anna, _ in
      bank.transfer(-3_00, from: anna, to: "elsewhere")
    },
    Corruption("credit that takes", ["I3"], "the credit of") { bank, anna, _ in
      bank.transfer(-3_00, from: "cash", to: anna)
    },
    Corruption("two debits of one command", ["I2", "I3"], "has two debits") { bank, anna, bert in
      let id = bank.transfer(3_00, from: anna, to: "elsewhere")
      bank.transfer(3_00, from: bert, to: "elsewhere", id: id)
      // The second came in with another payload.
      _ = bank.commands.popLast()
    },
  ]

  // MARK: balance_changed

  static let events: [Corruption] = [
    Corruption("event missing", ["I3"], "balance_changed has no event of sequence 2") { bank, anna, _ in
      bank.lose(try bank.index(of: anna, 2))
    },
    Corruption("wrong new balance", ["I3"], "changed by -25000 to 75001, in the database by -25000 to 75000") {
      bank, anna, _ in
      try bank.change(anna, 2) { $0.newBalance += 1 }
    },
    Corruption("wrong change", ["I3"], "changed by -24999 to 75000") { bank, anna, _ in
      try bank.change(anna, 2) { $0.changedBy += 1 }
    },
    Corruption("wrong other side", ["I3"], "other side is nobody") { bank, anna, _ in
      try bank.change(anna, 2) { $0.fromTo = "nobody" }
    },
    Corruption("event of an unknown account", ["I3"], "has no leg with sequence 2") { bank, anna, _ in
      try bank.change(anna, 2) { $0.iban = IBAN(account: 9).text }
    },
    Corruption("a copy that says something else", ["I3"], "changed by -25000 to 0") { bank, anna, _ in
      bank.repeatEvent(try bank.index(of: anna, 2))
      bank.repeatEvent(try bank.index(of: anna, 3))
      guard case .changed(var value) = bank.events[bank.events.count - 2].body else { return }
      value.newBalance = 0
      bank.events[bank.events.count - 2].body = .changed(value)
    },
    Corruption("out of order", ["I3"], "has sequence 3 before sequence 2") { bank, anna, _ in
      let early = try bank.index(of: anna, 2)
      bank.repeatEvent(early)
      bank.lose(early)
    },
    Corruption("in two partitions", ["I3"], "has events in partition 0 too") { bank, anna, _ in
      let index = try bank.index(of: anna, 3)
      bank.snapshot.deliveries[bank.events[index].place] = nil
      bank.events[index].partition = 1
    },
    Corruption("unreadable", ["I3"], "can't be read") { bank, anna, _ in
      bank.events[try bank.index(of: anna, 3)].body = .unreadable
    },
    Corruption("in the outbox with a wrong balance", ["I3"], "in outbox row 1: ") { bank, anna, _ in
      try bank.change(anna, 3) { $0.newBalance += 1 }
      bank.unsend(try bank.index(of: anna, 3))
    },
    Corruption("in the outbox as something else", ["I3"], "has no event of sequence 3") { bank, anna, _ in
      let index = try bank.index(of: anna, 3)
      bank.events[index].body = .unreadable
      bank.unsend(index)
    },
  ]

  // MARK: Headers

  static let headers: [Corruption] = [
    Corruption("sequence missing", ["I3"], "no header sequence") { bank, anna, _ in
      bank.events[try bank.index(of: anna, 2)].headers["sequence"] = nil
    },
    Corruption("sequence no number", ["I3"], "no header sequence") { bank, anna, _ in
      bank.events[try bank.index(of: anna, 2)].headers["sequence"] = "two"
    },
    Corruption("sequence of another", ["I3"], "changed by -25000 to 75000, in the database by -1000 to 74000") {
      bank, anna, _ in
      bank.events[try bank.index(of: anna, 2)].headers["sequence"] = "3"
    },
    Corruption("sequence past the last", ["I3"], "has no leg with sequence 4") { bank, anna, _ in
      let index = try bank.index(of: anna, 2)
      bank.events[index].headers["sequence"] = "4"
    },
    Corruption("sequence zero", ["I3"], "has no leg with sequence 0") { bank, anna, _ in
      bank.events[try bank.index(of: anna, 2)].headers["sequence"] = "0"
    },
    Corruption("id missing", ["I3"], "ce_id is missing, should be") { bank, anna, _ in
      bank.events[try bank.index(of: anna, 2)].headers["ce_id"] = nil
    },
    // Consumers would drop one of the two.
    Corruption("id of another event", ["I3"], "ce_id is") { bank, anna, _ in
      let other = bank.events[try bank.index(of: anna, 3)].headers["ce_id"]
      bank.events[try bank.index(of: anna, 2)].headers["ce_id"] = other
    },
    Corruption("cause missing", ["I3"], "causationid is missing") { bank, anna, _ in
      bank.events[try bank.index(of: anna, 2)].headers["causationid"] = nil
    },
    Corruption("type of another", ["I3"], "ce_type is Other, should be nl.openweb.data.BalanceChanged") {
      bank, anna, _ in
      bank.events[try bank.index(of: anna, 2)].headers["ce_type"] = "Other"
    },
    Corruption("source missing", ["I2"], "ce_source is missing, should be /command-handler") { bank, _, _ in
      let index = try #require(bank.indexes(of: Topics.moneyTransferFailed.name).first)
      bank.events[index].headers["ce_source"] = nil
    },
    Corruption("no spec version", ["I2"], "ce_specversion is missing, should be 1.0") { bank, _, _ in
      let index = try #require(bank.indexes(of: Topics.accountCreationFailed.name).first)
      bank.events[index].headers["ce_specversion"] = nil
    },
    Corruption("id of an answer missing", ["I2"], "ce_id is missing") { bank, _, _ in
      let index = try #require(bank.indexes(of: Topics.moneyTransferConfirmed.name).first)
      bank.events[index].headers["ce_id"] = nil
    },
    Corruption("key of another account", ["I3"], "the key is") { bank, anna, bert in
      bank.events[try bank.index(of: anna, 3)].key = bert
    },
  ]

  // MARK: Answers

  static let answers: [Corruption] = [
    Corruption("outcome without answer", ["I2"], "is decided, and money_transfer_confirmed has no answer") {
      bank, _, _ in
      bank.lose(try #require(bank.indexes(of: Topics.moneyTransferConfirmed.name).first))
    },
    Corruption("refusal without answer", ["I2"], "is decided, and money_transfer_failed has no answer") {
      bank, _, _ in
      bank.lose(try #require(bank.indexes(of: Topics.moneyTransferFailed.name).first))
    },
    Corruption("account without answer", ["I2"], "is decided, and account_creation_confirmed has no answer") {
      bank, _, _ in
      bank.lose(try #require(bank.indexes(of: Topics.accountCreationConfirmed.name).first))
    },
    Corruption("refused account without answer", ["I2"], "is decided, and account_creation_failed has no answer") {
      bank, _, _ in
      bank.lose(try #require(bank.indexes(of: Topics.accountCreationFailed.name).first))
    },
    Corruption("answer without outcome", ["I2"], "the database has no transfer") { bank, _, _ in
      let refused = try #require(bank.snapshot.transfers.first { $0.value.reason != nil })
      bank.snapshot.transfers[refused.key] = nil
    },
    Corruption("account answer without outcome", ["I2"], "the database has no account creation") { bank, _, _ in
      let refused = try #require(bank.snapshot.creations.first { $0.value.reason != nil })
      bank.snapshot.creations[refused.key] = nil
    },
    Corruption("another reason", ["I2"], "is refused (other), in the database refused (i") { bank, _, _ in
      let index = try #require(bank.indexes(of: Topics.moneyTransferFailed.name).first)
      guard case .notTransferred(var value) = bank.events[index].body else { return }
      value.reason = "other"
      bank.events[index].body = .notTransferred(value)
    },
    Corruption("confirmed in the database, refused on the topic", ["I2"], "is refused (x), in the database confirmed") {
      bank, _, _ in
      let index = try #require(bank.indexes(of: Topics.moneyTransferConfirmed.name).first)
      guard case .transferred(let value) = bank.events[index].body else { return }
      bank.events[index].body = .notTransferred(MoneyTransferFailed(id: value.id, reason: "x"))
    },
    Corruption("another token given out", ["I2"], "has another outcome in the database") { bank, _, _ in
      let index = try #require(bank.indexes(of: Topics.accountCreationConfirmed.name).first)
      guard case .opened(var value) = bank.events[index].body else { return }
      value.token = "1"
      bank.events[index].body = .opened(value)
    },
    Corruption("unreadable answer", ["I2"], "money_transfer_failed/0/0 can't be read") { bank, _, _ in
      let index = try #require(bank.indexes(of: Topics.moneyTransferFailed.name).first)
      bank.events[index].body = .unreadable
    },
    // The answer of one must not stand for that of the other.
    Corruption("one id for a transfer and an account", ["I2"], "account_creation_failed has no answer") {
      bank, _, _ in
      let refused = try #require(bank.snapshot.transfers.first { $0.value.reason != nil })
      let creation = try #require(bank.snapshot.creations.first { $0.value.reason != nil })
      bank.lose(try #require(bank.indexes(of: Topics.accountCreationFailed.name).first))
      bank.snapshot.creations[creation.key] = nil
      bank.snapshot.creations[refused.key] = creation.value
      bank.commands.removeAll { $0.place.partition.topic == Topics.confirmAccountCreation.name }
    },
    Corruption("neither account nor reason", ["I2"], "has neither IBAN nor reason") { bank, _, _ in
      let refused = try #require(bank.snapshot.creations.first { $0.value.reason != nil })
      bank.snapshot.creations[refused.key]?.reason = nil
    },
  ]

  // MARK: Commands

  static let commands: [Corruption] = [
    Corruption("passed over", ["I2"], "was passed over without an outcome") { bank, anna, bert in
      bank.ask(UUID(), 1_00, from: anna, to: bert)
    },
    Corruption("account creation passed over", ["I2"], "was passed over without an outcome") { bank, _, _ in
      _ = bank.addCommand(
        topic: Topics.confirmAccountCreation.name,
        .creation(ConfirmAccountCreation(id: UUID(), aType: .auto), PayloadMark(hash: [])))
    },
    Corruption("poison without a dead letter", ["I2"], "was passed over without a dead letter") { bank, _, _ in
      _ = bank.addCommand(topic: Topics.confirmMoneyTransfer.name, .unreadable)
    },
    Corruption("a dead letter about another", ["I2"], "was passed over without a dead letter") { bank, _, _ in
      let place = bank.addCommand(topic: Topics.confirmMoneyTransfer.name, .unreadable)
      bank.bury(LedgerSnapshot.Place(partition: place.partition, offset: place.offset + 1))
    },
    Corruption("reused id noted nowhere", ["I2"], "has no row in conflict") { bank, anna, bert in
      bank.ask(try #require(bank.snapshot.transfers.keys.first), 7_77, from: anna, to: bert)
    },
    Corruption("reused id without a dead letter", ["I2"], "has no dead letter") { bank, anna, bert in
      let used = try #require(bank.snapshot.transfers.keys.first)
      bank.ask(used, 7_77, from: anna, to: bert)
      bank.snapshot.conflicts[try #require(bank.commands.last).place] = used
    },
    // Chains, sums and events agree with each other: only the customer asked for something else.
    Corruption("another amount than asked", ["I3"], "300 from") { bank, anna, bert in
      let id = bank.transfer(4_00, from: anna, to: bert)
      try ask(&bank, id, 3_00, from: anna, to: bert)
    },
    Corruption("another payee than asked", ["I3"], "was asked, and the credit is") { bank, anna, bert in
      let id = bank.transfer(4_00, from: PaperBank.company, to: bert)
      try ask(&bank, id, 4_00, from: PaperBank.company, to: anna)
    },
    Corruption("another payer than asked", ["I3"], "was asked, and the debit is") { bank, anna, bert in
      let id = bank.transfer(4_00, from: anna, to: "elsewhere")
      try ask(&bank, id, 4_00, from: bert, to: "elsewhere")
    },
  ]

  /// Replaces what the last command asked for; its payload stays.
  private static func ask(
    _ bank: inout PaperBank, _ id: UUID, _ amount: Int64, from: String, to: String
  ) throws {
    let payload = try #require(bank.snapshot.transfers[id]).payload
    let command = ConfirmMoneyTransfer(id: id, token: "", amount: amount, from: from, to: to, description: "")
    bank.commands[bank.commands.count - 1].command = .transfer(command, payload)
  }
}
