import Definitions
import Foundation

/// Why a command was refused; the texts are what other services see.
public enum Refusal: String, Sendable, CaseIterable {
  case ibanTaken = "generated iban already exists, try again"
  case fromInvalid = "from is invalid"
  case sameAccount = "from and to can't be same for transfer"
  case amountNotPositive = "amount must be positive"
  case amountTooLarge = "amount is too large"
  case tokenInvalid = "invalid token"
  case insufficientFunds = "insufficient funds"
  case bothUnknown = "both to and from not known at this bank"
}

/// The side of a transfer that a leg is; the raw value is what the column `leg.side` holds.
public enum LegSide: Int16, Sendable, Hashable {
  case debit = 0
  case credit = 1

  /// The name in an event's id.
  public var name: String { self == .debit ? "debit" : "credit" }
}

/// One side of a confirmed transfer, for an account of this bank.
public struct Leg: Sendable, Hashable {
  public var commandID: UUID
  public var side: LegSide
  public var iban: String
  /// In euro cents, negative for the debit.
  public var amount: Int64
  public var counterparty: String
  /// The account's version after the change.
  public var sequence: Int64
}

/// An account that the batch opens, as it is after the whole batch.
public struct OpenedAccount: Sendable, Hashable {
  public var account: LedgerAccount
  public var kind: Atype
}

/// Something to publish, in the terms of the definitions.
public enum LedgerEvent: Sendable, Hashable {
  case balanceChanged(BalanceChanged, commandID: UUID, side: LegSide, sequence: Int64)
  case accountConfirmed(AccountCreationConfirmed)
  case accountFailed(AccountCreationFailed)
  case transferConfirmed(MoneyTransferConfirmed)
  case transferFailed(MoneyTransferFailed)
}

/// What is to be written and published for one batch.
public struct Decision: Sendable, Hashable {
  /// Accounts that were there before and have another balance now, by IBAN in ascending order.
  public internal(set) var changed: [LedgerAccount] = []
  /// In the order of the commands.
  public internal(set) var opened: [OpenedAccount] = []
  public internal(set) var legs: [Leg] = []
  /// Only what is decided here for the first time, in the order of the commands.
  public internal(set) var creations: [DecidedCreation] = []
  public internal(set) var transfers: [DecidedTransfer] = []
  /// In the order of publishing, with the answers to repeated commands among them.
  public internal(set) var events: [LedgerEvent] = []
  /// For each event the index of the command that it follows from; never goes down.
  public internal(set) var eventCommands: [Int] = []
  /// Indexes of the commands whose id was used before with another payload.
  public internal(set) var conflicts: [Int] = []
  /// How many commands got the answer that was given before.
  public internal(set) var repeats = 0
}
