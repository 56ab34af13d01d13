import BankSupport
import Foundation
import LoadRuns
import Synchronization

/// The loops of a load test, from the first to the end of the run.
final class LoadTestRun: Sendable {
  /// So many answers that should not have been end a run.
  private static let failureLimit = 10
  /// So many interactions without an answer do.
  private static let openLimit = 10_000
  private static let lookMillis = 100

  private struct State {
    var loops = 0
    var timeOuts = 0
    var failures = 0
    var open = 0
    var rows = 0
    var pace: LoadSchedule.Pace
    var histogram = LatencyHistogram()
    var end: (reason: RunEnd.Reason, message: String?)?
  }

  private let settings: LoadTestSettings
  private let schedule: LoadSchedule
  private let clients: [any LoadClient]
  private let bank: any MeasuredBank
  private let writer: RunWriter
  private let progress: ProgressLine
  private let state: Mutex<State>
  /// Set when the run is over.
  private let over = StopFlag()
  /// All times of the run count from here.
  private let start = ContinuousClock.now

  private init(
    _ settings: LoadTestSettings, clients: [any LoadClient], bank: any MeasuredBank, writer: RunWriter,
    progress: ProgressLine, pace: LoadSchedule.Pace
  ) {
    self.settings = settings
    schedule = LoadSchedule(settings: settings)
    self.clients = clients
    self.bank = bank
    self.writer = writer
    self.progress = progress
    state = Mutex(State(pace: pace))
  }

  /// Returns when the run is over and all that was asked has its outcome.
  ///
  /// - Parameter stop: ends it early.
  static func run(
    _ settings: LoadTestSettings, clients: [any LoadClient], bank: any MeasuredBank, writer: RunWriter,
    progress: ProgressLine, until stop: StopFlag
  ) async -> RunEnd {
    // Usage is told since the sample before.
    _ = await bank.sample()
    let pace = LoadSchedule(settings: settings).pace(loops: 0, seconds: 0)
    var problem: String?
    do { try await bank.setPace(pace) } catch { problem = "\(error)" }
    // Only now: what took its time until here is nothing that an interaction waited for.
    let run = LoadTestRun(
      settings, clients: clients, bank: bank, writer: writer, progress: progress, pace: pace)
    if let problem { run.finish(.failed, problem) }
    return await run.run(until: stop)
  }

