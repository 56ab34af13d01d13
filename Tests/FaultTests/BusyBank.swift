import BankSupport
import CommandHandlerService
import EmbeddedBroker
import Foundation
import KafkaRuntime
import LoopbackProxy
import PostgresRuntime
import TestBank
import Testing

/// A bank at work: a handler in this process, an endpoint as a process of its own, and payments at a steady pace.
struct BusyBank {
  let bank: TestBank
  let handler: RunningHandler
  let endpoint: ServiceProcess
  let payments: Payments
  /// Of the accounts that are paid.
  let ibans: [String]

  /// - Parameters:
  ///   - bank: of `TestBank.startForProcesses`.
  ///   - brokerProxy: what handler and endpoint take for the broker.
  ///   - databaseProxy: what they take for Postgres.
  ///   - environment: of the endpoint.
  ///   - change: of what the handler connects to.
  static func start(
    on bank: TestBank, brokerProxy: LoopbackProxy? = nil, databaseProxy: LoopbackProxy? = nil,
    paymentsPerSecond: Int = 200, environment: [String: String] = [:],
    _ change: (inout ServiceConnections) -> Void = { _ in }
  ) async throws -> BusyBank {
    let handler = bank.startHandler { connections in
      if let brokerProxy { connections.kafka.brokers = brokerProxy.address }
      if let databaseProxy {
        connections.postgres.host = "127.0.0.1"
        connections.postgres.port = databaseProxy.port
        connections.postgres.password = TestBank.rolePassword
      }
      change(&connections)
    }
    let endpoint = try ServiceProcess(
      .graphQLEndpoint, bank, environment: environment, brokers: brokerProxy?.address,
      databasePort: databaseProxy?.port)
    let ibans = try await bank.openAccounts(4).map(\.iban)
    try await endpoint.well()
    let payments = try await Payments(bank, to: ibans, perSecond: paymentsPerSecond)
    try await bank.decides(50)
    return BusyBank(bank: bank, handler: handler, endpoint: endpoint, payments: payments, ibans: ibans)
  }

  /// Handler and endpoint have noticed that something is wrong.
  func expectAlarm(timeoutSeconds: Int = 30) async throws {
    try await eventually("the handler says so", timeoutSeconds: timeoutSeconds) { handler.health.problem != nil }
    try await eventually("the endpoint says so", timeoutSeconds: timeoutSeconds) {
      await endpoint.health().status == 503
    }
  }

  /// All tries of handler and endpoint to do something again so far.
  func retries() async -> (handler: Double, endpoint: Double) {
    (Self.retries(handler.metrics.text()), Self.retries(await endpoint.metrics()))
  }

  private static func retries(_ metrics: String) -> Double {
    metrics.split(separator: "\n").filter { $0.hasPrefix("bank_retries_total{") }
      .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
  }

  /// Once the fault is over: everything drains, and nobody needs to be started again for it.
  ///
  /// - Parameter losesCommands: the broker may have lost what it had acknowledged; then what it has counts.
  func settle(_ fault: String, injected: Int, inFlight: Int, losesCommands: Bool = false) async throws {
    let acknowledged = try await payments.stop()
    try await bank.drain(timeoutSeconds: 120)
    try await eventually("nothing is lost or on its way", timeoutSeconds: 60) { try await bank.audit().isDrained }
    try await bank.expectOutcomes(of: losesCommands ? try await bank.idsOnTopic() : acknowledged)
    try await bank.expectOrderPerIBAN()
    try await expectProjected(bank)
    try await eventually("the handler is well", timeoutSeconds: 60) { handler.health.problem == nil }
    try await endpoint.well()
    try await handler.stop()
    #expect(try await endpoint.stop() == .exited(0), "\(endpoint.log.suffix(2_000))")
    try await faultHeld(fault, injected: injected, inFlight: inFlight, bank: bank)
  }
}

extension TestBank {
  /// Waits until so many more transfers have an outcome.
  func decides(_ more: Int, timeoutSeconds: Int = 60) async throws {
    let wanted = try await count("select count(*) from cmt") + Int64(more)
    try await eventually("\(more) more transfers are decided", timeoutSeconds: timeoutSeconds) {
      try await count("select count(*) from cmt") >= wanted
    }
  }

  /// Of the transfers that the broker has.
  func idsOnTopic() async throws -> [UUID] {
    let ids = try await records("confirm_money_transfer").compactMap { $0.header("ce_id") }
    return Set(ids.compactMap { UUID(uuidString: $0) }).map { $0 }
  }

  /// Each of these ids has its outcome; the primary key sees to it that it is one only.
  func expectOutcomes(of ids: [UUID]) async throws {
    let found = try await count("select count(*) from cmt where uuid = any(\(ids))")
    #expect(found == Int64(ids.count), "\(ids.count) transfers were sent and \(found) have an outcome")
  }

  /// On its topic the events of each IBAN come in the order of their sequence; copies of earlier ones may follow.
  func expectOrderPerIBAN() async throws {
    var last: [String: Int64] = [:]
    var leaps: [String] = []
    for record in try await records("balance_changed") {
      guard let iban = record.keyText, let sequence = record.header("sequence").flatMap({ Int64($0) }) else { continue }
      let expected = last[iban, default: 0] + 1
      if sequence > expected { leaps.append("\(iban): \(sequence) where \(expected) was next") }
      last[iban] = max(last[iban, default: 0], sequence)
    }
    #expect(leaps.isEmpty, "\(leaps.prefix(5))")
  }
}
