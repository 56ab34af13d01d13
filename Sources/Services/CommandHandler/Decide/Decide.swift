import BankSupport
import Definitions
import Foundation

/// Decides a batch of commands, in order, each seeing what those before it did.
///
/// A pure function: the same state and commands give the same decision, whatever the clock or the machine.
///
/// - Parameters:
///   - state: What the database holds, locked, of everything that the commands name.
///   - commands: In the order in which they take effect.
/// - Returns: What to write and what to publish, by the table "Outcomes" of the contracts.
public func decide(_ state: LedgerState, _ commands: [Command]) -> Decision {
  var ledger = Ledger(state)
  for (index, command) in commands.enumerated() {
    ledger.apply(command, at: index)
  }
  return ledger.finish()
}

/// The state while a batch is being decided.
private struct Ledger {
  private var state: LedgerState
  private var decision = Decision()
  private var touched: Set<String> = []
  /// Where in `decision.opened` an account is that this batch opened.
  private var openedIndexes: [String: Int] = [:]
  private var index = 0

  init(_ state: LedgerState) {
    self.state = state
  }

  mutating func apply(_ command: Command, at index: Int) {
    self.index = index
    switch command.body {
    case .accountCreation(let body, let candidate):
      apply(body, candidate: candidate, payloadHash: command.payloadHash)
    case .transfer(let body):
      apply(body, payloadHash: command.payloadHash)
    }
  }

  consuming func finish() -> Decision {
    for iban in touched.sorted() {
      guard let account = state.accounts[iban] else { continue }
      if let position = openedIndexes[iban] {
        decision.opened[position].account = account
      } else {
        decision.changed.append(account)
      }
    }
    return decision
  }

  // MARK: Account creation

  private mutating func apply(_ body: ConfirmAccountCreation, candidate: AccountNumbers, payloadHash: [UInt8]) {
    if let old = state.creations[body.id] {
      guard old.payloadHash == payloadHash else { return decision.conflicts.append(index) }
      decision.repeats += 1
      return answer(old)
    }
    let outcome: DecidedCreation.Outcome
    if state.accounts[candidate.iban] != nil {
      outcome = .failed(reason: Refusal.ibanTaken.rawValue)
    } else {
      open(candidate, kind: body.aType)
      outcome = .confirmed(candidate)
    }
    let decided = DecidedCreation(id: body.id, kind: body.aType, outcome: outcome, payloadHash: payloadHash)
    state.creations[body.id] = decided
    decision.creations.append(decided)
    answer(decided)
  }

  private mutating func open(_ numbers: AccountNumbers, kind: Atype) {
    let account = LedgerAccount(
      iban: numbers.iban, token: numbers.token, amount: 0, limit: LedgerAccount.defaultLimit, version: 0)
    state.accounts[numbers.iban] = account
    openedIndexes[numbers.iban] = decision.opened.count
    decision.opened.append(OpenedAccount(account: account, kind: kind))
  }

  private mutating func answer(_ decided: DecidedCreation) {
    switch decided.outcome {
    case .confirmed(let numbers):
      publish(
        .accountConfirmed(
          AccountCreationConfirmed(
            id: decided.id, iban: numbers.iban, token: numbers.token, aType: decided.kind)))
    case .failed(let reason):
      publish(.accountFailed(AccountCreationFailed(id: decided.id, reason: reason)))
    }
  }

  // MARK: Transfer

  private mutating func apply(_ body: TransferCommand, payloadHash: [UInt8]) {
    if let old = state.transfers[body.id] {
      guard old.payloadHash == payloadHash else { return decision.conflicts.append(index) }
      decision.repeats += 1
      return answer(old)
    }
    let refusal = refusal(of: body)
    if refusal == nil {
      move(body, -body.amount, of: body.from.text, side: .debit, counterparty: body.to.text)
      move(body, body.amount, of: body.to.text, side: .credit, counterparty: body.from.text)
    }
    let decided = DecidedTransfer(id: body.id, reason: refusal?.rawValue, payloadHash: payloadHash)
    state.transfers[body.id] = decided
    decision.transfers.append(decided)
    answer(decided)
  }

  /// The first check that fails, in the order of the contracts.
  private func refusal(of body: TransferCommand) -> Refusal? {
    guard body.from.text == "cash" || body.from.isOwnIBAN else { return .fromInvalid }
    guard body.from.text != body.to.text else { return .sameAccount }
    guard body.amount >= 1 else { return .amountNotPositive }
    let payer = state.accounts[body.from.text]
    let payee = state.accounts[body.to.text]
    if let payer, payer.amount.subtractingReportingOverflow(body.amount).overflow { return .amountTooLarge }
    if let payee, payee.amount.addingReportingOverflow(body.amount).overflow { return .amountTooLarge }
    guard let payer else { return payee == nil ? .bothUnknown : nil }
    guard isSameSecret(payer.token.utf8, body.token.utf8) else { return .tokenInvalid }
    // The subtraction was checked above.
    return payer.amount - body.amount < payer.limit ? .insufficientFunds : nil
  }

  /// Changes the balance of an account of this bank; another bank's side of a transfer leaves no trace here.
  private mutating func move(
    _ body: TransferCommand, _ cents: Int64, of iban: String, side: LegSide, counterparty: String
  ) {
    guard var account = state.accounts[iban] else { return }
    account.amount += cents
    account.version += 1
    state.accounts[iban] = account
    touched.insert(iban)
    decision.legs.append(
      Leg(
        commandID: body.id, side: side, iban: iban, amount: cents, counterparty: counterparty,
        sequence: account.version))
    let event = BalanceChanged(
      iban: iban, newBalance: account.amount, changedBy: cents, fromTo: counterparty, description: body.description)
    publish(.balanceChanged(event, commandID: body.id, side: side, sequence: account.version))
  }

  private mutating func answer(_ decided: DecidedTransfer) {
    if let reason = decided.reason {
      publish(.transferFailed(MoneyTransferFailed(id: decided.id, reason: reason)))
    } else {
      publish(.transferConfirmed(MoneyTransferConfirmed(id: decided.id)))
    }
  }

  private mutating func publish(_ event: LedgerEvent) {
    decision.events.append(event)
    decision.eventCommands.append(index)
  }
}
