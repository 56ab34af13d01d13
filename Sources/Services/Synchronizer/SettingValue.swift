/// The value as a broker takes it: durations (`15m`, `1h`) in milliseconds for settings in `.ms`, sizes (`64MiB`) in
/// bytes for settings in `.bytes`; anything else as it is, without blanks around it.
func plainValue(of value: String, setting: String) -> String {
  let text = value.filter { !$0.isWhitespace || !isNumeric(setting) }
  let units: [(String, Int64)] =
    if setting.hasSuffix(".ms") || setting == "ms" {
      durations
    } else if setting.hasSuffix(".bytes") {
      sizes
    } else {
      []
    }
  for (unit, factor) in units where text.hasSuffix(unit) {
    guard let number = Int64(text.dropLast(unit.count)) else { continue }
    let (product, overflow) = number.multipliedReportingOverflow(by: factor)
    return overflow ? value : String(product)
  }
  return trimmed(text)
}

/// Whether two texts are the same value of that setting: `1h` and `3600000`, `TRUE` and `true`, `0.50` and `0.5`,
/// `compact,delete` and `delete, compact`.
func meansTheSame(_ left: String, _ right: String, setting: String) -> Bool {
  let (left, right) = (plainValue(of: left, setting: setting), plainValue(of: right, setting: setting))
  if left == right { return true }
  if let left = Int64(left), let right = Int64(right) { return left == right }
  if let left = Double(left), let right = Double(right) { return left == right }
  if let left = truth(left), let right = truth(right) { return left == right }
  return items(left) == items(right)
}

private let durations: [(String, Int64)] = [
  ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 604_800_000),
]

private let sizes: [(String, Int64)] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)]

private func isNumeric(_ setting: String) -> Bool { setting.hasSuffix(".ms") || setting.hasSuffix(".bytes") }

private func truth(_ text: String) -> Bool? {
  switch text.lowercased() {
  case "true": true
  case "false": false
  default: nil
  }
}

func items(_ text: String) -> Set<String> {
  Set(text.split(separator: ",").map { trimmed(String($0)) })
}

private func trimmed(_ text: String) -> String {
  let start = text.drop { $0.isWhitespace }
  guard let end = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
  return String(start[...end])
}
