import AvroSchema

/// The sentences in which Confluent's registry says why a schema is refused: clients and their users know them.
enum CompatibilityReport {
  /// Longer schemas are cut off in a message.
  static let maxSchemaCharacters = 10_240

  struct Version: Sendable {
    var number: Int32
    /// What another registry let in need not parse here.
    var schema: Result<ParsedSchema, RegistryFailure>
  }

  /// Empty when `candidate` may follow `versions` at that level.
  ///
  /// - Parameter versions: newest first; what is not transitive has one at most. Stops at the first that does not fit.
  static func messages(
    _ candidate: ParsedSchema, against versions: [Version], level: CompatibilityMode
  ) -> [String] {
    for version in versions {
      let schema: ParsedSchema
      switch version.schema {
      case .success(let parsed): schema = parsed
      case .failure(let problem):
        let reason = "version \(version.number) can't be compared: \(problem.message)"
        return ["{errorType:'UNREADABLE_SCHEMA', description:'\(reason)'}"]
      }
      let findings = level.findings(for: candidate.schema, against: [schema.schema])
      guard !findings.isEmpty else { continue }
      // Confluent's order: what the old one can't read, then what the new one can't.
      let ordered = findings.filter(\.isReadByOld) + findings.filter { !$0.isReadByOld }
      let text = schema.content.text
      let isLong = text.count > maxSchemaCharacters
      let shown = isLong ? "<truncated> '\(text.prefix(maxSchemaCharacters))...'" : "'\(text)'"
      return ordered.map(sentence) + [
        "{oldSchemaVersion: \(version.number)}", "{oldSchema: \(shown)}",
        "{validateFields: 'false', compatibility: '\(level.rawValue)'}",
      ]
    }
    return []
  }

  private static func sentence(_ finding: VersionIncompatibility) -> String {
    let (reader, writer) = finding.isReadByOld ? ("old", "new") : ("new", "old")
    let (path, detail) = (finding.incompatibility.pointer, finding.incompatibility.detail)
    let description =
      switch finding.incompatibility.reason {
      case .nameMismatch: "The name of the schema has changed (path '\(path)')"
      case .fixedSizeMismatch:
        "The size of FIXED type field at path '\(path)' in the \(reader) schema does not match with the \(writer) schema"
      case .missingEnumSymbols:
        "The \(reader) schema is missing enum symbols '\(detail)' at path '\(path)' in the \(writer) schema"
      case .readerFieldMissingDefaultValue:
        "The field '\(detail)' at path '\(path)' in the \(reader) schema has no default value and is missing in the "
          + "\(writer) schema"
      case .typeMismatch:
        "The type (path '\(path)') of a field in the \(reader) schema does not match with the \(writer) schema"
      case .missingUnionBranch:
        "The \(reader) schema is missing a type inside a union field at path '\(path)' in the \(writer) schema"
      }
    let reason = finding.incompatibility.reason.rawValue
    return "{errorType:'\(reason)', description:'\(description)', additionalInfo:'\(detail)'}"
  }
}
