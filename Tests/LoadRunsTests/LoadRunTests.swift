import Foundation
import LoadRuns
import Testing

struct LoadRunTests {
  @Test
  func whatIsWrittenIsRead() throws {
    let run = try LoadRun(name: "run", parsing: Self.file())
    #expect(run.header.settings.profile == "quick" && run.header.startUpMillis == ["broker": 120.5])
    #expect(run.rows.map(\.loop) == [1, 2, 3])
    #expect(run.rows[1].timedOut && run.rows[2].sample?.usage["postgres"]?.memoryMiB == 80)
    #expect(run.end.isGood && run.end.latencyMicros == [[1_500, 1]])
  }

  @Test(arguments: [
    ("", "is empty"), ("\n", "no header"), ("{\"type\":\"row\"}\n", "no header"), ("no JSON\n", "no header"),
  ])
  func whatIsNoRunFileIsToldSo(text: String, words: String) {
    let problem = #expect(throws: RunProblem.self) { try LoadRun(name: "it.jsonl", parsing: Array(text.utf8)) }
    #expect(problem?.description.contains(words) == true && problem?.description.hasPrefix("it.jsonl") == true)
  }

  /// Wherever a file is cut off, it is told, and never taken for a whole one.
  @Test
  func aFileThatIsCutOffIsNeverTakenForAWholeOne() {
    let whole = Self.file()
    for length in 0..<whole.count {
      let problem = #expect(throws: RunProblem.self) {
        try LoadRun(name: "it", parsing: Array(whole[..<length]))
      }
      guard length > 800 else { continue }
      #expect(problem?.description.contains("cut off") == true, "\(problem?.description ?? "")")
    }
  }

  @Test(arguments: [
    ("\"latencyMillis\":1.5", "\"latencyMillis\":-1.5", "line 2: latencyMillis is out of range"),
    ("\"load\":20", "\"load\":1e300", "line 2: load is out of range"),
    ("\"kind\":\"deposit\"", "\"kind\":\"robbery\"", "line 2: this is no row"),
    ("\"memoryMiB\":80", "\"memoryMiB\":-80", "line 4: a usage is out of range"),
    ("\"cpuPercent\":1", "\"cpuPercent\":1e15", "line 4: a usage is out of range"),
    ("\"memoryMiB\":80", "\"memoryMiB\":5e-324", "line 4: a usage is out of range"),
    ("\"load\":20", "\"load\":1e-7", "line 2: load is out of range"),
    ("\"commands\":19", "\"commands\":9223372036854775807", "line 4: commands is out of range"),
    ("\"heartbeats\":20", "\"heartbeats\":-1", "line 4: heartbeats is out of range"),
    ("money_transfer\":3", "money_transfer\":9223372036854775807", "line 4: a lag is out of range"),
    ("\"broker\":120.5", "\"broker\":1e300", "line 1: startUpMillis of broker is out of range"),
    ("\"heartbeatMillis\":100", "\"heartbeatMillis\":-1", "line 1: settings.heartbeatMillis is out of range"),
    ("\"seconds\":1", "\"seconds\":1e300", "line 5: seconds is out of range"),
    ("\"format\":1", "\"format\":2", "has format 2, this program knows 1"),
  ])
  func figuresThatCannotBeAreToldWithTheirLine(what: String, instead: String, words: String) {
    let text = String(decoding: Self.file(), as: UTF8.self)
    let changed = text.replacing(what, with: instead, maxReplacements: 1)
    #expect(changed != text)
    let problem = #expect(throws: RunProblem.self) { try LoadRun(name: "it", parsing: Array(changed.utf8)) }
    #expect(problem?.description.contains(words) == true, "\(problem?.description ?? "")")
  }

  /// Whatever the bytes are: a run with figures that can be, or an error.
  @Test(arguments: 0..<4)
  func garbageIsRefusedOrRead(seed: UInt64) throws {
    var random = SplitMix(seed)
    let pieces = [
      "{", "}", "\"type\":", "\"row\"", "1e999", "\n",
      "null", "[[", "\u{FEFF}", "-1", "922337203685477580800",
    ]
    for _ in 0..<400 {
      var bytes = Self.file()
      for _ in 0...Int.random(in: 0..<4, using: &random) {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[at] = UInt8.random(in: .min ... .max, using: &random)
        case 1: bytes.insert(contentsOf: pieces.randomElement(using: &random)?.utf8 ?? "".utf8, at: at)
        case 2: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1..<60, using: &random)))
        default: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + 90)], at: at)
        }
        if bytes.isEmpty { bytes = [10] }
      }
      guard let run = try? LoadRun(name: "it", parsing: bytes) else { continue }
      #expect(run.rows.allSatisfy { $0.latencyMillis.isFinite && $0.latencyMillis >= 0 && $0.load.isFinite })
    }
  }

  static func file() -> [UInt8] {
    let header = RunHeader(
      startedAt: "2026-01-02T03:04:05Z", revision: "abc",
      machine: Machine(processor: "P", cores: 2, memoryMiB: 4_096, system: "S", loadBefore: "0"),
      settings: LoadTestSettings(profile: "quick"), versions: [:], startUpMillis: ["broker": 120.5])
    let sample = Sample(
      heartbeats: 20, commands: 19, usage: ["postgres": .init(cpuPercent: 1, memoryMiB: 80)],
      lagRecords: ["command-handler confirm_money_transfer": 3])
    let rows = [
      RunRow(loop: 1, client: 0, atMillis: 0, kind: .deposit, load: 20, latencyMillis: 1.5, answerMillis: 1.25),
      RunRow(loop: 2, client: 0, atMillis: 200, kind: .transfer, load: 20, latencyMillis: 5_000, timedOut: true),
      RunRow(loop: 3, client: 0, atMillis: 400, kind: .wrongToken, load: 30, latencyMillis: 2, sample: sample),
    ]
    var histogram = LatencyHistogram()
    histogram.record(1_500)
    let end = RunEnd(
      reason: .maxSeconds, loops: 3, timeOuts: 1, failures: 0, seconds: 1, isGood: true, latencyMicros: histogram)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let lines = [try? encoder.encode(header)] + rows.map { try? encoder.encode($0) } + [try? encoder.encode(end)]
    return lines.flatMap { Array($0 ?? Data()) + [10] }
  }
}
