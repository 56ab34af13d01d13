import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import PostgresRuntime
import Testing

@testable import AuditService

/// The audit as `bank audit` runs it: real database, real broker, real registry.
@Suite struct ServiceTests {
  /// A change of the database, how to take it back, and what fails in between.
  private struct Damage {
    let name: String
    let change: SQL
    let failing: [String]
    let finding: String
  }

  @Test func aRealBankPassesAndEachDamageIsFound() async throws {
    let bank = try await RealBank.start()
    var (paper, anna, bert) = PaperBank.small()
    let poison = paper.addCommand(topic: Topics.confirmMoneyTransfer.name, .unreadable)
    paper.bury(poison)
    // Its events stay in the outbox.
    let sent = paper.events.count
    paper.transfer(7_00, from: bert, to: anna)
    try await bank.write(paper, unsent: Set(sent..<paper.events.count))

    let report = try await AuditService.run(bank.environment)
    #expect(report.isGood, "\(report.text)")
    #expect(report.accounts == 3)
    #expect(report.handled == 8)
    #expect(report.confirmed == 6)
    #expect(report.inFlight == 3)
    #expect(report.deadLetters == 1)
    #expect(report.recordsRead == sent)
    #expect(report.awaitingRepublication == 0)
    #expect(report.repeated == 0)
    #expect(report.staleCommandPartitions == 0)
    #expect(report.unhandled == 0)
    #expect(report.outsideLegs == 2)
    #expect(try await AuditService.run(bank.environment).isGood)

    for damage in Self.damages(anna, bert) {
      let found = try await bank.audit(after: damage.change)
      let failing = found.invariants.filter { !$0.holds }.map(\.name)
      #expect(failing == damage.failing, "\(damage.name)\n\(found.text)")
      let findings = found.invariants.flatMap(\.findings).joined(separator: "\n")
      #expect(findings.contains(damage.finding), "\(damage.name)\n\(found.text)")
    }
    let healed = try await AuditService.run(bank.environment)
    #expect(healed.isGood, "\(healed.text)")
    await bank.stop()
  }

  private static func damages(_ anna: String, _ bert: String) -> [Damage] {
    [
      Damage(
        name: "a cent more", change: "update balance set amount = amount + 1 where iban = \(anna)",
        failing: ["I1", "I3"], finding: "its legs end at"),
      Damage(
        name: "a cent moved",
        change: """
          update balance set amount = amount + case iban when \(anna) then 1 else -1 end
          where iban in (\(anna), \(bert))
          """, failing: ["I3"], finding: "its legs end at"),
      Damage(
        name: "a leg deleted", change: "delete from leg where iban = \(anna) and sequence = 2", failing: ["I1", "I3"],
        finding: "sequence 3 stands where 2 should"),
      Damage(
        name: "a version off", change: "update balance set version = version + 1 where iban = \(bert)",
        failing: ["I3"], finding: "version 5, and 4 legs"),
      Damage(
        name: "a limit above the balance", change: "update balance set lmt = amount + 1 where iban = \(anna)",
        failing: ["I4"], finding: "its limit is"),
      Damage(
        name: "an outcome deleted", change: "delete from cmt where reason = 'invalid token'", failing: ["I2"],
        finding: "the database has no transfer"),
      Damage(
        name: "an outcome changed", change: "update cmt set reason = 'x' where reason = 'invalid token'",
        failing: ["I2"], finding: "in the database refused (x)"),
      Damage(
        name: "an outcome that nobody was told",
        change: "insert into cmt (uuid, reason, payload_hash) values (gen_random_uuid(), 'x', '')", failing: ["I2"],
        finding: "is decided, and money_transfer_failed has no answer"),
      Damage(
        name: "another payload", change: "update cmt set payload_hash = '\\x00' where reason = 'invalid token'",
        failing: ["I2"], finding: "has no row in conflict"),
      Damage(
        name: "a token changed", change: "update balance set token = 'x' where iban = \(anna)", failing: ["I2"],
        finding: "its token is not the one that was given out"),
      Damage(
        name: "an outbox row that nobody publishes", change: "update outbox set sent_at = now() where sent_at is null",
        failing: ["I2", "I3"], finding: "is decided, and money_transfer_confirmed has no answer"),
      Damage(
        name: "an outbox row deleted", change: "delete from outbox where sent_at is null", failing: ["I2", "I3"],
        finding: "balance_changed has no event of sequence 4"),
      Damage(
        name: "an account deleted", change: "delete from balance where iban = \(anna)", failing: ["I1", "I2", "I3"],
        finding: "has legs and no balance"),
    ]
  }

