import BankSupport
import CommandHandlerService
import Foundation

/// The figures of a running bank, once a second, while its children are watched.
struct LiveView {
  private static let plainLineSeconds = 5.0

  private let start: UpStart
  private let json: Bool
  private let ledger = LedgerWatch()
  private let strategy: HandlerStrategy

  init(_ start: UpStart, json: Bool) {
    self.start = start
    self.json = json
    strategy = (try? start.command.strategy.chosen()) ?? .batch
  }

  /// Returns when a signal came.
  /// - Throws: what `Supervisor.watch` throws.
  func show() throws {
    let hasServices = !start.command.infrastructureOnly
    let watch = hasServices && strategy != .memory ? ledger.start(start.environment) : nil
    defer { watch?.cancel() }
    var rate = Rate()
    let handlerPort = start.environment.ports.commandHandler
    var nextLine = Date().addingTimeInterval(1)
    var nextSizeLook = Date()
    while !start.stopFlag.isSet {
      try start.supervisor.watch()
      if hasServices, Date() >= nextLine {
        let isPlain = !json && !start.terminal.isInteractive
        nextLine = Date().addingTimeInterval(isPlain ? Self.plainLineSeconds : 1)
        let samples = Figures.samples(handlerPort: handlerPort)
        var figures = watch == nil ? Figures(memory: samples ?? []) : ledger.figures
        if watch == nil { figures.transfersPerSecond = rate.next(count: figures.transfers) }
        figures.lagRecords = samples.map(Figures.lagRecords)
        try print(figures)
      }
      // Said once a minute for as long as it is so.
      if start.supervisor.run.embedded.contains(.broker), Date() >= nextSizeLook {
        nextSizeLook = Date().addingTimeInterval(60)
        if let warning = EmbeddedBroker.sizeWarning(home: start.home) { start.terminal.line("warning: \(warning)") }
      }
      usleep(100_000)
    }
  }

  private func print(_ figures: Figures) throws {
    guard json else { return start.terminal.live(figures.line) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    start.terminal.figures(String(decoding: try encoder.encode(figures), as: UTF8.self))
  }
}

/// What the live line shows.
struct Figures: Codable, Equatable, Sendable {
  /// Without the company's; nil until counted.
  var accounts: Int?
  /// Transfers that have an outcome, confirmed or not.
  var transfers = 0
  var transfersPerSecond = 0.0
  /// By reason.
  var failed: [String: Int] = [:]
  /// Commands that wait in the topics; nil when the handler doesn't say.
  var lagRecords: Int?
  /// Whether sum(balance) = 10^17 + sum(leg) (I1); nil until checked.
  var sumIsRight: Bool?
  /// Why there are no new figures.
  var problem: String?

  init() {}

  /// Of a bank whose ledger is in the handler's memory: the handler's own figures.
  init(memory samples: [MetricSample]) {
    for sample in samples {
      let count = Int(exactly: sample.value) ?? 0
      switch sample.name {
      case "bank_ledger_accounts": accounts = max(0, count - 1)
      case "bank_ledger_difference_cents": sumIsRight = count == 0
      case "bank_ledger_transfers":
        transfers += count
        if let outcome = sample.labels["outcome"], outcome != "confirmed" { failed[outcome] = count }
      default: break
      }
    }
  }

  /// The command handler's `/metrics`; nil when it does not answer.
  static func samples(handlerPort: Int) -> [MetricSample]? {
    guard let reply = Loopback.get(handlerPort, "/metrics"), reply.status == 200 else { return nil }
    return MetricSample.parse(reply.body)
  }

  static func lagRecords(_ samples: [MetricSample]) -> Int {
    samples.filter { $0.name == "bank_consumer_lag_records" }.reduce(0) { $0 + (Int(exactly: $1.value) ?? 0) }
  }

  /// For the terminal.
  var line: String {
    let reasons = failed.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }
    let check = sumIsRight.map { $0 ? "sum ok" : "SUM IS WRONG: bank audit" } ?? "sum not checked yet"
    return [
      "accounts \(accounts.map(String.init) ?? "?")",
      "transfers \(transfers)", "\(String(format: "%.0f", transfersPerSecond)) transfers/s",
      "failed \(failed.values.reduce(0, +))\(reasons.isEmpty ? "" : " (\(reasons.joined(separator: ", ")))")",
      "lag \(lagRecords.map(String.init) ?? "?")", problem ?? check,
    ].joined(separator: " · ")
  }
}
