import BankSupport
import Foundation
import PostgresRuntime

/// Table `transfer_request`: what was asked for, and the bank's answer to it.
struct TransferRequestStore: Sendable {
  /// What the table knows of a transfer.
  enum Entry: Sendable, Hashable {
    /// It was asked for now, for the first time.
    case new
    /// It was asked for before, and not answered yet.
    case open
    /// No reason: the money has moved.
    case answered(reason: String?)
    /// The uuid belongs to another transfer.
    case other
  }

  /// Writes down that a transfer is asked for, unless it was before.
  ///
  /// - Parameter begin: called before a new one is written down; when it throws, nothing is.
  func register(
    _ id: UUID, payloadHash: [UInt8], _ session: PostgresSession, begin: () throws -> Void
  ) throws -> Entry {
    if let known = try find(id, payloadHash: payloadHash, session) { return known }
    try begin()
    let isNew =
      try session.execute(
        """
        insert into transfer_request (uuid, payload_hash) values (\(id), \(payloadHash)) on conflict (uuid) do nothing
        """) == 1
    if isNew { return .new }
    // Someone else asked for it meanwhile.
    return try find(id, payloadHash: payloadHash, session) ?? .other
  }

  private func find(_ id: UUID, payloadHash: [UInt8], _ session: PostgresSession) throws -> Entry? {
    let row = try session.first(
      "select payload_hash, success, reason from transfer_request where uuid = \(id)", as: [UInt8].self, Bool?.self,
      String?.self)
    guard let (hash, success, reason) = row else { return nil }
    // Hashes of all of a command, token among it: how far two agree tells nothing of the token.
    guard hash == payloadHash else { return .other }
    return success == nil ? .open : .answered(reason: reason)
  }

  /// Writes answers to transfers that were asked for here, the first one of each, in one statement; harmless to repeat.
  func answer(_ answers: [CommandAnswer], _ session: PostgresSession) throws {
    var reasons: [UUID: String?] = [:]
    for answer in answers {
      guard case .transfer(let reason) = answer.answer, reasons[answer.command] == nil else { continue }
      reasons[answer.command] = .some(reason?.asPostgresText)
    }
    if reasons.isEmpty { return }
    let ordered = reasons.sorted { $0.key.uuidString < $1.key.uuidString }
    try session.execute(
      """
      update transfer_request t set success = u.reason is null, reason = u.reason, answered_at = now()
      from unnest(\(ordered.map(\.key)), \(ordered.map(\.value))) u(uuid, reason)
      where t.uuid = u.uuid and t.answered_at is null
      """)
  }
}
