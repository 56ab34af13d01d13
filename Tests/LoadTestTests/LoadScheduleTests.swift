import LoadRuns
import Testing

@testable import LoadTestService

struct LoadScheduleTests {
  /// The seed: ten beats a second more after every 40 loops.
  @Test(arguments: [(0, 0.0), (39, 0), (40, 10), (79, 10), (80, 20), (3_999, 990)])
  func travisStepsByLoops(loops: Int, perSecond: Double) {
    let pace = LoadSchedule(settings: .travis).pace(loops: loops, seconds: 1e6)
    #expect(pace.perSecond == perSecond && pace.sleepMillis == 100)
  }

  @Test
  func compareStepsByTimeAndHasAHundred() {
    let schedule = LoadSchedule(settings: .compare)
    let steps = stride(from: 0, to: 240, by: 15).map { schedule.pace(loops: 0, seconds: Double($0)) }
    #expect(steps.count == 16 && steps == steps.sorted { $0.perSecond < $1.perSecond })
    #expect(steps.map(\.perSecond).contains(100))
    for (step, pace) in steps.enumerated() {
      var wanted = 3.9
      for _ in 0..<step { wanted *= 1.5 }
      #expect(abs(pace.perSecond - wanted) / wanted < 0.01, "step \(step): \(pace.perSecond), not \(wanted)")
      // A beat alone waits for its acknowledgement: at a few milliseconds the rate would not be reached.
      #expect(pace.sleepMillis >= 50 && (pace.batchSize == 1 || abs(pace.sleepMillis - 100) <= 20))
    }
    #expect(schedule.pace(loops: 9, seconds: 14.99) == steps[0] && schedule.pace(loops: 9, seconds: 15) == steps[1])
  }

  @Test
  func aPaceIsWhatTheHeartbeatTakes() {
    var settings = LoadTestSettings(profile: "x")
    for perSecond in [0, 0.000_1, 0.001, 0.5, 9.99, 99, 101, 12_345, 1e9] {
      settings.loadStart = perSecond
      let pace = LoadSchedule(settings: settings).pace(loops: 0, seconds: 0)
      #expect((0...10_000).contains(pace.batchSize) && (1...3_600_000).contains(pace.sleepMillis), "\(perSecond)")
      #expect((perSecond < 0.000_3) == (pace.batchSize == 0))
    }
  }

  @Test
  func nothingBeginsAtTheEndOrBeyondWhatCanBeRead() {
    let compare = LoadSchedule(settings: .compare)
    #expect(!compare.isOver(seconds: 239.999) && compare.isOver(seconds: 240) && compare.loopLimit == 1_000_000)
    let travis = LoadSchedule(settings: .travis)
    #expect(!travis.isOver(seconds: 1e9) && travis.loopLimit == 4_000)
  }

  @Test
  func variantsOfTheBankReachNoMoreThanTheyName() throws {
    var settings = LoadTestSettings.quick
    #expect(!BankUnderTest.arguments(home: "/h", offset: 7, settings).contains("--linger-millis"))
    (settings.lingerMillis, settings.strategy) = (100, "memory")
    let arguments = BankUnderTest.arguments(home: "/h", offset: 7, settings)
    #expect(arguments.suffix(4) == ["--strategy", "memory", "--linger-millis", "100"])
    settings.services["RDKAFKA_LINGER_MS"] = "100"
    let problem = #expect(throws: (any Error).self) { try settings.check() }
    #expect("\(problem.map { "\($0)" } ?? "")".contains("--linger-millis"))
  }

  @Test(arguments: LoadTestSettings.profiles)
  func profilesCanBe(settings: LoadTestSettings) throws {
    try settings.check()
    #expect(settings.minLoops < (settings.maxLoops > 0 ? settings.maxLoops : Int.max))
  }

  @Test(arguments: [
    ("--clients", \LoadTestSettings.clients, 0), ("--loop-millis", \.loopMillis, -1), ("--max-loops", \.maxLoops, -1),
    ("--time-out-millis", \.timeOutMillis, 0), ("--sample-every", \.sampleEvery, 0),
    ("--batch-cycle", \.batchCycle, 40), ("--max-seconds", \.maxSeconds, 0),
  ])
  func whatCannotBeNamesItsOption(option: String, path: WritableKeyPath<LoadTestSettings, Int> & Sendable, value: Int) {
    var settings = LoadTestSettings.quick
    settings[keyPath: path] = value
    let problem = #expect(throws: (any Error).self) { try settings.check() }
    #expect("\(problem.map { "\($0)" } ?? "")".contains(option))
  }
}

struct InteractionTests {
  @Test
  func tenInTurnAsTheSeedAndAKnownShareRefused() {
    let all = (0..<80).map { Interaction(number: $0, client: 3, refusedEvery: 20, hasWrongTokens: true) }
    #expect(all.prefix(10).map(\.cents) == [1_000, 2_000, 5_000, 10_000, 20_000, 1_111, 2_323, 3_489, 9_999, 21_078])
    #expect(all.prefix(10).map(\.kind) == Array(repeating: .deposit, count: 5) + Array(repeating: .transfer, count: 5))
    #expect(all.enumerated().filter { $0.element.kind.isRefused }.map(\.offset) == [19, 39, 59, 79])
    #expect([19, 39, 59].map { all[$0].reason } == ["invalid token", "insufficient funds", "invalid token"])
    #expect(Set(all.map(\.description)).count == 80)
    let page = (0..<40).map { Interaction(number: $0, client: 0, refusedEvery: 20, hasWrongTokens: false) }
    #expect(page.filter { $0.kind.isRefused }.map(\.kind) == [.insufficientFunds, .insufficientFunds])
    let none = (0..<100).map { Interaction(number: $0, client: 0, refusedEvery: 0, hasWrongTokens: true) }
    #expect(none.allSatisfy { !$0.kind.isRefused })
  }

  @Test(arguments: [
    (1_000, "€10,00"), (1, "€0,01"), (123_456, "€1.234,56"), (123_456_789, "€1.234.567,89"), (99_999, "€999,99"),
  ])
  func amountsAreAsThePageShowsThem(cents: Int, shown: String) {
    var interaction = Interaction(number: 0, client: 0, refusedEvery: 0, hasWrongTokens: false)
    interaction.cents = cents
    #expect(interaction.shownEuros == shown)
  }
}
