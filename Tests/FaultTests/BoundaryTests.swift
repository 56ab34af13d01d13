import BankSupport
import CommandHandlerService
import Definitions
import Foundation
import JSONText
import PostgresRuntime
import Synchronization
import TestBank
import Testing

/// Item "the ends of the range": amounts and balances at the edge of 64 bits, IBANs that collide, one name asked for by a
/// hundred at once.
@Suite("Faults: boundaries", .serialized)
struct BoundaryTests {
  @Test(
    "amounts of 0, -1, the smallest and the largest, and balances next to the largest",
    .enabled(if: FaultSize.isFull))
  func amounts() async throws {
    let bank = try await TestBank.startForProcesses()
    let handler = bank.startHandler()
    let endpoint = try ServiceProcess(.graphQLEndpoint, bank)
    let accounts = try await bank.openAccounts(2)
    let (rich, poor) = (accounts[0], accounts[1])
    let (positive, tooLarge, tooLittle) = ("amount must be positive", "amount is too large", "insufficient funds")
    func spend(_ from: AccountCreationConfirmed, _ to: String, _ amount: Int64) -> ConfirmMoneyTransfer {
      transfer(from: from.iban, token: from.token, to: to, amount: amount)
    }
    func deposit(_ amount: Int64) -> ConfirmMoneyTransfer {
      transfer(from: "cash", token: "", to: rich.iban, amount: amount)
    }
    // In this order; nil is confirmed.
    let steps: [(command: ConfirmMoneyTransfer, reason: String?)] = [
      (deposit(0), positive), (deposit(-1), positive), (deposit(.min), positive),
      (spend(poor, rich.iban, 0), positive), (spend(poor, rich.iban, -1), positive),
      (spend(poor, rich.iban, .min), positive), (spend(poor, rich.iban, .max), tooLittle),
      (transfer(to: rich.iban, amount: .max), tooLittle),
      (deposit(.max), nil), (deposit(1), tooLarge), (deposit(.max), tooLarge),
      (transfer(to: rich.iban, amount: 1), tooLarge), (spend(rich, IBAN.company.text, .max), tooLarge),
      (spend(rich, poor.iban, 1), nil), (deposit(2), tooLarge), (deposit(1), nil),
      (spend(poor, "NL02ABNA0123456789", 50_002), tooLittle), (spend(poor, "NL02ABNA0123456789", 50_001), nil),
      (spend(rich, poor.iban, .max), nil), (spend(rich, "NL02ABNA0123456789", 50_001), tooLittle),
      (spend(poor, "NL02ABNA0123456789", .max - 50_000), nil), (spend(poor, rich.iban, .max), tooLittle),
    ]
    try await bank.send(steps.map(\.command), partition: 4)
    try await bank.drain()
    let reasons = try await bank.database { session in
      try session.query("select uuid, reason from cmt", as: UUID.self, String?.self)
    }
    let outcomes = Dictionary(uniqueKeysWithValues: reasons.map { ($0.0, $0.1) })
    for (index, step) in steps.enumerated() {
      #expect(outcomes[step.command.id] == .some(step.reason), "step \(index): \(step.command)")
    }
    try await expectProjected(bank)
    endpoint.kill()
    try await handler.stop()
    try await faultHeld("amounts and balances at the ends", injected: steps.count, inFlight: steps.count, bank: bank)
  }

  @Test(
    "IBANs that collide: one account each, and the others are told to try again",
    .enabled(if: FaultSize.isFull))
  func collidingIBANs() async throws {
    let creations = FaultSize.of(short: 60, full: 1_000)
    let ibans = (1...3).map { IBAN(account: $0) }
    let bank = try await TestBank.start()
    var settings = HandlerSettings()
    let number = Mutex(0)
    settings.accountNumbers = {
      let index = number.withLock { number in
        number += 1
        return number
      }
      return AccountNumbers(iban: ibans[index % ibans.count].text, token: Token.random())
    }
    let handler = bank.startHandler(settings)
    let commands = (0..<creations).map { _ in ConfirmAccountCreation(id: UUID(), aType: .manual) }
    // In two parts, so that some collide within a batch and some with what was there before.
    try await bank.send(Array(commands.prefix(creations / 2)))
    try await bank.drain()
    try await bank.send(Array(commands.suffix(creations - creations / 2)))
    try await bank.drain()
    let opened = try await bank.values(Topics.accountCreationConfirmed)
    let refused = try await bank.values(Topics.accountCreationFailed)
    #expect(Set(opened.map(\.iban)) == Set(ibans.map(\.text)) && opened.count == ibans.count)
    #expect(refused.count == creations - ibans.count)
    #expect(Set(refused.map(\.reason)) == ["generated iban already exists, try again"])
    try await handler.stop()
    try await faultHeld("IBANs that collide", injected: refused.count, inFlight: creations, bank: bank)
  }

  @Test(
    "100 concurrent get_account of one name, at two endpoints: one account",
    .enabled(if: FaultSize.isFull))
  func oneName() async throws {
    let callers = 100
    let rounds = FaultSize.of(short: 1, full: 5)
    let bank = try await TestBank.startForProcesses()
    let handler = bank.startHandler()
    // All come from one address here.
    let limits = ["BANK_GRAPHQL_MAX_HASHES_PER_ADDRESS": "1000", "BANK_GRAPHQL_MAX_HASHES_WAITING": "1000"]
    let endpoints = [
      try ServiceProcess(.graphQLEndpoint, bank, environment: limits),
      try ServiceProcess(.graphQLEndpoint, bank, environment: limits),
    ]
    for endpoint in endpoints { try await endpoint.well() }
    for round in 1...rounds {
      let answers = try await withThrowingTaskGroup(of: String.self) { group in
        for caller in 0..<callers {
          group.addTask { try await endpoints[caller % 2].getAccount(of: "a name for all \(round)") }
        }
        return try await group.reduce(into: Set<String>()) { $0.insert($1) }
      }
      #expect(answers.count == 1 && answers.first?.contains("NL") == true, "\(answers)")
      #expect(try await bank.count("select count(*) from balance where type = 'MANUAL'") == Int64(round))
    }
    try await handler.stop()
    for endpoint in endpoints { #expect(try await endpoint.stop() == .exited(0)) }
    try await faultHeld(
      "100 concurrent get_account of one name", injected: rounds, inFlight: rounds * callers, bank: bank)
  }
}
