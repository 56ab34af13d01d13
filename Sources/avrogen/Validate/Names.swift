/// What names may look like in each of the worlds that definitions speak of.
enum Names {
  /// Avro specification 1.12, "Names": a letter or underscore, then letters, digits and underscores; ASCII only.
  static func isAvroName(_ text: some StringProtocol) -> Bool {
    guard let first = text.utf8.first, isLetter(first) || first == underscore else { return false }
    return text.utf8.count <= 1_000 && text.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == underscore }
  }

  /// Avro names with dots between them.
  static func isNamespace(_ text: String) -> Bool {
    text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { isAvroName($0) }
  }

  /// PostgreSQL identifiers that need no quotes but for reserved words, within its 63 bytes.
  static func isSQLName(_ text: String) -> Bool {
    guard let first = text.utf8.first, isLowerCase(first) || first == underscore else { return false }
    return text.utf8.count <= 63 && text.utf8.allSatisfy { isLowerCase($0) || isDigit($0) || $0 == underscore }
  }

  /// What Swift imports: letters of any script, digits and underscores.
  static func isModuleName(_ text: String) -> Bool {
    guard let first = text.first, first.isLetter || first == "_" else { return false }
    return text.utf8.count <= 1_000 && text.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
  }

  /// Kafka's rule for topics.
  static func isTopicName(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 249 && text != "." && text != ".."
      && text.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == underscore || $0 == dot || $0 == hyphen }
  }

  /// Names of services: an Avro name that may have hyphens.
  static func isServiceName(_ text: String) -> Bool {
    isAvroName(text.split(separator: "-", omittingEmptySubsequences: true).joined(separator: "_"))
      && !text.hasSuffix("-") && !text.hasPrefix("-")
  }

  /// Names of librdkafka's properties and of topic settings.
  static func isPropertyName(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 255
      && text.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == underscore || $0 == dot || $0 == hyphen }
  }

  private static let underscore = UInt8(ascii: "_")
  private static let dot = UInt8(ascii: ".")
  private static let hyphen = UInt8(ascii: "-")

  private static func isLowerCase(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") }
  private static func isLetter(_ byte: UInt8) -> Bool { isLowerCase(byte | 0x20) && byte < 0x80 }
  private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
}
