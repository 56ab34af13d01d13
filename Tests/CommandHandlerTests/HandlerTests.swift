import BankSupport
import CommandHandlerService
import Definitions
import Foundation
import KafkaRuntime
import TestBank
import Testing

@Suite("Handler: real broker, registry and Postgres")
struct HandlerTests {
  @Test("an account, a transfer, and their events with key, headers and order")
  func thinSlice() async throws {
    let bank = try await TestBank.start()
    let handler = bank.startHandler()
    let account = try #require(try await bank.openAccounts(1).first)
    #expect(IBAN(account.iban) != nil && account.token.count == 20)
    let command = transfer(to: account.iban, amount: 250)
    try await bank.send([command])
    try await bank.drain()
    #expect(try await bank.values(Topics.moneyTransferConfirmed) == [MoneyTransferConfirmed(id: command.id)])
    let changes = try await bank.values(Topics.balanceChanged)
    let debit = BalanceChanged(
      iban: IBAN.company.text, newBalance: 99_999_999_999_999_750, changedBy: -250, fromTo: account.iban,
      description: "test")
    let credit = BalanceChanged(
      iban: account.iban, newBalance: 250, changedBy: 250, fromTo: IBAN.company.text, description: "test")
    #expect(Set(changes) == [debit, credit] && changes.count == 2)
    for record in try await bank.records("balance_changed") {
      let leg: CloudEvent.Leg = record.keyText == account.iban ? .credit : .debit
      #expect(
        record.header("ce_id") == CloudEvent.eventID(command: command.id, topic: "balance_changed", leg: leg).text)
      #expect(record.header("ce_specversion") == "1.0")
      #expect(record.header("ce_source") == "/command-handler")
      #expect(record.header("ce_type") == "nl.openweb.data.BalanceChanged")
      #expect(record.header("causationid") == command.id.text)
      #expect(record.header("sequence") == "1")
    }
    #expect(try await bank.count("select count(*) from outbox where sent_at is not null and delivered is not null") > 0)
    #expect(handler.health.problem == nil)
    try await handler.stop()
    let confirmed = handler.metrics.value(
      of: "bank_commands_total", ["service": "command-handler", "outcome": "confirmed"])
    #expect(confirmed == 2)
    #expect(try await bank.count("select count(*) from partition_lease where expires_at > now()") == 0)
  }

  @Test("a command that comes again, also on another partition, gets its old answer and moves nothing")
  func redelivery() async throws {
    let bank = try await TestBank.start()
    let handler = bank.startHandler()
    let account = try #require(try await bank.openAccounts(1).first)
    let command = transfer(to: account.iban, amount: 250)
    let refused = transfer(to: account.iban, amount: 0)
    for partition in Int32(0)..<9 { try await bank.send([command, refused, command], partition: partition) }
    try await bank.drain()
    #expect(try await bank.values(Topics.moneyTransferConfirmed).count == 18)
    #expect(Set(try await bank.values(Topics.moneyTransferConfirmed)).count == 1)
    #expect(try await bank.values(Topics.moneyTransferFailed).count == 9)
    #expect(try await bank.values(Topics.balanceChanged).count == 2)
    #expect(try await bank.count("select amount from balance where iban = \(account.iban)") == 250)
    try await handler.stop()
  }

  @Test("another command under a used id changes nothing, answers nothing, and is kept")
  func conflict() async throws {
    let bank = try await TestBank.start()
    let handler = bank.startHandler()
    let account = try #require(try await bank.openAccounts(1).first)
    let id = UUID()
    try await bank.send([transfer(id, to: account.iban, amount: 250), transfer(id, to: account.iban, amount: 251)])
    try await bank.drain()
    #expect(try await bank.values(Topics.moneyTransferConfirmed).count == 1)
    #expect(try await bank.count("select amount from balance where iban = \(account.iban)") == 250)
    #expect(try await bank.count("select count(*) from conflict where command_id = \(id)") == 1)
    let letters = try await bank.records("dead_letter")
    #expect(letters.map { $0.header("__connect.errors.exception.class.name") } == ["id-reused"])
    #expect(letters.first?.keyText == id.text)
    #expect(handler.metrics.value(of: "bank_conflicts_total") == 1)
    try await handler.stop()
  }

  @Test("text that Postgres can't hold is no way to stop the handler")
  func hostileText() async throws {
    let bank = try await TestBank.start()
    let handler = bank.startHandler()
    let account = try #require(try await bank.openAccounts(1).first)
    try await bank.send([
      transfer(to: "a\0b", amount: 10), transfer(from: "x\0", to: account.iban, amount: 10),
      transfer(token: "\0", to: account.iban, amount: 10), transfer(to: account.iban, amount: 5, description: "\0"),
    ])
    try await bank.drain()
    #expect(try await bank.values(Topics.moneyTransferConfirmed).count == 2)
    let reasons = try await bank.values(Topics.moneyTransferFailed).map(\.reason)
    #expect(Set(reasons) == ["from is invalid", "invalid token"])
    let counterparties = Set(try await bank.values(Topics.balanceChanged).map(\.fromTo))
    #expect(counterparties.contains("a\0b"))
    try await handler.stop()
  }
}
