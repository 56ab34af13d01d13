/// A chart's values as RFC 4180 has them.
enum CSV {
  static func text(_ chart: Chart) -> String {
    let place = chart.isBars ? "service" : chart.xTitle
    var lines = [
      ["variant", place, chart.yTitle, "standard error", "count", "lower bound", "load reached", "runs"].map(field)
    ]
    for series in chart.series {
      for point in series.points {
        lines.append([
          field(series.name), chart.isBars ? field(chart.categories[Int(point.x)]) : number(point.x), number(point.y),
          point.error.map(number) ?? "", String(point.count), point.isBound ? "yes" : "no",
          point.reached.map(number) ?? "", point.runs.map(String.init) ?? "",
        ])
      }
    }
    return lines.map { $0.joined(separator: ",") + "\r\n" }.joined()
  }

  private static func number(_ value: Double) -> String {
    Int(exactly: value).map(String.init) ?? "\((value * 1_000_000).rounded() / 1_000_000)"
  }

  static func field(_ text: String) -> String {
    guard text.contains(where: { ",\"\n\r".contains($0) || $0 == "\r\n" }) else { return text }
    return "\"\(text.replacing("\"", with: "\"\""))\""
  }
}
