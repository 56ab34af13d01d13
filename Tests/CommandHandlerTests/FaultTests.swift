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

  @Test("what was committed and not published is published by the next handler, once")
  func crashBeforePublishing() async throws {
    let bank = try await TestBank.start()
    var settings = HandlerSettings()
    settings.drainMillis = 0
    settings.failpoints.set(.publishing) { throw Injected() }
    let first = bank.startHandler(settings)
    let commands = payments(50, to: [AccountCreationConfirmed(id: UUID(), iban: "cash", token: "", aType: .auto)])
    try await bank.send(commands)
    try await eventually("all is committed") { try await bank.count("select count(*) from cmt") == 50 }
    try await first.stop()
    #expect(try await bank.count("select count(*) from outbox where sent_at is not null") == 0)
    #expect(try await bank.records("balance_changed").isEmpty)

    let second = bank.startHandler()
    try await bank.drain()
    try await second.stop()
    #expect(try await bank.records("balance_changed").count == 50)
    #expect(try await bank.records("money_transfer_confirmed").count == 50)
    try await expectSound(bank)
  }

  @Test("what was published and not marked is published again, and changes nothing")
  func crashBeforeMarking() async throws {
    let bank = try await TestBank.start()
    var settings = HandlerSettings()
    settings.drainMillis = 0
    settings.failpoints.set(.published) { throw Injected() }
    let first = bank.startHandler(settings)
    try await bank.send(payments(20, to: [AccountCreationConfirmed(id: UUID(), iban: "x", token: "", aType: .auto)]))
    try await eventually("all is published") { try await bank.records("money_transfer_confirmed").count >= 20 }
    try await first.stop()
    let second = bank.startHandler()
    try await bank.drain()
    try await second.stop()
    let changes = try await bank.records("balance_changed")
    #expect(changes.count > 20)
    #expect(Set(changes.map { $0.header("ce_id") }).count == 20)
    try await expectSound(bank)
  }

  @Test("an error at each step of the transaction leaves nothing half done", arguments: Step.insideTransaction)
  func errorInside(step: Step) async throws {
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

  @Test("two handlers share the partitions, opposing transfers don't hang, and a stopped one's partitions move")
  func twoHandlers() async throws {
    let bank = try await TestBank.start()
    let first = bank.startHandler()
    let accounts = try await bank.openAccounts(2)
    let second = bank.startHandler()
    try await eventually("both have five partitions") {
      try await bank.count(
        """
        select count(*) from (
          select owner from partition_lease where topic not like 'handler/%' and expires_at > now()
          group by owner having count(*) = 5) o
        """) == 2
    }
    try await bank.send(payments(10, to: accounts).map { transfer(to: $0.to, amount: 1_000_000) })
    try await bank.drain()
    var opposing: [ConfirmMoneyTransfer] = []
    for _ in 0..<500 {
      opposing.append(transfer(from: accounts[0].iban, token: accounts[0].token, to: accounts[1].iban, amount: 3))
      opposing.append(transfer(from: accounts[1].iban, token: accounts[1].token, to: accounts[0].iban, amount: 3))
    }
    try await bank.send(opposing)
    try await bank.drain()
    let handled = [first, second].map { $0.metrics.value(of: "bank_batch_duration_seconds") ?? 0 }
    #expect(handled.allSatisfy { $0 > 0 })
    try await first.stop()
    try await bank.send(payments(100, to: accounts))
    try await bank.drain()
    try await second.stop()
    #expect(try await bank.count("select count(*) from cmt where reason is null") == 1_110)
    #expect(try await bank.count("select amount from balance where iban = \(accounts[0].iban)") > 5_000_000)
    try await expectSound(bank)
  }

  @Test("a handler that was frozen while another took over writes nothing")
  func zombie() async throws {
    let bank = try await TestBank.start()
    let settings = HandlerSettings()
    let gate = Gate()
    settings.failpoints.set(.batchRead) { gate.pass() }
    let zombie = bank.startHandler(settings)
    try await eventually("it has its partitions") {
      try await bank.count("select count(*) from partition_lease where topic not like 'handler/%'") == 10
    }
    gate.close()
    try await bank.send(payments(30, to: [AccountCreationConfirmed(id: UUID(), iban: "x", token: "", aType: .auto)]))
    try await eventually("it is frozen with a batch in hand") { gate.isWaitedAt }
    // As when its leases ran out: another epoch, under which all is handled.
    let heir = UUID()
    try await bank.database { session in
      try session.execute(
        """
        update partition_lease set owner = \(heir), epoch = epoch + 1, expires_at = now() + interval '4 seconds'
        where topic not like 'handler/%'
        """)
      try session.execute("update consumed_offset set epoch = epoch + 1")
    }
    gate.open()
    try await Task.sleep(for: .seconds(1))
    #expect(try await bank.count("select count(*) from cmt") == 0)
    // The heir never renews: its leases end, and all goes on under a new epoch.
    try await bank.drain()
    try await zombie.stop()
    #expect(try await bank.count("select count(*) from cmt") == 30)
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

  @Test("stopped under load it ends in time, and the next one goes on where it was")
  func stopUnderLoad() async throws {
    let bank = try await TestBank.start()
    let first = bank.startHandler()
    let accounts = try await bank.openAccounts(3)
    try await bank.send(payments(3_000, to: accounts))
    let start = ContinuousClock.now
    try await first.stop()
    #expect(start.duration(to: .now) < .seconds(10))
    #expect(try await bank.count("select count(*) from outbox where sent_at is null") == 0)
    let second = bank.startHandler()
    try await bank.drain()
    try await second.stop()
    // Nothing was handled twice.
    #expect(try await bank.records("money_transfer_confirmed").count == 3_000)
    try await expectSound(bank)
  }
}

extension Step {
  fileprivate static let insideTransaction: [Step] = [
    .idsRead, .balancesLocked, .decided, .balancesWritten, .outcomesWritten, .outboxWritten, .offsetsMoved,
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

/// Holds up whoever passes while it is closed.
private final class Gate: Sendable {
  private let state = Mutex((isClosed: false, isWaitedAt: false))
  var isWaitedAt: Bool { state.withLock { $0.isWaitedAt } }
  func close() { state.withLock { $0.isClosed = true } }
  func open() { state.withLock { $0.isClosed = false } }
  func pass() {
    while state.withLock({ state in
      if state.isClosed { state.isWaitedAt = true }
      return state.isClosed
    }) { usleep(10_000) }
  }
}
