import AvroSchema
import Testing

@Suite struct LogicalTypeTests {
  /// Numbers of digits counted in the written-out numbers.
  @Test(arguments: [
    (0, 0), (-1, 0), (1, 2), (2, 4), (3, 6), (4, 9), (5, 11), (8, 18), (12, 28), (16, 38), (20, 47), (32, 76),
    (64, 153),
    (400, 962), (1_024, 2_465), (5_000, 12_040), (65_536, 157_826),
  ])
  func digitsThatFitAFixed(size: Int, digits: Int) {
    #expect(LogicalType.maxPrecision(ofFixedSize: size) == digits)
  }

  /// Against the numbers themselves, doubled digit by digit.
  @Test func digitsOfEverySizeUpTo400() {
    var digits: [Int] = [1]
    var exponent = 0
    for size in 1...400 {
      while exponent < 8 * size - 1 {
        var carry = 0
        for index in digits.indices {
          let doubled = 2 * digits[index] + carry
          digits[index] = doubled % 10
          carry = doubled / 10
        }
        if carry > 0 { digits.append(carry) }
        exponent += 1
      }
      // A power of two is never 10…0, so the number before it has as many digits.
      #expect(LogicalType.maxPrecision(ofFixedSize: size) == digits.count - 1, "\(size) bytes")
    }
  }

  @Test func largestFixed() {
    // floor((8 * 2147483647 - 1) * log10(2)), worked out with 120 digits.
    #expect(LogicalType.maxPrecision(ofFixedSize: Int(Int32.max)) == 5_171_655_943)
    #expect(LogicalType.maxPrecision(ofFixedSize: .max) == .max)
  }
}
