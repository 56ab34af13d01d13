import BankSupport
import Foundation
import JSONText
import LoadRuns
import Synchronization

/// Reads the figures of the machine and of the services, and sets the pace of the heartbeat.
final class Sampler: Sendable {
  private let run: RunFile
  private let home: String
  private let blocking = Blocking("load-test-sampler")
  private let last = Mutex<(usage: [String: ProcessUsage], at: ContinuousClock.Instant)?>(nil)

  init(_ bank: BankUnderTest) {
    run = bank.run
    home = bank.home
  }

  /// - Throws: when the heartbeat's control does not take it.
  func setPace(_ pace: LoadSchedule.Pace) async throws {
    let port = run.ports.heartbeat
    let reply = try await blocking.run {
      Loopback.request(
        "POST", port, "/", json: #"{"batchSize":\#(pace.batchSize),"sleepMillis":\#(pace.sleepMillis)}"#,
        timeoutMillis: 5_000)
    }
    guard reply?.status == 200 else {
      throw LoadTestProblem("the heartbeat's control did not take the pace: \(reply?.body ?? "no answer")")
    }
  }

  /// What is not answered within a second is left out.
  func sample() async -> Sample? { try? await blocking.run { self.read() } }

  private func read() -> Sample {
    // Again: a service that was started again has another process.
    let services = ((try? RunFile.read(home: home)).flatMap(\.self) ?? run).services
    let roots = Dictionary(services.map { ($0.name, $0.pid) }) { first, _ in first }
    let usage = ProcessUsage.read(roots: roots.filter { Sample.parts.contains($0.key) })
    let now = ContinuousClock.now
    let before = last.withLock { last in
      defer { last = (usage, now) }
      return last
    }
    var shown: [String: Sample.Usage] = [:]
    for (name, own) in usage {
      let seconds = (before.map { $0.at.duration(to: now) } ?? .zero) / .seconds(1)
      let spent = own.cpuSeconds - (before?.usage[name]?.cpuSeconds ?? own.cpuSeconds)
      let cores = Double(ProcessInfo.processInfo.activeProcessorCount)
      shown[name] = Sample.Usage(
        cpuPercent: seconds > 0 ? max(0, spent / seconds / cores * 100) : 0, memoryMiB: own.memoryMiB)
    }
    var lag: [String: Int] = [:]
    var commands: Int?
    for (name, port) in [("command-handler", run.ports.commandHandler), ("graphql-endpoint", run.ports.graphQL)] {
      guard let reply = Loopback.get(port, "/metrics"), reply.status == 200 else { continue }
      for line in MetricSample.parse(reply.body) {
        if line.name == "bank_consumer_lag_records", let topic = line.labels["topic"] {
          lag["\(name) \(topic)", default: 0] += Int(line.value)
        }
        if name == "command-handler", line.name == "bank_commands_total" {
          commands = (commands ?? 0) + Int(line.value)
        }
      }
    }
    return Sample(heartbeats: heartbeats(), commands: commands, usage: shown, lagRecords: lag)
  }

  private func heartbeats() -> Int? {
    guard let reply = Loopback.get(run.ports.heartbeat, "/"), let json = try? JSONValue(parsing: reply.body),
      case .integer(let count)? = json["counter"]
    else { return nil }
    return Int(count)
  }
}
