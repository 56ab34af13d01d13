import Foundation
import LoadRuns

/// A report as one HTML file without scripts, which asks no other host for anything: the bank's page serves it under a
/// policy that allows no more (docs/page.md).
struct ReportPage {
  let variants: [VariantFigures]
  let charts: [Chart]

  init(_ variants: [VariantFigures]) {
    self.variants = variants
    charts = Charts.all(variants)
  }

  var html: String {
    let style = Self.chartStyle + Self.pageStyle + variants.indices.map(Self.switchStyle).joined()
    let head = Markup(
      "head", [],
      [
        Markup("meta", [("charset", "utf-8")]),
        Markup("meta", [("name", "viewport"), ("content", "width=device-width, initial-scale=1")]),
        Markup("title", text: "Load test report – Open Bank Mark"),
      ])
    let body = Markup("body", [], [header, Markup("main", [], [legend, summary, chartGrid, runTable, method])])
    // The style is no text of HTML's: what stands in it must not be escaped.
    let headText = head.text.replacing("</head>", with: "<style>\n\(style)</style></head>")
    return "<!doctype html>\n<html lang=\"en\">\(headText)\n\(body.text)</html>\n"
  }

  static var chartStyle: String { String(decoding: PackageResources.chart_css, as: UTF8.self) }
  private static var pageStyle: String { String(decoding: PackageResources.page_css, as: UTF8.self) }

  /// What hides a variant when its box is not ticked, in charts and tables.
  private static func switchStyle(_ variant: Int) -> String {
    "body:has(#show-\(variant):not(:checked)) main .s\(variant):not(.always) { display: none; }\n"
  }

  // MARK: Head

  private var header: Markup {
    let runs = variants.reduce(0) { $0 + $1.runs.count }
    let interactions = variants.reduce(0) { $0 + $1.latencyMicros.count }
    return Markup(
      "header", [],
      [
        Markup("h1", text: "Load test report"),
        Markup(
          "p", [("class", "lead")],
          text: "\(Self.count(variants.count, "variant")), \(Self.count(runs, "run")), "
            + "\(Self.count(interactions, "interaction")). Latency is the time from a request, or a click, to the row "
            + "that its user sees."),
      ])
  }

  private var legend: Markup {
    var group = Markup("fieldset", [("class", "legend")], [Markup("legend", text: "Variants")])
    for (index, variant) in variants.enumerated() {
      let sample = Markup(
        "svg", [("viewBox", "0 0 40 16"), ("aria-hidden", "true"), ("class", "chart s\(index) always")],
        [Markup("path", [("class", "line"), ("d", "M1 8L39 8")]), ChartDrawing.mark(index, 20, 8)])
      var label = Markup(
        "label", [],
        [Markup("input", [("type", "checkbox"), ("id", "show-\(index)"), ("checked", "")]), sample])
      label.children.append(.text(variant.name))
      group.add(label)
    }
    return group
  }

  // MARK: In words

  private var summary: Markup {
    let heads = [
      "Variant", "Runs", "Median at 100/s", "99 of 100 at 100/s", "Highest load with a mean up to 500 ms",
      "Then busiest",
      "Highest load", "Time-outs", "Wrong answers", "Start-up of the handler",
    ]
    let rows = variants.enumerated().map { index, variant in
      let at100 = variant.point(near: 100)
      let highest = variant.highestLoad(meanMillis: 500)
      let rows = variant.runs.flatMap(\.rows)
      return Self.row(
        "s\(index)", variant.name,
        [
          String(variant.runs.count), Self.millis(at100?.quantileMillis(0.5)) + Self.remark(at100),
          Self.millis(at100?.quantileMillis(0.99)), Self.load(highest),
          highest?.busiest.map {
            "\(Charts.partNames[$0.service] ?? $0.service), \(Scale.text($0.cpuPercent)) % of all cores"
          } ?? "–",
          Self.load(variant.points.last), String(rows.count(where: \.timedOut)),
          String(rows.count { $0.failure != nil }), Self.millis(variant.startUpMillis["command-handler"]?.mean),
        ])
    }
    return Markup(
      "section", [],
      [Markup("h2", text: "In short"), Self.table(heads, rows, caption: nil, style: "scroll whole")])
  }

