import LoadRuns
import Testing

@testable import ReportService

struct StatisticsTests {
  @Test
  func aMeanHasItsStandardError() throws {
    let four = try #require(Estimate([2, 4, 4, 6]))
    #expect(four.mean == 4 && four.count == 4)
    #expect(abs(try #require(four.error) - 0.816_496_58) < 1e-8)
    #expect(Estimate([7])?.error == nil && Estimate([7])?.mean == 7)
    #expect(Estimate([Double]()) == nil && Estimate(runs: [[], []]) == nil)
  }

  /// Ten values of one run are not worth ten runs.
  @Test
  func ofSeveralRunsTheErrorIsThatBetweenThem() throws {
    let runs = [[1.0, 1, 1, 1, 1], [3], []]
    let estimate = try #require(Estimate(runs: runs))
    #expect(estimate.mean == 2 && estimate.count == 2 && estimate.error == 1)
    // A single run has its own error; that of one run of several is not known.
    #expect(Estimate(runs: [[1, 3]])?.error == 1)
    #expect(Estimate(runs: [[], [1, 3]])?.error == nil && Estimate(runs: [[], [1, 3]])?.mean == 2)
  }

  @Test
  func timeOutsCountAndAreLowerBounds() throws {
    let rows = (0..<10).map { number in
      RunRow(
        loop: number, client: 0, atMillis: Double(number), kind: .deposit, load: 10,
        latencyMillis: number < 8 ? 10 : 5_000, timedOut: number >= 8)
    }
    let refused = [
      RunRow(loop: 11, client: 0, atMillis: 11, kind: .insufficientFunds, load: 10, latencyMillis: 90_000),
      RunRow(loop: 12, client: 0, atMillis: 12, kind: .deposit, load: 10, latencyMillis: 1, failure: "wrong"),
    ]
    let point = try #require(VariantFigures(name: "x", runs: [Samples.run(rows + refused)]).points.first)
    #expect(point.count == 10 && point.timeOuts == 2 && point.mean.mean == 1_008)
    #expect(!point.isBound(0.8) && point.isBound(0.81) && point.isBound(1) && !point.isBound(0))
    #expect(point.quantileMillis(0.8).map { abs($0 - 10) < 0.02 } == true)
  }

  /// Rates are between samples of one load by the time when they were read, whatever the order of their rows. What was
  /// counted over a step of the load is of neither, nor is a lag that was told before it.
  @Test
  func ratesAreOfOneLoadAndOfTheTimeOfReading() throws {
    func row(_ began: Double, _ read: Double, _ load: Double, _ commands: Int, cpu: Double, lag: Int) -> RunRow {
      RunRow(
        loop: 1, client: 0, atMillis: began, kind: .deposit, load: 10, latencyMillis: 1,
        sample: Sample(
          atMillis: read, load: load, heartbeats: commands, commands: commands,
          usage: ["postgres": .init(cpuPercent: cpu, memoryMiB: 3)],
          lagRecords: ["command-handler a": lag, "command-handler b": 3, "graphql-endpoint a": 7]))
    }
    let second = RunRow(loop: 1, client: 0, atMillis: 8_500, kind: .deposit, load: 20, latencyMillis: 1)
    let run = Samples.run([
      row(0, 1_000, 10, 100, cpu: 90, lag: 900), row(2_000, 8_000, 10, 800, cpu: 12, lag: 2),
      // It waited long: read within the next load, and written after a row that began later.
      row(9_000, 14_500, 20, 1_020, cpu: 30, lag: 4), row(7_900, 9_500, 20, 900, cpu: 80, lag: 2), second,
    ])
    let figures = VariantFigures(name: "x", runs: [run])
    #expect(figures.points.map(\.load) == [10, 20] && figures.points.map(\.throughput?.mean) == [100, 24])
    #expect(figures.points.map { $0.cpu["postgres"]?.mean } == [12, 30])
    #expect(figures.points.map { $0.lag["command-handler"]?.mean } == [5, 7])
    #expect(figures.points[0].lag["graphql-endpoint"]?.mean == 7 && figures.points[0].lag["broker"] == nil)
    #expect(figures.points[0].busiest?.service == "postgres")
  }

  /// What was asked for is not what was reached.
  @Test(arguments: [(1_000, false), (940, false), (920, true), (0, true)])
  func aLoadThatWasNotReachedIsTold(beats: Int, isShort: Bool) throws {
    func row(_ at: Double, _ beats: Int) -> RunRow {
      RunRow(
        loop: 1, client: 0, atMillis: at, kind: .deposit, load: 100, latencyMillis: 1,
        sample: Sample(atMillis: at, load: 100, heartbeats: beats, commands: 0, usage: [:], lagRecords: [:]))
    }
    // A batch of ten may be due.
    let run = Samples.run([row(0, 7), row(4_000, 7 + beats / 2), row(10_000, 7 + beats)])
    let figures = VariantFigures(name: "x", runs: [run])
    let point = try #require(figures.points.first)
    #expect(point.reached?.mean == Double(beats) / 10 && point.isShort == isShort)
    #expect(point.remark == (isShort ? "\(beats / 10) reached" : nil))
    let page = ReportPage([figures])
    #expect(page.html.contains("class=\"short\"") == isShort)
    let chart = try #require(page.charts.first { $0.id == "load-reached" })
    #expect(CSV.text(chart).contains(",no,\(beats / 10),1\r\n"))
  }

