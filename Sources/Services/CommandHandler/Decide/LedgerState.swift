import Definitions
import Foundation

/// An account, as its locked row in `balance` has it.
public struct LedgerAccount: Sendable, Hashable {
  public var iban: String
  public var token: String
  /// In euro cents.
  public var amount: Int64
  /// In euro cents; the balance never goes below it.
  public var limit: Int64
  /// The number of changes so far, and the `sequence` of the last BalanceChanged.
  public var version: Int64

  public init(iban: String, token: String, amount: Int64, limit: Int64, version: Int64) {
    self.iban = iban
    self.token = token
    self.amount = amount
    self.limit = limit
    self.version = version
  }

  /// The limit of every account that is opened by command, in euro cents.
  public static let defaultLimit: Int64 = -50_000
}

/// The outcome that an earlier account creation got.
public struct DecidedCreation: Sendable, Hashable {
  public enum Outcome: Sendable, Hashable {
    case confirmed(AccountNumbers)
    case failed(reason: String)
  }

  public var id: UUID
  public var kind: Atype
  public var outcome: Outcome
  public var payloadHash: [UInt8]

  public init(id: UUID, kind: Atype, outcome: Outcome, payloadHash: [UInt8]) {
    self.id = id
    self.kind = kind
    self.outcome = outcome
    self.payloadHash = payloadHash
  }
}

/// The outcome that an earlier transfer got.
public struct DecidedTransfer: Sendable, Hashable {
  public var id: UUID
  /// Why no money moved; nil when it did.
  public var reason: String?
  public var payloadHash: [UInt8]

  public init(id: UUID, reason: String?, payloadHash: [UInt8]) {
    self.id = id
    self.reason = reason
    self.payloadHash = payloadHash
  }
}

/// All that a batch of commands can depend on, read and locked before the decision.
public struct LedgerState: Sendable {
  /// Every account that a command of the batch names or wants to open, by IBAN.
  public var accounts: [String: LedgerAccount]
  public var creations: [UUID: DecidedCreation]
  public var transfers: [UUID: DecidedTransfer]

  public init(
    accounts: [LedgerAccount] = [], creations: [DecidedCreation] = [], transfers: [DecidedTransfer] = []
  ) {
    self.accounts = Dictionary(accounts.map { ($0.iban, $0) }, uniquingKeysWith: { $1 })
    self.creations = Dictionary(creations.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
    self.transfers = Dictionary(transfers.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
  }
}
