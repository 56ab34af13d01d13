import Foundation

/// Draws a chart as SVG. Variants differ by colour, dashes and marks, so none is told by colour alone.
struct ChartDrawing {
  static let width = 440.0
  static let height = 290.0
  private static let left = 52.0
  private static let right = 14.0
  /// Above the plot what the pointer is at is written.
  private static let top = 26.0
  private static let plainBottom = 46.0
  /// Names of services stand in two rows, as they are wider than their bars.
  private static let barBottom = 66.0
  private static let markSize = 3.6

  private let chart: Chart
  private let bottom: Double
  private let x: Scale
  private let y: Scale

  init(_ chart: Chart) {
    self.chart = chart
    bottom = chart.isBars ? Self.barBottom : Self.plainBottom
    let points = chart.series.flatMap(\.points)
    let isHistogram = chart.id == "latency-histogram"
    x = Scale(
      points.map(\.x), mayBeLogarithmic: chart.mayBeLogarithmic || isHistogram || Self.isGeometric(points.map(\.x)),
      beginsAtZero: true)
    // The bars of the standard error belong to the picture, but must not pull a logarithmic axis to 0.
    let ends = points.map { $0.y + ($0.error ?? 0) }
    y = Scale(points.map(\.y) + ends, mayBeLogarithmic: chart.mayBeLogarithmic, beginsAtZero: true)
  }

  /// Loads that grow by factors want an axis that does.
  private static func isGeometric(_ values: [Double]) -> Bool { values.allSatisfy { $0 > 0 } }

  /// - Parameter style: stands in the picture, for one that stands alone; its title does too then.
  func svg(style: String? = nil) -> Markup {
    let (width, height) = (Self.width, Self.height + (style == nil ? 0 : 24))
    let id = "chart-\(chart.id)"
    var root = Markup(
      "svg",
      [
        ("xmlns", "http://www.w3.org/2000/svg"), ("viewBox", "0 0 \(Self.number(width)) \(Self.number(height))"),
        ("role", "img"), ("aria-labelledby", "\(id)-title \(id)-about"), ("class", "chart"),
      ])
    root.add(Markup("title", [("id", "\(id)-title")], text: "\(chart.title), \(chart.yTitle)"))
    root.add(Markup("desc", [("id", "\(id)-about")], text: "\(chart.about) \(summary)"))
    if let style {
      root.add(Markup("style", text: style))
      root.add(Markup("rect", [("class", "paper"), ("width", Self.number(width)), ("height", Self.number(height))]))
      root.add(Markup("text", [("class", "heading"), ("x", "10"), ("y", "18")], text: chart.title))
    }
    var plot = Markup("g", style == nil ? [] : [("transform", "translate(0 24)")])
    plot.add(frame)
    guard !chart.isEmpty else {
      plot.add(Self.label("no data", Self.width / 2, Self.height / 2, "middle"))
      root.add(plot)
      return root
    }
    for series in chart.series { plot.add(chart.isBars ? bars(series) : line(series)) }
    root.add(plot)
    return root
  }

  /// The ends of each line, in words.
  private var summary: String {
    chart.series.compactMap { series in
      guard let first = series.points.first, let last = series.points.last else { return nil }
      if chart.isBars { return nil }
      return "\(series.name): \(Scale.text(first.y)) at \(Scale.text(first.x)) to \(Scale.text(last.y)) at "
        + "\(Scale.text(last.x))."
    }.joined(separator: " ")
  }

  // MARK: Axes

