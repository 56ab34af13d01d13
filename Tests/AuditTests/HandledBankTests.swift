import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import TestBank
import Testing

@testable import AuditService

/// The audit of what the real command handler does, while it does it and afterwards.
@Suite struct HandledBankTests {
  @Test func aBitOfEverythingPassesAtAnyMoment() async throws {
    let bank = try await TestBank.start()
    let handler = bank.startHandler()
    let accounts = try await bank.openAccounts(3)
    var commands: [ConfirmMoneyTransfer] = []
    for index in 0..<200 {
      let payee = accounts[index % 3]
      let payer = accounts[(index + 1) % 3]
      commands += [
        transfer(to: payee.iban, amount: 1_000 + Int64(index)),
        transfer(from: payer.iban, token: payer.token, to: payee.iban, amount: 400),
        transfer(from: payer.iban, token: payer.token, to: "another\0bank", amount: 30),
        transfer(from: "cash", token: "cash", to: payee.iban, amount: 5_000),
        transfer(from: payer.iban, token: "wrong", to: payee.iban, amount: 1),
      ]
    }
    let all = commands
    async let sent: Void = {
      for start in stride(from: 0, to: all.count, by: 50) { try await bank.send(Array(all[start..<start + 50])) }
    }()
    for _ in 0..<4 {
      let report = try await bank.audit()
      #expect(report.isGood, "\(report.text)")
    }
    try await sent
    // Answered again; refused as a conflict; not readable.
    try await bank.send(Array(commands.prefix(10)), partition: 3)
    try await bank.send([transfer(commands[0].id, to: accounts[0].iban, amount: 9)])
    try await bank.send([KafkaRecord(topic: Topics.confirmMoneyTransfer.name, key: nil, value: [9])])
    try await bank.drain()
    let report = try await bank.audit()
    #expect(report.isGood, "\(report.text)")
    #expect(report.isDrained, "\(report.text)")
    #expect(report.handled == 1_000)
    #expect(report.failed["invalid token"] == 200)
    #expect(report.conflicts == 1)
    #expect(report.deadLetters == 2)
    #expect(report.repeated == 10)
    #expect(report.awaitingRepublication == 0)
    try await handler.stop()

    // Damage that shows only where the commands are compared with what was made of them.
    let id = commands[500].id
    try await bank.database { session in
      _ = try session.execute("update conflict set command_id = gen_random_uuid()")
      _ = try session.execute("update cmt set payload_hash = '\\x00' where uuid = \(id)")
    }
    let damaged = try await bank.audit()
    #expect(damaged.invariants.filter { !$0.holds }.map(\.name) == ["I2"], "\(damaged.text)")
    #expect(damaged.invariants.map(\.findingCount) == [0, 2, 0, 0], "\(damaged.text)")
  }
}