  @Test
  func theHighestLoadIsBeforeTheFirstSlowOneAndNotOfAFewRows() {
    func rows(_ load: Double, _ latency: Double, count: Int = VariantFigures.leastCount) -> [RunRow] {
      Array(
        repeating: RunRow(loop: 1, client: 0, atMillis: 0, kind: .transfer, load: load, latencyMillis: latency),
        count: count)
    }
    let steps = rows(10, 5) + rows(20, 600) + rows(30, 5)
    let figures = VariantFigures(name: "x", runs: [Samples.run(steps)])
    #expect(figures.highestLoad(meanMillis: 500)?.load == 10 && figures.highestLoad(meanMillis: 1) == nil)
    #expect(figures.point(near: 21)?.load == 20 && figures.point(near: 100) == nil)
    // A run that ended with a step.
    let fast = rows(10, 5) + rows(20, 5)
    let few = VariantFigures(name: "x", runs: [Samples.run(fast + rows(30, 5, count: 1))])
    #expect(few.highestLoad(meanMillis: 500)?.load == 20)
    // Only one of two runs got that far.
    let one = VariantFigures(name: "x", runs: [Samples.run(fast), Samples.run(rows(10, 5))])
    #expect(one.highestLoad(meanMillis: 500)?.load == 10 && one.points.last?.remark == "1 of 2 runs")
    #expect(one.points.last?.mean.error == nil && ReportPage([one]).html.contains("20 (1 of 2 runs): 5 (n 20)"))
  }
}

struct ScaleTests {
  @Test(arguments: [
    ([0, 9.7], true, [0, 2, 4, 6, 8, 10]), ([12, 88], false, [0, 20, 40, 60, 80, 100]), ([0], true, [0, 0.2]),
    ([-3, 4], true, [-4, -2, 0, 2, 4]),
  ])
  func linearTicksAreRoundAndHoldTheValues(values: [Double], beginsAtZero: Bool, ticks: [Double]) {
    let scale = Scale(values, mayBeLogarithmic: false, beginsAtZero: beginsAtZero)
    #expect(scale.ticks.map { ($0 * 1e6).rounded() / 1e6 }.prefix(ticks.count) == ticks[...] && !scale.isLogarithmic)
    #expect(values.allSatisfy { (0...1).contains(scale.place($0)) })
  }

  @Test(arguments: [
    ([3.0, 400], [2, 5, 10, 20, 50, 100, 200, 500]), ([0.9, 40_000], [1, 10, 100, 1_000, 10_000]),
  ])
  func farSpreadValuesAreLogarithmic(values: [Double], ticks: [Double]) {
    let scale = Scale(values, mayBeLogarithmic: true, beginsAtZero: true)
    #expect(scale.isLogarithmic)
    #expect(scale.ticks.map { ($0 * 1e6).rounded() / 1e6 } == ticks)
    #expect(values.allSatisfy { (0...1).contains(scale.place($0)) })
    #expect(!Scale([0] + values, mayBeLogarithmic: true, beginsAtZero: true).isLogarithmic)
  }

  /// Whatever the values are, they stand within the picture and there is something to read at the axis.
  @Test(arguments: 0..<50)
  func anyValuesStandWithinThePicture(seed: UInt64) {
    var state = seed &+ 1
    let values = (0..<5).map { _ in
      // Knuth's MMIX: the same on every machine.
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 33) / Double(1 << 31) * [1e-6, 1, 1e9][Int(state >> 20) % 3]
    }
    for logarithmic in [false, true] {
      let scale = Scale(values, mayBeLogarithmic: logarithmic, beginsAtZero: true)
      #expect(values.allSatisfy { (-1e-9...1 + 1e-9).contains(scale.place($0)) }, "\(values)")
      #expect((2...30).contains(scale.ticks.count), "\(values): \(scale.ticks)")
    }
  }

  /// Steps that are too small to compute with would be none.
  @Test(arguments: [
    [0, Double.leastNonzeroMagnitude], [1e15, 1e15.nextUp], [0, 1e-300, 1e15], [1e-6, 1e15], [1e15],
  ])
  func extremeValuesHaveAnAxis(values: [Double]) {
    for (logarithmic, zero) in [(false, false), (false, true), (true, true)] {
      let scale = Scale(values, mayBeLogarithmic: logarithmic, beginsAtZero: zero)
      #expect((2...40).contains(scale.ticks.count) && values.allSatisfy { scale.place($0).isFinite }, "\(scale)")
    }
  }

  @Test(arguments: [
    (0.0, "0"), (1, "1"), (999, "999"), (1_234, "1234"), (12_345, "12.3k"), (2_000_000, "2M"), (0.123_4, "0.123"),
    (1.5, "1.5"), (99.96, "100"), (12.34, "12.3"), (-0.000_01, "0"),
  ])
  func numbersAreShort(value: Double, text: String) { #expect(Scale.text(value) == text) }
}

/// Runs that were not measured.
enum Samples {
  static func run(_ rows: [RunRow], name: String = "run.jsonl") -> LoadRun {
    LoadRun(
      name: name,
      header: RunHeader(
        startedAt: "2026-01-02T03:04:05Z", revision: "abc",
        machine: Machine(processor: "P", cores: 2, memoryMiB: 4_096, system: "S", loadBefore: "0"),
        settings: LoadTestSettings(profile: "quick"), versions: ["bank": "release"],
        startUpMillis: ["broker": 120, "command-handler": 80]),
      rows: rows,
      end: RunEnd(
        reason: .maxSeconds, loops: rows.count, timeOuts: 0, failures: 0, seconds: 1, isGood: true,
        latencyMicros: LatencyHistogram()))
  }
}
