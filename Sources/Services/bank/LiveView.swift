import BankSupport
import Foundation
import PostgresRuntime
import Synchronization

/// The figures of a running bank, once a second, while its children are watched.
struct LiveView {
  private static let sumCheckSeconds = 5.0
  private static let plainLineSeconds = 5.0

  private let start: UpStart
  private let json: Bool
  private let ledger = LedgerWatch()

  init(_ start: UpStart, json: Bool) {
    self.start = start
    self.json = json
  }

  /// Returns when a signal came.
  /// - Throws: what `Supervisor.watch` throws.
  func show() throws {
    let watch = start.command.infrastructureOnly ? nil : ledger.start(start.environment, every: Self.sumCheckSeconds)
    defer { watch?.cancel() }
    var rate = Rate()
    var nextLine = Date()
    while !start.stopFlag.isSet {
      try start.supervisor.watch()
      if watch != nil, Date() >= nextLine {
        let isPlain = !json && !start.terminal.isInteractive
        nextLine = Date().addingTimeInterval(isPlain ? Self.plainLineSeconds : 1)
        var figures = Figures.read(handlerPort: start.environment.ports.commandHandler)
        figures.transfersPerSecond = rate.next(count: figures.transfers)
        ledger.fill(&figures)
        try print(figures)
      }
      usleep(100_000)
    }
  }

  private func print(_ figures: Figures) throws {
    guard json else { return start.terminal.live(figures.line) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    start.terminal.line(String(decoding: try encoder.encode(figures), as: UTF8.self))
  }
}

/// What the live line shows.
struct Figures: Codable, Equatable {
  /// Without the company's; nil until counted.
  var accounts: Int?
  /// Transfers decided since the handler started, confirmed or not.
  var transfers = 0
  var transfersPerSecond = 0.0
  /// By reason.
  var failed: [String: Int] = [:]
  /// Commands that wait in the topics.
  var lagRecords = 0
  /// Whether sum(balance) = 10^17 + sum(leg); nil until checked.
  var sumIsRight: Bool?
  /// Why there is no check.
  var problem: String?

  /// From the command handler's `/metrics`; zeros when it doesn't answer.
  static func read(handlerPort: Int) -> Figures {
    guard let reply = Loopback.get(handlerPort, "/metrics"), reply.status == 200 else { return Figures() }
    return Figures(metrics: reply.body)
  }

  init() {}

  /// - Parameter metrics: Prometheus text.
  init(metrics: String) {
    for sample in MetricSample.parse(metrics) {
      switch sample.name {
      case "bank_commands_total" where sample.labels["service"] == "command-handler/transfers":
        transfers += Int(sample.value)
        if let outcome = sample.labels["outcome"], outcome != "confirmed" {
          failed[outcome, default: 0] += Int(sample.value)
        }
      case "bank_consumer_lag_records": lagRecords += Int(sample.value)
      default: break
      }
    }
  }

  /// For the terminal.
  var line: String {
    let reasons = failed.sorted { ($0.value, $1.key) > ($1.value, $0.key) }.map { "\($0.key) \($0.value)" }
    let check = problem ?? sumIsRight.map { $0 ? "sum ok" : "SUM IS WRONG: bank audit" } ?? "sum not checked yet"
    return [
      "accounts \(accounts.map(String.init) ?? "–")",
      "transfers \(transfers) (\(String(format: "%.0f", transfersPerSecond))/s)",
      "failed \(failed.values.reduce(0, +))\(reasons.isEmpty ? "" : " (\(reasons.joined(separator: ", ")))")",
      "lag \(lagRecords)", check,
    ].joined(separator: " · ")
  }
}

/// Changes a second, over the last few readings so that the figure is calm.
struct Rate {
  private static let readings = 5
  private var history: [(time: Date, count: Int)] = []

  /// Takes a count that only grows; a smaller one is a new start.
  mutating func next(count: Int, at time: Date = Date()) -> Double {
    if let last = history.last, count < last.count { history.removeAll() }
    history.append((time, count))
    if history.count > Self.readings + 1 { history.removeFirst() }
    guard let first = history.first, time > first.time else { return 0 }
    return Double(count - first.count) / time.timeIntervalSince(first.time)
  }
}

/// Asks the database every few seconds how many accounts there are and whether the sums agree (I1).
final class LedgerWatch: Sendable {
  private let latest = Mutex(Figures())

  /// Until the task is cancelled; a database that doesn't answer is tried again each time.
  func start(_ environment: BankEnvironment, every seconds: Double) -> Task<Void, Never> {
    Task {
      while !Task.isCancelled {
        await check(environment)
        try? await Task.sleep(for: .seconds(seconds))
      }
    }
  }

  /// Adds what was found last.
  func fill(_ figures: inout Figures) {
    let found = latest.withLock { $0 }
    figures.accounts = found.accounts
    figures.sumIsRight = found.sumIsRight
    figures.problem = found.problem
  }

  private func check(_ environment: BankEnvironment) async {
    do {
      var configuration = try environment.postgres(database: "balancedb", role: "audit")
      configuration.statementTimeoutMillis = 4000
      let connection = try await PostgresConnection.connect(configuration)
      let row = await Self.sums(connection)
      await connection.close()
      let sums = try row.get()
      latest.withLock {
        $0 = Figures()
        $0.accounts = sums.map { Int($0.accounts) }
        $0.sumIsRight = sums?.isRight
      }
    } catch {
      latest.withLock { $0.problem = "sum check failed: \(error)".replacing("\n", with: " ") }
    }
  }

  private static func sums(_ connection: PostgresConnection) async -> Result<Sums?, any Error> {
    do {
      return .success(
        try await connection.transaction(readOnly: true) { session in
          try session.query(
            """
            select (select count(*) from balance where balance_id <> 0),
              (select sum(amount) from balance)
                = 100000000000000000 + coalesce((select sum(amount) from leg), 0)
            """, as: Sums.self
          ).first
        })
    } catch { return .failure(error) }
  }

  private struct Sums: PostgresRow {
    static let columnList = "accounts, is_right"
    let accounts: Int64
    let isRight: Bool

    init(row: borrowing PostgresRowReader) throws(PostgresError) {
      accounts = try row.decode(0)
      isRight = try row.decode(1)
    }
  }
}
