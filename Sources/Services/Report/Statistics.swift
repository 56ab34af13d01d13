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
  /// single run: of its values.
  init?(runs: [[Double]]) {
    let runs = runs.filter { !$0.isEmpty }
    guard runs.count > 1 else {
      guard let only = runs.first else { return nil }
      self.init(only)
      return
    }
    self.init(runs.map { $0.reduce(0, +) / Double($0.count) })
  }
}

/// What a variant's runs have at one load.
struct LoadPoint: Hashable, Sendable {
  var load: Double
  var runs: Int
  /// Interactions, time-outs included; what had to be refused is not among them.
  var count: Int
  var timeOuts: Int
  var mean: Estimate
  var latencyMicros: LatencyHistogram
  var heartbeats: Estimate?
  /// Commands a second.
  var throughput: Estimate?
  /// In percent of all cores, by service.
  var cpu: [String: Estimate] = [:]
  var memoryMiB: [String: Estimate] = [:]
  /// Records that wait, by service.
  var lag: [String: Estimate] = [:]

  func quantileMillis(_ share: Double) -> Double? { latencyMicros.quantile(share).map { Double($0) / 1_000 } }

  /// Whether the value at a share is a time-out's, and so a lower bound.
  func isBound(_ share: Double) -> Bool {
    timeOuts > 0 && (timeOuts == count || share * Double(count) > Double(count - timeOuts))
  }
}

/// One line of every chart.
struct VariantFigures: Hashable, Sendable {
  var name: String
  var runs: [LoadRun]
  var points: [LoadPoint]
  /// Of all loads, time-outs included.
  var latencyMicros: LatencyHistogram
  var startUpMillis: [String: Estimate]

  init(name: String, runs: [LoadRun]) {
    self.name = name
    self.runs = runs
    let measured = runs.map { run in run.rows.filter { $0.failure == nil && !$0.kind.isRefused } }
    let loads = Set(measured.joined().map(\.load)).sorted()
    let samples = runs.map(Self.samples)
    points = loads.compactMap { load in
      Self.point(load, measured.map { rows in rows.filter { $0.load == load } }, samples)
    }
    latencyMicros = LatencyHistogram()
    for point in points { latencyMicros.add(point.latencyMicros) }
    startUpMillis = [:]
    for service in Set(runs.flatMap(\.header.startUpMillis.keys)) {
      startUpMillis[service] = Estimate(runs.compactMap { $0.header.startUpMillis[service] })
    }
  }

  private static func point(_ load: Double, _ runs: [[RunRow]], _ samples: [[TimedSample]]) -> LoadPoint? {
    guard let mean = Estimate(runs: runs.map { $0.map(\.latencyMillis) }) else { return nil }
    var histogram = LatencyHistogram()
    for row in runs.joined() { histogram.record(Int((row.latencyMillis * 1_000).rounded())) }
    var point = LoadPoint(
      load: load, runs: runs.count { !$0.isEmpty }, count: histogram.count,
      timeOuts: runs.joined().count { $0.timedOut }, mean: mean, latencyMicros: histogram)
    let own = samples.map { $0.filter { $0.load == load } }
    func estimate(_ value: (TimedSample) -> Double?) -> Estimate? { Estimate(runs: own.map { $0.compactMap(value) }) }
    point.heartbeats = estimate { $0.sample.heartbeats.map(Double.init) }
    point.throughput = estimate(\.commandsPerSecond)
    for part in Sample.parts {
      point.cpu[part] = estimate { $0.sample.usage[part]?.cpuPercent }
      point.memoryMiB[part] = estimate { $0.sample.usage[part]?.memoryMiB }
      point.lag[part] = estimate { timed in
        let lags = timed.sample.lagRecords.filter { $0.key.hasPrefix(part + " ") }.values
        return lags.isEmpty ? nil : Double(lags.reduce(0, +))
      }
    }
    return point
  }

  /// A sample with what follows from the one before it.
  private struct TimedSample {
    var load: Double
    var sample: Sample
    /// nil where the load changed since the sample before.
    var commandsPerSecond: Double?
  }

  private static func samples(_ run: LoadRun) -> [TimedSample] {
    var last: RunRow?
    return run.rows.compactMap { row in
      guard let sample = row.sample else { return nil }
      var timed = TimedSample(load: row.load, sample: sample)
      if let last, last.load == row.load, row.atMillis > last.atMillis, let now = sample.commands,
        let before = last.sample?.commands, now >= before
      {
        timed.commandsPerSecond = Double(now - before) / (row.atMillis - last.atMillis) * 1_000
      }
      last = row
      return timed
    }
  }

  // MARK: What is said in words

  /// The load nearest to a wanted one, within a tenth.
  func point(near load: Double) -> LoadPoint? {
    points.filter { abs($0.load - load) <= load / 10 }.min { abs($0.load - load) < abs($1.load - load) }
  }

  /// The highest load at which, and at all below it, the mean is not above a limit.
  func highestLoad(meanMillis limit: Double) -> LoadPoint? { points.prefix { $0.mean.mean <= limit }.last }
}

extension LoadPoint {
  /// The service that has most of the processor then.
  var busiest: (service: String, cpuPercent: Double)? {
    cpu.max { ($0.value.mean, $1.key) < ($1.value.mean, $0.key) }.map { ($0.key, $0.value.mean) }
  }
}
