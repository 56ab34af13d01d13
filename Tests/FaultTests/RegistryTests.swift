import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import LoopbackProxy
import TestBank
import Testing

/// Item "registry": it is away at the start or during the run, or answers nothing.
@Suite("Faults: the schema registry", .serialized)
struct RegistryTests {
  /// A record whose schema id nobody has met.
  private let unknown = KafkaRecord(
    topic: Topics.confirmMoneyTransfer.name, partition: 1, key: Array("k".utf8), value: [0, 0, 0, 48, 57, 1])

  @Test(
    "away at the start: handler and endpoint wait for it, and nothing is lost",
    .enabled(if: FaultSize.isFull))
  func awayAtStart() async throws {
    let bank = try await TestBank.startForProcesses()
    let commands = (0..<50).map { _ in ConfirmAccountCreation(id: UUID(), aType: .manual) }
    try await bank.send(commands)
    await bank.streams.registryServer.stop()
    let handler = bank.startHandler()
    let endpoint = try ServiceProcess(.graphQLEndpoint, bank)
    try await eventually("the handler says what is missing") { handler.health.problem?.contains("registry") == true }
    try await eventually("the endpoint says so") { await endpoint.health().body.contains("registry") }
    try await Task.sleep(for: .seconds(FaultSize.of(short: 1, full: 10)))
    #expect(try await bank.count("select count(*) from cac") == 0)
    let retries = handler.metrics.value(of: "bank_retries_total", ["target": "registry"]) ?? 0
    // The pauses are of 100 ms, doubled up to 5 s.
    #expect(retries > 0 && retries <= 15)
    try await bank.streams.registryServer.restart()
    try await bank.drain()
    #expect(try await bank.values(Topics.accountCreationConfirmed).count == commands.count)
    try await eventually("the handler is well") { handler.health.problem == nil }
    try await endpoint.well()
    try await handler.stop()
    #expect(try await endpoint.stop() == .exited(0))
    try await faultHeld("registry: down at the start", injected: 1, inFlight: commands.count, bank: bank)
  }

  @Test("away during the run: known ids go on, an unknown one waits with what is behind it and is judged later")
  func awayDuringRun() async throws {
    let bank = try await TestBank.startForProcesses()
    let busy = try await BusyBank.start(on: bank)
    let behind = transfer(to: busy.ibans[0], amount: 2)
    var record = try #require(try await bank.encoded([behind]).first)
    record.partition = unknown.partition
    await bank.streams.registryServer.stop()
    try await bank.send([unknown, record])
    try await eventually("the handler says so") { busy.handler.health.problem?.contains("registry") == true }
    let inFlight = try await busy.payments.inFlight()
    // On the other eight partitions.
    try await bank.decides(FaultSize.of(short: 100, full: 2_000))
    #expect(try await bank.count("select count(*) from cmt where uuid = \(behind.id)") == 0)
    #expect(try await bank.records(Topics.deadLetter.name).isEmpty)
    #expect(busy.handler.health.problem?.contains("registry") == true)
    try await bank.streams.registryServer.restart()
    try await busy.settle("registry: down during the run", injected: 1, inFlight: inFlight)
    try await bank.expectOutcomes(of: [behind.id])
    let letters = try await bank.records(Topics.deadLetter.name)
    #expect(letters.map { $0.header("__connect.errors.exception.class.name") } == ["unknown-schema-id"])
  }

  @Test(
    "it takes connections and answers nothing: known ids go on all the same",
    .enabled(if: FaultSize.isFull))
  func silent() async throws {
    let bank = try await TestBank.startForProcesses()
    let proxy = try LoopbackProxy(to: .port(bank.streams.registryServer.port))
    let busy = try await BusyBank.start(on: bank) { $0.registryURL = "http://\(proxy.address)" }
    proxy.set { $0.blocked = [.toClient] }
    let start = ContinuousClock.now
    try await bank.send([unknown])
    try await eventually("the handler says so") { busy.handler.health.problem?.contains("registry") == true }
    let inFlight = try await busy.payments.inFlight()
    try await bank.decides(FaultSize.of(short: 100, full: 2_000))
    #expect(try await bank.records(Topics.deadLetter.name).isEmpty)
    #expect(proxy.busiestSecond(since: start) <= 3)
    proxy.set { $0.blocked = [] }
    try await busy.settle("registry: silent during the run", injected: 1, inFlight: inFlight)
    #expect(try await bank.records(Topics.deadLetter.name).count == 1)
  }
}
