import BankSupport
import Definitions
import Foundation
import PostgresRuntime

/// Reads and writes what a decision is about, a statement a table however many commands there are.
struct LedgerStore {
  let session: PostgresSession
  let settings: HandlerSettings

  /// What was decided before under the ids of the commands.
  func decided(_ commands: [Command]) throws -> (creations: [DecidedCreation], transfers: [DecidedTransfer]) {
    var creationIDs: [UUID] = []
    var transferIDs: [UUID] = []
    for command in commands {
      switch command.body {
      case .accountCreation(let body, _): creationIDs.append(body.id)
      case .transfer(let body): transferIDs.append(body.id)
      }
    }
    return (try decidedCreations(creationIDs), try decidedTransfers(transferIDs))
  }

  private func decidedTransfers(_ ids: [UUID]) throws -> [DecidedTransfer] {
    if ids.isEmpty { return [] }
    var decided: [DecidedTransfer] = []
    try session.forEach("select uuid, reason, payload_hash from cmt where uuid = any(\(ids))") {
      (row) throws(PostgresError) in
      decided.append(
        DecidedTransfer(id: try row.decode(0), reason: try row.decode(1), payloadHash: try row.decode(2)))
    }
    return decided
  }

  private func decidedCreations(_ ids: [UUID]) throws -> [DecidedCreation] {
    if ids.isEmpty { return [] }
    let rows = try session.query(
      "select uuid, iban, token, type, reason, payload_hash from cac where uuid = any(\(ids))",
      as: UUID.self, String?.self, String?.self, String.self, String?.self, [UInt8].self)
    return try rows.map { id, iban, token, type, reason, hash in
      let outcome: DecidedCreation.Outcome
      if let iban, let token, reason == nil {
        outcome = .confirmed(AccountNumbers(iban: iban, token: token))
      } else if let reason {
        outcome = .failed(reason: reason)
      } else {
        throw HandlerError("cac row \(id) has neither account nor reason")
      }
      return DecidedCreation(id: id, kind: try AccountType.kind(type), outcome: outcome, payloadHash: hash)
    }
  }

  /// The accounts that commands name, locked by `balance_id` in ascending order, so that handlers never wait for
  /// each other in a circle.
  func lockAccounts(_ commands: [Command]) throws -> [LedgerAccount] {
    var ibans: Set<String> = []
    for command in commands {
      switch command.body {
      case .accountCreation(_, let candidate): ibans.insert(candidate.iban)
      case .transfer(let body):
        // Only these can be accounts, and anything else could hold what a Postgres text can't.
        if body.from.isOwnIBAN { ibans.insert(body.from.text) }
        if body.to.isOwnIBAN { ibans.insert(body.to.text) }
      }
    }
    if ibans.isEmpty { return [] }
    var accounts: [LedgerAccount] = []
    accounts.reserveCapacity(ibans.count)
    try session.forEach(
      """
      select iban, token, amount, lmt, version from balance
      where iban = any(\(ibans.sorted())) order by balance_id for no key update
      """
    ) { (row) throws(PostgresError) in
      accounts.append(
        LedgerAccount(
          iban: try row.decode(0), token: try row.decode(1), amount: try row.decode(2), limit: try row.decode(3),
          version: try row.decode(4)))
    }
    return accounts
  }

  func writeBalances(_ decision: Decision) throws {
    let changed = decision.changed
    if !changed.isEmpty {
      let count = try session.execute(
        """
        update balance b set amount = u.amount, version = u.version
        from unnest(\(changed.map(\.iban)), \(changed.map(\.amount)), \(changed.map(\.version)))
          u(iban, amount, version)
        where b.iban = u.iban
        """)
      guard count == changed.count else {
        throw HandlerError("\(changed.count) locked balances were to change and \(count) did")
      }
    }
    try settings.reach(.balancesUpdated)
    let opened = decision.opened
    if !opened.isEmpty {
      try session.execute(
        """
        insert into balance (iban, token, amount, type, lmt, version)
        select * from unnest(\(opened.map(\.account.iban)), \(opened.map(\.account.token)),
          \(opened.map(\.account.amount)), \(opened.map { AccountType.text($0.kind) }),
          \(opened.map(\.account.limit)), \(opened.map(\.account.version)))
        """)
    }
    try settings.reach(.accountsInserted)
    let legs = decision.legs
    if !legs.isEmpty {
      try session.execute(
        """
        insert into leg (command_id, side, iban, amount, counterparty, sequence)
        select * from unnest(\(legs.map(\.commandID)), \(legs.map(\.side.rawValue)), \(legs.map(\.iban)),
          \(legs.map(\.amount)), \(legs.map { $0.counterparty.asPostgresText }), \(legs.map(\.sequence)))
        """)
    }
  }

  /// A unique violation here: another handler decided the same id meanwhile, on another partition.
  func writeOutcomes(_ decision: Decision) throws {
    let transfers = decision.transfers
    if !transfers.isEmpty {
      try session.execute(
        """
        insert into cmt (uuid, reason, payload_hash)
        select * from unnest(\(transfers.map(\.id)), \(transfers.map(\.reason)), \(transfers.map(\.payloadHash)))
        """)
    }
    try settings.reach(.transfersInserted)
    let creations = decision.creations
    guard !creations.isEmpty else { return }
    var ibans: [String?] = []
    var tokens: [String?] = []
    var reasons: [String?] = []
    for creation in creations {
      switch creation.outcome {
      case .confirmed(let numbers):
        ibans.append(numbers.iban)
        tokens.append(numbers.token)
        reasons.append(nil)
      case .failed(let reason):
        ibans.append(nil)
        tokens.append(nil)
        reasons.append(reason)
      }
    }
    try session.execute(
      """
      insert into cac (uuid, iban, token, type, reason, payload_hash)
      select * from unnest(\(creations.map(\.id)), \(ibans), \(tokens),
        \(creations.map { AccountType.text($0.kind) }), \(reasons), \(creations.map(\.payloadHash)))
      """)
  }
}

/// The column `type` of accounts, in the schema's words.
enum AccountType {
  static func text(_ kind: Atype) -> String {
    switch kind {
    case .auto: "AUTO"
    case .manual: "MANUAL"
    }
  }

  static func kind(_ text: String) throws -> Atype {
    switch text {
    case "AUTO": .auto
    case "MANUAL": .manual
    default: throw HandlerError("'\(text)' is no type of account")
    }
  }
}
