import ArgumentParser
import ReportService

struct ReportVerb: AsyncVerb {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Draw charts of load tests, as one HTML file.",
    discussion: """
      The mapping is YAML: a line "NAME: FILE" for each variant, where FILE may be a list, and may end in * for all \
      .jsonl files whose names begin so; files are looked for from the mapping's folder (docs/load-test.md). Exit status \
      2 when the mapping or a run can't be used: nothing was written then.
      """)

  @Argument(help: "Which run files belong to which variant.") var mapping: String
  @Option(help: ArgumentHelp("The HTML file; an older report is replaced.", valueName: "file")) var output: String
  @Option(help: ArgumentHelp("Write each chart as an SVG file too.", valueName: "dir")) var svg: String?
  @Option(help: ArgumentHelp("Write each chart's values as a CSV file too.", valueName: "dir")) var csv: String?

  func perform() async throws {
    do {
      let files = try ReportService.run(mapping: mapping, .init(output: output, svgFolder: svg, csvFolder: csv))
      print(files.isEmpty ? "\(output) is as it was" : "wrote \(files[0])\(more(files.count - 1))")
    } catch let problem as ReportProblem {
      try InputError.end("report", problem)
    }
  }

  private func more(_ count: Int) -> String {
    count > 0 ? " and \(count) more \(count == 1 ? "file" : "files")" : ""
  }
}
