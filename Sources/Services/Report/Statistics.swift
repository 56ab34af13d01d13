import LoadRuns

/// A mean and how sure it is.
struct Estimate: Hashable, Sendable {
  var mean: Double
  /// Standard error; nil of a single value.
  var error: Double?
  var count: Int

  /// nil without values.
  init?(_ values: [Double]) {
    guard !values.isEmpty else { return nil }
    count = values.count
    let mean = values.reduce(0, +) / Double(count)
    self.mean = mean
    guard count > 1 else { return }
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    error = (squares / Double(count - 1) / Double(count)).squareRoot()
  }

  /// Of several runs: the mean of their means with its standard error, as values within a run depend on each other. Of a
  /// single run: of its values. Where only one of several runs has values, nobody knows how far others are from it.
  init?(runs: [[Double]]) {
    guard runs.count > 1 else {
      guard let only = runs.first else { return nil }
      self.init(only)
      return
    }
    self.init(runs.filter { !$0.isEmpty }.map { $0.reduce(0, +) / Double($0.count) })
  }
}

/// One line of every chart.
struct VariantFigures: Hashable, Sendable {
  /// Fewer interactions say nothing of a load.
  static let leastCount = 20

  var name: String
  var runs: [LoadRun]
  var points: [LoadPoint]
  /// Of all loads, time-outs included.
  var latencyMicros: LatencyHistogram
  var startUpMillis: [String: Estimate]

  static func loads(of runs: [LoadRun]) -> Set<Double> {
    runs.reduce(into: []) { loads, run in for row in run.rows { loads.insert(row.load) } }
  }

  init(name: String, runs: [LoadRun]) {
    self.name = name
    self.runs = runs
    let measured = runs.map { run in
      Dictionary(grouping: run.rows.filter { $0.failure == nil && !$0.kind.isRefused }, by: \.load)
    }
    let samples = runs.map { Dictionary(grouping: TimedSample.all(of: $0), by: \.load) }
    points = Set(measured.flatMap(\.keys)).sorted().compactMap { load in
      LoadPoint(load, measured.map { $0[load] ?? [] }, samples.map { $0[load] ?? [] })
    }
    latencyMicros = LatencyHistogram()
    for point in points { latencyMicros.add(point.latencyMicros) }
    startUpMillis = [:]
    for service in Set(runs.flatMap(\.header.startUpMillis.keys)) {
      startUpMillis[service] = Estimate(runs.compactMap { $0.header.startUpMillis[service] })
    }
  }

  // MARK: What is said in words

  /// The load nearest to a wanted one, within a tenth.
  func point(near load: Double) -> LoadPoint? {
    points.filter { abs($0.load - load) <= load / 10 }.min { abs($0.load - load) < abs($1.load - load) }
  }

  /// The highest load at which, and at all below it, the mean is not above a limit. That all runs have it and some rows
  /// more than a few: the end of a run is no load.
  func highestLoad(meanMillis limit: Double) -> LoadPoint? {
    points.prefix { $0.mean.mean <= limit }.last { $0.count >= Self.leastCount && $0.runs == $0.allRuns }
  }
}
