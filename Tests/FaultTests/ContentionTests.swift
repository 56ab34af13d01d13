import Definitions
import EmbeddedBroker
import Foundation
import PostgresRuntime
import TestBank
import Testing

/// Item "several handlers at once": they never pay the same money twice, never wait for each other for ever, and take
/// over from each other.
@Suite("Faults: contention", .serialized)
struct ContentionTests {
  @Test("50 concurrent spends of a balance that fits one")
  func concurrentSpends() async throws {
    let spendsPerAccount = 50
    let bank = try await TestBank.start()
    let handlers = [bank.startHandler(), bank.startHandler()]
    let accounts = try await bank.openAccounts(FaultSize.of(short: 5, full: 40))
    // A new account may go down to -500.00, so one spend of that fits and no second one.
    var spends: [Int: [ConfirmMoneyTransfer]] = [:]
    for account in accounts {
      for index in 0..<spendsPerAccount {
        spends[index % 9, default: []].append(
          transfer(from: account.iban, token: account.token, to: "NL02ABNA0123456789", amount: 50_000))
      }
    }
    for (partition, commands) in spends { try await bank.send(commands.shuffled(), partition: Int32(partition)) }
    try await bank.drain(timeoutSeconds: 60)
    let count = accounts.count
    #expect(try await bank.count("select count(*) from cmt where reason is null") == Int64(count))
    #expect(try await bank.count("select count(*) from cmt where reason = 'insufficient funds'") == Int64(49 * count))
    #expect(try await bank.count("select count(*) from balance where amount = -50000") == Int64(count))
    for handler in handlers { try await handler.stop() }
    try await faultHeld(
      "50 concurrent spends of what fits one", injected: count, inFlight: count * spendsPerAccount, bank: bank)
  }

  @Test(
    "opposing transfers between two accounts, with two handlers at once",
    .enabled(if: FaultSize.isFull))
  func opposing() async throws {
    let each = FaultSize.of(short: 500, full: 10_000)
    let bank = try await TestBank.start()
    let handlers = [bank.startHandler(), bank.startHandler()]
    let accounts = try await openFundedAccounts(2, cents: 1_000_000, bank)
    try await eventually("each has half of the partitions") { try await owners(bank).sorted() == [5, 5] }
    let (left, right) = (accounts[0], accounts[1])
    var commands: [ConfirmMoneyTransfer] = []
    for _ in 0..<each {
      commands.append(transfer(from: left.iban, token: left.token, to: right.iban, amount: 3))
      commands.append(transfer(from: right.iban, token: right.token, to: left.iban, amount: 3))
    }
    try await bank.send(commands)
    try await bank.drain(timeoutSeconds: 180)
    #expect(try await bank.count("select count(*) from cmt where reason is null") == Int64(2 * each + 2))
    #expect(try await bank.count("select min(amount) from balance where balance_id > 0") == 1_000_000)
    #expect(handlers.allSatisfy { ($0.metrics.value(of: "bank_batch_duration_seconds") ?? 0) > 0 })
    for handler in handlers { try await handler.stop() }
    try await faultHeld("opposing transfers, two handlers", injected: each, inFlight: commands.count, bank: bank)
  }

  /// How many partitions each handler has.
  private func owners(_ bank: TestBank) async throws -> [Int] {
    try await bank.database { session in
      try session.query(
        """
        select count(*) from partition_lease where topic not like 'handler/%' and expires_at > clock_timestamp()
        group by owner
        """, as: Int.self)
    }
  }

  @Test(
    "handlers that start, stop and are killed every 2 s, under load",
    .enabled(if: FaultSize.isFull))
  func comingAndGoing() async throws {
    let changes = FaultSize.of(short: 4, full: 20)
    let everySeconds = 2
    var generator = SeededGenerator.forRun("handlers that come and go")
    let bank = try await TestBank.startForProcesses()
    var handlers = [try ServiceProcess(.commandHandler, bank), try ServiceProcess(.commandHandler, bank)]
    let load = try await Load(bank, try await openFundedAccounts(8, cents: 10_000_000, bank))
    var inFlight = 0
    for _ in 0..<changes {
      try await Task.sleep(for: .seconds(everySeconds))
      let index = Int.random(in: 0..<handlers.count, using: &generator)
      // Two at least, so that there is always somebody to take over; three at most.
      if handlers.count == 3 {
        let leaving = handlers.remove(at: index)
        inFlight += try await load.inFlight()
        if Bool.random(using: &generator) {
          leaving.kill()
        } else {
          #expect(try await leaving.stop(timeoutSeconds: 10) == .exited(0))
        }
      } else {
        handlers.append(try ServiceProcess(.commandHandler, bank))
      }
    }
    try await load.stop()
    // Leases of the killed last 5 s; nothing here ends them sooner.
    try await bank.drain(timeoutSeconds: 60)
    #expect(try await bank.decidedCount() == load.sent)
    #expect(try await bank.count("select max(epoch) from partition_lease where topic not like 'handler/%'") > 1)
    for handler in handlers { #expect(try await handler.stop(timeoutSeconds: 10) == .exited(0)) }
    try await faultHeld("handlers that come, go and are killed", injected: changes, inFlight: inFlight, bank: bank)
  }
}
