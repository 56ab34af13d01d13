/// An account number of this bank: `NL`, two check digits, `OPEN`, ten digits.
///
/// The check digits are 98 minus (`24251423` + the ten digits + `232100`) modulo 97: the letters of `OPEN` and `NL` as
/// numbers from 10, then two zeros where the check digits stand (ISO 13616, ISO 7064 MOD 97-10).
public struct IBAN: Hashable, Sendable, CustomStringConvertible {
  /// The 18 characters.
  public let text: String
  public var description: String { text }

  /// The company's account, from which salaries are paid.
  public static let company = IBAN(account: 0)
  /// The largest account number, exclusive: ten digits.
  public static let accountLimit: UInt64 = 10_000_000_000

  /// The IBAN of an account number; the number is taken modulo 10^10.
  public init(account: UInt64) {
    let digits = String(account % Self.accountLimit)
    let padded = String(repeating: "0", count: 10 - digits.count) + digits
    text = "NL" + Self.checkDigits(padded.utf8) + "OPEN" + padded
  }

  /// Takes a text only when it is a valid IBAN of this bank: 18 characters, equal to the one made from its last ten.
  public init?(_ text: some StringProtocol) {
    guard text.utf8.count == 18, let account = UInt64(text.suffix(10)) else { return nil }
    let made = IBAN(account: account)
    guard made.text == text else { return nil }
    self = made
  }

  /// A new number; the first of the ten digits is 0, as in the seed.
  public static func random(using generator: inout some RandomNumberGenerator) -> IBAN {
    IBAN(account: UInt64.random(in: 0..<accountLimit / 10, using: &generator))
  }

  /// A new number from the system's generator.
  public static func random() -> IBAN {
    var generator = SystemRandomNumberGenerator()
    return random(using: &generator)
  }

  private static func checkDigits(_ account: String.UTF8View) -> String {
    var remainder = 0
    for digit in "24251423".utf8 { remainder = (remainder * 10 + Int(digit) - 48) % 97 }
    for digit in account { remainder = (remainder * 10 + Int(digit) - 48) % 97 }
    for digit in "232100".utf8 { remainder = (remainder * 10 + Int(digit) - 48) % 97 }
    let check = 98 - remainder
    return check < 10 ? "0\(check)" : "\(check)"
  }
}
