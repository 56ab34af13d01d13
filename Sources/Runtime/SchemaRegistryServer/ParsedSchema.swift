import AvroSchema
import JSONText

/// A schema that parses, with the two things by which it is found again.
struct ParsedSchema: Sendable {
  /// As it was sent; this is what is stored and served.
  let text: String
  let schema: Schema
  /// The JSON with members sorted by name and no white space: texts that differ in nothing else are the same schema.
  let identity: ExactText
  /// Parsing canonical form (specification 1.12): schemas with the same one write the same bytes.
  let canonicalForm: ExactText

  init(_ text: String) throws(RegistryFailure) {
    do {
      let json = try JSONValue(parsing: text, limits: JSONLimits(maxDepth: 400))
      schema = try Schema(json: json)
      self.text = text
      identity = ExactText(Self.sorted(json).text)
      canonicalForm = ExactText(schema.canonicalForm())
    } catch {
      throw .invalidSchema("\(error)")
    }
  }

  private static func sorted(_ value: JSONValue) -> JSONValue {
    switch value {
    case .array(let items): .array(items.map(sorted))
    case .object(let members):
      .object(
        members.map { JSONValue.Member($0.name, sorted($0.value)) }
          .sorted { ExactText.precedes(ExactText($0.name), ExactText($1.name)) })
    default: value
    }
  }
}
