import BankSupport
import Definitions
import Foundation
import LoopbackProxy
import PostgresRuntime
import Synchronization
import TestBank
import TestPostgres
import Testing

/// Item "Postgres": it is restarted, ends sessions, is cut off during COMMIT, takes no writes.
@Suite("Faults: Postgres", .serialized)
struct PostgresTests {
  /// As a bank has it, and the clusters of tests have not: a commit that was answered survives.
  static let safe = ["synchronous_commit": "on"]

  @Test(
    "an immediate restart under load: what was not committed is done again, what was is not",
    .enabled(if: FaultSize.isFull))
  func restarted() async throws {
    let bank = try await TestBank.startForProcesses(settings: Self.safe)
    let server = try #require(bank.server)
    let busy = try await BusyBank.start(on: bank)
    let restarts = FaultSize.of(short: 2, full: 10)
    var inFlight = 0
    for _ in 0..<restarts {
      try await bank.decides(100)
      inFlight += try await busy.payments.inFlight()
      try await server.restartImmediately()
    }
    try await bank.decides(100)
    #expect(server.log.contains("database system was not properly shut down"))
    #expect(busy.handler.metrics.value(of: "bank_retries_total", ["target": "postgres"]) ?? 0 > 0)
    try await busy.settle("postgres: immediate restart under load", injected: restarts, inFlight: inFlight)
  }

  @Test(
    "all sessions ended under load, again and again",
    .enabled(if: FaultSize.isFull))
  func sessionsEnded() async throws {
    let bank = try await TestBank.startForProcesses(settings: Self.safe)
    let busy = try await BusyBank.start(on: bank)
    var inFlight = 0
    var ended = 0
    for _ in 0..<FaultSize.of(short: 10, full: 60) {
      inFlight += try await busy.payments.inFlight()
      ended += Int(
        try await bank.count(
          """
          select count(pg_terminate_backend(pid)) from pg_stat_activity
          where usename in ('command_handler', 'graphql_endpoint')
          """))
      try await Task.sleep(for: .milliseconds(Int.random(in: 20...200)))
    }
    try await bank.decides(100)
    try await busy.settle("postgres: pg_terminate_backend of all", injected: ended, inFlight: inFlight)
  }

