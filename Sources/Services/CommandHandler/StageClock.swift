import BankSupport

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What happens to a batch. The raw values are the label `stage` of `bank_stage_seconds_total`.
enum Stage: Int, CaseIterable, Sendable {
  case read, parse, ids, lock, decide, write, encode, commit, publish, mark

  var name: String { "\(self)" }
}

/// How long stages took, and how much processor time of their own thread they used; what Postgres and the broker
/// used meanwhile is not in it.
struct StageTimes: Sendable {
  private var wallNanos = [UInt64](repeating: 0, count: Stage.allCases.count)
  private var cpuNanos = [UInt64](repeating: 0, count: Stage.allCases.count)

  mutating func add(_ stage: Stage, wallNanos wall: UInt64, cpuNanos cpu: UInt64) {
    wallNanos[stage.rawValue] += wall
    cpuNanos[stage.rawValue] += cpu
  }

  func record(in metrics: Metrics) {
    for stage in Stage.allCases where wallNanos[stage.rawValue] > 0 {
      metrics.add(
        seconds: Double(wallNanos[stage.rawValue]) / 1e9, to: "bank_stage_seconds_total", ["stage": stage.name])
      metrics.add(
        seconds: Double(cpuNanos[stage.rawValue]) / 1e9, to: "bank_stage_cpu_seconds_total", ["stage": stage.name])
    }
  }
}

/// Cuts the time of one thread into stages.
struct StageClock {
  private(set) var times = StageTimes()
  private var wall: UInt64
  private var cpu: UInt64

  init() {
    wall = Self.nanos(CLOCK_MONOTONIC)
    cpu = Self.nanos(CLOCK_THREAD_CPUTIME_ID)
  }

  /// What passed since the call before was `stage`. A task that was moved to another thread in between is taken to
  /// have used no processor time.
  mutating func ends(_ stage: Stage) {
    let (wallNow, cpuNow) = (Self.nanos(CLOCK_MONOTONIC), Self.nanos(CLOCK_THREAD_CPUTIME_ID))
    times.add(stage, wallNanos: wallNow - wall, cpuNanos: cpuNow > cpu ? min(cpuNow - cpu, wallNow - wall) : 0)
    (wall, cpu) = (wallNow, cpuNow)
  }

  private static func nanos(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
