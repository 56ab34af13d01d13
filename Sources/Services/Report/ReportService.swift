import BankSupport
import Foundation
import LoadRuns

/// `bank report`: charts of load tests.
public enum ReportService {
  /// Different loads of a variant.
  static let loadLimit = 2_000

  /// Where the report goes.
  public struct Options: Sendable {
    /// The HTML file; an older report is replaced.
    public var output: String
    /// A folder for each chart as an SVG file.
    public var svgFolder: String?
    /// A folder for each chart's values.
    public var csvFolder: String?

    public init(output: String, svgFolder: String? = nil, csvFolder: String? = nil) {
      self.output = output
      self.svgFolder = svgFolder
      self.csvFolder = csvFolder
    }
  }

  /// Reads the runs of a mapping and writes the report.
  ///
  /// - Returns: the files that were written.
  /// - Throws: ``ReportProblem`` when the mapping or a run can't be used; nothing was written then. `SupportError` when
  ///   files can't be written.
  public static func run(mapping: String, _ options: Options) throws -> [String] {
    let named = try ReportMapping(file: mapping)
    try ReportOutput.check(options.output)
    let files = try report(named, options)
    try ReportOutput.check(
      files.map(\.path), spare: named.variants.flatMap(\.files) + [Files.absolute(mapping)])
    return try Files.replaceAll(
      files.map { (path: String($0.path.dropFirst()), text: $0.text) }, folder: "/", replacesOthers: true)
  }

  /// The files of a report, with absolute paths.
  static func report(_ mapping: ReportMapping, _ options: Options) throws(ReportProblem) -> [(
    path: String, text: String
  )] {
    var variants: [VariantFigures] = []
    for variant in mapping.variants {
      var runs: [LoadRun] = []
      for file in variant.files { runs.append(try read(file)) }
      guard VariantFigures.loads(of: runs).count <= loadLimit else {
        throw ReportProblem(
          "\(variant.name): its runs have more than \(loadLimit) different loads, which no chart can show: let the load "
            + "grow in larger steps")
      }
      let figures = VariantFigures(name: variant.name, runs: runs)
      guard !figures.points.isEmpty else {
        throw ReportProblem("\(variant.name): its runs have no row of a deposit or a transfer: leave it out")
      }
      variants.append(figures)
    }
    let page = ReportPage(variants)
    var files = [(path: Files.absolute(options.output), text: page.html)]
    for chart in page.charts {
      if let folder = options.svgFolder {
        let svg = ChartDrawing(chart).svg(style: ReportPage.chartStyle + Self.legendStyle)
        files.append((Files.absolute("\(folder)/\(chart.id).svg"), Self.withLegend(svg, variants).text + "\n"))
      }
      if let folder = options.csvFolder {
        files.append((Files.absolute("\(folder)/\(chart.id).csv"), CSV.text(chart)))
      }
    }
    return files
  }

  private static func read(_ file: String) throws(ReportProblem) -> LoadRun {
    let bytes: [UInt8]?
    do { bytes = try Files.read(file, limitBytes: LoadRun.fileLimitBytes) } catch { throw ReportProblem("\(error)") }
    guard let bytes else { throw ReportProblem("there is no file \(file)") }
    let name = (file as NSString).lastPathComponent
    let run: LoadRun
    do { run = try LoadRun(name: name, parsing: bytes) } catch { throw ReportProblem("\(error)") }
    guard !run.rows.isEmpty else { throw ReportProblem("\(name) has no rows: leave it out, or run the test again") }
    return run
  }

  // MARK: A picture that stands alone

  private static let legendStyle = ".chart .name { fill: var(--ink); }\n"
  private static let legendRow = 18.0

  /// Tells which line is whose, below the picture.
  private static func withLegend(_ svg: Markup, _ variants: [VariantFigures]) -> Markup {
    var svg = svg
    let top = ChartDrawing.height + 24
    let height = top + Double(variants.count) * legendRow + 8
    for index in svg.attributes.indices where svg.attributes[index].0 == "viewBox" {
      svg.attributes[index].1 = "0 0 \(Int(ChartDrawing.width)) \(Int(height))"
    }
    for index in svg.children.indices {
      guard case .element(var child) = svg.children[index], child.name == "rect" else { continue }
      child.attributes = child.attributes.map { $0.0 == "height" ? ("height", "\(Int(height))") : $0 }
      svg.children[index] = .element(child)
    }
    for (index, variant) in variants.enumerated() {
      let at = top + Double(index) * legendRow + 6
      svg.add(
        Markup(
          "g", [("class", "s\(index)")],
          [
            Markup("path", [("class", "line"), ("d", "M12 \(Int(at))L52 \(Int(at))")]),
            ChartDrawing.mark(index, 32, at),
            Markup("text", [("class", "name"), ("x", "60"), ("y", "\(Int(at + 4))")], text: variant.name),
          ]))
    }
    return svg
  }
}
