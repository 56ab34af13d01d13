import AuditService
import BankSupport
import CommandHandlerService
import Definitions
import Foundation
import KafkaRuntime
import PostgresRuntime
import TestBank
import Testing

@Suite("Audit: finds what is wrong, and only that")
struct AuditTests {
  /// A bank that has handled a bit of everything.
  private func bankWithHistory() async throws -> TestBank {
    let bank = try await TestBank.start()
    let handler = bank.startHandler()
    let accounts = try await bank.openAccounts(3)
    var commands: [ConfirmMoneyTransfer] = []
    for index in 0..<60 {
      let payee = accounts[index % 3]
      let payer = accounts[(index + 1) % 3]
      commands.append(transfer(to: payee.iban, amount: 1_000 + Int64(index)))
      commands.append(transfer(from: payer.iban, token: payer.token, to: payee.iban, amount: 400))
      commands.append(transfer(from: payer.iban, token: payer.token, to: "Albert Heijn BV", amount: 30))
      commands.append(transfer(from: "cash", token: "cash", to: payee.iban, amount: 5_000))
      commands.append(transfer(from: payer.iban, token: "wrong", to: payee.iban, amount: 1))
    }
    try await bank.send(commands)
    // Answered again, and refused as a conflict.
    try await bank.send(Array(commands.prefix(10)), partition: 3)
    try await bank.send([transfer(commands[0].id, to: accounts[0].iban, amount: 9)])
    try await bank.send([KafkaRecord(topic: "confirm_money_transfer", key: nil, value: [9])])
    try await bank.drain()
    try await handler.stop()
    return bank
  }

  private func failing(_ report: AuditReport) -> [String] {
    report.invariants.filter { $0.verdict == .fails }.map(\.name)
  }

  @Test("a sound bank passes, with its figures")
  func sound() async throws {
    let bank = try await bankWithHistory()
    let report = try await bank.audit()
    #expect(report.passed, "\(report.text)")
    #expect(report.figure("accounts") == "4")
    #expect(report.figure("handled transfers") == "300")
    #expect(report.figure("confirmed") == "240")
    #expect(report.figure("failed: invalid token") == "60")
    #expect(report.figure("outside transfers") == "120")
    #expect(report.figure("conflicts") == "1")
    #expect(report.figure("unreadable commands") == "1")
    #expect(report.figure("repeated answers") == "10")
    #expect(report.figure("events in flight") == "0")
    #expect(report.figure("handled, command lost by the broker") == "0")
    let decoded = try JSONDecoder().decode(AuditReport.self, from: Data(report.json().utf8))
    #expect(decoded == report)
    #expect(report.text.contains("I3 HOLDS") && report.text.hasSuffix("audit passed"))
  }

  /// A change to the database that nobody should make, and the invariants that it breaks.
  private static let corruptions: [(String, [String])] = [
    ("update balance set amount = amount + 1 where balance_id = 0", ["I1", "I3"]),
    ("delete from leg where ctid = (select ctid from leg where side = 0 limit 1)", ["I1", "I3"]),
    ("insert into cmt (uuid, reason, payload_hash) values (gen_random_uuid(), 'invalid token', '')", ["I2"]),
    ("insert into cmt (uuid, reason, payload_hash) values (gen_random_uuid(), null, '')", ["I2", "I3"]),
    ("delete from cmt where uuid = (select uuid from cmt where reason is not null limit 1)", ["I2"]),
    ("update cmt set reason = 'insufficient funds' where uuid = (select command_id from leg limit 1)", ["I2", "I3"]),
    ("update cac set token = '0' where uuid = (select uuid from cac limit 1)", ["I2"]),
    ("update balance set lmt = amount + 1 where balance_id <> 0", ["I4"]),
    (
      """
      update balance set amount = amount + case balance_id when 0 then 7 else -7 end
      where balance_id in (0, (select min(balance_id) from balance where balance_id > 0))
      """, ["I3"]
    ),
    ("update leg set counterparty = 'x' where ctid = (select ctid from leg limit 1)", ["I3"]),
    ("update balance set version = version + 1 where balance_id = 0", ["I3"]),
  ]

  @Test("each corruption of the database fails the invariants that it breaks")
  func corrupted() async throws {
    let bank = try await bankWithHistory()
    let tables = ["balance", "leg", "cmt", "cac"]
    try await bank.database { session in
      for table in tables { try session.script("create table saved_\(unsafe: table) as table \(unsafe: table)") }
      try session.script("alter table balance disable trigger all")
    }
    for (statement, invariants) in Self.corruptions {
      let changed = try await bank.database { session in try session.execute(SQL(unsafe: statement)) }
      try #require(changed > 0, "\(statement)")
      let report = try await bank.audit()
      #expect(failing(report) == invariants, "\(statement)\n\(report.text)")
      try await bank.database { session in
        for table in tables {
          try session.script(
            """
            delete from \(unsafe: table);
            insert into \(unsafe: table) select * from saved_\(unsafe: table);
            """)
        }
      }
    }
    #expect(try await bank.audit().passed)
  }

  @Test("events that nobody decided, or decided otherwise, fail")
  func forgedEvents() async throws {
    let bank = try await bankWithHistory()
    let original = try #require(try await bank.records("balance_changed").first)
    // A change that contradicts one that was published, at the end of the same partition.
    let other = try #require(
      try await bank.records("balance_changed").first {
        $0.partition == original.partition && $0.value != original.value
      })
    try await bank.send([
      KafkaRecord(
        topic: "balance_changed", partition: original.partition, key: original.key, value: other.value,
        headers: original.headers)
    ])
    let report = try await bank.audit()
    #expect(failing(report) == ["I3"], "\(report.text)")
  }

  @Test("unsent rows are in flight; what the broker lost is pending until it is there again")
  func inFlightAndLost() async throws {
    let bank = try await bankWithHistory()
    // As after a crash between publishing and marking.
    try await bank.database { session in
      try session.execute(
        "update outbox set sent_at = null, delivered = null where id = (select max(id) from outbox)")
    }
    let inFlight = try await bank.audit()
    #expect(inFlight.passed, "\(inFlight.text)")
    #expect(inFlight.figure("events in flight").flatMap(Int.init) ?? 0 > 0)

    // A delivery recorded where there is nothing.
    let handler = bank.startHandler()
    try await bank.drain()
    try await handler.stop()
    try await bank.database { session in
      let row = try session.first(
        "select id, delivered from outbox order by id desc limit 1", as: Int64.self, [UInt8].self)
      guard let (id, bytes) = row else { throw TestBankError("no row") }
      var deliveries = try OutboxDeliveries(avroBytes: bytes)
      for index in deliveries.deliveries.indices { deliveries.deliveries[index].offset += 1_000_000 }
      let moved = try deliveries.avroBytes()
      try session.execute("update outbox set delivered = \(moved) where id = \(id)")
    }
    let lost = try await bank.audit()
    #expect(!lost.passed)
    #expect(failing(lost) == [])
    #expect(lost.invariants.filter { $0.verdict == .pending }.map(\.name) == ["I2", "I3"])

    let again = bank.startHandler()
    try await eventually("the row is published again") {
      guard try await bank.count("select count(*) from outbox where sent_at is null") == 0 else { return false }
      return try await bank.audit().passed
    }
    try await again.stop()
  }
}
