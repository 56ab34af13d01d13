import LoadRuns

/// What a variant's runs have at one load.
struct LoadPoint: Hashable, Sendable {
  /// As it was asked for.
  var load: Double
  /// How many runs have it, of how many.
  var runs: Int
  var allRuns: Int
  /// Interactions, time-outs included; what had to be refused is not among them.
  var count: Int
  var timeOuts: Int
  var mean: Estimate
  var latencyMicros: LatencyHistogram
  var heartbeats: Estimate?
  /// Heartbeats a second that the broker took.
  var reached: Estimate?
  /// Fewer than were asked for, by more than a twentieth.
  var isShort = false
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

extension LoadPoint {
  /// Less than this share of what was asked for is told.
  private static let reachedShare = 0.95

  /// - Parameters:
  ///   - runs: the rows of each that count, also of those that have none.
  ///   - samples: of each.
  init?(_ load: Double, _ runs: [[RunRow]], _ samples: [[TimedSample]]) {
    guard let mean = Estimate(runs: runs.map { $0.map(\.latencyMillis) }) else { return nil }
    var histogram = LatencyHistogram()
    for row in runs.joined() { histogram.record(Int((row.latencyMillis * 1_000).rounded())) }
    self.init(
      load: load, runs: runs.count { !$0.isEmpty }, allRuns: runs.count, count: histogram.count,
      timeOuts: runs.joined().count { $0.timedOut }, mean: mean, latencyMicros: histogram)
    func estimate(_ value: (TimedSample) -> Double?) -> Estimate? {
      Estimate(runs: samples.map { $0.compactMap(value) })
    }
    heartbeats = estimate { $0.sample.heartbeats.map(Double.init) }
    throughput = estimate { timed in timed.commands.map { $0 / timed.seconds } }
    for part in Sample.parts {
      cpu[part] = estimate { $0.isWithinLoad ? $0.sample.usage[part]?.cpuPercent : nil }
      memoryMiB[part] = estimate { $0.sample.usage[part]?.memoryMiB }
    }
    for part in Sample.consumers {
      lag[part] = estimate { timed in
        let lags = timed.sample.lagRecords.filter { $0.key.hasPrefix(part + " ") }.values
        return lags.isEmpty || !timed.isSettled ? nil : lags.reduce(0.0) { $0 + Double($1) }
      }
    }
    setReached(samples)
  }

  /// All of a run's beats over all of the time: a batch at the edge of a sample counts least so.
  private mutating func setReached(_ samples: [[TimedSample]]) {
    var (wanted, sent) = (0.0, 0.0)
    var rates: [[Double]] = []
    for run in samples {
      let counted = run.filter { $0.beats != nil }
      let seconds = counted.reduce(0) { $0 + $1.seconds }
      let beats = counted.reduce(0) { $0 + ($1.beats ?? 0) }
      rates.append(seconds > 0 ? [beats / seconds] : [])
      guard seconds > 0 else { continue }
      wanted += load * seconds
      // The batch that is due next.
      sent += beats + max(1, load * (counted.first?.batchSeconds ?? 0))
    }
    reached = Estimate(runs: rates)
    isShort = wanted > 0 && sent < Self.reachedShare * wanted
  }

  /// The service that has most of the processor then.
  var busiest: (service: String, cpuPercent: Double)? {
    cpu.max { ($0.value.mean, $1.key) < ($1.value.mean, $0.key) }.map { ($0.key, $0.value.mean) }
  }

  /// What has to be known of it beside its figures, such as "612 reached; 1 of 3 runs"; nil when there is nothing.
  var remark: String? {
    let words = [
      isShort ? reached.map { "\(Scale.text($0.mean)) reached" } : nil,
      runs < allRuns ? "\(runs) of \(allRuns) runs" : nil,
    ]
    let told = words.compactMap(\.self)
    return told.isEmpty ? nil : told.joined(separator: "; ")
  }
}

/// A sample with what follows from the one before it.
struct TimedSample {
  /// Services tell their lag every five seconds: until then it may be that of another load.
  static let settleMillis = 5_000.0

  /// In effect when the figures were read.
  var load: Double
  var sample: Sample
  /// The sample before was of the same load, so that what was counted since is its own.
  var isWithinLoad = false
  /// The load has held for long enough that the lag is its own.
  var isSettled: Bool
  /// Since the sample before, where that is of the same load.
  var seconds = 0.0
  var commands: Double?
  var beats: Double?
  /// From one batch of beats to the next.
  var batchSeconds: Double

  /// In the order in which they were read, which is not that of the rows.
  static func all(of run: LoadRun) -> [TimedSample] {
    var begins: [Double: Double] = [:]
    for row in run.rows { begins[row.load] = min(begins[row.load] ?? row.atMillis, row.atMillis) }
    let read = run.rows.compactMap { row in
      row.sample.map { sample in
        // Files from before samples had a time: it was read when the row ended.
        (at: sample.atMillis ?? row.atMillis + row.latencyMillis, load: sample.load ?? row.load, sample: sample)
      }
    }.sorted { $0.at < $1.at }
    var last: (at: Double, load: Double, sample: Sample)?
    return read.map { one in
      var timed = TimedSample(
        load: one.load, sample: one.sample,
        isSettled: one.at - (begins[one.load] ?? one.at) >= settleMillis,
        batchSeconds: Double(run.header.settings.heartbeatMillis) / 1_000)
      if let last, last.load == one.load, one.at - last.at >= 1 {
        timed.isWithinLoad = true
        timed.seconds = (one.at - last.at) / 1_000
        timed.commands = difference(last.sample.commands, one.sample.commands)
        timed.beats = difference(last.sample.heartbeats, one.sample.heartbeats)
      }
      last = one
      return timed
    }
  }

  /// nil where it is not known, or begins anew because a service was started again.
  private static func difference(_ before: Int?, _ now: Int?) -> Double? {
    guard let before, let now, now >= before else { return nil }
    return Double(now) - Double(before)
  }
}