  private func run(until stop: StopFlag) async -> RunEnd {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.watch(stop) }
      if settings.ratePerSecond > 0 {
        group.addTask { await self.openLoop() }
      } else {
        for number in clients.indices { group.addTask { await self.closedLoop(number) } }
      }
    }
    return end()
  }

  // MARK: The two ways of loops

  private func closedLoop(_ number: Int) async {
    var due = start + .milliseconds(settings.loopMillis * number / clients.count)
    for own in 0... {
      await sleep(until: due)
      await adjustPace()
      // Who waits for an answer asks from when it asks.
      due = max(due, .now)
      guard let (loop, load) = begin() else { return }
      await interact(loop: loop, load: load, client: number, own: own, due: due)
      due += .milliseconds(settings.loopMillis)
    }
  }

  /// Nothing here waits but for the schedule; `watch` sets the pace.
  private func openLoop() async {
    await withDiscardingTaskGroup { group in
      for arrival in 0... {
        let due = start + .seconds(Double(arrival) / settings.ratePerSecond)
        await sleep(until: due)
        guard let (loop, load) = begin() else { break }
        let number = arrival % clients.count
        group.addTask {
          await self.interact(loop: loop, load: load, client: number, own: arrival / self.clients.count, due: due)
        }
      }
    }
  }

  private func interact(loop: Int, load: Double, client: Int, own: Int, due: ContinuousClock.Instant) async {
    let interaction = Interaction(
      number: own, client: client, refusedEvery: settings.refusedEvery, hasWrongTokens: settings.client == .graphql)
    let limit = Duration.milliseconds(settings.timeOutMillis)
    let outcome = await clients[client].perform(interaction, due: due, deadline: due + limit)
    // A row that came in time by the browser's clock and late by ours is late: one rule for all.
    let latency = outcome.latency.flatMap { $0 < limit ? $0 : nil }
    let isTimeOut = latency == nil && outcome.failure == nil
    var row = RunRow(
      loop: loop, client: client, atMillis: Self.millis(start.duration(to: due)), kind: interaction.kind, load: load,
      latencyMillis: Self.millis(latency ?? limit), answerMillis: outcome.answer.map(Self.millis),
      timedOut: isTimeOut, failure: outcome.failure)
    let wantsSample = state.withLock { state in
      state.open -= 1
      state.rows += 1
      if isTimeOut { state.timeOuts += 1 }
      if outcome.failure != nil { state.failures += 1 }
      if outcome.failure == nil, !interaction.kind.isRefused {
        state.histogram.record(Int((row.latencyMillis * 1_000).rounded()))
      }
      return state.rows % settings.sampleEvery == 0
    }
    if let failure = outcome.failure { progress.say("loop \(loop), \(interaction.kind.rawValue): \(failure)") }
    if wantsSample { row.sample = await sample() }
    writer.write(row)
    checkLimits()
  }

  private func sample() async -> Sample? {
    let load = state.withLock { $0.pace.perSecond }
    guard let read = await bank.sample() else { return nil }
    var sample = read.sample
    sample.atMillis = Self.millis(start.duration(to: read.at))
    sample.load = load
    return sample
  }

  // MARK: Beginning and ending

  private var seconds: Double { start.duration(to: .now) / .seconds(1) }

  /// The number of the next loop and the load; nil when the run is over.
  private func begin() -> (loop: Int, load: Double)? {
    let seconds = seconds
    let next: (Int, Double)? = state.withLock { state in
      guard state.end == nil else { return nil }
      if schedule.isOver(seconds: seconds) {
        state.end = (.maxSeconds, nil)
        return nil
      }
      guard state.loops < schedule.loopLimit else {
        state.end = (.maxLoops, nil)
        return nil
      }
      guard state.open < Self.openLimit else {
        state.end = (.failed, "\(Self.openLimit) interactions wait for their answer")
        return nil
      }
      state.loops += 1
      state.open += 1
      return (state.loops, state.pace.perSecond)
    }
    if next == nil { over.set() }
    return next
  }

  private func checkLimits() {
    let (timeOuts, failures) = state.withLock { ($0.timeOuts, $0.failures) }
    if settings.maxTimeOuts > 0, timeOuts >= settings.maxTimeOuts { finish(.maxTimeOuts) }
    if failures >= Self.failureLimit { finish(.failed, "\(failures) answers that should not have been") }
  }

  private func finish(_ reason: RunEnd.Reason, _ message: String? = nil) {
    state.withLock { state in if state.end == nil { state.end = (reason, message) } }
    over.set()
  }

  /// Looks after time, signals, the bank and the line on the terminal.
  private func watch(_ stop: StopFlag) async {
    while !over.isSet {
      let seconds = seconds
      if stop.isSet { finish(.stopped) }
      if schedule.isOver(seconds: seconds) { finish(.maxSeconds) }
      if !bank.isRunning { finish(.failed, "the bank has ended") }
      if let problem = writer.failure { finish(.failed, problem) }
      await adjustPace()
      progress.show(figures(seconds))
      await over.sleep(millis: Self.lookMillis)
    }
  }

  /// Sets the heartbeat's pace where the schedule has another one by now; no step begins where the run ends.
  private func adjustPace() async {
    let seconds = seconds
    guard !schedule.isOver(seconds: seconds) else { return }
    let changed: LoadSchedule.Pace? = state.withLock { state in
      let wanted = schedule.pace(loops: state.loops, seconds: seconds)
      guard state.end == nil, wanted != state.pace else { return nil }
      state.pace = wanted
      return wanted
    }
    guard let changed else { return }
    do { try await bank.setPace(changed) } catch { finish(.failed, "\(error)") }
  }

  private func end() -> RunEnd {
    let seconds = seconds
    return state.withLock { state in
      let (reason, message) = state.end ?? (.stopped, nil)
      return RunEnd(
        reason: reason, message: message, loops: state.rows, timeOuts: state.timeOuts, failures: state.failures,
        seconds: seconds, isGood: reason != .failed && state.failures == 0 && state.rows > settings.minLoops,
        latencyMicros: state.histogram)
    }
  }

  private func figures(_ seconds: Double) -> ProgressLine.Figures {
    let state = state.withLock { $0 }
    var left: [Double] = []
    if settings.maxSeconds > 0 { left.append(Double(settings.maxSeconds) - seconds) }
    if settings.maxLoops > 0, state.rows > 0 {
      left.append(seconds / Double(state.rows) * Double(settings.maxLoops - state.rows))
    }
    return ProgressLine.Figures(
      loops: state.rows, load: state.pace.perSecond, timeOuts: state.timeOuts, failures: state.failures,
      histogram: state.histogram, secondsLeft: left.min())
  }

  /// Ends early when the run is over.
  private func sleep(until due: ContinuousClock.Instant) async {
    // Short steps at the end: this much precision is wanted, and the flag's sleep counts whole milliseconds.
    while !over.isSet {
      let left = ContinuousClock.now.duration(to: due)
      if left <= .zero { return }
      if left < .milliseconds(20) {
        try? await Task.sleep(for: left, tolerance: .zero)
      } else {
        await over.sleep(millis: Int(left / .milliseconds(1)) - 10)
      }
    }
  }

  private static func millis(_ duration: Duration) -> Double {
    // Microseconds are enough, and keep the file small.
    (duration / .microseconds(1)).rounded() / 1_000
  }
}
