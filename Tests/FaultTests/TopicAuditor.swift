import Foundation
import KafkaRuntime
import PostgresRuntime
import TestBank

/// Checks the bank from its topics alone: that the chain of each IBAN is unbroken and that each confirmed id has its
/// legs. Only then does it look into the database, which has to say the same.
///
/// `bank audit` goes the other way: it knows the database first, and uses the bank's own codecs. Nothing is shared with
/// it, so that one mistake can't hide in both.
struct TopicAuditor {
  /// A record of balance_changed.
  struct Change: Hashable {
    var id: String
    var command: String
    var iban: String
    var balance: Int64
    var amount: Int64
    var counterparty: String
    var description: String
    var sequence: Int64
    var partition: Int32
  }

  /// A record of confirm_money_transfer.
  struct Asked: Hashable {
    var amount: Int64
    var from: String
    var to: String
  }

  struct Account: Hashable {
    var command: String
    var token: String
  }

  static let company = "NL66OPEN0000000000"
  static let companyOpening: Int64 = 100_000_000_000_000_000
  static let limit: Int64 = -50_000
  static let topics = [
    "balance_changed", "money_transfer_confirmed", "money_transfer_failed", "account_creation_confirmed",
    "account_creation_failed", "account_feedback", "transfer_feedback", "confirm_money_transfer",
  ]

  private(set) var findings: [String] = []
  /// By `ce_id`.
  private(set) var changes: [String: Change] = [:]
  /// How far each chain comes for a reader who drops what is not next, by IBAN.
  private var inOrder: [String: Int64] = [:]
  /// By IBAN, in order of sequence.
  private(set) var chains: [String: [Change]] = [:]
  /// By command; nil is confirmed.
  private var transfers: [String: String?] = [:]
  private var accounts: [String: Account] = [company: Account(command: "", token: String(repeating: "0", count: 20))]
  private var refusedCreations: [String: String] = [:]
  private var asked: [String: Set<Asked>] = [:]

  /// All that is wrong, with the topics or between them and the database.
  ///
  /// - Parameter hasDatabase: false where the ledger is the topic `journal`, which this auditor does not trust either.
  static func findings(_ bank: TestBank, hasDatabase: Bool = true) async throws -> [String] {
    var records: [ConsumedRecord] = []
    for topic in topics { records += try await bank.records(topic) }
    var auditor = TopicAuditor(records)
    if hasDatabase { try await auditor.compare(with: bank) }
    return auditor.findings
  }

  /// - Parameter records: all of `topics`, those of a partition in their order.
  init(_ records: [ConsumedRecord]) {
    for record in records { read(record) }
    checkChains()
    checkLegs()
  }

  // MARK: Reading

  private mutating func read(_ record: ConsumedRecord) {
    let place = "\(record.topicPartition)/\(record.offset)"
    do {
      var value = try PlainAvro(record.value)
      switch Self.kind(record) {
      case "balance_changed": try readChange(record, &value)
      case "money_transfer_confirmed": try readOutcome(place, id: value.id(), reason: nil)
      case "money_transfer_failed": try readOutcome(place, id: value.id(), reason: value.string())
      case "account_creation_confirmed":
        let (id, iban, token) = (try value.id(), try value.string(), try value.string())
        _ = try value.long()
        readAccount(place, iban, Account(command: id, token: token))
      case "account_creation_failed":
        let (id, reason) = (try value.id(), try value.string())
        if refusedCreations.updateValue(reason, forKey: id) ?? reason != reason {
          findings.append("\(place): another reason than before")
        }
      default:
        let (id, _, amount) = (try value.id(), try value.string(), try value.long())
        asked[id, default: []].insert(Asked(amount: amount, from: try value.string(), to: try value.string()))
        _ = try value.string()
      }
      try value.end()
    } catch {
      // What others put onto the command topic may be anything.
      if record.topic != "confirm_money_transfer" { findings.append("\(place) can't be read") }
    }
  }