  @Test func whatTheTopicsLostOrHoldTooMuchIsFound() async throws {
    let bank = try await RealBank.start()
    let (paper, anna, _) = PaperBank.small()
    try await bank.write(paper)
    // One that nobody can read, and one that the database knows nothing of.
    let unknown = UUID()
    let event = CloudEvent.event(
      causedBy: unknown, topic: Topics.moneyTransferConfirmed.name, type: MoneyTransferConfirmed.schemaName)
    let stray = PaperBank.Event(
      topic: Topics.moneyTransferConfirmed.name, offset: 0, key: unknown.text,
      headers: Dictionary(uniqueKeysWithValues: event.headers.map { ($0.name, $0.value) }),
      body: .transferred(MoneyTransferConfirmed(id: unknown)))
    let value = try await bank.outboxEvent(stray).value
    _ = try await bank.send([
      KafkaRecord(topic: Topics.balanceChanged.name, partition: 0, key: Array(anna.utf8), value: [1, 2, 3]),
      KafkaRecord(
        topic: stray.topic, key: Array(stray.key.utf8), value: value, headers: event.kafkaHeaders),
    ])
    let report = try await AuditService.run(bank.environment)
    let findings = report.invariants.flatMap(\.findings).joined(separator: "\n")
    #expect(report.invariants.filter { !$0.holds }.map(\.name) == ["I2", "I3"], "\(report.text)")
    #expect(findings.contains("can't be read"), "\(report.text)")
    #expect(findings.contains("the database has no transfer \(unknown.text)"), "\(report.text)")
    await bank.stop()
  }

  @Test func anotherRunIsRefused() async throws {
    let bank = try await RealBank.start()
    try await bank.database { session in
      _ = try session.execute("update meta set value = \(UUID().text) where name = 'incarnation'")
    }
    await #expect(throws: SupportError(Incarnation.mismatch)) { try await AuditService.run(bank.environment) }
    await bank.stop()
  }

  /// Positions past the end of the topic, and a last record with another time: the broker lost records.
  @Test func lostCommandsAreCountedApart() async throws {
    let bank = try await RealBank.start()
    let (paper, _, _) = PaperBank.small()
    try await bank.write(paper)
    try await bank.database { session in
      _ = try session.execute(
        "update consumed_offset set next_offset = next_offset + 5 where topic = 'confirm_money_transfer'")
      _ = try session.execute(
        "update consumed_offset set last_timestamp = last_timestamp - 1 where topic = 'confirm_account_creation'")
    }
    let report = try await AuditService.run(bank.environment)
    #expect(report.isGood, "\(report.text)")
    #expect(report.staleCommandPartitions == 2)
    #expect(!report.isDrained)
    await bank.stop()
  }
}

extension RealBank {
  /// Changes the database, audits, and puts back what was there.
  func audit(after change: SQL) async throws -> AuditReport {
    try await database { session in
      for table in Self.tables {
        try session.script("create table \(identifier: "kept_" + table) as table \(identifier: table)")
      }
      _ = try session.execute(change)
    }
    let report = try await AuditService.run(environment)
    try await database { session in
      for table in Self.tables {
        _ = try session.execute("delete from \(identifier: table)")
        // The columns that are counted up are filled from the copy too.
        _ = try session.execute(
          "insert into \(identifier: table) overriding system value table \(identifier: "kept_" + table)")
        try session.script("drop table \(identifier: "kept_" + table)")
      }
    }
    return report
  }

  private static let tables = ["balance", "leg", "cmt", "cac", "outbox"]
}