  private var frame: Markup {
    var group = Markup("g", [("class", "axes")])
    let (bottomY, rightX) = (Self.height - bottom, Self.width - Self.right)
    for tick in y.ticks {
      let at = placeY(tick)
      group.add(Self.line(Self.left, at, rightX, at, "grid"))
      group.add(Self.label(Scale.text(tick), Self.left - 6, at + 4, "end"))
    }
    if chart.isBars {
      for (place, category) in chart.categories.enumerated() {
        // Long names are told in two lines.
        let words = category.split(separator: "-").map(String.init)
        let middle = Self.left + (Double(place) + 0.5) * categoryWidth
        for (row, word) in words.enumerated() {
          group.add(
            Self.label(word, middle, bottomY + 13 + Double(row) * 12 + (place % 2 == 0 ? 0 : 25), "middle", "small"))
        }
      }
    } else {
      var lastEnd = -Double.infinity
      for tick in x.ticks {
        let at = placeX(tick)
        let half = Double(Scale.text(tick).count) * 4.2
        group.add(Self.line(at, bottomY, at, bottomY + 4, "tick"))
        guard at - half > lastEnd else { continue }
        lastEnd = at + half + 4
        group.add(Self.label(Scale.text(tick), at, bottomY + 17, "middle"))
      }
    }
    group.add(Self.line(Self.left, bottomY, rightX, bottomY, "axis"))
    group.add(Self.label(chart.yTitle, 8, Self.top - 10, "start", "unit"))
    if !chart.xTitle.isEmpty {
      group.add(Self.label(chart.xTitle, (Self.left + rightX) / 2, Self.height - 10, "middle", "unit"))
    }
    return group
  }

  // MARK: Lines

  private func line(_ series: Chart.Series) -> Markup {
    var group = Markup("g", [("class", "s\(series.variant)")])
    let places = series.points.map { (placeX($0.x), placeY($0.y)) }
    if places.count > 1 {
      let path = places.enumerated().map { index, place in
        "\(index == 0 ? "M" : "L")\(Self.number(place.0)) \(Self.number(place.1))"
      }
      group.add(Markup("path", [("class", "line"), ("d", path.joined())]))
    }
    for (point, place) in zip(series.points, places) {
      if let error = point.error, error > 0 {
        group.add(errorBar(at: place.0, from: placeY(max(point.y - error, least)), to: placeY(point.y + error)))
      }
    }
    for (point, place) in zip(series.points, places) {
      var shapes = [Self.mark(series.variant, place.0, place.1, isHollow: point.isBound)]
      if point.isShort {
        shapes.append(
          Markup(
            "circle", [("class", "short"), ("cx", Self.number(place.0)), ("cy", Self.number(place.1)), ("r", "7")]))
      }
      group.add(pointed(series, point, shapes, place))
    }
    return group
  }

  private var least: Double { y.isLogarithmic ? y.from : -Double.infinity }

  private func errorBar(at x: Double, from low: Double, to high: Double) -> Markup {
    let text =
      "M\(Self.number(x)) \(Self.number(low))V\(Self.number(high))M\(Self.number(x - 3)) \(Self.number(low))h6"
      + "M\(Self.number(x - 3)) \(Self.number(high))h6"
    return Markup("path", [("class", "error"), ("d", text)])
  }

  /// What is at a place, with the words that are shown while the pointer is on it.
  private func pointed(
    _ series: Chart.Series, _ point: Chart.Point, _ shapes: [Markup], _ place: (Double, Double)
  ) -> Markup {
    var group = Markup("g", [("class", "point")])
    let words = words(series, point)
    group.add(Markup("title", text: words))
    for shape in shapes { group.add(shape) }
    if !chart.isBars {
      group.add(
        Markup(
          "circle", [("class", "hit"), ("cx", Self.number(place.0)), ("cy", Self.number(place.1)), ("r", "9")]))
    }
    group.add(
      Markup(
        "text",
        [
          ("class", "tip"), ("x", Self.number(Self.width - Self.right)), ("y", Self.number(Self.top - 10)),
          ("text-anchor", "end"), ("aria-hidden", "true"),
        ], text: words))
    return group
  }

  private func words(_ series: Chart.Series, _ point: Chart.Point) -> String {
    let place =
      chart.isBars
      ? chart.categories[Int(point.x)] : Scale.text(point.x) + (point.remark.map { " (\($0))" } ?? "")
    let error = point.error.map { " ± \(Scale.text($0))" } ?? ""
    return "\(series.name), \(place): \(point.isBound ? "≥ " : "")\(Scale.text(point.y))\(error) (n \(point.count))"
  }

  // MARK: Bars

  private var categoryWidth: Double {
    (Self.width - Self.left - Self.right) / Double(max(1, chart.categories.count))
  }

