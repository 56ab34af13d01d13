/// What a chart shows, without how it looks.
struct Chart: Hashable, Sendable {
  struct Point: Hashable, Sendable {
    var x: Double
    var y: Double
    /// Half the length of the bar of the standard error.
    var error: Double?
    /// How many values it stands for.
    var count: Int
    /// It holds time-outs: the true value is higher.
    var isBound = false
  }

  struct Series: Hashable, Sendable {
    /// Of the variant: its place decides on colour, dashes and marks.
    var variant: Int
    var name: String
    var points: [Point]
  }

  /// For file names and anchors.
  var id: String
  var title: String
  /// What it says, for who does not see it, and how to read it.
  var about: String
  var xTitle: String
  var yTitle: String
  /// Names of the places 0, 1, … of a chart of bars; empty for lines.
  var categories: [String] = []
  /// Values that spread far are better told apart on a logarithmic axis.
  var mayBeLogarithmic = false
  var series: [Series]

  var isBars: Bool { !categories.isEmpty }
  var isEmpty: Bool { series.allSatisfy(\.points.isEmpty) }
}
