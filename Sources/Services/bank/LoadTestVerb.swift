import ArgumentParser
import BankSupport
import CommandHandlerService
import Foundation
import LoadRuns
import LoadTestService

extension LoadTestSettings.Client: ExpressibleByArgument {}
extension LoadTestSettings.Subprotocol: ExpressibleByArgument {}

struct LoadTestVerb: AsyncVerb {
  static let configuration = CommandConfiguration(
    commandName: "load-test", abstract: "Measure a fresh bank as its users feel it, into a run file.",
    discussion: """
      Profiles: \(LoadTestSettings.profiles.map(\.profile).joined(separator: ", ")); each number of one is an option \
      too, and 0 is "none" where a limit is named (docs/load-test.md). Exit status 0 when there were more loops than \
      --min-loops and no wrong answer, 1 when not, 2 when the test could not begin: then no file was written.
      """)

  @Argument(help: "Where the numbers come from.") var profile: String

  @Option(help: ArgumentHelp("The run file; by default load-tests/PROFILE-CLIENT-TIME.jsonl.", valueName: "file"))
  var output: String?
  @Option(help: "Who presses the buttons: graphql (a WebSocket) or browser (headless Chromium on the page).")
  var client: LoadTestSettings.Client?
  @Option(help: "Of the WebSocket: graphql-transport-ws or graphql-ws.")
  var `protocol`: LoadTestSettings.Subprotocol?
  @Option(help: "How many at the same time.") var clients: Int?
  @Option(help: "Interactions a second on a schedule, of all clients together (open loop).") var rate: Double?
  @Option(help: "Without --rate: a client begins one interaction in so many milliseconds at most.")
  var loopMillis: Int?
  @Option(help: "The run ends after so many loops.") var maxLoops: Int?
  @Option(help: "The run ends after so many seconds.") var maxSeconds: Int?
  @Option(help: "The run ends after so many time-outs.") var maxTimeOuts: Int?
  @Option(help: "An interaction that takes longer is a time-out.") var timeOutMillis: Int?
  @Option(help: "The run is good with more loops than this.") var minLoops: Int?
  @Option(help: "One of so many interactions of a client has to be refused.") var refusedEvery: Int?
  @Option(help: "One of so many rows has the figures of the machine.") var sampleEvery: Int?
  @Option(help: "Milliseconds between batches of heartbeats.") var heartbeatMillis: Int?
  @Option(help: "Every so many loops a batch of heartbeats gets larger.") var batchCycle: Int?
  @Option(help: "By so many heartbeats.") var batchStep: Int?
  @Option(help: "Heartbeats a second at first.") var loadStart: Double?
  @Option(help: "Times this at each step by time.") var loadFactor: Double?
  @Option(help: "Seconds of a step by time.") var loadStepSeconds: Int?
  @OptionGroup var strategy: StrategyOption
  @Option(help: "How long the producers of handler and endpoint wait for more to send with it, as of bank up.")
  var lingerMillis: Int?
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Environment of the bank's services; may be repeated.", valueName: "NAME=VALUE"))
  var services: [String] = []
  @Option(help: ArgumentHelp("Measure the bank that runs on this home, instead of a fresh one.", valueName: "home"))
  var running: String?
  @Flag(help: "Keep the fresh bank's folder.") var keep = false
  @Flag(help: "Print how it ended as JSON.") var json = false

  func perform() async throws {
    let end: RunEnd
    let file: String
    do {
      let settings = try settings()
      file = Files.absolute(output ?? Self.defaultOutput(settings))
      end = try await LoadTestService.run(
        settings, .init(output: file, running: running, keepsHome: keep, build: Self.build))
    } catch let problem as LoadTestProblem {
      try InputError.end("load-test", problem)
    }
    try show(end, file: file)
    if !end.isGood { throw ExitCode(1) }
  }

