import BankSupport
import Definitions
import EmbeddedBroker
import Foundation
import KafkaRuntime
import LoopbackProxy
import TestBank
import Testing

/// Item "broker": it dies and loses what it had acknowledged, freezes, is away for long, takes no writes, or is another.
@Suite("Faults: the broker", .serialized)
struct BrokerTests {
  @Test("kill -9 and restart under load: what it lost is published again, what had an outcome keeps it")
  func killed() async throws {
    let bank = try await TestBank.startForProcesses()
    let busy = try await BusyBank.start(on: bank)
    // Long enough for the broker to have saved its topics.
    try await bank.decides(500)
    let kills = FaultSize.of(short: 2, full: 12)
    var inFlight = 0
    for _ in 0..<kills {
      try await bank.decides(200)
      inFlight += try await busy.payments.inFlight()
      bank.broker.kill()
      try await eventually("the handler says so") { busy.handler.health.problem != nil }
      try await Task.sleep(for: .milliseconds(Int.random(in: 0...1_000)))
      try bank.broker.restart()
    }
    try await bank.decides(100)
    try await busy.settle(
      "broker: kill -9 and restart under load", injected: kills, inFlight: inFlight, losesCommands: true)
  }

  @Test(
    "frozen it answers nothing: handler and endpoint say so, and go on when it does",
    .enabled(if: FaultSize.isFull))
  func frozen() async throws {
    let bank = try await TestBank.startForProcesses()
    let busy = try await BusyBank.start(on: bank)
    let seconds = FaultSize.of(short: 3, full: 30)
    let start = ContinuousClock.now
    let inFlight = try await busy.payments.inFlight()
    bank.broker.signal(SIGSTOP)
    try await busy.expectAlarm()
    try await Task.sleep(until: start + .seconds(seconds), clock: .continuous)
    bank.broker.signal(SIGCONT)
    try await bank.decides(100)
    try await busy.settle("broker: SIGSTOP for \(seconds) s under load", injected: 1, inFlight: inFlight)
  }

  @Test(
    "down under load: memory stays as it is, and all goes on in order",
    .enabled(if: FaultSize.isFull))
  func down() async throws {
    try await outage(seconds: FaultSize.of(short: 4, full: 60))
  }

  @Test("down for five minutes", .enabled(if: FaultSize.isLong), .timeLimit(.minutes(15)))
  func downForLong() async throws {
    try await outage(seconds: 300)
  }

