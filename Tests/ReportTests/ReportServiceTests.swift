import Foundation
import LoadRuns
import Testing

@testable import ReportService

struct ReportServiceTests {
  @Test
  func aReportHasEveryChartAndAsksNobody() throws {
    try withFolder { folder in
      try write(Self.rows, to: folder, "one-1.jsonl")
      try write(Self.rows, to: folder, "one-2.jsonl")
      try write(Self.rows, to: folder, "two.jsonl")
      try "<One>: one-*\nTwo: [two.jsonl]\n".write(
        to: folder.appending(path: "mapping.yaml"), atomically: true, encoding: .utf8)
      let options = ReportService.Options(
        output: folder.path + "/report.html", svgFolder: folder.path + "/svg", csvFolder: folder.path + "/csv")
      let written = try ReportService.run(mapping: folder.path + "/mapping.yaml", options)
      let page = try String(contentsOfFile: options.output, encoding: .utf8)
      let charts = [
        "latency-mean", "latency-max", "latency-min", "heartbeats", "cpu-postgres", "cpu-command-handler", "cpu-broker",
        "cpu-graphql-endpoint", "memory-postgres", "memory-command-handler", "memory-broker", "memory-graphql-endpoint",
        "measurements",
        // Beside the seed's.
        "latency-p50", "latency-p95", "latency-p99", "throughput", "lag-command-handler", "lag-graphql-endpoint",
        "lag-command-generator", "load-reached",
        "latency-histogram", "start-up",
      ]
      for chart in charts {
        #expect(page.contains("<figure id=\"\(chart)\">"), "\(chart)")
        let picture = folder.path + "/svg/\(chart).svg"
        #expect(written.contains(picture) && written.contains(folder.path + "/csv/\(chart).csv"))
        #expect(XMLLook(try String(contentsOfFile: picture, encoding: .utf8)).isWellFormed)
      }
      #expect(page.components(separatedBy: "<figure").count - 1 == charts.count)
      #expect(written.count == 2 * charts.count + 1)
      #expect(page.contains("&lt;One&gt;") && !page.contains("<One>"))
      // Nothing from elsewhere, and no script: the bank's page serves it under a policy that allows none.
      let addresses = page.replacing("http://www.w3.org/2000/svg", with: "")
      for word in ["://", "<script", "url(", "@import"] { #expect(!addresses.contains(word), "\(word)") }
      #expect(
        try ReportService.run(mapping: folder.path + "/mapping.yaml", options).isEmpty, "the same again is the same")
    }
  }