  func settings() throws -> LoadTestSettings {
    guard var settings = LoadTestSettings.profiles.first(where: { $0.profile == profile }) else {
      let names = LoadTestSettings.profiles.map(\.profile).joined(separator: ", ")
      throw LoadTestProblem("there is no profile \"\(profile)\": take one of \(names)")
    }
    func set<Value>(_ path: WritableKeyPath<LoadTestSettings, Value>, _ value: Value?) {
      if let value { settings[keyPath: path] = value }
    }
    set(\.client, client)
    set(\.subprotocol, `protocol`)
    set(\.clients, clients)
    set(\.ratePerSecond, rate)
    set(\.loopMillis, loopMillis)
    set(\.maxLoops, maxLoops)
    set(\.maxSeconds, maxSeconds)
    set(\.maxTimeOuts, maxTimeOuts)
    set(\.timeOutMillis, timeOutMillis)
    set(\.minLoops, minLoops)
    set(\.refusedEvery, refusedEvery)
    set(\.sampleEvery, sampleEvery)
    set(\.heartbeatMillis, heartbeatMillis)
    set(\.batchCycle, batchCycle)
    set(\.batchStep, batchStep)
    set(\.loadStart, loadStart)
    set(\.loadFactor, loadFactor)
    set(\.loadStepSeconds, loadStepSeconds)
    for service in services {
      guard let equals = service.firstIndex(of: "="), equals != service.startIndex else {
        throw LoadTestProblem("--set takes NAME=VALUE, not \"\(service)\"")
      }
      settings.services[String(service[..<equals])] = String(service[service.index(after: equals)...])
    }
    set(\.lingerMillis, lingerMillis)
    guard running == nil else {
      guard services.isEmpty, lingerMillis == nil, strategy.strategy == nil else {
        throw LoadTestProblem(
          "--set, --strategy and --linger-millis are for a fresh bank: the one that runs has its own")
      }
      return settings
    }
    settings.strategy = try chosenStrategy(taking: &settings.services).rawValue
    return settings
  }

  /// The one that the bank will have, so that the header tells it wherever it came from.
  private func chosenStrategy(taking services: inout [String: String]) throws(LoadTestProblem) -> HandlerStrategy {
    let variable = HandlerStrategy.variable
    if let text = services.removeValue(forKey: variable) {
      guard let named = HandlerStrategy(rawValue: text), strategy.strategy ?? named == named else {
        throw LoadTestProblem("--set \(variable)=\(text) is no strategy, or another than --strategy names")
      }
      return named
    }
    do { return try strategy.chosen() } catch { throw LoadTestProblem("\(error)") }
  }

  private func show(_ end: RunEnd, file: String) throws {
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return print(String(decoding: try encoder.encode(end), as: UTF8.self))
    }
    var histogram = LatencyHistogram()
    for bucket in end.latencyMicros where bucket.count == 2 { histogram.record(bucket[0], times: bucket[1]) }
    func millis(_ share: Double) -> String {
      histogram.quantile(share).map { String(format: "%.1f", Double($0) / 1_000) } ?? "-"
    }
    print(
      "\(end.loops) loops in \(String(format: "%.0f", end.seconds)) s, ended by \(end.reason.rawValue)"
        + (end.message.map { " (\($0))" } ?? "") + "; \(end.timeOuts) time-outs, \(end.failures) wrong answers")
    print("latency in ms: p50 \(millis(0.5)), p95 \(millis(0.95)), p99 \(millis(0.99)), max \(millis(1))")
    print(file)
  }

  private static func defaultOutput(_ settings: LoadTestSettings) -> String {
    let time = ISO8601DateFormatter().string(from: Date()).replacing(":", with: "")
    return "load-tests/\(settings.profile)-\(settings.client.rawValue)-\(time).jsonl"
  }

  private static var build: String {
    #if DEBUG
      "debug"
    #else
      "release"
    #endif
  }
}

/// Input that can't be used: exit status 2.
enum InputError {
  static func end(_ verb: String, _ problem: some Error) throws -> Never {
    FileHandle.standardError.write(Data("bank \(verb): \(problem)\n".utf8))
    throw ExitCode(2)
  }
}