  /// Handler and endpoint are processes, so that their memory can be measured.
  private func outage(seconds: Int) async throws {
    let bank = try await TestBank.startForProcesses()
    // The first of two, so that it is the one that publishes.
    let handler = try ServiceProcess(.commandHandler, bank)
    try await handler.well()
    let busy = try await BusyBank.start(on: bank, paymentsPerSecond: 400)
    try await bank.decides(FaultSize.of(short: 500, full: 5_000), timeoutSeconds: 120)
    let inFlight = try await busy.payments.inFlight()
    let services = [handler, busy.endpoint]
    let before = try services.map { try $0.residentMegabytes() }
    // By SIGTERM, so that it saves almost all: what it acknowledges meanwhile is lost.
    bank.broker.stop()
    try await busy.expectAlarm()
    try await Task.sleep(for: .seconds(seconds))
    let after = try services.map { try $0.residentMegabytes() }
    let (retries, unsent) = (
      await handler.metric(#"bank_retries_total{target="kafka"}"#) ?? 0,
      try await bank.count("select count(*) from outbox where sent_at is null")
    )
    print(
      "broker down for \(seconds) s: handler \(before[0]) to \(after[0]) MB, endpoint \(before[1]) to \(after[1]) MB, "
        + "\(Int(retries)) retries of the handler, \(unsent) outbox rows wait")
    for (before, after) in zip(before, after) { #expect(after <= before + 40) }
    #expect(retries > 0 && retries <= Double(20 + 4 * seconds))
    try bank.broker.restart()
    try await bank.decides(100)
    try await handler.well()
    #expect(try await handler.stop() == .exited(0))
    try await busy.settle(
      "broker: down for \(seconds) s under load", injected: 1, inFlight: inFlight, losesCommands: true)
  }

  @Test(
    "it gives out records and takes none: the outbox holds them, shows its lag, and drains in order",
    .enabled(if: FaultSize.isFull))
  func takesNoWrites() async throws {
    let bank = try await TestBank.startForProcesses()
    let proxy = try LoopbackProxy(to: .port(bank.broker.port), isKafka: true)
    let handler = try ServiceProcess(.commandHandler, bank, brokers: proxy.address)
    try await handler.well()
    let ibans = try await bank.openAccounts(4).map(\.iban)
    let payments = try await Payments(bank, to: ibans, perSecond: FaultSize.of(short: 400, full: 800))
    try await bank.decides(500)
    // From its first Produce request on (API key 0) nothing more of a connection reaches the broker.
    proxy.judge { bytes in bytes.count > 6 && bytes[4] == 0 && bytes[5] == 0 ? .hold : .pass }
    try await eventually("the handler says so") {
      await handler.health().body.contains("outbox")
    }
    let before = try handler.residentMegabytes()
    let published = try await bank.records("balance_changed").count
    let start = ContinuousClock.now
    let seconds = FaultSize.of(short: 3, full: 60)
    try await Task.sleep(for: .seconds(seconds))
    let after = try handler.residentMegabytes()
    let lag = await handler.metric("bank_outbox_rows") ?? 0
    let unsent = try await bank.count("select count(*) from outbox where sent_at is null")
    let inFlight = try await payments.inFlight()
    let attempts = proxy.busiestSecond(since: start)
    print(
      "broker takes no writes for \(seconds) s: handler \(before) to \(after) MB, \(unsent) outbox rows wait "
        + "(\(Int(lag)) shown), \(attempts) connections in the busiest second")
    #expect(try await bank.records("balance_changed").count == published)
    #expect(unsent > 0 && lag > 0)
    #expect(after <= before + 100)
    proxy.judge(nil)
    proxy.release()
    let acknowledged = try await payments.stop()
    try await bank.drain(timeoutSeconds: 120)
    try await bank.expectOutcomes(of: acknowledged)
    try await bank.expectOrderPerIBAN()
    try await eventually("its lag is over") { await handler.metric("bank_outbox_rows") == 0 }
    try await handler.well()
    #expect(try await handler.stop() == .exited(0))
    try await faultHeld(
      "broker: takes no writes for \(seconds) s, \(unsent) outbox rows wait", injected: 1, inFlight: inFlight,
      bank: bank)
  }

  @Test(
    "topics that were wiped, and a database of another run: both services stop, and say why",
    .enabled(if: FaultSize.isFull))
  func anotherRun() async throws {
    let bank = try await TestBank.startForProcesses()
    let handler = bank.startHandler()
    _ = try await bank.openAccounts(1)
    try await bank.drain()
    try await handler.stop()
    func expectRefusal(_ what: String, brokers: String? = nil) async throws {
      for service in [ServiceProcess.Service.commandHandler, .graphQLEndpoint] {
        let process = try ServiceProcess(service, bank, brokers: brokers)
        #expect(try await process.end() == .exited(1), "\(what), \(service)")
        #expect(process.log.contains(Incarnation.mismatch), "\(what), \(service): \(process.log)")
      }
    }
    let empty = try EmbeddedBroker.start()
    try await expectRefusal("no topics", brokers: empty.bootstrapServers)
    let other = try await TestBank.startForProcesses()
    try await expectRefusal("topics of another run", brokers: other.broker.bootstrapServers)
    #expect(try await bank.count("select count(*) from outbox where sent_at is null") == 0)
    try await faultHeld("broker: wiped, or of another run", injected: 4, inFlight: 0, bank: bank)
  }

  @Test(
    "topics that are wiped, or exchanged, under running services: both stop, say why, and publish nothing there",
    .enabled(if: FaultSize.isFull), arguments: [true, false])
  func otherTopicsWhileRunning(isExchanged: Bool) async throws {
    let bank = try await TestBank.startForProcesses()
    let services = [try ServiceProcess(.commandHandler, bank), try ServiceProcess(.graphQLEndpoint, bank)]
    for service in services { try await service.well() }
    _ = try await bank.openAccounts(1)
    try await bank.drain()
    bank.broker.kill()
    try bank.broker.wipe()
    try bank.broker.restart()
    if isExchanged {
      try await bank.send([KafkaRecord(topic: Incarnation.topic, key: nil, value: Array(UUID().text.utf8))])
    }
    for service in services {
      #expect(try await service.end() == .exited(1), "\(service.log)")
      #expect(service.log.contains(Incarnation.mismatch), "\(service.log)")
    }
    // The broker makes a topic when something is published to it.
    let published = try await KafkaAdmin(bank.kafka).topics().map(\.name).filter {
      $0 != Incarnation.topic && !$0.hasPrefix("__")
    }
    #expect(published.isEmpty)
  }
}
