import BankSupport
import Foundation
import LoadRuns

/// The bank that is measured: a fresh one, or one that runs already.
struct BankUnderTest: Sendable {
  private static let startSeconds = 120.0
  /// `bank up` has 10 s for it.
  private static let stopSeconds = 20.0
  private static let portAttempts = 5
  /// All ports stay below 32768, from where on Linux gives them to connections.
  private static let offsets = 1_000...14_000
  private static let needed = ["command-handler", "graphql-endpoint", "command-generator", "heartbeat", "frontend"]

  let home: String
  let run: RunFile
  private let process: ServiceProcess?

  /// Starts a bank in a folder that is new, on ports that are free.
  static func fresh(home: String, settings: LoadTestSettings, stop: StopFlag) async throws -> BankUnderTest {
    try Files.makeFolder(home)
    let log = "\(home)/up.log"
    for attempt in 1... {
      let offset = Int.random(in: offsets)
      let bank = "\(home)/bank-\(attempt)"
      let process = try ServiceProcess(
        [try program()] + arguments(home: bank, offset: offset, settings), logPath: log, name: "bank up",
        environment: LoadTestSettings.ownServices.merging(settings.services) { $1 }, signal: "TERM")
      do {
        let run = try await started(process, home: bank, log: log, stop: stop)
        return BankUnderTest(home: bank, run: run, process: process)
      } catch {
        await process.stop(seconds: stopSeconds)
        let words = tail(log)
        let isTaken = words.contains("in use by another program") || words.contains("Address already in use")
        guard isTaken, !stop.isSet, attempt < portAttempts else { throw error }
        unlink(log)
      }
    }
    throw SupportError("no free ports")
  }

  /// Of `bank up`.
  static func arguments(home: String, offset: Int, _ settings: LoadTestSettings) -> [String] {
    // No beats before the test has set the pace.
    var arguments = [
      "up", "--home", home, "--port-offset", String(offset), "--heartbeat-batch", "0", "--heartbeat-millis",
      String(settings.heartbeatMillis),
    ]
    if let strategy = settings.strategy { arguments += ["--strategy", strategy] }
    if let linger = settings.lingerMillis { arguments += ["--linger-millis", String(linger)] }
    return arguments
  }

  /// A bank that runs on a home.
  static func running(home: String) throws -> BankUnderTest {
    let read: RunFile?
    do { read = try RunFile.read(home: home) } catch { throw LoadTestProblem("\(error)") }
    guard let run = read else {
      throw LoadTestProblem("no bank on \(home): there is no run.json; start one with bank up, or leave --running out")
    }
    for (name, port) in [("heartbeat", run.ports.heartbeat), ("GraphQL endpoint", run.ports.graphQL)] {
      guard Loopback.get(port, "/health", timeoutMillis: 3_000)?.status == 200 else {
        throw LoadTestProblem(
          "the \(name) of the bank on \(home) does not answer at http://127.0.0.1:\(port)/health: is it running?")
      }
    }
    return BankUnderTest(home: home, run: run, process: nil)
  }

  /// True while it can be measured.
  var isRunning: Bool { process?.isRunning ?? true }

  func stop() async { await process?.stop(seconds: Self.stopSeconds) }

  /// From the start of each service's process to its first answer that it is ready.
  var startUpMillis: [String: Double] {
    var times: [String: Double] = [:]
    for service in run.services {
      if let ready = service.readyAt { times[service.name] = max(0, (ready - service.started) * 1_000) }
    }
    return times
  }

  private static func started(
    _ process: ServiceProcess, home: String, log: String, stop: StopFlag
  ) async throws -> RunFile {
    let deadline = ContinuousClock.now + .seconds(startSeconds)
    while true {
      let run = (try? RunFile.read(home: home)).flatMap(\.self)
      let ready = Set((run?.services ?? []).filter(\.ready).map(\.name))
      if let run, run.incarnation != nil, needed.allSatisfy(ready.contains) { return run }
      guard process.isRunning else { throw SupportError("the bank did not start:\n\(tail(log))") }
      guard !stop.isSet else { throw LoadTestProblem.stopped }
      guard ContinuousClock.now < deadline else {
        throw SupportError("the bank was not ready after \(Int(startSeconds)) s:\n\(tail(log))")
      }
      await stop.sleep(millis: 50)
    }
  }

  private static func tail(_ log: String) -> String {
    let bytes = (try? Files.read(log, limitBytes: 64 << 20)).flatMap(\.self) ?? []
    return String(decoding: bytes.suffix(3_000), as: UTF8.self)
  }

  /// This program's own file.
  private static func program() throws -> String {
    guard let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
      throw SupportError("cannot find this program's file through /proc/self/exe")
    }
    return path
  }
}
