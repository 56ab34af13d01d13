import Foundation
import Testing

@testable import ReportService

struct DrawingTests {
  private static let line = Chart(
    id: "latency-mean", title: "Mean latency", about: "Of a test.", xTitle: "load", yTitle: "ms",
    mayBeLogarithmic: true,
    series: [
      .init(
        variant: 0, name: "One & <two>",
        points: [
          .init(x: 10, y: 4, error: 0.5, count: 12), .init(x: 100, y: 20, error: 3, count: 12),
          .init(x: 1_000, y: 5_000, count: 3, isBound: true),
        ]),
      .init(variant: 1, name: "Three", points: [.init(x: 10, y: 6, count: 1)]),
    ])
  private static let bars = Chart(
    id: "start-up", title: "Start-up times", about: "Of a test.", xTitle: "", yTitle: "ms",
    categories: ["broker", "command-handler"],
    series: [
      .init(
        variant: 0, name: "One", points: [.init(x: 0, y: 120, error: 20, count: 3), .init(x: 1, y: 80, count: 3)]),
      .init(variant: 1, name: "Two", points: [.init(x: 1, y: 400, error: 500, count: 3)]),
    ])

  /// The pictures as they stand in Golden/, which were looked at. A change of the look changes them on purpose: what was
  /// drawn is left beside the golden file's name with ".new".
  @Test(arguments: [("line.svg", line), ("bars.svg", bars)])
  func picturesAreAsTheyWere(name: String, chart: Chart) throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(name)")
    let drawn = ChartDrawing(chart).svg(style: "/* style */").text + "\n"
    let golden = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    if drawn != golden {
      try drawn.write(
        to: FileManager.default.temporaryDirectory.appending(path: "\(name).new"), atomically: true, encoding: .utf8)
    }
    #expect(drawn == golden, "see \(name).new in the temporary folder")
  }

  @Test(arguments: [line, bars, Chart(id: "x", title: "t", about: "a", xTitle: "", yTitle: "", series: [])])
  func picturesAreXMLWithWordsForThoseWhoDoNotSeeThem(chart: Chart) throws {
    let text = ChartDrawing(chart).svg().text
    #expect(XMLLook(text).isWellFormed, "\(text)")
    #expect(text.contains("role=\"img\"") && text.contains("<title id=\"chart-\(chart.id)-title\">"))
    #expect(text.contains("aria-labelledby=\"chart-\(chart.id)-title chart-\(chart.id)-about\""))
    #expect(!text.contains("nan") && !text.contains("inf"))
  }

  /// Colours may look the same to someone: shapes and dashes tell the variants apart too.
  @Test
  func twelveVariantsDifferWithoutColour() {
    let style = ReportPage.chartStyle
    var looks: Set<String> = []
    for variant in 0..<ReportMapping.variantLimit {
      let dashes = style.split(separator: "\n").filter { rule in
        rule.contains("stroke-dasharray")
          && rule.split(separator: "{")[0].split(separator: ",").contains {
            $0.split(separator: " ").first == ".s\(variant)"
          }
      }
      looks.insert("\(ChartDrawing.mark(variant, 0, 0).text) \(dashes)")
    }
    #expect(looks.count == ReportMapping.variantLimit)
    for variant in 0..<6 {
      #expect(ChartDrawing.mark(variant, 0, 0).text != ChartDrawing.mark(variant + 6, 0, 0).text, "of one colour")
    }
  }

  @Test
  func whatIsAboveAPictureSaysItsValue() {
    let text = ChartDrawing(Self.line).svg().text
    #expect(text.contains("One &amp; &lt;two&gt;, 10: 4 ± 0.5 (n 12)"))
    #expect(text.contains("One &amp; &lt;two&gt;, 1000: ≥ 5000 (n 3)"))
  }

  @Test
  func valuesAreInCSV() {
    #expect(
      CSV.text(Self.line)
        == "variant,load,ms,standard error,count,lower bound,load reached,runs\r\n"
        + "One & <two>,10,4,0.5,12,no,,\r\nOne & <two>,100,20,3,12,no,,\r\nOne & <two>,1000,5000,,3,yes,,\r\n"
        + "Three,10,6,,1,no,,\r\n")
    #expect(CSV.field("a \"b\", c") == "\"a \"\"b\"\", c\"" && CSV.field("a\r\nb") == "\"a\r\nb\"")
  }
}

/// Whether elements are closed in order and attributes quoted; enough for what is written by `Markup`.
struct XMLLook {
  let isWellFormed: Bool

  init(_ text: String) {
    var open: [Substring] = []
    var isGood = true
    for part in text.split(separator: "<", omittingEmptySubsequences: true) {
      guard let end = part.firstIndex(of: ">") else {
        isGood = false
        break
      }
      let tag = part[..<end]
      if tag.hasPrefix("/") {
        if open.popLast() != tag.dropFirst() { isGood = false }
      } else {
        open.append(tag.prefix { $0 != " " })
        if tag.count(where: { $0 == "\"" }) % 2 != 0 { isGood = false }
      }
      if part[end...].dropFirst().contains(">") { isGood = false }
    }
    isWellFormed = isGood && open.isEmpty
  }
}
