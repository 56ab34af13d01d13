import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import TestBank
import Testing

@Suite("Handler: schema registry away")
struct RegistryTests {
  @Test("known schemas go on; a record with an unknown one waits with those behind it, and is judged later")
  func unknownWaits() async throws {
    let bank = try await TestBank.start()
    let handler = bank.startHandler()
    let account = try #require(try await bank.openAccounts(1).first)
    // Known by now: both command schemas.
    try await bank.send([transfer(to: account.iban, amount: 1)], partition: 0)
    try await bank.drain()
    let behind = transfer(to: account.iban, amount: 2)
    let elsewhere = transfer(to: account.iban, amount: 3)
    let known = try await bank.encoded([behind, elsewhere])
    await bank.streams.registryServer.stop()
    let unknown = KafkaRecord(
      topic: "confirm_money_transfer", partition: 1, key: Array("k".utf8), value: [0, 0, 0, 48, 57, 1])
    try await bank.send([unknown, known[0].to(partition: 1), known[1].to(partition: 2)])
    try await eventually("the other partition goes on") {
      try await bank.count("select count(*) from cmt where uuid = \(elsewhere.id)") == 1
    }
    try await Task.sleep(for: .seconds(2))
    #expect(try await bank.count("select count(*) from cmt where uuid = \(behind.id)") == 0)
    #expect(handler.health.problem?.contains("registry") == true)
    try await bank.streams.registryServer.restart()
    try await bank.drain()
    let letters = try await bank.records("dead_letter")
    #expect(letters.map { $0.header("__connect.errors.exception.class.name") } == ["unknown-schema-id"])
    #expect(try await bank.count("select count(*) from cmt where uuid = \(behind.id)") == 1)
    try await eventually("it is well again") { handler.health.problem == nil }
    try await handler.stop()
  }

  @Test("started without a registry it waits for one")
  func startedWithout() async throws {
    let bank = try await TestBank.start()
    try await bank.send([ConfirmAccountCreation(id: UUID(), aType: .manual)])
    await bank.streams.registryServer.stop()
    let handler = bank.startHandler()
    try await eventually("it says what is missing") { handler.health.problem?.contains("registry") == true }
    try await bank.streams.registryServer.restart()
    try await bank.drain()
    #expect(try await bank.values(Topics.accountCreationConfirmed).map(\.aType) == [.manual])
    #expect(handler.health.problem == nil)
    try await handler.stop()
  }
}

extension KafkaRecord {
  fileprivate func to(partition: Int32) -> KafkaRecord {
    var record = self
    record.partition = partition
    return record
  }
}
