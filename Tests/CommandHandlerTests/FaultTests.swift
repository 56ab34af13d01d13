import BankSupport
import CommandHandlerService
import Definitions
import Foundation
import KafkaRuntime
import Synchronization
import TestBank
import Testing

private struct Injected: Error {}

@Suite("Handler: faults", .serialized)
struct FaultTests {
  /// Transfers from the company to the accounts in turn.
  private func payments(_ count: Int, to accounts: [AccountCreationConfirmed]) -> [ConfirmMoneyTransfer] {
    (0..<count).map { transfer(to: accounts[$0 % accounts.count].iban, amount: Int64($0 + 1)) }
  }

  private func expectSound(_ bank: TestBank) async throws {
    let report = try await bank.audit()
    #expect(report.isGood, "\(report.text)")
  }

  @Test("an error at each step of the transaction leaves nothing half done", arguments: HandlerStep.insideTransaction)
  func errorInside(step: HandlerStep) async throws {
    let bank = try await TestBank.start()
    let settings = HandlerSettings()
    settings.failpoints.set(step) { [box = Box(count: 0)] in
      if box.next() <= 2 { throw Injected() }
    }
    let handler = bank.startHandler(settings)
    let accounts = try await bank.openAccounts(2)
    try await bank.send(payments(40, to: accounts))
    try await bank.drain()
    try await handler.stop()
    #expect(try await bank.count("select count(*) from cmt") == 40)
    #expect(try await bank.records("balance_changed").count == 80)
    try await expectSound(bank)
  }

  @Test("kill -9 of the broker: lost events are published again, lost commands are counted apart")
  func brokerKilled() async throws {
    let bank = try await TestBank.start()
    let handler = bank.startHandler()
    let accounts = try await bank.openAccounts(3)
    for _ in 0..<3 {
      try await bank.send(payments(400, to: accounts))
      try await eventually("some are handled") { try await bank.count("select count(*) from cmt") > 0 }
      bank.broker.kill()
      try await eventually("the handler notices") { handler.health.problem != nil }
      try bank.broker.restart()
      try await bank.send(payments(50, to: accounts))
    }
    try await bank.drain(timeoutSeconds: 60)
    try await eventually("what was lost is there again", timeoutSeconds: 30) { try await bank.audit().isGood }
    #expect(handler.health.problem == nil)
    // Those that were sent after the last restart are all handled.
    #expect(try await bank.count("select count(*) from cmt") >= 150)
    try await handler.stop()
    try await expectSound(bank)
  }

  @Test("sessions that are ended under load, again and again, lose nothing")
  func sessionsEnded() async throws {
    let bank = try await TestBank.start()
    let handler = bank.startHandler()
    let accounts = try await bank.openAccounts(3)
    for _ in 0..<15 {
      try await bank.send(payments(100, to: accounts))
      try await bank.database { session in
        try session.execute(
          """
          select pg_terminate_backend(pid) from pg_stat_activity
          where usename = 'command_handler' and datname = current_database()
          """)
      }
      try await Task.sleep(for: .milliseconds(100))
    }
    try await bank.drain(timeoutSeconds: 60)
    try await handler.stop()
    #expect(try await bank.count("select count(*) from cmt") == 1_500)
    try await expectSound(bank)
  }
}

extension HandlerStep {
  fileprivate static let insideTransaction: [HandlerStep] = [
    .idsRead, .balancesLocked, .decided, .balancesUpdated, .accountsInserted, .balancesWritten, .transfersInserted,
    .outcomesWritten, .outboxWritten, .offsetsMoved,
  ]
}

/// Counts calls from any thread.
private final class Box: Sendable {
  private let count: Mutex<Int>
  init(count: Int) { self.count = Mutex(count) }
  func next() -> Int {
    count.withLock { count in
      count += 1
      return count
    }
  }
}
