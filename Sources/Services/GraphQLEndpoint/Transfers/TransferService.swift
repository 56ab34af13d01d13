import AvroRuntime
import BankSupport
import Definitions
import Foundation
import GraphQLRuntime
import PostgresRuntime

/// What came of a transfer.
package struct TransferResult: Sendable, Hashable {
  /// As it was given.
  package var uuid: String
  package var success: Bool
  package var reason: String?
}

/// Moves money: asks the bank, and remembers its answers by uuid for ever.
struct TransferService: Sendable {
  let pool: PostgresPool
  let asker: CommandAsker
  let guesses: GuessLimit

  /// - Parameter address: of who asks; nil when it is not known.
  /// - Throws: `GraphQLError`: `TIMEOUT` when the bank has not answered in time, `RATE_LIMITED`, `OVERLOADED`.
  func transfer(_ input: TransferInput, address: String?) async throws -> TransferResult {
    let command: ConfirmMoneyTransfer
    do {
      command = try input.command()
    } catch {
      return TransferResult(uuid: input.uuid, success: false, reason: error.reason)
    }
    try guesses.check(account: command.from, address: address)
    let reason = try await outcome(of: command, address: address)
    return TransferResult(uuid: input.uuid, success: reason == nil, reason: reason)
  }

  /// - Returns: nil when the money has moved, else why it has not.
  private func outcome(of command: ConfirmMoneyTransfer, address: String?) async throws -> String? {
    let hash = PayloadHash.sha256(try command.avroBytes())
    // Before the look into the table: an answer that comes in between is not missed.
    let ticket = try asker.waiters.wait(for: command.id)
    let entry = try await pool.run { session in
      try TransferRequestStore().register(command.id, payloadHash: hash, session)
    }
    switch entry {
    case .answered(let reason): return reason
    case .other: return "uuid was used for another transfer"
    case .open: break
    }
    guard case .transfer(let reason) = try await asker.ask(command, ticket) else {
      throw GraphQLError("the bank's answer is to something else", code: "INTERNAL")
    }
    // Only now: an old answer tells nothing new to who guesses.
    if reason == "invalid token" { guesses.failed(account: command.from, address: address) }
    return reason
  }
}
