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
    let account = account % Self.accountLimit
    let digits = String(account)
    let check = Self.checkNumber(account)
    text =
      "NL" + (check < 10 ? "0" : "") + String(check) + "OPEN" + String(repeating: "0", count: 10 - digits.count)
      + digits
  }

  /// Takes a text only when it is a valid IBAN of this bank.
  public init?(_ text: some StringProtocol) {
    var text = String(text)
    guard text.withUTF8(Self.isValid(utf8:)) else { return nil }
    self.text = text
  }

  /// Whether these bytes are the 18 characters of a valid IBAN of this bank. Makes nothing of them, for whoever reads
  /// many.
  public static func isValid(utf8 bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard bytes.count == 18, bytes[0] == UInt8(ascii: "N"), bytes[1] == UInt8(ascii: "L"),
      bytes[4] == UInt8(ascii: "O"), bytes[5] == UInt8(ascii: "P"), bytes[6] == UInt8(ascii: "E"),
      bytes[7] == UInt8(ascii: "N")
    else { return false }
    let zero = UInt8(ascii: "0")
    var account: UInt64 = 0
    for index in 8..<18 {
      let digit = bytes[index] &- zero
      guard digit < 10 else { return false }
      account = account * 10 + UInt64(digit)
    }
    let check = UInt8(checkNumber(account))
    return bytes[2] == zero + check / 10 && bytes[3] == zero + check % 10
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

  /// From 2 to 98, of an account number below ``accountLimit``.
  private static func checkNumber(_ account: UInt64) -> UInt64 {
    // `24251423`, the ten digits and `232100` as one number, which is too large for 64 bits, modulo 97.
    let front = (24_251_423 % 97) * (accountLimit % 97) + account % 97
    return 98 - ((front % 97) * (1_000_000 % 97) + 232_100) % 97
  }
}