  @Test(arguments: [
    ("one: nothing.jsonl\n", "there is no file nothing.jsonl"), ("one: nothing-*\n", "no file matches nothing-*"),
    ("one: a*b\n", "there is no file a*b"), ("one: a*b*\n", "a * stands at the end alone"), ("", "names no variant"),
    ("- a\n", "has to be a mapping"), ("one: {a: b}\n", "a name or a file has to stand here"),
    ("one: []\n", "the list is empty"), ("one: [good.jsonl]\none: good.jsonl\n", "is there twice"),
    ("one: \"a\n", "mapping.yaml:"), ("one: cut.jsonl\n", "cut.jsonl is cut off"),
    ("one: empty.jsonl\n", "has no rows"),
    ("one: garbage.jsonl\n", "garbage.jsonl, line 1"), ("one: refused.jsonl\n", "no row of a deposit or a transfer"),
    ("one: sub\n", "there is no file sub"),
  ])
  func whatCannotBeUsedIsToldAndNothingIsOverwritten(mapping: String, words: String) throws {
    try withFolder { folder in
      try write(Self.rows, to: folder, "good.jsonl")
      try write([], to: folder, "empty.jsonl")
      try write([Self.refused], to: folder, "refused.jsonl")
      let good = try Data(contentsOf: folder.appending(path: "good.jsonl"))
      try good.prefix(good.count - 40).write(to: folder.appending(path: "cut.jsonl"))
      try Data("garbage\n".utf8).write(to: folder.appending(path: "garbage.jsonl"))
      try FileManager.default.createDirectory(
        at: folder.appending(path: "sub"), withIntermediateDirectories: true)
      let file = folder.appending(path: "mapping.yaml")
      try mapping.write(to: file, atomically: true, encoding: .utf8)
      let output = folder.appending(path: "report.html")
      try "<!doctype html>old".write(to: output, atomically: true, encoding: .utf8)
      let problem = #expect(throws: ReportProblem.self) {
        try ReportService.run(
          mapping: file.path, .init(output: output.path, svgFolder: folder.path + "/svg"))
      }
      #expect(problem?.description.contains(words) == true, "\(problem?.description ?? "")")
      #expect(try String(contentsOf: output, encoding: .utf8) == "<!doctype html>old")
      #expect(!FileManager.default.fileExists(atPath: folder.path + "/svg"))
    }
  }

  /// Hours of measuring must not end under a report.
  @Test(arguments: ["one.jsonl", "mapping.yaml", "link.html", "note.txt", "sub", "svg/latency-mean.svg"])
  func onlyAReportIsReplaced(name: String) throws {
    try withFolder { folder in
      let (run, mapping) = (folder.appending(path: "one.jsonl"), folder.appending(path: "mapping.yaml"))
      for sub in ["sub", "svg"] {
        try FileManager.default.createDirectory(
          at: folder.appending(path: sub), withIntermediateDirectories: true)
      }
      try write(Self.rows, to: folder, "one.jsonl")
      try "one: one.jsonl\n".write(to: mapping, atomically: true, encoding: .utf8)
      try "mine".write(to: folder.appending(path: "note.txt"), atomically: true, encoding: .utf8)
      for link in ["link.html", "svg/latency-mean.svg"] {
        try FileManager.default.createSymbolicLink(
          at: folder.appending(path: link), withDestinationURL: run)
      }
      let isPicture = name.hasPrefix("svg")
      let options = ReportService.Options(
        output: folder.path + "/" + (isPicture ? "report.html" : name),
        svgFolder: folder.path + (isPicture ? "/svg" : "/other"))
      let before = try [run, mapping, folder.appending(path: "note.txt")].map { try Data(contentsOf: $0) }
      #expect(throws: ReportProblem.self) { try ReportService.run(mapping: mapping.path, options) }
      #expect(try [run, mapping, folder.appending(path: "note.txt")].map { try Data(contentsOf: $0) } == before)
      for made in ["other", "report.html"] {
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/" + made))
      }
    }
  }

  /// Each load has its rows by one pass over them; more loads than that are no chart.
  @Test(.timeLimit(.minutes(2)))
  func manyLoadsAreDrawnAndTooManyTold() throws {
    try withFolder { folder in
      func rows(_ loads: Int) -> [RunRow] {
        (0..<loads * 20).map { number in
          RunRow(
            loop: number + 1, client: 0, atMillis: Double(number), kind: .deposit, load: Double(number % loads + 1),
            latencyMillis: 5)
        }
      }
      let mapping = folder.appending(path: "mapping.yaml")
      try "one: one.jsonl\n".write(to: mapping, atomically: true, encoding: .utf8)
      let options = ReportService.Options(output: folder.path + "/report.html")
      try write(rows(ReportService.loadLimit + 1), to: folder, "one.jsonl")
      let problem = #expect(throws: ReportProblem.self) { try ReportService.run(mapping: mapping.path, options) }
      #expect(problem?.description.contains("more than 2000 different loads") == true)
      try write(rows(200), to: folder, "one.jsonl")
      #expect(try ReportService.run(mapping: mapping.path, options).count == 1)
    }
  }

  @Test
  func aMappingThatIsNotThereIsToldSo() {
    let problem = #expect(throws: ReportProblem.self) { try ReportMapping(file: "/nowhere/mapping.yaml") }
    #expect(problem?.description == "there is no mapping /nowhere/mapping.yaml")
  }

  @Test
  func variantsKeepTheirOrderAndFilesAreOnceEach() throws {
    try withFolder { folder in
      for name in ["b-2.jsonl", "b-1.jsonl", "b-note.txt", "a.jsonl"] { try write(Self.rows, to: folder, name) }
      let mapping = try ReportMapping(
        name: "m", parsing: Array("z: b-*\ny:\n  - a.jsonl\n  - b-1.jsonl\n  - b-*\nx: ./*\n".utf8), folder: folder.path
      )
      #expect(mapping.variants.map(\.name) == ["z", "y", "x"])
      #expect(
        mapping.variants.map { $0.files.map { ($0 as NSString).lastPathComponent } } == [
          ["b-1.jsonl", "b-2.jsonl"], ["a.jsonl", "b-1.jsonl", "b-2.jsonl"], ["a.jsonl", "b-1.jsonl", "b-2.jsonl"],
        ])
    }
  }

  private static let rows: [RunRow] = (0..<40).map(row)

  private static func row(_ number: Int) -> RunRow {
    let usage = Dictionary(
      uniqueKeysWithValues: Sample.parts.map { ($0, Sample.Usage(cpuPercent: 3, memoryMiB: 50)) })
    let sample = Sample(
      heartbeats: number, commands: number * 3, usage: usage,
      lagRecords: ["command-handler confirm_money_transfer": 1, "graphql-endpoint balance_changed": 0])
    return RunRow(
      loop: number + 1, client: 0, atMillis: Double(number) * 100, kind: number % 2 == 0 ? .deposit : .transfer,
      load: number < 20 ? 10 : 100, latencyMillis: Double(5 + number % 7), sample: number % 5 == 0 ? sample : nil)
  }

  private static let refused = RunRow(
    loop: 1, client: 0, atMillis: 1, kind: .wrongToken, load: 10, latencyMillis: 1)

  private func write(_ rows: [RunRow], to folder: URL, _ name: String) throws {
    let run = Samples.run(rows)
    let encoder = JSONEncoder()
    let lines = [try encoder.encode(run.header)] + (try rows.map(encoder.encode)) + [try encoder.encode(run.end)]
    try Data(lines.flatMap { Array($0) + [10] }).write(to: folder.appending(path: name))
  }

  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "report-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }
}
