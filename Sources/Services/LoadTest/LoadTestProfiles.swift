import BankSupport
import LoadRuns

extension LoadTestSettings {
  /// The profiles by name (docs/load-test.md, "Profiles").
  public static let profiles: [LoadTestSettings] = [quick, compare, travis]

  /// A look in two minutes.
  static var quick: LoadTestSettings {
    var settings = LoadTestSettings(profile: "quick")
    settings.loopMillis = 200
    settings.maxSeconds = 120
    settings.minLoops = 100
    settings.loadStart = 20
    settings.loadFactor = 1.5
    settings.loadStepSeconds = 10
    return settings
  }

  /// Four minutes in steps of half as much again: the ninth is 100 heartbeats a second, the last 1,709. Some 350,000
  /// records in all, which is about what the embedded broker bears.
  static var compare: LoadTestSettings {
    var settings = LoadTestSettings(profile: "compare")
    settings.loopMillis = 100
    settings.maxSeconds = 240
    settings.minLoops = 300
    settings.loadStart = 3.9
    settings.loadFactor = 1.5
    settings.loadStepSeconds = 15
    return settings
  }

  /// The seed's numbers for one broker.
  static var travis: LoadTestSettings {
    var settings = LoadTestSettings(profile: "travis")
    settings.maxLoops = 4_000
    settings.minLoops = 800
    settings.batchCycle = 40
    return settings
  }

  /// - Throws: for what can't be done, naming the option.
  public func check() throws(SupportError) {
    func within<Number: Comparable>(_ name: String, _ value: Number, _ range: ClosedRange<Number>) throws(SupportError)
    {
      guard range.contains(value) else {
        throw SupportError("--\(name) takes a number from \(range.lowerBound) to \(range.upperBound)")
      }
    }
    try within("clients", clients, client == .browser ? 1...8 : 1...2_000)
    try within("rate", ratePerSecond, 0...10_000)
    try within("loop-millis", loopMillis, 0...3_600_000)
    try within("max-loops", maxLoops, 0...LoadRun.rowLimit)
    try within("max-seconds", maxSeconds, 0...86_400)
    try within("max-time-outs", maxTimeOuts, 0...LoadRun.rowLimit)
    try within("time-out-millis", timeOutMillis, 1...60_000)
    try within("min-loops", minLoops, 0...LoadRun.rowLimit)
    try within("refused-every", refusedEvery, 0...1_000_000)
    try within("sample-every", sampleEvery, 1...1_000_000)
    try within("heartbeat-millis", heartbeatMillis, 1...3_600_000)
    try within("batch-cycle", batchCycle, 0...1_000_000)
    try within("batch-step", batchStep, 0...10_000)
    try within("load-start", loadStart, 0...100_000)
    try within("load-factor", loadFactor, 0.01...100)
    try within("load-step-seconds", loadStepSeconds, 0...86_400)
    if let lingerMillis { try within("linger-millis", lingerMillis, 0...900_000) }
    for name in ["RDKAFKA_LINGER_MS", "RDKAFKA_QUEUE_BUFFERING_MAX_MS"] where services[name] != nil {
      // Who makes the load would wait too, so that the load is not reached.
      throw SupportError("--set \(name) would reach heartbeat and generator too: give --linger-millis instead")
    }
    guard maxLoops > 0 || maxSeconds > 0 else {
      throw SupportError("a run has to end some time: give --max-loops or --max-seconds")
    }
    guard batchCycle == 0 || loadStepSeconds == 0 else {
      throw SupportError("the load steps by loops (--batch-cycle) or by time (--load-step-seconds), not by both")
    }
  }
}
