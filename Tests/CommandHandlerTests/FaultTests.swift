import BankSupport
import CommandHandlerService
import Definitions
import Foundation
import KafkaRuntime
import PostgresRuntime
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

  @Test("a batch that takes longer than its transaction may is tried again with half of its commands")
  func tooSlow() async throws {
    let bank = try await TestBank.start()
    try await bank.send(payments(40, to: [AccountCreationConfirmed(id: UUID(), iban: "x", token: "", aType: .auto)]))
    let settings = HandlerSettings()
    settings.failpoints.set(.decided) { [box = Box(count: 0)] in
      // The server ends a session that is idle in a transaction for five seconds.
      if box.next() == 1 { usleep(5_600_000) }
    }
    let handler = bank.startHandler(settings)
    try await bank.drain()
    try await handler.stop()
    #expect(try await bank.count("select count(*) from cmt") == 40)
    #expect(try await bank.count("select count(*) from outbox") >= 2)
    #expect(handler.metrics.value(of: "bank_retries_total", ["target": "postgres"]) ?? 0 >= 1)
    try await expectSound(bank)
  }

  @Test("a handler that stops while it sends a batch does not keep its locks")
  func silentInThePipeline() async throws {
    let bank = try await TestBank.start()
    var settings = HandlerSettings()
    settings.leaseSeconds = 1
    settings.leaseRenewalMillis = 300
    let handler = bank.startHandler(settings)
    let accounts = try await bank.openAccounts(2)
    let box = Box(count: 0)
    settings.failpoints.set(.outcomesWritten) {
      // The server waits for the rest of the pipeline, and no time-out of its own counts.
      if box.next() == 1 { usleep(12_000_000) }
    }
    let payment = payments(1, to: accounts)
    try await bank.send(payment)
    try await eventually("the handler is silent") { box.value > 0 }
    // Whoever needs the row of the company has it before the handler goes on.
    try await eventually("the locks are free", timeoutSeconds: 9) {
      try await bank.database { session in
        try session.execute("set lock_timeout = '500ms'")
        do {
          try session.execute("update balance set amount = amount")
          return true
        } catch let error as PostgresError where error.sqlState == "55P03" { return false }
      }
    }
    try await bank.drain()
    try await handler.stop()
    #expect(handler.metrics.value(of: "bank_retries_total", ["target": "postgres"]) ?? 0 >= 1)
    #expect(try await bank.count("select count(*) from cmt") == 1)
    try await expectSound(bank)
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
  var value: Int { count.withLock { $0 } }
  func next() -> Int {
    count.withLock { count in
      count += 1
      return count
    }
  }
}
