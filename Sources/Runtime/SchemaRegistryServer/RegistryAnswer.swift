import JSONText

/// What is written as the body of an answer.
enum RegistryAnswer {
  case json(JSONValue)
  /// Text that is JSON already: a schema by itself.
  case raw(String)

  static func object(_ members: KeyValuePairs<String, JSONValue>) -> RegistryAnswer {
    .json(.object(members.map { JSONValue.Member($0.key, $0.value) }))
  }

  static func numbers(_ numbers: [Int32]) -> RegistryAnswer { .json(.array(numbers.map { .integer(Int64($0)) })) }

  static func strings(_ strings: [String]) -> RegistryAnswer { .json(.array(strings.map { .string($0) })) }

  static func failure(_ failure: RegistryFailure) -> RegistryAnswer {
    .object(["error_code": .integer(Int64(failure.code)), "message": .string(failure.message)])
  }

  var text: String {
    switch self {
    case .json(let value): value.text
    case .raw(let text): text
    }
  }
}

/// The content types of Confluent's API.
enum RegistryMediaType {
  static let versioned = "application/vnd.schemaregistry.v1+json"
  static let known = [versioned, "application/vnd.schemaregistry+json", "application/json"]

  /// Whether a body of that `Content-Type` is read. One that is missing, or that a form of any web page could send, is
  /// not: a browser must ask before it sends these from a foreign page, and gets no leave here.
  static func isReadable(_ contentType: String?) -> Bool {
    guard let contentType else { return false }
    return (known + ["application/octet-stream"]).contains(essence(contentType[...]))
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
