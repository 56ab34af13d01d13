import FoundationEssentials
import Hummingbird

/// A request taken apart: the path's segments, percent-decoded, and what of the query matters.
struct RegistryRequest {
  var method: HTTPRequest.Method
  var segments: [String]
  var query: [String: String]

  init(_ request: Request) throws(RegistryFailure) {
    method = request.method
    var parts = request.uri.path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
    if parts.last == "" { parts.removeLast() }
    var decoded: [String] = []
    for part in parts {
      guard let segment = Self.percentDecoded(part) else {
        throw RegistryFailure(
          status: 400, "The path has a % that two hexadecimal digits do not follow, or is not UTF-8.")
      }
      decoded.append(segment)
    }
    segments = decoded
    query = [:]
    for (name, value) in request.uri.queryParameters { query[String(name)] = String(value) }
  }

  /// Nil when a `%` has no two digits or the bytes are not UTF-8.
  static func percentDecoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      let digits = rest.prefix(2)
      guard digits.count == 2, digits.allSatisfy({ isHexadecimal($0) }),
        let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
      else { return nil }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
      UInt8(ascii: "A")...UInt8(ascii: "F"):
      true
    default: false
    }
  }
}

/// The body of a registration or a lookup.
struct SchemaBody: Decodable {
  var schema: String
  var schemaType: String?
  var references: [Reference]?
  var id: Int32?
  var version: Int32?
  var metadata: Ignored?
  var ruleSet: Ignored?

  struct Reference: Decodable {}
  struct Ignored: Decodable {}

  /// Parses and checks the body; what this registry can't honour is an error, not ignored.
  static func schema(in body: ByteBuffer) throws(RegistryFailure) -> ParsedSchema {
    let content: Self
    do {
      content = try JSONDecoder().decode(Self.self, from: Data(body.readableBytesView))
    } catch DecodingError.keyNotFound(let key, _) {
      throw .invalidSchema("the body has no \"\(key.stringValue)\"")
    } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
      let place = context.codingPath.map(\.stringValue).joined(separator: ".")
      throw .invalidSchema(
        place.isEmpty
          ? "the body is not a JSON object"
          : "\"\(place)\" has the wrong type; the schema is sent as a string that holds JSON")
    } catch {
      throw RegistryFailure(status: 400, "The body is not JSON: send {\"schema\": \"…\"}.")
    }
    guard (content.schemaType ?? "AVRO").uppercased() == "AVRO" else {
      throw .invalidSchema("schemaType '\(content.schemaType ?? "")' is not known here; only AVRO is")
    }
    guard (content.references ?? []).isEmpty else {
      throw .notImplemented("schema references; send a schema that holds every type it names")
    }
    guard content.metadata == nil && content.ruleSet == nil else {
      throw .notImplemented("metadata and rule sets")
    }
    guard (content.id ?? -1) < 1 && (content.version ?? -1) < 1 else {
      throw .notPermitted("The registry is not in import mode: leave id and version out.")
    }
    return try ParsedSchema(content.schema)
  }
}
