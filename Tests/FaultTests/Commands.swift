import BankSupport
import Definitions
import Foundation
import JSONText
import KafkaRuntime
import PostgresRuntime
import TestBank

/// Opens accounts and puts money into each, so that transfers between them can be paid.
func openFundedAccounts(_ count: Int, cents: Int64, _ bank: TestBank) async throws -> [AccountCreationConfirmed] {
  let accounts = try await bank.openAccounts(count)
  try await bank.send(accounts.map { transfer(to: $0.iban, amount: cents) })
  try await bank.drain(timeoutSeconds: 60)
  return accounts
}

/// Transfers between the accounts, from and to other banks, in cash, and some that are refused.
func mixedTransfers(_ count: Int, _ accounts: [AccountCreationConfirmed]) -> [ConfirmMoneyTransfer] {
  (0..<count).map { index in
    let from = accounts[index % accounts.count]
    let to = accounts[(index / accounts.count + index + 1) % accounts.count]
    let amount = Int64(index % 97 + 1)
    return switch index % 10 {
    case 0: transfer(from: "cash", token: "", to: to.iban, amount: amount)
    case 1: transfer(from: from.iban, token: from.token, to: "NL02ABNA0123456789", amount: amount)
    case 2: transfer(from: from.iban, token: "wrong", to: to.iban, amount: amount)
    case 3: transfer(from: from.iban, token: from.token, to: to.iban, amount: .max)
    case 4: transfer(to: to.iban, amount: amount)
    default: transfer(from: from.iban, token: from.token, to: to.iban, amount: amount)
    }
  }
}

extension TestBank {
  /// Commands that have an outcome.
  func decidedCount() async throws -> Int {
    Int(try await count("select (select count(*) from cmt) + (select count(*) from cac)"))
  }

  /// Ends the leases of handlers that are known to be dead, so that a test of what they left need not wait for the
  /// leases to run out; those that test leases do wait.
  func endLeasesOfTheDead() async throws {
    try await database { session in _ = try session.execute("update partition_lease set expires_at = '-infinity'") }
  }
}

extension ServiceProcess {
  /// An account as the endpoint gives it out.
  struct Account: Hashable {
    var iban: String
    var token: String
  }

  /// Makes the account of a user, or logs in; nil when there was no answer.
  ///
  /// - Throws: for an answer that is neither.
  func account(of username: String) async throws -> Account? {
    let answer = try await graphQL(
      "mutation ($name: String!) { create_account(username: $name, password: \"password\") { iban token reason } }",
      ["name": username])
    guard let answer else { return nil }
    guard case .string(let iban)? = answer["data"]?["create_account"]?["iban"],
      case .string(let token)? = answer["data"]?["create_account"]?["token"]
    else { throw TestBankError("no account: \(answer)") }
    return Account(iban: iban, token: token)
  }

  /// The answer to the subscription get_account, as it is sent. Asks again for as long as it is told to: a hundred at
  /// once may wait for the database longer than there is time.
  ///
  /// - Throws: when there was none.
  func getAccount(of username: String) async throws -> String {
    let deadline = ContinuousClock.now + .seconds(60)
    while true {
      let answer = try await getAccountOnce(of: username)
      guard answer.contains(#""code":"UNAVAILABLE""#), ContinuousClock.now < deadline else { return answer }
      try await Task.sleep(for: .milliseconds(200))
    }
  }

  private func getAccountOnce(of username: String) async throws -> String {
    let answer = await stream(
      "subscription ($name: String!) { get_account(username: $name, password: \"password\") { iban token reason } }",
      ["name": username])
    guard let data = answer.split(separator: "\n").first(where: { $0.hasPrefix("data: ") }) else {
      throw TestBankError("no answer to get_account: \(answer)")
    }
    return String(data)
  }
}
