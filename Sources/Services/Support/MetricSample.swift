/// One line of Prometheus text.
public struct MetricSample: Sendable, Hashable {
  public let name: String
  public let labels: [String: String]
  public let value: Double

  /// Reads what `Metrics.text()` and other exporters write; lines that are comments or not understood are left out.
  public static func parse(_ text: String) -> [MetricSample] {
    text.split(separator: "\n").compactMap(MetricSample.init(line:))
  }

  private init?(line: Substring) {
    guard !line.hasPrefix("#"), let nameEnd = line.firstIndex(where: { $0 == "{" || $0 == " " }) else { return nil }
    name = String(line[..<nameEnd])
    var rest = line[nameEnd...]
    var labels: [String: String] = [:]
    if rest.first == "{" {
      rest = rest.dropFirst()
      while let (label, value) = Self.label(&rest) {
        labels[label] = value
        if rest.first == "," { rest = rest.dropFirst() }
      }
      guard rest.first == "}" else { return nil }
      rest = rest.dropFirst()
    }
    self.labels = labels
    guard let word = rest.split(separator: " ").first, let value = Double(word) else { return nil }
    self.value = value
  }

  private static func label(_ rest: inout Substring) -> (String, String)? {
    guard let equals = rest.firstIndex(of: "="), rest.first != "}" else { return nil }
    let name = String(rest[..<equals])
    rest = rest[equals...].dropFirst()
    guard rest.first == "\"" else { return nil }
    rest = rest.dropFirst()
    var value = ""
    while let character = rest.popFirst() {
      if character == "\"" { return (name, value) }
      if character == "\\", let next = rest.popFirst() {
        value.append(next == "n" ? "\n" : next)
      } else {
        value.append(character)
      }
    }
    return nil
  }
}
