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
    /// Heartbeats a second that were reached at the load `x`, where that is known.
    var reached: Double?
    /// What stands beside the load, such as "612 reached; 1 of 3 runs".
    var remark: String?
    /// The load was not reached.
    var isShort = false
    /// How many runs it is from, and of how many.
    var runs: Int?
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
