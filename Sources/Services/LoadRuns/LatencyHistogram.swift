/// Counts of values by size, in buckets that are at most a thousandth as wide as their values are large: the layout of
/// HdrHistogram with three significant digits (hdrhistogram.org). Percentiles of histograms that were added up are those
/// of all their values together.
public struct LatencyHistogram: Sendable, Hashable {
  private static let subBucketBits = 11
  private static let halfCount = 1 << (subBucketBits - 1)
  /// Larger values are counted as this one: an hour in microseconds.
  public static let largest = 3_600_000_000

  private var counts: [Int] = []
  public private(set) var count = 0
  /// As it was recorded, not rounded; nil without values.
  public private(set) var min: Int?
  public private(set) var max: Int?

  public init() {}

  /// - Parameter value: below 0 counts as 0.
  public mutating func record(_ value: Int, times: Int = 1) {
    guard times > 0 else { return }
    let value = Swift.min(Swift.max(value, 0), Self.largest)
    let index = Self.index(of: value)
    if index >= counts.count { counts += Array(repeating: 0, count: index + 1 - counts.count) }
    counts[index] += times
    count += times
    min = Swift.min(min ?? value, value)
    max = Swift.max(max ?? value, value)
  }

  public mutating func add(_ other: LatencyHistogram) {
    if other.counts.count > counts.count {
      counts += Array(repeating: 0, count: other.counts.count - counts.count)
    }
    for (index, more) in other.counts.enumerated() { counts[index] += more }
    count += other.count
    min = [min, other.min].compactMap(\.self).min()
    max = [max, other.max].compactMap(\.self).max()
  }

  /// The smallest value that at least this share of the values does not exceed, to a thousandth; nil without values.
  ///
  /// - Parameter share: 0 … 1, such as 0.99.
  public func quantile(_ share: Double) -> Int? {
    guard let min, let max else { return nil }
    let wanted = Swift.max(1, Int((Swift.min(Swift.max(share, 0), 1) * Double(count)).rounded(.up)))
    var seen = 0
    for (index, times) in counts.enumerated() where times > 0 {
      seen += times
      if seen >= wanted { return Swift.min(max, Swift.max(min, Self.range(of: index).upperBound)) }
    }
    return max
  }

  /// The buckets that hold something: their largest value, and how many values.
  public var buckets: [(upTo: Int, count: Int)] {
    counts.enumerated().filter { $0.element > 0 }.map { (Self.range(of: $0.offset).upperBound, $0.element) }
  }

  static func index(of value: Int) -> Int {
    let bits = Int.bitWidth - (value | (2 * halfCount - 1)).leadingZeroBitCount
    let bucket = bits - subBucketBits
    return (bucket + 1) * halfCount + (value >> bucket) - halfCount
  }

  /// The values that are counted at an index.
  static func range(of index: Int) -> ClosedRange<Int> {
    var bucket = index / halfCount - 1
    var sub = index % halfCount + halfCount
    if bucket < 0 {
      bucket = 0
      sub -= halfCount
    }
    let least = sub << bucket
    return least...(least + (1 << bucket) - 1)
  }
}
