import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How long to wait after a Fetch response where the broker answers empty ones at once.
///
/// librdkafka tells a response's size and not what is in it. That records came shows when they are read; until then a
/// response larger than all since the last records is taken to hold some, so that the first does not wait.
final class FetchPace: Sendable {
  /// A larger response brought something.
  private static let maxEmptyBytes = 1_500
  /// A broker that took longer has waited by itself.
  private static let maxRoundTripMicros: Int64 = 1_000
  /// The pause is that part of the time in which nothing came, up to `maxGrowth` times the least.
  private static let idleShare: Int64 = 16
  private static let maxGrowth: Int64 = 25
  /// After a longer silence it is that part, up to `maxLateGrowth`: a bank that rests costs half as much, and its first
  /// record waits no longer than 50 ms with the least pause of 1 ms.
  private static let lateIdleShare: Int64 = 200
  private static let maxLateGrowth: Int64 = 50

  private let leastMicros: Int64
  private let largestBytes = Atomic<Int>(0)
  private let idleSinceMicros = Atomic<Int64>(0)

  /// - Parameter millis: the least pause, 0 … 100; 0 is none at all.
  init(millis: Int) {
    leastMicros = Int64(max(0, min(millis, 100))) * 1_000
  }

  var isOn: Bool { leastMicros > 0 }

  /// Records were read.
  func recordsCame(nowMicros: Int64) {
    idleSinceMicros.store(nowMicros, ordering: .relaxed)
    largestBytes.store(0, ordering: .relaxed)
  }

  /// - Parameter bytes: the size of the response.
  func pauseMicros(afterResponseOf bytes: Int, roundTripMicros: Int64, nowMicros: Int64) -> UInt32 {
    guard bytes < Self.maxEmptyBytes, roundTripMicros < Self.maxRoundTripMicros else { return 0 }
    if bytes > largestBytes.load(ordering: .relaxed) {
      largestBytes.store(bytes, ordering: .relaxed)
      return 0
    }
    let idleMicros = max(0, nowMicros - idleSinceMicros.load(ordering: .relaxed))
    let early = min(idleMicros / Self.idleShare, leastMicros * Self.maxGrowth)
    let late = min(idleMicros / Self.lateIdleShare, leastMicros * Self.maxLateGrowth)
    return UInt32(max(leastMicros, early, late))
  }
}

/// Of a clock that does not jump.
func monotonicMicros() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
}
