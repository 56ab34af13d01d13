import CommandHandlerService
import Definitions
import Foundation
import Testing

private let alice = "NL39OPEN0000000001"
private let bob = "NL12OPEN0000000002"
private let absent = "NL82OPEN0000000003"
private let edge = "NL55OPEN0000000004"

/// One line an outcome: who pays whom how much with which token, and what comes of it.
private struct Line: CustomTestStringConvertible, Sendable {
  var from = alice
  var to = bob
  var amount: Int64 = 100
  var token = "alice's"
  var reason: String?
  /// IBAN, change, sequence of each leg.
  var legs: [String] = []

  var testDescription: String { "\(from) -> \(to) \(amount): \(reason ?? "confirmed")" }
}

private let lines: [Line] = [
  Line(from: "", reason: "from is invalid"),
  Line(from: "Cash", reason: "from is invalid"),
  Line(from: "NL40OPEN0000000001", reason: "from is invalid"),
  Line(from: "NL39OPEN000000001", reason: "from is invalid"),
  Line(from: "nl39open0000000001", reason: "from is invalid"),
  Line(from: "x", to: "x", amount: -1, reason: "from is invalid"),
  Line(to: alice, amount: -1, reason: "from and to can't be same for transfer"),
  Line(from: "cash", to: "cash", reason: "from and to can't be same for transfer"),
  Line(amount: 0, token: "wrong", reason: "amount must be positive"),
  Line(amount: -1, reason: "amount must be positive"),
  Line(amount: .min, reason: "amount must be positive"),
  Line(from: "cash", to: edge, amount: 8, reason: "amount is too large"),
  Line(to: edge, amount: 8, token: "wrong", reason: "amount is too large"),
  Line(from: "cash", to: edge, amount: .max, reason: "amount is too large"),
  Line(from: edge, to: alice, amount: .max, token: "edge's", reason: "amount is too large"),
  Line(token: "wrong", reason: "invalid token"),
  Line(token: "", reason: "invalid token"),
  Line(amount: .max, token: "wrong", reason: "invalid token"),
  Line(amount: 51_001, reason: "insufficient funds"),
  Line(to: "Albert Heijn BV", amount: .max, reason: "insufficient funds"),
  Line(amount: 51_000, legs: ["\(alice) -51000 5", "\(bob) 51000 1"]),
  Line(legs: ["\(alice) -100 5", "\(bob) 100 1"]),
  Line(to: "cash", legs: ["\(alice) -100 5"]),
  Line(to: absent, legs: ["\(alice) -100 5"]),
  Line(from: "cash", token: "cash", legs: ["\(bob) 100 1"]),
  Line(from: absent, token: "any", legs: ["\(bob) 100 1"]),
  Line(from: "cash", to: edge, amount: 7, legs: ["\(edge) 7 1"]),
  Line(from: "cash", to: absent, reason: "both to and from not known at this bank"),
  Line(from: absent, to: "cash", reason: "both to and from not known at this bank"),
  Line(from: absent, to: "", reason: "both to and from not known at this bank"),
]

private func state() -> LedgerState {
  LedgerState(accounts: [
    LedgerAccount(iban: alice, token: "alice's", amount: 1_000, limit: -50_000, version: 4),
    LedgerAccount(iban: bob, token: "bob's", amount: -200, limit: -50_000, version: 0),
    LedgerAccount(iban: edge, token: "edge's", amount: .max - 7, limit: -50_000, version: 0),
  ])
}

private func transfer(
  _ id: UUID = UUID(), from: String = alice, to: String = bob, amount: Int64 = 100, token: String = "alice's",
  hash: UInt8 = 1
) -> Command {
  Command(
    .transfer(
      TransferCommand(
        id: id, token: token, amount: amount, from: Party(from), to: Party(to), description: "test")),
    payloadHash: [hash])
}

private func creation(_ id: UUID = UUID(), iban: String = absent, token: String = "new", hash: UInt8 = 1) -> Command {
  Command(
    .accountCreation(
      ConfirmAccountCreation(id: id, aType: .auto), candidate: AccountNumbers(iban: iban, token: token)),
    payloadHash: [hash])
}

@Suite("Decision: outcomes")
struct DecideTests {
  @Test("one line an outcome", arguments: lines)
  private func outcome(line: Line) throws {
    let command = transfer(from: line.from, to: line.to, amount: line.amount, token: line.token)
    let decision = decide(state(), [command])
    #expect(decision.transfers.map(\.reason) == [line.reason])
    #expect(decision.legs.map { "\($0.iban) \($0.amount) \($0.sequence)" } == line.legs)
    #expect(decision.changed.count == line.legs.count)
    #expect(decision.events.count == line.legs.count + 1)
    let answer = try #require(decision.events.last)
    if let reason = line.reason {
      #expect(answer == .transferFailed(MoneyTransferFailed(id: command.id, reason: reason)))
    } else {
      #expect(answer == .transferConfirmed(MoneyTransferConfirmed(id: command.id)))
    }
  }

