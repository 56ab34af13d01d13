import BenchSupport
import Foundation

/// What a bank costs that has nothing to do: no heartbeats, a fresh home.
enum Idle {
  /// After the start: connections are made, partitions leased, caches filled.
  private static let settleSeconds = 15

  private struct Line: Encodable {
    let process: String
    let cores: Double
    let isService: Bool
  }

  static func run(_ options: Options) async throws {
    let machine = Machine(started: Date())
    let log = try JSONLines(folder: ".results", name: "idle", machine: machine)
    try log.write(machine)
    let bench = try Infrastructure(bank: options.bank, name: "idle-bench", arguments: ["--heartbeat-batch", "0"])
    defer { bench.stop() }
    try await Task.sleep(for: .seconds(settleSeconds))
    let before = seconds(bench)
    try await Task.sleep(for: .seconds(options.idleSeconds))
    let after = seconds(bench)
    let infrastructure: Set = ["broker", "postgres", "registry", "bank up"]
    let lines = after.map { name, used in
      Line(
        process: name, cores: (used - before[name, default: 0]) / Double(options.idleSeconds),
        isService: !infrastructure.contains(name))
    }.sorted { ($0.isService ? 0 : 1, $0.process) < ($1.isService ? 0 : 1, $1.process) }
    for line in lines {
      try log.write(line)
      print(row(line.process, line.cores))
    }
    let services = lines.filter(\.isService).reduce(0) { $0 + $1.cores }
    print(row("all services together", services))
    print("raw values: \(log.file.path)")
  }

  private static func row(_ name: String, _ cores: Double) -> String {
    "\(name.padding(toLength: 24, withPad: " ", startingAt: 0)) \(String(format: "%6.2f", 100 * cores)) % of a core"
  }

  private static func seconds(_ bench: Infrastructure) -> [String: Double] {
    var seconds = ["bank up": ProcessUsage(own: bench.processID).cpuSeconds]
    for service in bench.run.services { seconds[service.name] = ProcessUsage(roots: [service.pid]).cpuSeconds }
    return seconds
  }
}
