/// The secret of an account: 20 digits.
public enum Token {
  /// The company's.
  public static let company = String(repeating: "0", count: 20)

  /// 20 random digits.
  public static func random(using generator: inout some RandomNumberGenerator) -> String {
    var digits: [UInt8] = []
    digits.reserveCapacity(20)
    for _ in 0..<20 { digits.append(48 + UInt8.random(in: 0...9, using: &generator)) }
    return String(decoding: digits, as: UTF8.self)
  }

  /// 20 random digits from the system's generator.
  public static func random() -> String {
    var generator = SystemRandomNumberGenerator()
    return random(using: &generator)
  }
}
