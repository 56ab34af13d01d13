import AvroSchema
import JSONText

/// A schema that parses, with the forms by which it is found again and compared.
struct ParsedSchema: Sendable {
  let content: SchemaContent
  /// Of the content: equal texts are the same schema.
  let identity: ExactText
  /// Self-contained: what it refers to is written out.
  let schema: Schema
  /// Parsing canonical form (specification 1.12): schemas with the same one write the same bytes.
  let canonicalForm: ExactText
  /// How many schemas stand in a row behind this one, each a reference of the one before.
  let referenceDepth: Int

  /// - Parameters:
  ///   - types: what the references define.
  ///   - referenceDepth: 0 without references.
  ///   - normalizes: writes the text in the one layout that ``SchemaNormalizer`` has.
  init(
    _ content: SchemaContent, types: NamedTypes = NamedTypes(), referenceDepth: Int = 0, normalizes: Bool = false,
    limits: RegistryLimits
  ) throws(RegistryFailure) {
    guard content.type == SchemaContent.avro else {
      throw .invalidSchema("schemaType '\(content.type)' is not known here; only AVRO is")
    }
    guard content.text.utf8.count <= limits.maxSchemaBytes else {
      throw .schemaTooLarge(content.text.utf8.count, limit: limits.maxSchemaBytes)
    }
    var content = content
    do {
      let json = try JSONValue(
        parsing: content.text, limits: JSONLimits(maxDepth: limits.maxSchemaDepth, maxBytes: limits.maxSchemaBytes))
      let parsed = try Schema(json: json, types: types)
      schema = types.count == 0 ? parsed : try Schema(parsing: parsed.text(types: types))
      if normalizes { content.text = SchemaNormalizer.text(of: json, types: types) }
    } catch {
      throw .invalidSchema("\(error)")
    }
    self.content = content
    self.referenceDepth = referenceDepth
    identity = content.identity
    canonicalForm = ExactText(schema.canonicalForm())
  }

  /// Everything that the schema says, in one layout and with what it refers to: equal for a schema and the same one
  /// taken apart into references.
  var resolvedText: String { schema.text() }
}