  @Test("debit, credit, answer: in this order, with the balances after each")
  func orderOfEvents() {
    let command = transfer()
    let decision = decide(state(), [command])
    let debit = BalanceChanged(iban: alice, newBalance: 900, changedBy: -100, fromTo: bob, description: "test")
    let credit = BalanceChanged(iban: bob, newBalance: -100, changedBy: 100, fromTo: alice, description: "test")
    #expect(
      decision.events == [
        .balanceChanged(debit, commandID: command.id, side: .debit, sequence: 5),
        .balanceChanged(credit, commandID: command.id, side: .credit, sequence: 1),
        .transferConfirmed(MoneyTransferConfirmed(id: command.id)),
      ])
    #expect(decision.eventCommands == [0, 0, 0])
    #expect(decision.changed.map(\.iban) == [bob, alice])
    #expect(decision.changed.map(\.amount) == [-100, 900])
    #expect(decision.changed.map(\.version) == [1, 5])
  }

  @Test("each command sees what those before it did")
  func batchIsSequential() {
    let commands = (0..<3).map { _ in transfer(amount: 20_000) }
    let decision = decide(state(), commands)
    #expect(decision.transfers.map(\.reason) == [nil, nil, "insufficient funds"])
    #expect(decision.changed.map(\.amount) == [39_800, -39_000])
    #expect(decision.legs.map(\.sequence) == [5, 1, 6, 2])
  }

  @Test("a repeat, of an earlier batch or of this one, gets the old answer and moves nothing")
  func repeats() {
    let first = transfer()
    var known = state()
    let once = decide(known, [first, first, first])
    #expect(once.legs.count == 2)
    #expect(once.transfers.count == 1)
    #expect(once.repeats == 2)
    #expect(once.events.suffix(3).allSatisfy { $0 == .transferConfirmed(MoneyTransferConfirmed(id: first.id)) })
    #expect(once.eventCommands == [0, 0, 0, 1, 2])

    known.transfers[first.id] = DecidedTransfer(id: first.id, reason: "insufficient funds", payloadHash: [1])
    let again = decide(known, [first])
    #expect(again.legs.isEmpty && again.changed.isEmpty && again.transfers.isEmpty)
    #expect(again.events == [.transferFailed(MoneyTransferFailed(id: first.id, reason: "insufficient funds"))])
  }

  @Test("another payload under a used id changes and answers nothing")
  func conflicts() {
    let id = UUID()
    let decision = decide(
      state(), [transfer(id), transfer(id, amount: 5, hash: 2), creation(id), creation(id, hash: 3)])
    #expect(decision.conflicts == [1, 3])
    #expect(decision.transfers.count == 1)
    #expect(decision.creations.count == 1)
    #expect(decision.events.count == 4)
    #expect(decision.repeats == 0)
  }

  @Test("a new account can be paid and can pay within its batch, and is written once")
  func openedWithinBatch() {
    let decision = decide(
      state(),
      [
        creation(), transfer(to: absent, amount: 300),
        transfer(from: absent, to: "cash", amount: 50_300, token: "new"),
        transfer(from: absent, to: "cash", amount: 1, token: "new"),
      ])
    #expect(decision.transfers.map(\.reason) == [nil, nil, "insufficient funds"])
    #expect(decision.opened.map(\.account.amount) == [-50_000])
    #expect(decision.opened.map(\.account.version) == [2])
    #expect(decision.changed.map(\.iban) == [alice])
  }

  @Test("an IBAN that is taken fails the creation, and a repeat fails the same way")
  func ibanTaken() {
    let taken = creation(iban: alice)
    let twin = creation(iban: absent)
    let late = creation(iban: absent)
    let decision = decide(state(), [taken, twin, late, taken])
    let reason = "generated iban already exists, try again"
    #expect(decision.opened.count == 1)
    #expect(
      decision.events == [
        .accountFailed(AccountCreationFailed(id: taken.id, reason: reason)),
        .accountConfirmed(AccountCreationConfirmed(id: twin.id, iban: absent, token: "new", aType: .auto)),
        .accountFailed(AccountCreationFailed(id: late.id, reason: reason)),
        .accountFailed(AccountCreationFailed(id: taken.id, reason: reason)),
      ])
  }

  @Test("an account that was opened before answers with its first IBAN, whatever the new candidate")
  func creationRepeated() {
    let command = creation(iban: absent, token: "other")
    let numbers = AccountNumbers(iban: alice, token: "alice's")
    let old = DecidedCreation(id: command.id, kind: .manual, outcome: .confirmed(numbers), payloadHash: [1])
    var known = state()
    known.creations[command.id] = old
    let decision = decide(known, [command])
    #expect(decision.opened.isEmpty && decision.creations.isEmpty)
    #expect(
      decision.events == [
        .accountConfirmed(
          AccountCreationConfirmed(id: command.id, iban: alice, token: "alice's", aType: .manual))
      ])
  }

  @Test("an empty batch decides nothing")
  func empty() {
    #expect(decide(state(), []) == decide(LedgerState(), []))
  }
}
