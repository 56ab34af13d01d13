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

  let settings: LoadTestSettings

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

  /// The nearest that whole batches and milliseconds give: single beats up to one a `heartbeatMillis`/10, then batches.
  private func pace(perSecond: Double) -> Pace {
    guard perSecond > 0.000_3 else { return Pace(batchSize: 0, sleepMillis: settings.heartbeatMillis) }
    let single = 1_000 / perSecond
    if single >= Double(max(1, settings.heartbeatMillis / 10)) {
      return Pace(batchSize: 1, sleepMillis: Int(single.rounded()))
    }
    let batch = perSecond * Double(settings.heartbeatMillis) / 1_000
    let whole = Int(min(batch, Double(Pace.batchSizes.upperBound)).rounded())
    return Pace(batchSize: max(1, whole), sleepMillis: settings.heartbeatMillis)
  }
}
