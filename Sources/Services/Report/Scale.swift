import Foundation

/// Where a value stands on an axis.
struct Scale: Hashable, Sendable {
  /// Spread from which an axis is logarithmic, when it may be.
  static let logarithmicFrom = 25.0

  let isLogarithmic: Bool
  /// The values at both ends.
  let from: Double
  let to: Double
  let ticks: [Double]

  /// - Parameters:
  ///   - values: that have to fit.
  ///   - mayBeLogarithmic: it is when all are above 0 and spread far.
  ///   - beginsAtZero: a length from the axis is a value then; not for a logarithmic one.
  init(_ values: [Double], mayBeLogarithmic: Bool, beginsAtZero: Bool) {
    let values = values.filter(\.isFinite)
    let least = values.min() ?? 0
    let most = values.max() ?? 1
    if mayBeLogarithmic, least > 0, most / least >= Self.logarithmicFrom {
      isLogarithmic = true
      (from, to, ticks) = Self.logarithmic(least, most)
    } else {
      isLogarithmic = false
      (from, to, ticks) = Self.linear(beginsAtZero ? min(0, least) : least, beginsAtZero ? max(0, most) : most)
    }
  }

  /// 0 at `from`, 1 at `to`.
  func place(_ value: Double) -> Double {
    if isLogarithmic { return log(max(value, from) / from) / log(to / from) }
    return (value - from) / (to - from)
  }

  private static func linear(_ least: Double, _ most: Double) -> (Double, Double, [Double]) {
    // Of values that differ by less than can be computed with, steps would be 0.
    let span = most > least ? max(most - least, abs(most) * 1e-9, 1e-9) : max(abs(most), 1)
    let raw = span / 5
    let power = pow(10, log10(raw).rounded(.down))
    let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= raw * 0.999 } ?? 10 * power
    let first = (least / step).rounded(.down)
    var last = (most / step).rounded(.up)
    if last <= first { last = first + 1 }
    // By counting: sums of steps would drift.
    return (first * step, last * step, (0...Int(last - first)).map { (first + Double($0)) * step })
  }

  private static func logarithmic(_ least: Double, _ most: Double) -> (Double, Double, [Double]) {
    let decades = Int(log10(least).rounded(.down))...Int(log10(most).rounded(.up))
    let fine = decades.flatMap { decade in [1, 2, 5].map { $0 * pow(10, Double(decade)) } }
    let from = fine.last { $0 <= least * 1.000_001 } ?? least
    let to = fine.first { $0 >= most * 0.999_999 } ?? most
    let within = fine.filter { $0 >= from && $0 <= to }
    // As many labels as can be read; whole powers of ten where they are enough.
    let powers = within.filter { abs(log10($0) - log10($0).rounded()) < 1e-9 }
    return (from, to, powers.count >= 4 || within.count > 8 ? powers : within)
  }

  /// A number as people read it: three digits that count, no more.
  static func text(_ value: Double) -> String {
    let size = abs(value)
    if size >= 1_000_000 { return trimmed(value / 1_000_000, 2) + "M" }
    if size >= 10_000 { return trimmed(value / 1_000, 1) + "k" }
    if size >= 100 || value == value.rounded() { return String(format: "%.0f", value) }
    return trimmed(value, size >= 10 ? 1 : size >= 1 ? 2 : 3)
  }

  private static func trimmed(_ value: Double, _ digits: Int) -> String {
    var text = String(format: "%.\(digits)f", value)
    while text.contains("."), text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text == "-0" ? "0" : text
  }
}
