import AvroRuntime
import Definitions
import Foundation
import KafkaRuntime
import PostgresRuntime
import TestBank
import Testing

/// Topics on paper: two accounts, and transfers between them and others.
private struct PaperTopics {
  static let anna = "NL33OPEN0000000001"
  static let bert = "NL06OPEN0000000002"
  static let company = TopicAuditor.company

  private(set) var records: [ConsumedRecord] = []
  private var sequences: [String: Int64] = [:]
  private var balances = [company: TopicAuditor.companyOpening]

  /// A salary, a payment, a deposit, a refusal, and a payment to another bank; commands 1 to 5.
  static func good() throws -> PaperTopics {
    var topics = PaperTopics()
    try topics.open(anna)
    try topics.open(bert)
    try topics.move(1, 250, from: company, to: anna)
    try topics.move(2, 100, from: anna, to: bert)
    try topics.move(3, 70, from: "cash", to: anna)
    try topics.refuse(4)
    try topics.move(5, 20, from: anna, to: "NL02ABNA0123456789")
    return topics
  }

  static func id(_ number: UInt8) throws -> UUID {
    try #require(UUID(uuidString: "00000000-0000-0000-0000-0000000000\(number < 10 ? "0" : "")\(number)"))
  }

  mutating func open(_ iban: String, token: String = "1") throws {
    let id = UUID()
    add(
      "account_creation_confirmed", id.text,
      try AccountCreationConfirmed(id: id, iban: iban, token: token, aType: .auto).avroBytes())
  }

  mutating func move(_ number: UInt8, _ amount: Int64, from: String, to: String) throws {
    try ask(number, amount, from: from, to: to)
    if from == Self.company || from == Self.anna || from == Self.bert { try leg(number, -amount, of: from, to) }
    if to == Self.company || to == Self.anna || to == Self.bert { try leg(number, amount, of: to, from) }
    try confirm(number)
  }

  mutating func ask(_ number: UInt8, _ amount: Int64, from: String, to: String) throws {
    let id = try Self.id(number)
    let command = ConfirmMoneyTransfer(id: id, token: "", amount: amount, from: from, to: to, description: "paper")
    add("confirm_money_transfer", id.text, try command.avroBytes())
  }

  mutating func confirm(_ number: UInt8) throws {
    let id = try Self.id(number)
    add("money_transfer_confirmed", id.text, try MoneyTransferConfirmed(id: id).avroBytes())
  }

  mutating func refuse(_ number: UInt8) throws {
    let id = try Self.id(number)
    add("money_transfer_failed", id.text, try MoneyTransferFailed(id: id, reason: "invalid token").avroBytes())
  }

  /// - Parameter slip: put into the balance that the event says.
  mutating func leg(
    _ number: UInt8, _ amount: Int64, of iban: String, _ other: String, slip: Int64 = 0, key: String? = nil
  ) throws {
    sequences[iban, default: 0] += 1
    balances[iban, default: 0] += amount
    let sequence = sequences[iban, default: 0]
    let change = BalanceChanged(
      iban: iban, newBalance: balances[iban, default: 0] + slip, changedBy: amount, fromTo: other, description: "paper")
    add(
      "balance_changed", key ?? iban, try change.avroBytes(),
      ["ce_id": "\(iban)/\(sequence)", "causationid": try Self.id(number).text, "sequence": String(sequence)])
  }

  private mutating func add(_ topic: String, _ key: String, _ bytes: [UInt8], _ headers: [String: String] = [:]) {
    records.append(
      ConsumedRecord(
        topic: topic, partition: 0, offset: Int64(records.count), timestampMillis: 0, key: Array(key.utf8),
        value: [0, 0, 0, 0, 1] + bytes, headers: headers.map { KafkaHeader(name: $0.key, value: Array($0.value.utf8)) })
    )
  }

  /// The records of balance_changed of an account.
  func changes(_ iban: String) -> [ConsumedRecord] {
    records.filter { $0.topic == "balance_changed" && $0.keyText == iban }
  }

  mutating func remove(_ record: ConsumedRecord) {
    records.removeAll { $0.topic == record.topic && $0.offset == record.offset }
  }

  /// A copy of the record at the end of its partition.
  mutating func repeatAtEnd(_ record: ConsumedRecord, value: [UInt8]? = nil) {
    records.append(
      ConsumedRecord(
        topic: record.topic, partition: record.partition, offset: Int64(records.count) + 100, timestampMillis: 0,
        key: record.key, value: value ?? record.value, headers: record.headers))
  }
}

@Suite("Faults: the auditor of the topics")
struct TopicAuditorTests {
  @Test("topics of a sound bank pass, with copies too")
  func good() throws {
    var topics = try PaperTopics.good()
    #expect(TopicAuditor(topics.records).findings.isEmpty)
    let sent = topics.records
    // Of one alone, as a publisher that was replaced delivers it, and of all.
    topics.repeatAtEnd(sent[sent.count / 2])
    for record in sent { topics.repeatAtEnd(record) }
    #expect(TopicAuditor(topics.records).findings.isEmpty)
  }