  /// The topic that has records of this type only.
  private static func kind(_ record: ConsumedRecord) -> String {
    switch (record.topic, record.header("ce_type")) {
    case ("account_feedback", "nl.openweb.data.AccountCreationConfirmed"): "account_creation_confirmed"
    case ("account_feedback", "nl.openweb.data.AccountCreationFailed"): "account_creation_failed"
    case ("transfer_feedback", "nl.openweb.data.MoneyTransferConfirmed"): "money_transfer_confirmed"
    case ("transfer_feedback", "nl.openweb.data.MoneyTransferFailed"): "money_transfer_failed"
    default: record.topic
    }
  }

  private mutating func readChange(_ record: ConsumedRecord, _ value: inout PlainAvro) throws(PlainAvro.Malformed) {
    let place = "\(record.topicPartition)/\(record.offset)"
    guard let id = record.header("ce_id"), let command = record.header("causationid"),
      let sequence = record.header("sequence").flatMap(Int64.init)
    else { throw PlainAvro.Malformed() }
    let (iban, balance, amount) = (try value.string(), try value.long(), try value.long())
    let change = Change(
      id: id, command: command, iban: iban, balance: balance, amount: amount, counterparty: try value.string(),
      description: try value.string(), sequence: sequence, partition: record.partition)
    if record.keyText != iban { findings.append("\(place): the key is not the IBAN") }
    if let before = changes.updateValue(change, forKey: id), before != change {
      findings.append("\(place): not the same as its copy before")
    }
    if sequence == inOrder[iban, default: 0] + 1 { inOrder[iban] = sequence }
  }

  private mutating func readOutcome(_ place: String, id: String, reason: String?) {
    if let before = transfers.updateValue(reason, forKey: id), before != reason {
      findings.append("\(place): transfer \(id) has two outcomes")
    }
  }

  private mutating func readAccount(_ place: String, _ iban: String, _ account: Account) {
    if let before = accounts.updateValue(account, forKey: iban), before != account {
      findings.append("\(place): \(iban) was opened twice")
    }
  }

  // MARK: Checking

  private mutating func checkChains() {
    for change in changes.values { chains[change.iban, default: []].append(change) }
    for iban in chains.keys.sorted() {
      let chain = (chains[iban] ?? []).sorted { $0.sequence < $1.sequence }
      chains[iban] = chain
      checkChain(iban, chain)
    }
    for (id, account) in Dictionary(grouping: accounts, by: \.value.command) where account.count > 1 {
      findings.append("account creation \(id) opened \(account.map(\.key).sorted())")
    }
    for id in Set(accounts.values.map(\.command)).intersection(refusedCreations.keys) {
      findings.append("account creation \(id) has two outcomes")
    }
  }

  private mutating func checkChain(_ iban: String, _ chain: [Change]) {
    if accounts[iban] == nil { findings.append("\(iban) has events, and was never opened") }
    var balance = iban == Self.company ? Self.companyOpening : 0
    for (index, change) in chain.enumerated() {
      let place = "\(iban) sequence \(change.sequence)"
      if change.sequence != Int64(index) + 1 {
        return findings.append("\(place) stands where \(index + 1) should")
      }
      if change.partition != chain[0].partition { findings.append("\(place) is in another partition") }
      if change.sequence == inOrder[iban, default: 0] + 1 { findings.append("\(place) comes before its predecessor") }
      let (sum, isTooLarge) = balance.addingReportingOverflow(change.amount)
      if isTooLarge || sum != change.balance {
        findings.append("\(place): \(balance) changed by \(change.amount) is not \(change.balance)")
      }
      if change.amount < 0, change.balance < Self.limit { findings.append("\(place): \(change.balance) is too little") }
      balance = change.balance
    }
  }

  private mutating func checkLegs() {
    let legs = Dictionary(grouping: changes.values, by: \.command)
    for id in legs.keys where transfers[id] != .some(.none) {
      findings.append("command \(id) has legs and is not confirmed")
    }
    for (id, reason) in transfers where reason == nil { checkLegs(id, legs[id] ?? []) }
  }

