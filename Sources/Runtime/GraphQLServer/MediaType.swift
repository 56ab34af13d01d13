/// A media type or range with its parameters (RFC 9110, sections 8.3.1 and 12.5.1).
struct MediaType: Hashable, Sendable {
  /// In lower case, like the subtype and the names of parameters.
  var type: String
  var subtype: String
  var parameters: [String: String] = [:]

  /// Nil when it is not written as one.
  init?(_ text: some StringProtocol) {
    var parts = Self.split(text, at: ";").map(\.trimmingSpaces)[...]
    let names = parts.removeFirst().lowercased().split(separator: "/", omittingEmptySubsequences: false)
    guard names.count == 2, names.allSatisfy({ !$0.isEmpty && !$0.contains(" ") }) else { return nil }
    type = String(names[0])
    subtype = String(names[1])
    for part in parts where !part.isEmpty {
      guard let equals = part.firstIndex(of: "=") else { return nil }
      let value = part[part.index(after: equals)...].trimmingSpaces
      parameters[part[..<equals].trimmingSpaces.lowercased()] = Self.unquoted(value)
    }
  }

  var essence: String { "\(type)/\(subtype)" }

  /// No charset, or the one that JSON has (RFC 8259, section 8.1).
  var isUTF8: Bool {
    guard let charset = parameters["charset"]?.lowercased() else { return true }
    return charset == "utf-8" || charset == "utf8"
  }

  /// Elements of a list, quoted strings left whole.
  static func split(_ text: some StringProtocol, at separator: Character) -> [String] {
    var parts: [String] = []
    var part = ""
    var isQuoted = false
    var isEscaped = false
    for character in text {
      if character == separator, !isQuoted {
        parts.append(part)
        part = ""
        continue
      }
      if character == "\"", !isEscaped { isQuoted.toggle() }
      isEscaped = character == "\\" && isQuoted && !isEscaped
      part.append(character)
    }
    return parts + [part]
  }

  private static func unquoted(_ value: String) -> String {
    guard value.count >= 2, value.first == "\"", value.last == "\"" else { return value }
    var text = ""
    var isEscaped = false
    for character in value.dropFirst().dropLast() {
      if character == "\\", !isEscaped {
        isEscaped = true
      } else {
        text.append(character)
        isEscaped = false
      }
    }
    return text
  }
}

/// What a client takes (RFC 9110, section 12.5.1).
struct Accept: Sendable {
  private struct Range: Sendable {
    var type: MediaType
    /// 0 to 1; 0 refuses.
    var quality: Double
  }

  private let ranges: [Range]

  /// - Parameter header: nil takes everything, and so does one without a range that can be read.
  init(_ header: String?) {
    let elements = header.map { MediaType.split($0, at: ",") } ?? []
    ranges = elements.compactMap { element in
      guard var type = MediaType(element) else { return nil }
      let quality = type.parameters.removeValue(forKey: "q").flatMap(Double.init) ?? 1
      return Range(type: type, quality: min(max(quality.isNaN ? 0 : quality, 0), 1))
    }
  }

  /// How well it takes a type: its quality, and where the range that says so stands. The most specific range counts.
  private func rating(of type: String) -> (quality: Double, place: Int, isNamed: Bool)? {
    let family = type.split(separator: "/")[0] + "/*"
    for (name, isNamed) in [(type, true), (String(family), false), ("*/*", false)] {
      if let place = ranges.firstIndex(where: { $0.type.essence == name && $0.type.isUTF8 }) {
        return ranges[place].quality > 0 ? (ranges[place].quality, place, isNamed) : nil
      }
    }
    return nil
  }

  /// The best of what is offered: by quality, then the client's order, then ours.
  ///
  /// - Returns: nil when it takes none; `isNamed` when no wildcard was needed.
  func best(of offered: [String]) -> (type: String, isNamed: Bool)? {
    if ranges.isEmpty { return offered.first.map { ($0, false) } }
    var best: (type: String, rating: (quality: Double, place: Int, isNamed: Bool))?
    for type in offered {
      guard let rating = rating(of: type) else { continue }
      guard let known = best?.rating else {
        best = (type, rating)
        continue
      }
      if rating.quality > known.quality || (rating.quality == known.quality && rating.place < known.place) {
        best = (type, rating)
      }
    }
    return best.map { ($0.type, $0.rating.isNamed) }
  }
}