  @Test("cut during COMMIT: not sent, sent and not known, done and not told; each payment happens once all the same")
  func cutDuringCommit() async throws {
    let bank = try await TestBank.startForProcesses(settings: Self.safe)
    let proxy = try LoopbackProxy(to: .port(try #require(bank.server).port))
    let cutter = CommitCutter(every: 3)
    proxy.judge { cutter.judge($0) }
    let busy = try await BusyBank.start(on: bank, databaseProxy: proxy)
    cutter.set(on: true)
    let wanted = FaultSize.of(short: 8, full: 40)
    try await eventually("each way was taken \(wanted) times", timeoutSeconds: 240) {
      cutter.cuts.allSatisfy { $0 >= wanted }
    }
    let inFlight = try await busy.payments.inFlight()
    cutter.set(on: false)
    try await bank.decides(50)
    // Of the COMMITs that were done and not told some were of batches; their payments are confirmed once.
    #expect(proxy.counts.answersLost >= wanted)
    #expect(busy.handler.metrics.value(of: "bank_retries_total", ["target": "postgres"]) ?? 0 > 0)
    try await busy.settle(
      "postgres: cut during COMMIT, \(cutter.cuts.map { "\($0)" }.joined(separator: " + ")) times",
      injected: cutter.cuts.reduce(0, +), inFlight: inFlight)
  }

  // MARK: No writes

  @Test(
    "a full disk: nothing moves until there is room, and then all goes on by itself",
    .enabled(if: FaultSize.isFull))
  func fullDisk() async throws {
    let bank = try await TestBank.startForProcesses(settings: Self.safe, smallDiskMegabytes: 64)
    let server = try #require(bank.server)
    let ballast = try await server.makeDatabase(onSmallDisk: true)
    try await pauses("postgres: full disk", bank, reason: "could not extend file") {
      try await server.fillSmallDisk(from: ballast)
    } end: {
      try await server.emptySmallDisk(from: ballast)
    }
  }

  @Test(
    "made read-only: the same",
    .enabled(if: FaultSize.isFull))
  func readOnly() async throws {
    let bank = try await TestBank.startForProcesses(settings: Self.safe)
    func set(_ value: String) async throws {
      try await bank.database { session in
        // What is set here holds for this session too.
        try session.script("set default_transaction_read_only = off")
        try session.script("alter system set default_transaction_read_only = \(unsafe: value)")
        try session.script("select pg_reload_conf()")
      }
    }
    try await pauses("postgres: read-only", bank, reason: "read-only transaction") {
      try await set("on")
    } end: {
      try await set("off")
    }
  }

  /// Makes the database refuse writes and looks: no position moves, the health is red and says why, and the tries have
  /// pauses. Then all goes on by itself.
  private func pauses(
    _ fault: String, _ bank: TestBank, reason: String, begin: () async throws -> Void, end: () async throws -> Void
  ) async throws {
    let busy = try await BusyBank.start(on: bank)
    // So that the endpoint too has something to write that it can't.
    busy.endpoint.signal(SIGSTOP)
    try await bank.decides(100)
    try await begin()
    busy.endpoint.signal(SIGCONT)
    try await eventually("the handler says why", timeoutSeconds: 60) {
      busy.handler.health.problem?.contains(reason) == true
    }
    try await eventually("the endpoint says why", timeoutSeconds: 60) {
      await busy.endpoint.health().body.contains(reason)
    }
    let inFlight = try await busy.payments.inFlight()
    let (stood, before) = (try await positions(bank), await busy.retries())
    let seconds = FaultSize.of(short: 3, full: 20)
    try await Task.sleep(for: .seconds(seconds))
    let after = await busy.retries()
    #expect(try await positions(bank) == stood)
    #expect(busy.handler.health.problem != nil)
    #expect(await busy.endpoint.health().status == 503)
    print(
      "\(fault) for \(seconds) s: \(Int(after.handler - before.handler)) retries of the handler, "
        + "\(Int(after.endpoint - before.endpoint)) of the endpoint")
    #expect(after.handler - before.handler <= Double(4 * seconds + 8))
    #expect(after.endpoint - before.endpoint <= Double(4 * seconds + 8))
    try await end()
    try await bank.decides(100)
    try await busy.settle(fault, injected: 1, inFlight: inFlight)
  }

  /// Where the handler stands, and what it has decided.
  private func positions(_ bank: TestBank) async throws -> [String] {
    try await bank.database { session in
      try session.query(
        """
        select concat_ws(' ', topic, partition, next_offset) from consumed_offset
        union all select 'decided ' || count(*) from cmt order by 1
        """, as: String.self)
    }
  }
}

/// Cuts connections at the moment of COMMIT, in each of the three ways in turn.
private final class CommitCutter: Sendable {
  private static let ways: [ProxyVerdict] = [.cutBefore, .cutAfter, .cutAtAnswer]
  /// The message Query with the text `commit`, as libpq sends it.
  private static let commit: [UInt8] = [UInt8(ascii: "Q"), 0, 0, 0, 11] + Array("commit".utf8) + [0]

  private struct State {
    var commits = 0
    var cuts = [0, 0, 0]
    var isOn = false
  }

  private let every: Int
  private let state = Mutex(State())

  /// - Parameter every: which of the COMMITs are cut.
  init(every: Int) { self.every = every }

  func set(on: Bool) { state.withLock { $0.isOn = on } }

  /// By way.
  var cuts: [Int] { state.withLock { $0.cuts } }

  func judge(_ bytes: [UInt8]) -> ProxyVerdict {
    guard bytes == Self.commit else { return .pass }
    return state.withLock { state in
      guard state.isOn else { return .pass }
      state.commits += 1
      guard state.commits.isMultiple(of: every) else { return .pass }
      let way = state.commits / every % Self.ways.count
      state.cuts[way] += 1
      return Self.ways[way]
    }
  }
}