  private mutating func checkLegs(_ id: String, _ legs: [Change]) {
    let debits = legs.filter { $0.amount < 0 }
    let credits = legs.filter { $0.amount > 0 }
    guard debits.count <= 1, credits.count <= 1, debits.count + credits.count == legs.count, !legs.isEmpty else {
      return findings.append("transfer \(id) is confirmed, with legs \(legs.map(\.amount))")
    }
    let (debit, credit) = (debits.first, credits.first)
    let done = Asked(
      amount: credit?.amount ?? 0 &- (debit?.amount ?? 0), from: debit?.iban ?? credit?.counterparty ?? "",
      to: credit?.iban ?? debit?.counterparty ?? "")
    if let debit, let credit, debit.amount != 0 &- credit.amount || debit.counterparty != credit.iban {
      findings.append("transfer \(id): the legs differ")
    }
    if let credit, credit.counterparty != done.from { findings.append("transfer \(id): the credit names another") }
    // A command that the broker lost after it was handled is not there to compare with.
    if let asked = asked[id], !asked.contains(done) { findings.append("transfer \(id) is not what was asked for") }
    if debit == nil, accounts[done.from] != nil { findings.append("transfer \(id): no debit of \(done.from)") }
    if credit == nil, accounts[done.to] != nil { findings.append("transfer \(id): no credit of \(done.to)") }
  }

  // MARK: The database

  private mutating func compare(with bank: TestBank) async throws {
    let ledger = try await bank.database { session in
      (
        balances: try session.query(
          "select iban, amount, version from balance", as: String.self, Int64.self, Int64.self),
        legs: try session.query(
          "select command_id::text, iban, amount, counterparty, sequence from leg", as: String.self, String.self,
          Int64.self, String.self, Int64.self),
        transfers: try session.query("select uuid::text, reason from cmt", as: String.self, String?.self),
        creations: try session.query(
          "select uuid::text, iban, token, reason from cac", as: String.self, String?.self, String?.self, String?.self)
      )
    }
    let empty = accounts.keys.map { "\($0) \($0 == Self.company ? Self.companyOpening : 0) 0" }
    let ends = chains.map { "\($0.key) \($0.value.last?.balance ?? 0) \($0.value.count)" }
    let untouched = empty.filter { chains[String($0.prefix { $0 != " " })] == nil }
    compare("balances", Set(untouched + ends), Set(ledger.balances.map { "\($0.0) \($0.1) \($0.2)" }))
    compare(
      "legs",
      Set(
        changes.values.map { "\($0.command) \($0.iban) \($0.amount) \(Self.stored($0.counterparty)) \($0.sequence)" }),
      Set(ledger.legs.map { "\($0.0) \($0.1) \($0.2) \($0.3) \($0.4)" }))
    compare(
      "transfers", Set(transfers.map { "\($0.key) \($0.value ?? "confirmed")" }),
      Set(ledger.transfers.map { "\($0.0) \($0.1 ?? "confirmed")" }))
    let opened = accounts.filter { $0.key != Self.company }.map { "\($0.value.command) \($0.key) \($0.value.token)" }
    compare(
      "account creations", Set(opened + refusedCreations.map { "\($0.key) \($0.value)" }),
      Set(ledger.creations.map { "\($0.0) \($0.3 ?? "\($0.1 ?? "") \($0.2 ?? "")")" }))
  }

  private mutating func compare(_ what: String, _ topics: Set<String>, _ database: Set<String>) {
    for text in topics.subtracting(database).sorted().prefix(5) {
      findings.append("\(what): the topics have \(text), the database has not")
    }
    for text in database.subtracting(topics).sorted().prefix(5) {
      findings.append("\(what): the database has \(text), the topics have not")
    }
  }

  /// As a Postgres text holds it: it can't hold the character zero.
  private static func stored(_ text: String) -> String {
    String(text.map { $0 == "\0" ? "\u{FFFD}" : $0 })
  }
}
