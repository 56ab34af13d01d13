import BankSupport
import Definitions
import Foundation
import GraphQLRuntime

/// An account, or the reason why there is none.
package struct AccountResult: Sendable, Hashable {
  package var iban: String?
  package var token: String?
  package var reason: String?

  static func refused(_ reason: String) -> AccountResult { AccountResult(reason: reason) }
}

/// Makes accounts and lets people log in. IBAN and token are not kept here: the command that made the account is sent
/// again, and the bank gives its old answer.
struct AccountService: Sendable {
  static let usernameCharacters = 8...100
  static let passwordCharacters = 8...200
  static let incorrectPassword = "incorrect password"

  let store: AccountStore
  let asker: CommandAsker
  let guesses: GuessLimit
  let rightTokens: RightTokens
  let queue: PasswordQueue
  /// Of new hashes.
  let logCost: Int
  /// Of no password, checked for names that are unknown: their answer takes as long as that of a wrong password.
  let nobody: PasswordHash
  let failpoints: Failpoints<EndpointStep>

  /// Logs in, or makes the account when the name is free.
  ///
  /// - Parameter address: of who asks; nil when it is not known.
  /// - Throws: `GraphQLError`: `TIMEOUT` when the bank has not answered in time, `RATE_LIMITED`, `OVERLOADED`.
  func open(username: String, password: String, address: String?) async throws -> AccountResult {
    if let reason = Self.problem(username, password) { return .refused(reason) }
    try guesses.check(account: username, address: address)
    var entry = try await store.find(username)
    if entry == nil {
      try failpoints.reach(.usernameFree)
      let logCost = logCost
      let hash = try await queue.run(for: address) { try PasswordHash(password, logCost: logCost) }
      try failpoints.reach(.passwordHashed)
      let new = AccountStore.Entry(uuid: UUID(), password: hash.text)
      if try await store.insert(username, new) {
        try failpoints.reach(.usernameInserted)
        return try await answer(username, new.uuid)
      }
      // Someone took the name meanwhile, perhaps the same person twice.
      entry = try await store.find(username)
    }
    guard let entry, try await isRight(entry, username: username, password: password, address: address) else {
      return .refused(Self.incorrectPassword)
    }
    return try await answer(username, entry.uuid)
  }

  /// Logs in; never makes an account, and does not tell whether there is one of that name.
  ///
  /// - Throws: as `open`.
  func logIn(username: String, password: String, address: String?) async throws -> AccountResult {
    if let reason = Self.problem(username, password) { return .refused(reason) }
    try guesses.check(account: username, address: address)
    let entry = try await store.find(username)
    guard try await isRight(entry, username: username, password: password, address: address), let entry else {
      return .refused(Self.incorrectPassword)
    }
    return try await answer(username, entry.uuid)
  }

  /// - Parameter entry: nil for a name that is unknown, which is as good as a wrong password.
  private func isRight(
    _ entry: AccountStore.Entry?, username: String, password: String, address: String?
  ) async throws -> Bool {
    let hash: PasswordHash
    if let entry {
      guard let known = PasswordHash(text: entry.password) else {
        throw AccountError(description: "the password of an account is not stored as scrypt makes it")
      }
      hash = known
    } else {
      hash = nobody
    }
    let (guesses, isKnown) = (guesses, entry != nil)
    return try await queue.run(for: address) {
      // Now that it is this one's turn: many that came at once are no way around the limit.
      try guesses.take(account: username, address: address)
      let isRight = try hash.isOf(password) && isKnown
      if isRight { guesses.giveBack(account: username, address: address) }
      return isRight
    }
  }

  /// The bank's answer to the account's creation, old or new.
  private func answer(_ username: String, _ uuid: UUID) async throws -> AccountResult {
    let ticket = try asker.waiters.wait(for: uuid)
    let answer = try await asker.ask(ConfirmAccountCreation(id: uuid, aType: .manual), ticket)
    try failpoints.reach(.accountAnswered)
    switch answer {
    case .accountOpened(let iban, let token):
      rightTokens.insert(token, account: iban)
      return AccountResult(iban: iban, token: token)
    case .accountRefused(let reason):
      // The name is free for another try.
      try await store.delete(username, uuid: uuid)
      return .refused(reason)
    case .transfer: throw GraphQLError("the bank's answer is to something else", code: "INTERNAL")
    }
  }

  /// What is wrong with a name and a password before anyone looks whether they are known.
  static func problem(_ username: String, _ password: String) -> String? {
    // Scalars, not characters: one character may be any number of them.
    for (name, text, range) in [
      ("username", username, usernameCharacters), ("password", password, passwordCharacters),
    ] {
      guard range.contains(text.unicodeScalars.count) else {
        return "\(name) must have \(range.lowerBound) to \(range.upperBound) characters"
      }
      // Postgres has no such text, and to scrypt zeros at the end of a password are nothing.
      if text.unicodeScalars.contains("\0") { return "\(name) has the character zero in it" }
    }
    return username.allSatisfy(\.isWhitespace) ? "username is blank" : nil
  }
}

/// What should not be, in words for the log.
struct AccountError: Error, CustomStringConvertible {
  let description: String
}
