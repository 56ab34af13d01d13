import Foundation
import LoadRuns
import RunningBank
import Testing

/// `bank load-test` as a person runs it, on a bank that it starts and ends.
@Suite(.serialized)
struct LoadTestSystemTests {
  private static let tiny = [
    "--min-loops", "10", "--load-start", "40", "--load-step-seconds", "0", "--batch-cycle", "20", "--sample-every",
    "10", "--refused-every", "5", "--time-out-millis", "30000", "--max-time-outs", "0",
  ]

  @Test(.timeLimit(.minutes(5)))
  func aTinyProfileMeasuresAFreshBankAndLeavesNothingButItsFile() async throws {
    try await withFolder { folder in
      let file = folder.appending(path: "run.jsonl")
      let arguments =
        ["load-test", "quick", "--output", file.path] + Self.tiny
        + [
          "--max-loops", "60", "--max-seconds", "240", "--loop-millis", "20", "--clients", "2", "--linger-millis", "7",
          "--set", "BANK_STRATEGY=sequential",
        ]
      let result = try await RunningBank.run(RunningBank.bank, arguments)
      #expect(result.status == 0, "\(result.output)\(result.errors)")
      let run = try LoadRun(name: "run", parsing: Array(try Data(contentsOf: file)))
      #expect(run.end.reason == .maxLoops && run.end.isGood && run.end.failures == 0)
      #expect(run.rows.count == 60 && run.end.loops == 60)
      #expect(run.rows.map(\.loop).sorted() == Array(1...run.rows.count))
      #expect(Set(run.rows.map(\.client)) == [0, 1])
      #expect(Set(run.rows.map(\.kind)).isSuperset(of: [.deposit, .transfer, .wrongToken, .insufficientFunds]))
      #expect(run.rows.allSatisfy { $0.latencyMillis > 0 && $0.answerMillis != nil || $0.timedOut })
      // A step after every 20 loops that have begun.
      #expect(run.rows.allSatisfy { $0.load == 40 + Double(($0.loop - 1) / 20) * 10 || $0.loop % 20 <= 2 })
      #expect(Set(run.rows.map(\.load)).isSuperset(of: [40, 50, 60]))
      let sample = try #require(run.rows.compactMap(\.sample).last)
      #expect(sample.usage.keys.sorted() == Sample.parts.sorted())
      #expect(sample.usage.values.allSatisfy { $0.memoryMiB > 1 })
      #expect((sample.heartbeats ?? 0) > 0 && (sample.commands ?? 0) > 0)
      #expect(run.header.startUpMillis.count == 8 && run.header.versions["postgres"] != nil)
      #expect(run.header.settings.clients == 2 && run.header.settings.loadStart == 40)
      #expect(run.header.settings.lingerMillis == 7 && run.header.settings.strategy == "sequential")
      #expect((sample.atMillis ?? 0) > 0 && run.rows.compactMap(\.sample).allSatisfy { $0.load != nil })
      #expect(sample.lagRecords.keys.contains { $0.hasPrefix("command-generator ") }, "\(sample.lagRecords)")
      #expect(try processes(naming: "bank-load-").isEmpty, "no process is left")

      // The same file is not written again.
      let again = try await RunningBank.run(RunningBank.bank, arguments)
      #expect(again.status == 2 && again.errors.contains("not overwritten"), "\(again.errors)")
      #expect(try LoadRun(name: "run", parsing: Array(try Data(contentsOf: file))).rows == run.rows)
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func ctrlCLeavesAWholeFileAlsoOfAnOpenLoopByTheLegacyProtocol() async throws {
    try await withFolder { folder in
      let file = folder.appending(path: "run.jsonl")
      let process = Process()
      process.executableURL = RunningBank.bank
      process.arguments =
        ["load-test", "quick", "--output", file.path] + Self.tiny
        + ["--max-seconds", "600", "--rate", "40", "--protocol", "graphql-ws"]
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = FileHandle.nullDevice
      let log = folder.appending(path: "log")
      _ = FileManager.default.createFile(atPath: log.path, contents: nil)
      process.standardError = try FileHandle(forWritingTo: log)
      try process.run()
      try await until("20 rows", timeoutSeconds: 120) {
        guard process.isRunning else { return true }
        return (try? String(contentsOf: file, encoding: .utf8))?.split(separator: "\n").count ?? 0 > 21
      }
      kill(process.processIdentifier, SIGINT)
      try await until("the end", timeoutSeconds: 60) { !process.isRunning }
      let words = try String(contentsOf: log, encoding: .utf8)
      #expect(process.terminationStatus == 0, "\(words)")
      let run = try LoadRun(name: "run", parsing: Array(try Data(contentsOf: file)))
      #expect(run.end.reason == .stopped && run.end.failures == 0 && run.rows.count > 10)
      #expect(run.header.settings.ratePerSecond == 40)
      // Arrivals are where the schedule has them, whatever the bank did.
      for row in run.rows { #expect(abs(row.atMillis - Double(row.loop - 1) * 25) < 0.01) }
    }
  }

  @Test(
    .enabled(if: ProcessInfo.processInfo.environment["BANK_TEST_LONG"] != nil), .timeLimit(.minutes(10)))
  func aBrowserMeasuresByItsOwnClock() async throws {
    try await withFolder { folder in
      let file = folder.appending(path: "run.jsonl")
      let arguments =
        ["load-test", "quick", "--output", file.path] + Self.tiny
        + ["--client", "browser", "--max-loops", "24", "--max-seconds", "300", "--loop-millis", "50"]
      let result = try await RunningBank.run(RunningBank.bank, arguments)
      #expect(result.status == 0, "\(result.output)\(result.errors)")
      let run = try LoadRun(name: "run", parsing: Array(try Data(contentsOf: file)))
      #expect(run.end.failures == 0 && run.rows.count == 24 && run.header.versions["chromium"] != nil)
      #expect(Set(run.rows.map(\.kind)).isSuperset(of: [.deposit, .transfer, .insufficientFunds]))
      #expect(try processes(naming: folder.path).isEmpty && processes(naming: "bank-load-").isEmpty)
    }
  }

  @Test(arguments: [
    (["no-such-profile"], "no profile"), (["quick", "--clients", "0"], "--clients takes"),
    (["quick", "--max-seconds", "0"], "--max-loops or --max-seconds"), (["quick", "--set", "NAME"], "NAME=VALUE"),
    (["quick", "--running", "/nowhere"], "no bank on /nowhere"),
    (["quick", "--set", "RDKAFKA_LINGER_MS=100"], "--linger-millis"),
    (["quick", "--linger-millis", "900001"], "--linger-millis takes"),
    (["quick", "--running", "/nowhere", "--linger-millis", "1"], "for a fresh bank"),
    (["quick", "--set", "BANK_STRATEGY=best"], "is no strategy"),
  ])
  func whatCannotBeginEndsWithTwoAndWritesNothing(arguments: [String], words: String) async throws {
    try await withFolder { folder in
      let file = folder.appending(path: "sub/run.jsonl").path
      let result = try await RunningBank.run(RunningBank.bank, ["load-test"] + arguments + ["--output", file])
      #expect(result.status == 2 && result.errors.contains(words), "\(result.status) \(result.errors)")
      #expect(!FileManager.default.fileExists(atPath: file))
    }
  }

  /// A home whose bank has ended, as kill -9 leaves it.
  @Test
  func anEndpointThatDoesNotAnswerIsToldAndNothingIsWritten() async throws {
    try await withFolder { folder in
      let run = """
        {"version":1,"pid":1,"brokers":"127.0.0.1:1","registry":"http://127.0.0.1:1",
        "database":{"host":"127.0.0.1","port":1},"embedded":[],"services":[],"ports":{"broker":1,"postgres":1,
        "registry":1,"page":1,"graphQL":1,"heartbeat":1,"commandGenerator":1,"commandHandler":1}}
        """
      try Data(run.utf8).write(to: folder.appending(path: "run.json"))
      let file = folder.appending(path: "run.jsonl").path
      let result = try await RunningBank.run(
        RunningBank.bank, ["load-test", "quick", "--running", folder.path, "--output", file])
      #expect(result.status == 2 && result.errors.contains("does not answer"), "\(result.status) \(result.errors)")
      #expect(!FileManager.default.fileExists(atPath: file))
    }
  }

  private func processes(naming text: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { Int32($0) != nil }.compactMap { pid in
      guard let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else { return nil }
      let line = String(decoding: bytes, as: UTF8.self)
      // Of this checkout: another copy may measure at the same time.
      return line.contains(text) && line.contains(FileManager.default.temporaryDirectory.path) ? line : nil
    }
  }

  private func until(_ what: String, timeoutSeconds: Double, _ holds: () -> Bool) async throws {
    let deadline = Date().addingTimeInterval(timeoutSeconds)
    while !holds() {
      guard Date() < deadline else { throw RunningBank.Failure.timedOut(what, log: "") }
      try await Task.sleep(for: .milliseconds(100))
    }
  }

  private func withFolder(_ body: (URL) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "load-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(folder)
  }
}
