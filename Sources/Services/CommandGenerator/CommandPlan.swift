import BankSupport
import Definitions
import FoundationEssentials

/// A command to send.
public enum Command: Hashable, Sendable {
  case openAccount(ConfirmAccountCreation)
  case transfer(ConfirmMoneyTransfer)
}

/// What a transfer is for. The raw values begin its description.
public enum TransferKind: String, CaseIterable, Sendable {
  case salary, deposit, withdraw
  case ahPin = "ah pin"
  case transfer

  /// Of 70 transfers so many are of this kind, on average.
  public var share: Int {
    switch self {
    case .salary: 1
    case .deposit: 3
    case .withdraw: 10
    case .ahPin: 40
    case .transfer: 16
    }
  }

  public static let shares = 70

  /// - Parameter lot: 0 ..< `shares`.
  static func drawn(_ lot: Int) -> TransferKind {
    var left = lot
    for kind in allCases {
      left -= kind.share
      if left < 0 { return kind }
    }
    return .transfer
  }
}

/// What follows from a beat or from a new account: everything here is a function of its arguments.
///
/// The id of a salary follows from the account, so that a repeat is the same command, byte for byte. All others get a
/// random id: after a fault the broker may hand the number of a beat out again, and an id made from it would then stand
/// for two different commands. So a beat that is seen twice makes two commands, and money is as exact as before.
public enum CommandPlan {
  public static let cash = "cash"
  public static let supermarket = "Albert Heijn BV"
  public static let companyToken = String(repeating: "0", count: 20)

  /// The first beats open accounts, and later every so manieth.
  public static let firstAccounts: Int64 = 20
  public static let accountInterval: Int64 = 200

  /// The command of a beat; nil when it needs an account and there is none yet.
  ///
  /// - Parameter localTime: ends the description of a transfer.
  public static func command(
    beat: Int64, book: AccountBook, localTime: String, using generator: inout some RandomNumberGenerator
  ) -> Command? {
    let id = UUID.random(using: &generator)
    if beat < firstAccounts || beat % accountInterval == 0 {
      return .openAccount(ConfirmAccountCreation(id: id, aType: .auto))
    }
    guard let account = book.accounts.randomElement(using: &generator) else { return nil }
    let kind = TransferKind.drawn(Int.random(in: 0..<TransferKind.shares, using: &generator))
    let amount = amount(of: kind, using: &generator)
    let description = "\(kind.rawValue) \(localTime)"
    func transfer(token: String, from: String, to: String) -> Command {
      .transfer(
        ConfirmMoneyTransfer(
          id: id, token: token, amount: amount, from: from, to: to, description: description))
    }
    switch kind {
    case .salary: return transfer(token: companyToken, from: IBAN.company.text, to: account.iban)
    case .deposit: return transfer(token: cash, from: cash, to: account.iban)
    case .withdraw: return transfer(token: account.token, from: account.iban, to: cash)
    case .ahPin: return transfer(token: account.token, from: account.iban, to: supermarket)
    case .transfer:
      let other = other(than: account, in: book, using: &generator)
      return transfer(token: account.token, from: account.iban, to: other)
    }
  }

  /// The salary that a new account is paid: the same for the same account, whenever it is asked for.
  public static func salary(for account: AccountCreationConfirmed) -> ConfirmMoneyTransfer {
    let id = UUID.v5(namespace: account.id, name: TransferKind.salary.rawValue)
    // Two bytes that are not the version's or the variant's: 65,536 values over 50,000 amounts are even enough.
    let seed = Int64(id.uuid.0) * 256 + Int64(id.uuid.1)
    return ConfirmMoneyTransfer(
      id: id, token: companyToken, amount: 220_000 + seed % 50_000, from: IBAN.company.text, to: account.iban,
      description: TransferKind.salary.rawValue)
  }

  static func amount(of kind: TransferKind, using generator: inout some RandomNumberGenerator) -> Int64 {
    switch kind {
    case .salary: 220_000 + Int64.random(in: 0..<50_000, using: &generator)
    case .deposit, .withdraw: 1_000 * cashAmounts[Int.random(in: 0..<cashAmounts.count, using: &generator)]
    case .ahPin, .transfer: 1_000 + Int64.random(in: 0..<10_000, using: &generator)
    }
  }

  /// In tens of euros.
  static let cashAmounts: [Int64] = [2, 2, 2, 3, 5, 5, 10, 20]

  /// Another account's IBAN; with one account only, the company's.
  private static func other(
    than account: AccountBook.Account, in book: AccountBook, using generator: inout some RandomNumberGenerator
  ) -> String {
    let accounts = book.accounts
    guard accounts.count > 1 else { return IBAN.company.text }
    while true {
      let iban = accounts[Int.random(in: 0..<accounts.count, using: &generator)].iban
      if iban != account.iban { return iban }
    }
  }
}
