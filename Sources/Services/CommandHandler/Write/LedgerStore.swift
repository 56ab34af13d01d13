import BankSupport
import Definitions
import Foundation
import PostgresRuntime

/// Reads what a decision is about, a statement a table however many commands there are. The answers come when the
/// pipeline ends; then ``state()`` has them.
final class LedgerReader {
  private var ledger = LedgerState()
  private var creations: [CreationRow] = []
  private typealias CreationRow = (
    id: UUID, iban: String?, token: String?, type: String, reason: String?, payloadHash: [UInt8]
  )

  func state() throws -> LedgerState {
    for row in creations { ledger.creations[row.id] = try Self.creation(row) }
    creations = []
    return ledger
  }

  /// What was decided before under the ids of the commands.
  func readDecided(_ commands: [Command], _ pipeline: PostgresPipeline) throws {
    var creationIDs: [UUID] = []
    var transferIDs: [UUID] = []
    for command in commands {
      switch command.body {
      case .accountCreation(let body, _): creationIDs.append(body.id)
      case .transfer(let body): transferIDs.append(body.id)
      }
    }
    if !creationIDs.isEmpty { try readCreations(creationIDs, pipeline) }
    if !transferIDs.isEmpty { try readTransfers(transferIDs, pipeline) }
  }

  private func readTransfers(_ ids: [UUID], _ pipeline: PostgresPipeline) throws {
    try pipeline.forEach("select uuid, reason, payload_hash from cmt where uuid = any(\(ids))") {
      (row) throws(PostgresError) in
      let transfer = DecidedTransfer(
        id: try row.decode(0), reason: try row.decode(1), payloadHash: try row.decode(2))
      self.ledger.transfers[transfer.id] = transfer
    }
  }

  private func readCreations(_ ids: [UUID], _ pipeline: PostgresPipeline) throws {
    try pipeline.forEach("select uuid, iban, token, type, reason, payload_hash from cac where uuid = any(\(ids))") {
      (row) throws(PostgresError) in
      self.creations.append(
        (
          try row.decode(0), try row.decode(1), try row.decode(2), try row.decode(3), try row.decode(4),
          try row.decode(5)
        ))
    }
  }

  private static func creation(_ row: CreationRow) throws -> DecidedCreation {
    let outcome: DecidedCreation.Outcome
    if let iban = row.iban, let token = row.token, row.reason == nil {
      outcome = .confirmed(AccountNumbers(iban: iban, token: token))
    } else if let reason = row.reason {
      outcome = .failed(reason: reason)
    } else {
      throw HandlerError("cac row \(row.id) has neither account nor reason")
    }
    return DecidedCreation(
      id: row.id, kind: try AccountType.kind(row.type), outcome: outcome, payloadHash: row.payloadHash)
  }

  /// The accounts that commands name, locked by `balance_id` in ascending order, so that handlers never wait for
  /// each other in a circle.
  func lockAccounts(_ commands: [Command], _ pipeline: PostgresPipeline) throws {
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
    if ibans.isEmpty { return }
    ledger.accounts.reserveCapacity(ibans.count)
    try pipeline.forEach(
      """
      select iban, token, amount, lmt, version from balance
      where iban = any(\(Array(ibans))) order by balance_id for no key update
      """
    ) { (row) throws(PostgresError) in
      let account = LedgerAccount(
        iban: try row.decode(0), token: try row.decode(1), amount: try row.decode(2), limit: try row.decode(3),
        version: try row.decode(4))
      self.ledger.accounts[account.iban] = account
    }
  }
}

/// Writes a decision, a statement a table.
struct LedgerWriter {
  let pipeline: PostgresPipeline
  let settings: HandlerSettings

  func writeBalances(_ decision: Decision) throws {
    let changed = decision.changed
    if !changed.isEmpty {
      try pipeline.execute(
        """
        update balance b set amount = u.amount, version = u.version
        from unnest(\(changed.map(\.iban)), \(changed.map(\.amount)), \(changed.map(\.version)))
          u(iban, amount, version)
        where b.iban = u.iban
        """
      ) { count in
        guard count == changed.count else {
          throw HandlerError("\(changed.count) locked balances were to change and \(count) did")
        }
      }
    }
    try settings.reach(.balancesUpdated)
    let opened = decision.opened
    if !opened.isEmpty {
      try pipeline.execute(
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
      try pipeline.execute(
        """
        insert into leg (command_id, side, iban, amount, counterparty, sequence)
        select * from unnest(\(legs.map(\.commandID)), \(legs.map(\.side.rawValue)), \(legs.map(\.iban)),
          \(legs.map(\.amount)), \(legs.map { $0.counterparty.asPostgresText }), \(legs.map(\.sequence)))
        """)
    }
  }

  /// A unique violation here: another handler decided the same id meanwhile, on another partition.
  func writeOutcomes(_ decision: Decision) throws {
    // Neighbours in the order of the key: the next row finds the index's page in the processor's cache.
    let transfers = decision.transfers.inOrder(of: \.id)
    if !transfers.isEmpty {
      try pipeline.execute(
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
    try pipeline.execute(
      """
      insert into cac (uuid, iban, token, type, reason, payload_hash)
      select * from unnest(\(creations.map(\.id)), \(ibans), \(tokens),
        \(creations.map { AccountType.text($0.kind) }), \(reasons), \(creations.map(\.payloadHash)))
      """)
  }
}

extension Array {
  /// Sorts numbers rather than the elements, which hold strings. Elements of one id keep their order.
  fileprivate func inOrder(of id: (Element) -> UUID) -> [Element] {
    let ids = map { id($0).halves }
    return indices.sorted { ids[$0] == ids[$1] ? $0 < $1 : ids[$0] < ids[$1] }.map { self[$0] }
  }
}

extension UUID {
  /// Its bytes as two numbers, which are in the order of the bytes.
  fileprivate var halves: (UInt64, UInt64) {
    withUnsafeBytes(of: uuid) { bytes in
      (
        UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      )
    }
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
