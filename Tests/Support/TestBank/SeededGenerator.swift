import Foundation

/// SplitMix64: small, well spread, and the same everywhere for the same seed.
public struct SeededGenerator: RandomNumberGenerator {
  public let seed: UInt64
  private var state: UInt64

  public init(seed: UInt64) {
    self.seed = seed
    state = seed
  }

  /// The generator of a run: seeded by `FAULT_SEED`, else at random. It prints the seed, so that the run can be repeated.
  public static func forRun(_ name: String) -> SeededGenerator {
    let given = ProcessInfo.processInfo.environment["FAULT_SEED"].flatMap(UInt64.init)
    let generator = SeededGenerator(seed: given ?? UInt64.random(in: .min ... .max))
    print("\(name): FAULT_SEED=\(generator.seed)")
    return generator
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
