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
  /// Where deposits come from; takes any token.
  private static let cash = "cash"
  /// The bank's reason for refusing a token.
  private static let invalidToken = "invalid token"

  let pool: PostgresPool
  let asker: CommandAsker
  let guesses: GuessLimit
  let rightTokens: RightTokens

  /// - Parameter address: of who asks; nil when it is not known.
  /// - Throws: `GraphQLError`: `TIMEOUT` when the bank has not answered in time, `RATE_LIMITED`, `OVERLOADED`.
  func transfer(_ input: TransferInput, address: String?) async throws -> TransferResult {
    let command: ConfirmMoneyTransfer
    do {
      command = try input.command()
    } catch {
      return TransferResult(uuid: input.uuid, success: false, reason: error.reason)
    }
    let reason = try await outcome(of: command, address: address)
    return TransferResult(uuid: input.uuid, success: reason == nil, reason: reason)
  }

  /// - Returns: nil when the money has moved, else why it has not.
  private func outcome(of command: ConfirmMoneyTransfer, address: String?) async throws -> String? {
    let hash = PayloadHash.sha256(try command.avroBytes())
    // Before the look into the table: an answer that comes in between is not missed.
    let ticket = try asker.waiters.wait(for: command.id)
    let isGuess = command.from != Self.cash && !rightTokens.contains(command.token, account: command.from)
    let entry = try await pool.run { [guesses] session in
      var isTaken = false
      // Of a new one only: the answer to an old one tells nothing new to who guesses, and is there for ever.
      let entry = try TransferRequestStore().register(command.id, payloadHash: hash, session) {
        guard isGuess else { return }
        try guesses.take(account: command.from, address: address)
        isTaken = true
      }
      if isTaken, entry != .new { guesses.giveBack(account: command.from, address: address) }
      return entry
    }
    switch entry {
    case .answered(let reason): return reason
    case .other: return "uuid was used for another transfer"
    case .new, .open: break
    }
    // What is thrown here gives no guess back: the answer may come later, and is there for who asks again.
    guard case .transfer(let reason) = try await asker.ask(command, ticket) else {
      throw GraphQLError("the bank's answer is to something else", code: "INTERNAL")
    }
    learn(command, reason: reason, guess: isGuess && entry == .new, address: address)
    return reason
  }

  /// - Parameter guess: whether one was taken.
  private func learn(_ command: ConfirmMoneyTransfer, reason: String?, guess: Bool, address: String?) {
    if reason == Self.invalidToken {
      // One that was right before was not counted when it was sent.
      guard rightTokens.remove(command.token, account: command.from) else { return }
      try? guesses.take(account: command.from, address: address)
      return
    }
    if guess { guesses.giveBack(account: command.from, address: address) }
    if reason == nil, command.from != Self.cash { rightTokens.insert(command.token, account: command.from) }
  }
}
