import Foundation

/// One measurement.
struct Round: Encodable {
  enum Part: String, Encodable, CaseIterable { case pgbench, ledger, path }

  let pair: Int
  let part: Part
  let transfers: Int
  let seconds: Double
  /// By process, and by thread or connection as `process: name`.
  let cpuSeconds: [String: Double]
  var stages = Stages("")

  var perSecond: Double { Double(transfers) / seconds }

  static let header = "pair  part      transfers  seconds  transfers/s  cores of: handler  postgres  broker"

  var row: String {
    func number(_ value: Double?, _ width: Int, _ digits: Int) -> String {
      let text = value.map { String(format: "%.\(digits)f", $0) } ?? "-"
      return String(repeating: " ", count: max(0, width - text.count)) + text
    }
    func cores(_ name: String) -> Double? { cpuSeconds[name].map { $0 / seconds } }
    return number(Double(pair), 4, 0) + "  " + part.rawValue.padding(toLength: 8, withPad: " ", startingAt: 0)
      + number(Double(transfers), 11, 0) + number(seconds, 9, 2) + number(perSecond, 13, 0)
      + number(cores("handler"), 19, 2) + number(cores("postgres"), 10, 2) + number(cores("broker"), 8, 2)
  }
}

/// Seconds of the handler's stages since it started, from its metrics.
struct Stages: Encodable {
  static let names = ["read", "parse", "ids", "lock", "decide", "write", "encode", "commit", "publish", "mark"]

  private(set) var seconds: [String: Double] = [:]
  /// Of the thread that was at it.
  private(set) var cpuSeconds: [String: Double] = [:]

  init(_ metrics: String) {
    for line in metrics.split(separator: "\n") {
      for name in Self.names {
        if let value = Self.value(line, "bank_stage_seconds_total", name) { seconds[name] = value }
        if let value = Self.value(line, "bank_stage_cpu_seconds_total", name) { cpuSeconds[name] = value }
      }
    }
  }

  func since(_ before: Stages) -> Stages {
    var result = self
    for (name, value) in before.seconds { result.seconds[name, default: 0] -= value }
    for (name, value) in before.cpuSeconds { result.cpuSeconds[name, default: 0] -= value }
    return result
  }

  private static func value(_ line: Substring, _ metric: String, _ stage: String) -> Double? {
    let prefix = "\(metric){stage=\"\(stage)\"} "
    return line.hasPrefix(prefix) ? Double(line.dropFirst(prefix.count)) : nil
  }
}

/// All rounds together.
struct Summary {
  private let rounds: [Round]

  init(_ rounds: [Round]) { self.rounds = rounds }

  var text: String {
    var lines = [""]
    for part in [Round.Part.ledger, .path] {
      let ratios = ratios(part)
      guard let least = ratios.first, let most = ratios.last else { continue }
      lines.append(
        "\(part.rawValue) / pgbench over \(ratios.count) pairs: min \(short(least))x, median "
          + "\(short(ratios[ratios.count / 2]))x, max \(short(most))x")
    }
    for part in [Round.Part.ledger, .path] { lines += costs(part) }
    return lines.joined(separator: "\n")
  }

  private func ratios(_ part: Round.Part) -> [Double] {
    rounds.filter { $0.part == part }.compactMap { round in
      rounds.first { $0.part == .pgbench && $0.pair == round.pair }.map { round.perSecond / $0.perSecond }
    }.sorted()
  }

  /// What a transfer costs: the median over the rounds.
  private func costs(_ part: Round.Part) -> [String] {
    let rounds = rounds.filter { $0.part == part }
    guard !rounds.isEmpty else { return [] }
    func median(_ value: (Round) -> Double?) -> String {
      let values = rounds.compactMap { round in value(round).map { $0 * 1e9 / Double(round.transfers) } }.sorted()
      return values.isEmpty ? "-" : String(format: "%.0f", values[values.count / 2])
    }
    var lines = ["", "\(part.rawValue), ns a transfer", "stage      wall      own CPU"]
    for name in Stages.names {
      let wall = median { $0.stages.seconds[name] }
      guard wall != "-" else { continue }
      lines.append(row(name, [wall, median { $0.stages.cpuSeconds[name] }]))
    }
    lines += ["", "process or thread: CPU"]
    let names = Set(rounds.flatMap(\.cpuSeconds.keys)).sorted()
    lines += names.map { name in
      "\(name.padding(toLength: 34, withPad: " ", startingAt: 0)) \(median { $0.cpuSeconds[name] })"
    }
    return lines
  }

  private func row(_ name: String, _ values: [String]) -> String {
    name.padding(toLength: 8, withPad: " ", startingAt: 0)
      + values.map { String(repeating: " ", count: max(1, 9 - $0.count)) + $0 }.joined()
  }

  private func short(_ value: Double) -> String { String(format: "%.1f", value) }
}