  private func bars(_ series: Chart.Series) -> Markup {
    var group = Markup("g", [("class", "s\(series.variant)")])
    let shown = Double(max(1, chart.series.count))
    let width = min(categoryWidth * 0.8 / shown, 26)
    for point in series.points {
      let start = Self.left + (point.x + 0.5) * categoryWidth - width * shown / 2
      let at = start + Double(series.variant) * width
      let height = max(0, Self.height - bottom - placeY(point.y))
      var shapes = [
        Markup(
          "rect",
          [
            ("class", "bar"), ("x", Self.number(at)), ("y", Self.number(placeY(point.y))),
            ("width", Self.number(max(1, width - 1))), ("height", Self.number(height)),
          ])
      ]
      if let error = point.error, error > 0 {
        shapes.append(
          errorBar(
            at: at + (width - 1) / 2, from: placeY(max(point.y - error, max(0, least))), to: placeY(point.y + error)))
      }
      group.add(pointed(series, point, shapes, (at, placeY(point.y))))
    }
    return group
  }

  // MARK: Marks

  /// Six shapes; with as many colours and dashes twelve variants differ. Two of one colour have different shapes too.
  static func mark(_ variant: Int, _ x: Double, _ y: Double, isHollow: Bool = false) -> Markup {
    let size = markSize
    func polygon(_ corners: [(Double, Double)]) -> String {
      corners.enumerated().map {
        "\($0.offset == 0 ? "M" : "L")\(number(x + $0.element.0)) \(number(y + $0.element.1))"
      }
      .joined() + "Z"
    }
    let path: String
    switch (variant + variant / 6 * 3) % 6 {
    case 0:
      path =
        "M\(number(x - size)) \(number(y))a\(number(size)) \(number(size)) 0 1 0 \(number(2 * size)) 0"
        + "a\(number(size)) \(number(size)) 0 1 0 \(number(-2 * size)) 0Z"
    case 1: path = polygon([(-size, -size), (size, -size), (size, size), (-size, size)])
    case 2: path = polygon([(0, -size * 1.3), (size * 1.2, size), (-size * 1.2, size)])
    case 3: path = polygon([(0, -size * 1.4), (size * 1.4, 0), (0, size * 1.4), (-size * 1.4, 0)])
    case 4: path = polygon([(0, size * 1.3), (size * 1.2, -size), (-size * 1.2, -size)])
    default:
      let thin = size / 2.6
      path = polygon([
        (-thin, -size * 1.2), (thin, -size * 1.2), (thin, -thin), (size * 1.2, -thin), (size * 1.2, thin),
        (thin, thin), (thin, size * 1.2), (-thin, size * 1.2), (-thin, thin), (-size * 1.2, thin),
        (-size * 1.2, -thin), (-thin, -thin),
      ])
    }
    // An arrow: the true value is above.
    let arrow = "M\(number(x)) \(number(y - size - 2))v-7m-3 3l3 -3l3 3"
    let shape = Markup("path", [("class", isHollow ? "mark hollow" : "mark"), ("d", path)])
    return isHollow ? Markup("g", [], [shape, Markup("path", [("class", "error"), ("d", arrow)])]) : shape
  }

  // MARK: Places and pieces

  private func placeX(_ value: Double) -> Double {
    Self.left + x.place(value) * (Self.width - Self.left - Self.right)
  }

  private func placeY(_ value: Double) -> Double {
    Self.height - bottom - y.place(value) * (Self.height - Self.top - bottom)
  }

  private static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) -> Markup {
    Markup("path", [("class", style), ("d", "M\(number(x1)) \(number(y1))L\(number(x2)) \(number(y2))")])
  }

  private static func label(
    _ text: String, _ x: Double, _ y: Double, _ anchor: String, _ style: String = "label"
  ) -> Markup {
    Markup("text", [("class", style), ("x", number(x)), ("y", number(y)), ("text-anchor", anchor)], text: text)
  }

  /// A tenth of a pixel is seen by nobody.
  private static func number(_ value: Double) -> String {
    let text = String(format: "%.1f", value)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}

extension Markup {
  mutating func add(_ child: Markup) { children.append(.element(child)) }
}