  private struct Damage: Sendable {
    let name: String
    let finding: String
    let apply: @Sendable (inout PaperTopics) throws -> Void
  }

  private static let anna = PaperTopics.anna
  private static let bert = PaperTopics.bert

  private static let damages: [Damage] = [
    Damage(name: "a credit is missing", finding: "no credit of \(bert)") { $0.remove($0.changes(bert)[0]) },
    Damage(name: "a debit is missing", finding: "stands where 2 should") { $0.remove($0.changes(anna)[1]) },
    Damage(name: "the last debit is missing", finding: "is confirmed, with legs []") {
      $0.remove($0.changes(anna)[3])
    },
    Damage(name: "a balance is off by a cent", finding: "is not 51") {
      try $0.ask(6, 50, from: "cash", to: bert)
      try $0.leg(6, -50, of: bert, "x", slip: 1)
    },
    Damage(name: "a copy differs", finding: "not the same as its copy") { topics in
      topics.repeatAtEnd(topics.changes(bert)[0], value: topics.changes(anna)[0].value)
    },
    Damage(name: "an event comes too early", finding: "comes before its predecessor") { topics in
      let second = topics.changes(anna)[1]
      topics.remove(second)
      topics.repeatAtEnd(second)
    },
    Damage(name: "the key is another", finding: "the key is not the IBAN") {
      try $0.ask(6, 5, from: "cash", to: bert)
      try $0.leg(6, 5, of: bert, "cash", key: anna)
      try $0.confirm(6)
    },
    Damage(name: "a refused one has legs", finding: "has legs and is not confirmed") {
      try $0.leg(4, 5, of: bert, "cash")
    },
    Damage(name: "no outcome, and legs", finding: "has legs and is not confirmed") {
      try $0.leg(6, 5, of: bert, "cash")
    },
    Damage(name: "two outcomes", finding: "has two outcomes") { try $0.refuse(1) },
    Damage(name: "confirmed without legs", finding: "is confirmed, with legs []") { try $0.confirm(6) },
    Damage(name: "other money than was asked for", finding: "is not what was asked for") {
      try $0.ask(6, 500, from: "cash", to: bert)
      try $0.leg(6, 5, of: bert, "cash")
      try $0.confirm(6)
    },
    Damage(name: "the legs differ", finding: "the legs differ") {
      try $0.leg(6, -5, of: anna, bert)
      try $0.leg(6, 6, of: bert, anna)
      try $0.confirm(6)
    },
    Damage(name: "too little is left", finding: "is too little") {
      try $0.move(6, 60_000, from: anna, to: "NL02ABNA0123456789")
    },
    Damage(name: "an IBAN twice", finding: "was opened twice") { try $0.open(anna, token: "2") },
    Damage(name: "an account that was never opened", finding: "was never opened") {
      try $0.leg(6, 5, of: "NL76OPEN0000000003", "cash")
    },
  ]

  @Test("each damage is found", arguments: damages.map(\.name))
  func damaged(name: String) throws {
    let damage = try #require(Self.damages.first { $0.name == name })
    var topics = try PaperTopics.good()
    try damage.apply(&topics)
    let findings = TopicAuditor(topics.records).findings
    #expect(findings.contains { $0.contains(damage.finding) }, "\(findings)")
  }

  @Test("a database that says something else than the topics is found, by either auditor")
  func otherDatabase() async throws {
    let bank = try await TestBank.start()
    let handler = bank.startHandler()
    let accounts = try await openFundedAccounts(3, cents: 100_000, bank)
    try await bank.send(mixedTransfers(60, accounts))
    try await bank.drain()
    try await handler.stop()
    #expect(try await TopicAuditor.findings(bank).isEmpty)
    let damages: [(what: String, damage: SQL, repair: SQL)] = [
      (
        "balances", "update balance set amount = amount + 1 where balance_id = 1",
        "update balance set amount = amount - 1 where balance_id = 1"
      ),
      (
        "legs", "update leg set counterparty = counterparty || 'x' where sequence = 2",
        "update leg set counterparty = rtrim(counterparty, 'x') where sequence = 2"
      ),
      ("transfers", "update cmt set reason = reason || 'x'", "update cmt set reason = rtrim(reason, 'x')"),
      ("account creations", "update cac set token = token || 'x'", "update cac set token = rtrim(token, 'x')"),
    ]
    for (what, damage, repair) in damages {
      try await bank.database { session in _ = try session.execute(damage) }
      let findings = try await TopicAuditor.findings(bank)
      #expect(findings.contains { $0.hasPrefix(what) }, "\(what): \(findings)")
      #expect(try await !bank.audit().isGood, "\(what)")
      try await bank.database { session in _ = try session.execute(repair) }
    }
    try await faultHeld("damage of the database, repaired", injected: damages.count, inFlight: 0, bank: bank)
  }
}
