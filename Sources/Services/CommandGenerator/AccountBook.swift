/// The accounts that transfers are made with, in the order in which they were confirmed.
public struct AccountBook: Sendable {
  public struct Account: Hashable, Sendable {
    public var iban: String
    public var token: String

    public init(iban: String, token: String) {
      self.iban = iban
      self.token = token
    }
  }

  /// Accounts past this many get their salary and take no part in transfers; a full book takes about 30 MB.
  public static let limit = 100_000

  public private(set) var accounts: [Account] = []
  private let limit: Int
  /// An answer may be on its topic more than once.
  private var ibans: Set<String> = []

  public init(limit: Int = AccountBook.limit) {
    self.limit = limit
  }

  /// Adds an account that is new, while there is room.
  public mutating func add(_ account: Account) {
    guard accounts.count < limit, ibans.insert(account.iban).inserted else { return }
    accounts.append(account)
  }
}
