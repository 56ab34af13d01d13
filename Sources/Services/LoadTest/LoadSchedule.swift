import LoadRuns

/// Which background load holds when.
struct LoadSchedule: Sendable {
  /// How much, how often, as the heartbeat's control takes it.
  struct Pace: Hashable, Sendable {
    static let batchSizes = 0...10_000
    var batchSize: Int
    var sleepMillis: Int
    var perSecond: Double { Double(batchSize) * 1_000 / Double(sleepMillis) }
  }

  /// Single beats come no faster: each waits for its acknowledgement, and a timer is late by a millisecond.
  private static let singleMillis = 50.0
  /// The most that `--load-start` takes; steps stay there.
  private static let mostPerSecond = 100_000.0

  let settings: LoadTestSettings

  /// True from the moment on from which nothing may begin.
  func isOver(seconds: Double) -> Bool { settings.maxSeconds > 0 && seconds >= Double(settings.maxSeconds) }

  /// How many loops there may be: a run file with more rows can't be read.
  var loopLimit: Int { settings.maxLoops > 0 ? min(settings.maxLoops, LoadRun.rowLimit) : LoadRun.rowLimit }

  /// - Parameters:
  ///   - loops: that have begun before.
  ///   - seconds: since the loops began.
  func pace(loops: Int, seconds: Double) -> Pace {
    if settings.batchCycle > 0 {
      // The seed's way: one beat more a batch.
      let start = settings.loadStart * Double(settings.heartbeatMillis) / 1_000
      let batch = Int(start.rounded()) + loops / settings.batchCycle * settings.batchStep
      return Pace(batchSize: min(batch, Pace.batchSizes.upperBound), sleepMillis: settings.heartbeatMillis)
    }
    var perSecond = settings.loadStart
    if settings.loadStepSeconds > 0 {
      for _ in 0..<Int(max(0, seconds)) / settings.loadStepSeconds { perSecond *= settings.loadFactor }
    }
    return pace(perSecond: perSecond)
  }

  /// The nearest that whole batches and milliseconds give: single beats while they are slow, then batches about every
  /// `heartbeatMillis`.
  private func pace(perSecond: Double) -> Pace {
    guard perSecond > 0.000_3 else { return Pace(batchSize: 0, sleepMillis: settings.heartbeatMillis) }
    let perSecond = min(perSecond, Self.mostPerSecond)
    let single = 1_000 / perSecond
    if single >= Self.singleMillis { return Pace(batchSize: 1, sleepMillis: Int(single.rounded())) }
    let batch = (perSecond * Double(settings.heartbeatMillis) / 1_000).rounded()
    let whole = min(max(1, Int(batch)), Pace.batchSizes.upperBound)
    return Pace(batchSize: whole, sleepMillis: max(1, Int((Double(whole) * single).rounded())))
  }
}
