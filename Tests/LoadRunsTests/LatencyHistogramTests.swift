import Testing

@testable import LoadRuns

struct LatencyHistogramTests {
  /// Ranks are exact and sizes are right to a thousandth, whatever the values are.
  @Test(arguments: [1, 2, 3, 4, 5])
  func quantilesAreThoseOfTheSortedValuesToAThousandth(seed: UInt64) throws {
    var random = SplitMix(seed)
    var histogram = LatencyHistogram()
    var values: [Int] = []
    for _ in 0..<5_000 {
      let value = Int(random.next() >> (34 + random.next() % 29))
      values.append(value)
      histogram.record(value)
    }
    values.sort()
    #expect(histogram.count == 5_000 && histogram.min == values.first && histogram.max == values.last)
    for share in [0, 0.001, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1] {
      let exact = values[max(0, Int((share * 5_000).rounded(.up)) - 1)]
      let told = try #require(histogram.quantile(share))
      #expect(told >= exact && Double(told - exact) <= Double(exact) / 1_000, "share \(share): \(told), not \(exact)")
    }
  }

  @Test
  func bucketsCoverEveryValueOnceAndStayNarrow() {
    var next = 0
    for index in 0..<24_000 {
      let range = LatencyHistogram.range(of: index)
      #expect(range.lowerBound == next)
      #expect([range.lowerBound, range.upperBound].map(LatencyHistogram.index) == [index, index])
      #expect((range.count - 1) * 1_000 <= range.lowerBound)
      next = range.upperBound + 1
    }
    #expect(next > LatencyHistogram.largest)
  }

  @Test
  func addingUpIsRecordingTogether() {
    var (one, two, both) = (LatencyHistogram(), LatencyHistogram(), LatencyHistogram())
    for value in [3, 70_000, 5_000_000] {
      one.record(value)
      both.record(value)
    }
    for value in [0, 12, 9_999_999_999] {
      two.record(value, times: 2)
      both.record(value, times: 2)
    }
    one.add(two)
    #expect(one == both)
    #expect(one.max == LatencyHistogram.largest && one.min == 0 && one.count == 9)
    #expect(one.buckets.reduce(0) { $0 + $1.count } == 9)
  }

  @Test
  func withoutValuesThereIsNoQuantile() {
    var histogram = LatencyHistogram()
    #expect(histogram.quantile(0.5) == nil && histogram.max == nil)
    histogram.record(-5)
    #expect(histogram.quantile(0.5) == 0)
  }
}

/// The same numbers for a seed on every machine.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
