/// Amounts as a Dutch reader expects them: `€1.234,56`, and `€-500,00` for what is below zero.
enum EuroText {
  /// With its sign.
  static func signed(cents: Int64) -> String {
    (cents < 0 ? "€-" : "€") + digits(cents.magnitude)
  }

  /// Without its sign.
  static func unsigned(cents: Int64) -> String {
    "€" + digits(cents.magnitude)
  }

  private static func digits(_ cents: UInt64) -> String {
    let euros = String(cents / 100)
    var text = ""
    for (index, digit) in euros.enumerated() {
      if index > 0, (euros.count - index).isMultiple(of: 3) { text.append(".") }
      text.append(digit)
    }
    let rest = cents % 100
    return text + (rest < 10 ? ",0" : ",") + String(rest)
  }
}
