import BankSupport
import Foundation
import JSONText
import LoadRuns
import Synchronization

/// What the loops of a test need of the bank beside its clients.
protocol MeasuredBank: Sendable {
  /// As it is now.
  /// - Throws: when the heartbeat does not tell.
  func pace() async throws -> LoadSchedule.Pace
  /// - Throws: when the heartbeat does not take it.
  func setPace(_ pace: LoadSchedule.Pace) async throws
  /// Figures with the time when they were read; nil where there were some a moment ago, or are being read.
  func sample() async -> (sample: Sample, at: ContinuousClock.Instant)?
  /// True while it can be measured.
  var isRunning: Bool { get }
}

/// Reads the figures of the machine and of the services, and sets the pace of the heartbeat.
final class Sampler: MeasuredBank {
  /// Reading costs the machine something: at high rates not every 20th row is worth it.
  private static let leastBetween = Duration.milliseconds(500)

  private struct State {
    var usage: [String: ProcessUsage] = [:]
    var usageAt: ContinuousClock.Instant?
    var lastBegan: ContinuousClock.Instant?
    var isReading = false
  }

  private let run: RunFile
  private let home: String
  private let isUp: @Sendable () -> Bool
  private let reading = Blocking("load-test-sampler")
  /// Of its own: a change of the pace must not wait for figures.
  private let pacing = Blocking("load-test-pace")
  private let state = Mutex(State())

  convenience init(_ bank: BankUnderTest) { self.init(bank.run, home: bank.home) { bank.isRunning } }

  init(_ run: RunFile, home: String, isRunning: @escaping @Sendable () -> Bool) {
    self.run = run
    self.home = home
    isUp = isRunning
  }

  var isRunning: Bool { isUp() }

  func pace() async throws -> LoadSchedule.Pace {
    let port = run.ports.heartbeat
    let reply = try await pacing.run { Loopback.get(port, "/", timeoutMillis: 5_000) }
    guard let reply, let json = try? JSONValue(parsing: reply.body), case .integer(let batch)? = json["batchSize"],
      case .integer(let sleep)? = json["sleepMillis"]
    else { throw LoadTestProblem("the heartbeat's control does not tell its pace: \(reply?.body ?? "no answer")") }
    return LoadSchedule.Pace(batchSize: Int(batch), sleepMillis: Int(sleep))
  }

  /// - Throws: when the heartbeat's control does not take it.
  func setPace(_ pace: LoadSchedule.Pace) async throws {
    let port = run.ports.heartbeat
    let reply = try await pacing.run {
      Loopback.request(
        "POST", port, "/", json: #"{"batchSize":\#(pace.batchSize),"sleepMillis":\#(pace.sleepMillis)}"#,
        timeoutMillis: 5_000)
    }
    guard reply?.status == 200 else {
      throw LoadTestProblem("the heartbeat's control did not take the pace: \(reply?.body ?? "no answer")")
    }
  }

  /// What is not answered within a second is left out.
  func sample() async -> (sample: Sample, at: ContinuousClock.Instant)? {
    let mayRead = state.withLock { state in
      let now = ContinuousClock.now
      guard !state.isReading, state.lastBegan.map({ $0.duration(to: now) >= Self.leastBetween }) ?? true else {
        return false
      }
      state.isReading = true
      state.lastBegan = now
      return true
    }
    guard mayRead else { return nil }
    defer { state.withLock { $0.isReading = false } }
    return try? await reading.run { self.read() }
  }

  private func read() -> (sample: Sample, at: ContinuousClock.Instant) {
    let usage = usage()
    // Counts of commands and beats are told apart by time, so one follows right upon the other.
    let at = ContinuousClock.now
    let handler = metrics(run.ports.commandHandler)
    let heartbeats = heartbeats()
    let outcomes = handler.filter { $0.name == "bank_commands_total" }
    var lag: [String: Int] = [:]
    for (name, samples) in [
      ("command-handler", handler), ("command-generator", metrics(run.ports.commandGenerator)),
      ("graphql-endpoint", metrics(run.ports.graphQL)),
    ] {
      for line in samples where line.name == "bank_consumer_lag_records" {
        if let topic = line.labels["topic"] { lag["\(name) \(topic)", default: 0] += Int(line.value) }
      }
    }
    let sample = Sample(
      heartbeats: heartbeats, commands: outcomes.isEmpty ? nil : outcomes.reduce(0) { $0 + Int($1.value) },
      usage: usage,
      lagRecords: lag)
    return (sample, at)
  }

  private func usage() -> [String: Sample.Usage] {
    // Again: a service that was started again has another process.
    let services = ((try? RunFile.read(home: home)).flatMap(\.self) ?? run).services
    let roots = Dictionary(services.map { ($0.name, $0.pid) }) { first, _ in first }
    let usage = ProcessUsage.read(roots: roots.filter { Sample.parts.contains($0.key) })
    let now = ContinuousClock.now
    let (before, beforeAt) = state.withLock { state in
      defer { (state.usage, state.usageAt) = (usage, now) }
      return (state.usage, state.usageAt)
    }
    let seconds = (beforeAt.map { $0.duration(to: now) } ?? .zero) / .seconds(1)
    let cores = Double(ProcessInfo.processInfo.activeProcessorCount)
    var shown: [String: Sample.Usage] = [:]
    for (name, own) in usage {
      let spent = own.cpuSeconds - (before[name]?.cpuSeconds ?? own.cpuSeconds)
      shown[name] = Sample.Usage(
        cpuPercent: seconds > 0 ? max(0, spent / seconds / cores * 100) : 0, memoryMiB: own.memoryMiB)
    }
    return shown
  }

  private func metrics(_ port: Int) -> [MetricSample] {
    guard let reply = Loopback.get(port, "/metrics"), reply.status == 200 else { return [] }
    return MetricSample.parse(reply.body)
  }

  private func heartbeats() -> Int? {
    guard let reply = Loopback.get(run.ports.heartbeat, "/"), let json = try? JSONValue(parsing: reply.body),
      case .integer(let count)? = json["counter"]
    else { return nil }
    return Int(count)
  }
}
