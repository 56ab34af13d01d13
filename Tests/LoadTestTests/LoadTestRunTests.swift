import BankSupport
import Foundation
import LoadRuns
import Synchronization
import Testing

@testable import LoadTestService

/// The loops alone, on a bank that answers at once.
@Suite(.serialized)
struct LoadTestRunTests {
  /// Steps end where the run ends: one that began there would have a row or two.
  @Test
  func noStepBeginsAtTheEnd() async throws {
    var settings = Self.settings
    settings.loopMillis = 10
    settings.maxSeconds = 1
    settings.loadStepSeconds = 1
    let bank = QuickBank()
    let (end, rows) = try await Self.run(settings, bank)
    #expect(end.reason == .maxSeconds && rows.count > 10)
    #expect(bank.paces == [10] && rows.allSatisfy { $0.load == 10 && $0.atMillis < 1_000 })
  }

  /// Neither figures nor a control that answers late are what an interaction waited for.
  @Test
  func theOpenLoopWaitsForNothingButItsSchedule() async throws {
    var settings = Self.settings
    settings.ratePerSecond = 50
    settings.maxSeconds = 2
    settings.loadStepSeconds = 1
    settings.sampleEvery = 10
    let bank = QuickBank(slowness: .milliseconds(900))
    let (end, rows) = try await Self.run(settings, bank)
    #expect(end.reason == .maxSeconds && bank.paces == [10, 100])
    let slowest = rows.map(\.latencyMillis).max() ?? .infinity
    #expect(slowest < 600, "\(slowest)")
    let samples = rows.compactMap(\.sample)
    #expect(!samples.isEmpty && samples.allSatisfy { ($0.atMillis ?? 0) > 900 })
  }

  /// What was read a moment ago is not read again, and nobody waits for a reading.
  @Test
  func samplesAreNotCloserThanHalfASecond() async throws {
    let ports = try Ports(offset: 20_000)
    let run = RunFile(
      pid: getpid(), brokers: "127.0.0.1:1", registry: "http://127.0.0.1:1",
      database: .init(host: "127.0.0.1", port: 1),
      ports: ports, embedded: [])
    let sampler = Sampler(run, home: "/nowhere") { true }
    async let one = sampler.sample() != nil
    async let two = sampler.sample() != nil
    #expect(await [one, two].count(where: \.self) == 1)
    #expect(await sampler.sample() == nil)
    try await Task.sleep(for: .milliseconds(550))
    #expect(await sampler.sample() != nil)
  }

  /// A bank that ran before the test runs on as it did.
  @Test
  func aPaceIsSetBackHoweverTheTestEnds() async throws {
    let bank = QuickBank()
    for problem in [nil, LoadTestProblem("x")] {
      let ended = try? await LoadTestService.keepingPace(of: bank, ProgressLine()) {
        try await bank.setPace(.init(batchSize: 50, sleepMillis: 1_000))
        if let problem { throw problem }
        return true
      }
      #expect(ended == (problem == nil ? true : nil))
    }
    #expect(bank.paces == [50, 3, 50, 3])
  }

  private static var settings: LoadTestSettings {
    var settings = LoadTestSettings(profile: "x")
    settings.loadStart = 10
    settings.loadFactor = 10
    settings.refusedEvery = 0
    return settings
  }

  private static func run(_ settings: LoadTestSettings, _ bank: QuickBank) async throws -> (RunEnd, [RunRow]) {
    let file = FileManager.default.temporaryDirectory.appending(path: "run-\(UUID().uuidString).jsonl")
    defer { try? FileManager.default.removeItem(at: file) }
    let writer = try RunWriter(path: file.path)
    let end = await LoadTestRun.run(
      settings, clients: [QuickClient()], bank: bank, writer: writer, progress: ProgressLine(), until: StopFlag())
    await writer.flush()
    let lines = try Data(contentsOf: file).split(separator: 10)
    return (end, try lines.map { try JSONDecoder().decode(RunRow.self, from: $0) })
  }
}

private struct QuickClient: LoadClient {
  func perform(
    _ interaction: Interaction, due: ContinuousClock.Instant, deadline: ContinuousClock.Instant
  ) async -> InteractionOutcome { InteractionOutcome(latency: due.duration(to: .now)) }

  func close() async {}
}

private final class QuickBank: MeasuredBank {
  private let slowness: Duration
  private let asked = Mutex<[Double]>([])
  var paces: [Double] { asked.withLock(\.self) }
  let isRunning = true

  init(slowness: Duration = .zero) { self.slowness = slowness }

  func pace() async throws -> LoadSchedule.Pace { LoadSchedule.Pace(batchSize: 3, sleepMillis: 1_000) }

  func setPace(_ pace: LoadSchedule.Pace) async throws {
    asked.withLock { $0.append(pace.perSecond) }
    try await Task.sleep(for: slowness)
  }

  func sample() async -> (sample: Sample, at: ContinuousClock.Instant)? {
    try? await Task.sleep(for: slowness)
    return (Sample(heartbeats: 1, commands: 1, usage: [:], lagRecords: [:]), .now)
  }
}