  private var runTable: Markup {
    let heads = [
      "Variant", "File", "Started", "Revision", "Build", "Profile", "Bank", "Client", "Clients", "Loops", "Seconds",
      "Ended by",
      "Good", "Refused as they should be", "Machine",
    ]
    let rows = variants.enumerated().flatMap { index, variant in
      variant.runs.map { run in
        let header = run.header
        let settings = header.settings
        return Self.row(
          "s\(index)", variant.name,
          [
            run.name, header.startedAt, header.revision, header.versions["bank"] ?? "–", settings.profile,
            Self.bank(settings), settings.client == .browser ? "browser" : settings.subprotocol.rawValue,
            String(settings.clients),
            String(run.end.loops), String(format: "%.0f", run.end.seconds), run.end.reason.rawValue,
            run.end.isGood ? "yes" : "no",
            String(run.rows.count { $0.kind.isRefused && $0.failure == nil && !$0.timedOut }),
            "\(header.machine.processor), \(Self.count(header.machine.cores, "core")), "
              + "\(header.machine.memoryMiB / 1024) GiB",
          ])
      }
    }
    return Markup(
      "section", [], [Markup("h2", text: "Runs"), Self.table(heads, rows, caption: nil, style: "scroll whole")])
  }

  private var method: Markup {
    let words = [
      "A time-out is not left out: it counts as the longest time that was waited, so it is a lower bound. Points that "
        + "hold one are hollow with an arrow, and tables say ≥.",
      "Of several runs a point is the mean of the runs' means, and its bar their standard error; of a single run, those "
        + "of its interactions. Percentiles are those of all interactions together, to a thousandth.",
      "Load is what was asked for. Where the broker took less than 95 % of it, a point has a ring, and its words and "
        + "tables say what was reached. A point that not all runs of a variant have says so too, and has no bar when only "
        + "one has it. The highest load of the table above is one that all runs have, with at least "
        + "\(VariantFigures.leastCount) interactions.",
      "What the bank had to refuse is checked, and not part of the latencies. An axis is logarithmic where its values "
        + "spread far.",
    ]
    return Markup(
      "section", [], [Markup("h2", text: "How to read this")] + words.map { Markup("p", text: $0) })
  }

  // MARK: Charts

  private var chartGrid: Markup {
    Markup(
      "section", [],
      [Markup("h2", text: "Charts"), Markup("div", [("class", "charts")], charts.map(figure))])
  }

  private func figure(_ chart: Chart) -> Markup {
    let heads = [
      "Variant", chart.isBars ? "Service" : Self.capital(chart.xTitle), chart.yTitle, "± standard error", "n",
    ]
    let rows = chart.series.flatMap { series in
      series.points.map { point in
        Self.row(
          "s\(series.variant)", series.name,
          [
            chart.isBars
              ? chart.categories[Int(point.x)] : Scale.text(point.x) + (point.remark.map { " (\($0))" } ?? ""),
            (point.isBound ? "≥ " : "") + Scale.text(point.y), point.error.map(Scale.text) ?? "–", String(point.count),
          ])
      }
    }
    return Markup(
      "figure", [("id", chart.id)],
      [
        Markup(
          "figcaption", [],
          [Markup("h3", text: chart.title), Markup("p", [("class", "about")], text: chart.about)]),
        ChartDrawing(chart).svg(),
        Markup(
          "details", [],
          [
            Markup("summary", text: "Table"),
            Self.table(heads, rows, caption: "\(chart.title), \(chart.yTitle)", style: "scroll"),
          ]),
      ])
  }

  // MARK: Tables

  private static func table(_ heads: [String], _ rows: [Markup], caption: String?, style: String) -> Markup {
    var table = Markup("table")
    if let caption { table.add(Markup("caption", text: caption)) }
    let cells = heads.enumerated().map { index, head in
      Markup("th", [("scope", "col")] + (index == 0 ? [("class", "text")] : []), text: head)
    }
    table.add(Markup("thead", [], [Markup("tr", [], cells)]))
    table.add(Markup("tbody", [], rows))
    // What can be scrolled has to be reached with keys.
    return Markup("div", [("class", style), ("tabindex", "0")], [table])
  }

  private static func row(_ style: String, _ name: String, _ cells: [String]) -> Markup {
    Markup(
      "tr", [("class", style)],
      [Markup("th", [("scope", "row")], text: name)] + cells.map { Markup("td", text: $0) })
  }

  /// What makes the bank of a run another than that of other runs.
  private static func bank(_ settings: LoadTestSettings) -> String {
    let own = settings.services.filter { LoadTestSettings.ownServices[$0.key] != $0.value }
    let words =
      [settings.strategy, settings.lingerMillis.map { "linger \($0) ms" }].compactMap(\.self)
      + own.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    return words.isEmpty ? "–" : words.joined(separator: ", ")
  }

  private static func load(_ point: LoadPoint?) -> String {
    point.map { "\(Scale.text($0.load))/s\(remark($0))" } ?? "–"
  }

  private static func remark(_ point: LoadPoint?) -> String { point?.remark.map { " (\($0))" } ?? "" }
  private static func millis(_ value: Double?) -> String { value.map { "\(Scale.text($0)) ms" } ?? "–" }
  private static func count(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
  private static func capital(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }
}
