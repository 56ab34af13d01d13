import FoundationEssentials
import Hummingbird

/// What is written as the body of an answer.
enum RegistryAnswer {
  case empty
  case id(Int32)
  case registration(Registration)
  case schema(String)
  case strings([String])
  case numbers([Int32])
  case uses([(subject: String, version: Int32)])
  case setting(name: String, value: String)
  case compatibility(isCompatible: Bool, messages: [String])
  /// Text that is JSON already: a schema by itself.
  case raw(String)

  private struct ID: Encodable { var id: Int32 }
  private struct SchemaText: Encodable { var schema: String }
  private struct Compatibility: Encodable {
    var isCompatible: Bool
    var messages: [String]?

    enum CodingKeys: String, CodingKey {
      case isCompatible = "is_compatible"
      case messages
    }
  }
  private struct Use: Encodable {
    var subject: String
    var version: Int32
  }
  private struct Failure: Encodable {
    var code: Int
    var message: String

    enum CodingKeys: String, CodingKey {
      case code = "error_code"
      case message
    }
  }

  func bytes() throws -> Data {
    switch self {
    case .empty: Data("{}".utf8)
    case .id(let id): try Self.encoded(ID(id: id))
    case .registration(let registration): try Self.encoded(registration)
    case .schema(let text): try Self.encoded(SchemaText(schema: text))
    case .strings(let strings): try Self.encoded(strings)
    case .numbers(let numbers): try Self.encoded(numbers)
    case .uses(let uses): try Self.encoded(uses.map { Use(subject: $0.subject, version: $0.version) })
    case .setting(let name, let value): try Self.encoded([name: value])
    case .compatibility(let isCompatible, let messages):
      try Self.encoded(Compatibility(isCompatible: isCompatible, messages: messages.isEmpty ? nil : messages))
    case .raw(let text): Data(text.utf8)
    }
  }

  static func bytes(of failure: RegistryFailure) -> Data {
    let body = Failure(code: failure.code, message: failure.message)
    return (try? encoded(body)) ?? Data(#"{"error_code":\#(failure.code),"message":""}"#.utf8)
  }

  private static func encoded(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(value)
  }
}

/// The content types of Confluent's API.
enum RegistryMediaType {
  static let versioned = "application/vnd.schemaregistry.v1+json"
  static let known = [versioned, "application/vnd.schemaregistry+json", "application/json"]

  /// Whether a body of that `Content-Type` is read.
  static func isReadable(_ contentType: String?) -> Bool {
    guard let contentType else { return false }
    return known.contains(essence(contentType[...]))
  }

  /// The content type to answer in, or nil when `accept` takes none of the known ones.
  static func answering(accept: String?) -> String? {
    guard let accept, !accept.allSatisfy(\.isWhitespace) else { return versioned }
    let accepted = accept.split(separator: ",").map { essence($0) }
    if accepted.contains("*/*") || accepted.contains("application/*") { return versioned }
    return known.first { accepted.contains($0) }
  }

  /// Type and subtype without parameters, in lower case.
  private static func essence(_ text: Substring) -> String {
    let type = text.prefix { $0 != ";" }
    return String(type.filter { !$0.isWhitespace }).lowercased()
  }
}
