import Testing

@testable import KafkaRuntime

@Suite struct FetchPaceTests {
  private static let fastMicros: Int64 = 200

  /// Empty responses of two sizes until the time is over; the last pause.
  private func idle(_ pace: FetchPace, from start: Int64, micros: Int64) -> (pause: UInt32, end: Int64) {
    var now = start
    var pause: UInt32 = 0
    var bytes = 700
    while now < start + micros {
      pause = pace.pauseMicros(afterResponseOf: bytes, roundTripMicros: Self.fastMicros, nowMicros: now)
      now += Int64(pause) + Self.fastMicros
      bytes = bytes == 700 ? 120 : 700
    }
    return (pause, now)
  }

  @Test func pausesGrowWhileNothingComesAndStopWhenSomethingDoes() {
    let pace = FetchPace(millis: 1)
    pace.recordsCame(nowMicros: 0)
    let early = idle(pace, from: 0, micros: 10_000)
    #expect(early.pause == 1_000)
    let middle = idle(pace, from: early.end, micros: 100_000)
    #expect((4_000...8_000).contains(middle.pause))
    let late = idle(pace, from: middle.end, micros: 2_000_000)
    #expect(late.pause == 25_000)
    let silent = idle(pace, from: late.end, micros: 10_000_000)
    #expect(silent.pause == 50_000)
    // One small record.
    #expect(pace.pauseMicros(afterResponseOf: 790, roundTripMicros: 200, nowMicros: silent.end) == 0)
    pace.recordsCame(nowMicros: silent.end + 100)
    let again = idle(pace, from: silent.end + 200, micros: 10_000)
    #expect(again.pause == 1_000)
  }

  @Test func largeAndSlowResponsesAreNotPaused() {
    let pace = FetchPace(millis: 1)
    for now in stride(from: 0, to: 5_000_000, by: 1_000) as StrideTo<Int64> {
      #expect(pace.pauseMicros(afterResponseOf: 100_000, roundTripMicros: 200, nowMicros: now) == 0)
    }
    for now in stride(from: 0, to: 5_000_000, by: 500_000) as StrideTo<Int64> {
      #expect(pace.pauseMicros(afterResponseOf: 700, roundTripMicros: 500_000, nowMicros: now) == 0)
    }
  }

  @Test func theLeastPauseHasLimits() {
    #expect(!FetchPace(millis: 0).isOn)
    #expect(!FetchPace(millis: -5).isOn)
    let pace = FetchPace(millis: 1_000_000)
    #expect(pace.pauseMicros(afterResponseOf: 700, roundTripMicros: 200, nowMicros: 0) == 0)
    #expect(pace.pauseMicros(afterResponseOf: 700, roundTripMicros: 200, nowMicros: 1) == 100_000)
  }
}
