import BankSupport
import CommandHandlerService
import Definitions
import Foundation
import LoopbackProxy
import Synchronization
import TestBank
import Testing

/// A server behind a proxy.
enum Behind: String, Sendable, CaseIterable, CustomTestStringConvertible {
  case kafka, postgres
  var testDescription: String { rawValue }
}

/// Item "latency and loss": what lies between the services and broker or database, on a proxy that counts connections.
@Suite("Faults: the way to broker and database", .serialized)
struct WayTests {
  private func busyBank(
    _ behind: Behind, environment: [String: String] = [:], _ change: (inout ServiceConnections) -> Void = { _ in }
  ) async throws -> (proxy: LoopbackProxy, busy: BusyBank) {
    let bank = try await TestBank.startForProcesses()
    switch behind {
    case .kafka:
      let proxy = try LoopbackProxy(to: .port(bank.broker.port), isKafka: true)
      let busy = try await BusyBank.start(
        on: bank, brokerProxy: proxy, paymentsPerSecond: 100, environment: environment, change)
      return (proxy, busy)
    case .postgres:
      let proxy = try LoopbackProxy(to: .port(try #require(bank.server).port))
      let busy = try await BusyBank.start(
        on: bank, databaseProxy: proxy, paymentsPerSecond: 100, environment: environment, change)
      return (proxy, busy)
    }
  }

  @Test(
    "slow, with stalls and resets: everything is handled, once",
    .enabled(if: FaultSize.isFull), arguments: Behind.allCases)
  func slow(_ behind: Behind) async throws {
    let (proxy, busy) = try await busyBank(behind)
    let before = proxy.counts
    proxy.set { way in
      way.latencyMillis = 15
      way.jitterMillis = 20
      way.stallsPerMille = 20
      way.stallMillis = 300
      way.resetsPerMille = 3
    }
    try await busy.bank.decides(FaultSize.of(short: 150, full: 2_000), timeoutSeconds: 240)
    let inFlight = try await busy.payments.inFlight()
    let end = proxy.counts
    proxy.set { $0 = ProxyConditions() }
    let (stalls, resets) = (end.stalls - before.stalls, end.cut - before.cut)
    #expect(stalls > 0)
    try await busy.settle(
      "\(behind.rawValue): latency of 15 to 35 ms, \(stalls) stalls, \(resets) resets", injected: stalls + resets,
      inFlight: inFlight)
  }

  /// Of handler and endpoint together: each has several clients.
  private static let maxAttemptsPerSecond = 40
  private static let maxRetriesPerSecond = 12

  @Test(
    "no way at all: the tries have pauses, and their number shows",
    .enabled(if: FaultSize.isFull), arguments: Behind.allCases)
  func none(_ behind: Behind) async throws {
    let (proxy, busy) = try await busyBank(behind)
    let inFlight = try await busy.payments.inFlight()
    let before = await busy.retries()
    let start = ContinuousClock.now
    let seconds = FaultSize.of(short: 5, full: 30)
    proxy.set { $0.refuses = true }
    proxy.cut()
    try await busy.expectAlarm()
    try await Task.sleep(until: start + .seconds(seconds), clock: .continuous)
    let attempts = proxy.attempts(since: start)
    let busiest = proxy.busiestSecond(since: start + .seconds(2))
    let after = await busy.retries()
    proxy.set { $0.refuses = false }
    print(
      "\(behind.rawValue) away for \(seconds) s: \(attempts) connections tried, \(busiest) in the busiest second, "
        + "\(Int(after.handler - before.handler)) retries of the handler, "
        + "\(Int(after.endpoint - before.endpoint)) of the endpoint")
    #expect(attempts > 0 && attempts <= seconds * Self.maxAttemptsPerSecond)
    #expect(busiest <= 2 * Self.maxAttemptsPerSecond)
    for retries in [after.handler - before.handler, after.endpoint - before.endpoint] {
      #expect(retries > 0 && retries <= Double(seconds * Self.maxRetriesPerSecond))
    }
    try await busy.settle(
      "\(behind.rawValue): away for \(seconds) s, \(attempts) connections tried", injected: 1, inFlight: inFlight)
  }

  @Test(
    "half open for a while: nothing passes and nobody is told",
    .enabled(if: FaultSize.isFull), arguments: Behind.allCases)
  func halfOpen(_ behind: Behind) async throws {
    let (proxy, busy) = try await busyBank(behind)
    let inFlight = try await busy.payments.inFlight()
    let rounds: [Set<ProxyDirection>] = [[.toServer], [.toClient], [.toServer, .toClient]]
    for blocked in rounds {
      proxy.set { $0.blocked = blocked }
      try await Task.sleep(for: .seconds(FaultSize.of(short: 1, full: 10)))
      proxy.set { $0.blocked = [] }
      try await busy.bank.decides(30)
    }
    try await busy.settle(
      "\(behind.rawValue): half open, each direction and both", injected: rounds.count, inFlight: inFlight)
  }

  @Test(
    "connections that never answer again are given up for new ones",
    .enabled(if: FaultSize.isFull), arguments: Behind.allCases)
  func silentForEver(_ behind: Behind) async throws {
    // So that it need not take the minute that it takes with the defaults.
    let socketTimeout = "6000"
    let (proxy, busy) = try await busyBank(behind, environment: ["RDKAFKA_SOCKET_TIMEOUT_MS": socketTimeout]) {
      $0.kafka.properties["socket.timeout.ms"] = socketTimeout
      $0.postgres.statementTimeoutMillis = 3_000
    }
    let inFlight = try await busy.payments.inFlight()
    let held = proxy.counts.open
    let start = ContinuousClock.now
    // The connections of now; later ones are let through.
    proxy.holdAll()
    try await busy.bank.decides(300, timeoutSeconds: 120)
    #expect(held > 0 && proxy.attempts(since: start) > 0)
    try await busy.settle(
      "\(behind.rawValue): \(held) connections that never answer again", injected: held, inFlight: inFlight)
  }
}
