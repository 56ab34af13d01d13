import AuditService
import BankSupport
import CommandHandlerService
import Definitions
import EmbeddedBroker
import Foundation
import KafkaRuntime
import TestBank
import Testing

/// docs/variants.md: whatever the strategy, the same commands have the same outcomes, and the same audits pass.
@Suite("Strategies of the command handler", .serialized)
struct StrategyTests {
  private static let funds: Int64 = 1_000_000
  /// A strategy, and where it sends answers.
  struct Variant: Sendable, CustomTestStringConvertible {
    var strategy: HandlerStrategy
    var feedback = FeedbackTopics.separate

    var testDescription: String { feedback == .shared ? "\(strategy), feedback topics" : "\(strategy)" }
  }

  /// In the short form without the one that all other tests use.
  private static let variants =
    HandlerStrategy.allCases.filter { FaultSize.isFull || $0 != .batch }.map { Variant(strategy: $0) }
    + [.batch, .memory, .python].filter { FaultSize.isFull || $0 == .batch }
    .map { Variant(strategy: $0, feedback: .shared) }

  @Test(
    "the same commands, kill -9 in the middle: the same outcomes, and both audits pass",
    arguments: variants)
  func sameOutcomes(variant: Variant) async throws {
    let strategy = variant.strategy
    let bank = try await TestBank.startForProcesses()
    let arguments = ["--strategy", strategy.rawValue]
    let environment = ["BANK_FEEDBACK": variant.feedback.rawValue]
    var handler = try ServiceProcess(.commandHandler, bank, arguments, environment: environment)
    try await handler.well()
    let accounts = try await bank.openAccounts(4)
    let funding = accounts.map { transfer(to: $0.iban, amount: Self.funds) }
    try await bank.send(funding)
    try await bank.report(handler) { $0.handled == funding.count }
    // By itself, so it is the first of its batch.
    try await bank.send([
      KafkaRecord(topic: Topics.confirmMoneyTransfer.name, partition: 4, key: Array("alone".utf8), value: nil)
    ])
    try await eventually("an empty value is a dead letter") {
      try await bank.records(Topics.deadLetter.name).contains { $0.key == Array("alone".utf8) && $0.value == nil }
    }
    let commands =
      refused(accounts) + mixedTransfers(FaultSize.of(short: 200, full: 1_500), accounts)
    let half = commands.count / 2
    try await bank.send(Array(commands[..<half]))
    // What was decided before comes again, as it was and with another amount, where another handler could get it.
    try await bank.send(funding, partition: 3)
    let reused = funding.map { transfer($0.id, to: $0.to, amount: Self.funds + 1) }
    try await bank.send(reused, partition: 5)
    let poison = try await bank.sendPoison()
    let answers = variant.feedback == .shared ? Topics.transferFeedback.name : Topics.moneyTransferConfirmed.name
    // In the middle: something of it is published, and not all.
    try await eventually("some of it is handled", timeoutSeconds: 60) {
      try await bank.records(answers).count > 2 * funding.count
    }
    handler.kill()
    try await bank.endLeasesOfTheDead()
    try await bank.send(Array(commands[half...]))
    handler = try ServiceProcess(.commandHandler, bank, arguments, environment: environment)
    let report = try await bank.report(handler) { $0.handled == commands.count + funding.count && $0.isDrained }
    var expected: [String: Int] = [:]
    for reason in commands.compactMap(Self.refusal) { expected[reason, default: 0] += 1 }
    #expect(report.failed == expected)
    #expect(report.conflicts == reused.count)
    #expect(report.deadLetters == reused.count + poison.count + 1)
    #expect(report.accounts == accounts.count + 1)
    let letters = try await bank.records(Topics.deadLetter.name)
    let causes = letters.compactMap { $0.header("__connect.errors.exception.class.name") }
    #expect(Set(causes) == Set(poison.map(\.cause) + ["id-reused"]))
    for it in poison { #expect(letters.contains { $0.key == it.key && $0.value == it.value }, "\(it.cause)") }
    try await handler.well()
    #expect(try await handler.stop() == .exited(0), "\(handler.log.suffix(2_000))")
    let confirmed = try await bank.records(Topics.moneyTransferConfirmed.name).count
    #expect((confirmed == 0) == (variant.feedback == .shared))
    try await expectRefusals(bank, after: strategy)
    try await bank.expectOrderPerIBAN()
    try await faultHeld(
      "strategy \(variant.testDescription): kill -9 under load", injected: 1, inFlight: commands.count - half,
      bank: bank, hasDatabase: strategy != .memory)
  }

  /// One of each refusal that does not depend on what came before, but for those of `mixedTransfers`.
  private func refused(_ accounts: [AccountCreationConfirmed]) -> [ConfirmMoneyTransfer] {
    let (payer, payee) = (accounts[0], accounts[1])
    return [
      transfer(from: "NL00OPEN0000000001", token: "", to: payee.iban, amount: 1),
      transfer(from: payer.iban, token: payer.token, to: payer.iban, amount: 1),
      transfer(from: payer.iban, token: payer.token, to: payee.iban, amount: 0),
      transfer(from: payer.iban, token: payer.token, to: "elsewhere", amount: 5 * Self.funds),
      transfer(from: "cash", token: "", to: "NL02ABNA0123456789", amount: 1),
      transfer(from: payer.iban, token: payer.token, to: "a \0 in it", amount: 1),
    ]
  }

  /// What the contract says of the transfers above, of which none depends on their order.
  private static func refusal(of command: ConfirmMoneyTransfer) -> String? {
    if command.from == "NL00OPEN0000000001" { return Refusal.fromInvalid.rawValue }
    if command.from == command.to { return Refusal.sameAccount.rawValue }
    if command.amount < 1 { return Refusal.amountNotPositive.rawValue }
    if command.amount == .max { return Refusal.amountTooLarge.rawValue }
    if command.token == "wrong" { return Refusal.tokenInvalid.rawValue }
    if command.amount == 5 * funds { return Refusal.insufficientFunds.rawValue }
    if command.from == "cash", IBAN(command.to) == nil { return Refusal.bothUnknown.rawValue }
    return nil
  }

  @Test("memory: a frozen writer is replaced, and writes nothing when it goes on", .enabled(if: FaultSize.isFull))
  func frozenWriter() async throws {
    let bank = try await TestBank.startForProcesses()
    let arguments = ["--strategy", HandlerStrategy.memory.rawValue]
    let first = try ServiceProcess(.commandHandler, bank, arguments)
    let accounts = try await bank.openAccounts(4)
    let second = try ServiceProcess(.commandHandler, bank, arguments)
    try await second.well()
    try await bank.send(accounts.map { transfer(to: $0.iban, amount: Self.funds) })
    try await bank.report(first) { $0.handled == 4 }
    try await bank.send(mixedTransfers(500, accounts))
    first.signal(SIGSTOP)
    try await bank.send(mixedTransfers(500, accounts))
    try await bank.report(second) { $0.handled == 1_004 }
    #expect(second.log.contains("writes the journal: epoch 2"), "\(second.log)")
    first.signal(SIGCONT)
    try await eventually("the first says that it was replaced") {
      first.log.contains("another handler writes the journal now")
    }
    second.kill()
    try await bank.send(mixedTransfers(500, accounts))
    let report = try await bank.report(first) { $0.handled == 1_504 && $0.isDrained }
    #expect(report.isGood, "\(report.text)\n\(first.log)\n\(second.log)")
    #expect(try await first.stop() == .exited(0))
    try await faultHeld(
      "memory: SIGSTOP of the writer, SIGCONT after the takeover", injected: 1, inFlight: 500, bank: bank,
      hasDatabase: false)
  }

  @Test(
    "memory: what a killed broker lost of journal and events is written again", .enabled(if: FaultSize.isFull))
  func killedBroker() async throws {
    let bank = try await TestBank.startForProcesses()
    let handler = try ServiceProcess(.commandHandler, bank, ["--strategy", HandlerStrategy.memory.rawValue])
    let accounts = try await bank.openAccounts(4)
    try await bank.send(accounts.map { transfer(to: $0.iban, amount: Self.funds) })
    try await bank.report(handler) { $0.handled == 4 }
    // Long enough for the broker to have saved its topics.
    try await Task.sleep(for: .seconds(3))
    var handled = 4
    for _ in 0..<6 {
      try await bank.send(mixedTransfers(200, accounts))
      try await bank.report(handler) { $0.handled > handled }
      bank.broker.kill()
      try bank.broker.restart()
      // The broker may have lost commands; what was decided of them stays decided.
      let report = try await bank.report(handler, timeoutSeconds: 90) { $0.isDrained }
      #expect(report.isGood, "\(report.text)")
      #expect(report.handled >= handled)
      handled = report.handled
    }
    try await bank.send(mixedTransfers(100, accounts))
    try await bank.report(handler) { $0.handled >= handled + 100 }
    #expect(try await handler.stop() == .exited(0), "\(handler.log)")
    #expect(handler.log.contains("entries are written again"), "\(handler.log)")
    try await faultHeld(
      "memory: kill -9 of the broker", injected: 6, inFlight: 0, bank: bank, hasDatabase: false)
  }

  /// The ledger is in one place: a handler that has it elsewhere does not begin, and says why.
  private func expectRefusals(_ bank: TestBank, after strategy: HandlerStrategy) async throws {
    let (others, why): ([HandlerStrategy], String) =
      switch strategy {
      case .batch: ([.memory], "this bank was run with another strategy")
      case .memory: ([.batch, .python], "the ledger of this bank is in the topic journal")
      default: ([], "")
      }
    for other in others {
      let refused = try ServiceProcess(.commandHandler, bank, ["--strategy", other.rawValue])
      #expect(try await refused.end() == .exited(1))
      #expect(refused.log.contains(why), "\(other): \(refused.log)")
    }
  }
}

extension TestBank {
  /// Audits until the report is as it should be; fails with the handler's log.
  @discardableResult
  fileprivate func report(
    _ handler: ServiceProcess, timeoutSeconds: Int = 60, _ isThere: (AuditReport) -> Bool
  ) async throws -> AuditReport {
    let deadline = ContinuousClock.now + .seconds(timeoutSeconds)
    while true {
      let report = try? await audit()
      if let report, isThere(report) { return report }
      guard ContinuousClock.now < deadline else {
        throw TestBankError("not in time: \(report?.text ?? "no audit")\n\(handler.log.suffix(3_000))")
      }
      try await Task.sleep(for: .milliseconds(100))
    }
  }

  /// - Returns: what was sent, with the cause of its dead letter.
  fileprivate func sendPoison() async throws -> [Poison] {
    let all = [
      Poison(key: Array("a".utf8), value: nil, cause: "empty-value"),
      Poison(key: nil, value: [1, 0, 0, 0, 1], cause: "wrong-magic-byte"),
      // Keys need not be text.
      Poison(key: [0xFF, 0xFE], value: [0, 0], cause: "malformed-avro"),
      Poison(key: Array("b".utf8), value: [0, 0, 1, 0, 0, 1], cause: "unknown-schema-id"),
    ]
    let other = try await registry.latest(subject: "heartbeat-value").id
    let poison =
      all + [
        Poison(
          key: Array("c".utf8), value: [0] + withUnsafeBytes(of: other.bigEndian, Array.init) + [2],
          cause: "incompatible-schema")
      ]
    try await send(
      poison.map { KafkaRecord(topic: Topics.confirmMoneyTransfer.name, partition: 4, key: $0.key, value: $0.value) })
    return poison
  }
}
