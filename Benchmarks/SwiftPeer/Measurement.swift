import CSupport

/// Runs through all records of a case once.
typealias Pass = () throws -> Void

/// A pass and how often a sample runs it.
final class Measurement {
  private let pass: Pass
  private let recordCount: Int
  private var passes = 0

  private static let sampleNanos = 3e6
  private static let warmUpNanos = 10e6

  init(recordCount: Int, pass: @escaping Pass) {
    self.pass = pass
    self.recordCount = recordCount
  }

  /// Nanoseconds a record: the least and the median of `samples`.
  func run(samples: Int) throws -> (minimum: Double, median: Double) {
    if passes == 0 { try warmUp() }
    var results: [Double] = []
    for _ in 0..<max(samples, 1) {
      let start = bench_now_nanos()
      for _ in 0..<passes { try pass() }
      results.append((bench_now_nanos() - start) / Double(passes * recordCount))
    }
    results.sort()
    return (results[0], results[results.count / 2])
  }

  private func warmUp() throws {
    var start = bench_now_nanos()
    repeat { try pass() } while bench_now_nanos() - start < Self.warmUpNanos
    start = bench_now_nanos()
    repeat {
      try pass()
      passes += 1
    } while bench_now_nanos() - start < Self.sampleNanos
  }
}
