import AvroSchema
import JSONText

extension RegistryStore {
  /// Which versions of a subject a schema is checked against.
  enum Scope: Sendable {
    /// As on registration: the latest, or all of them where the level is transitive.
    case all
    case latest
    case version(Int32)
  }

  /// Confluent's messages; empty when `schema` fits, and when the subject has no version yet.
  func incompatibilities(
    _ schema: ParsedSchema, subject: String, scope: Scope
  ) throws(RegistryFailure) -> [String] {
    let level = level(inScopeOf: subject)
    var versions = state.versions(of: subject).filter { !$0.isDeleted }
    switch scope {
    case .all: break
    case .latest: versions = versions.suffix(1)
    case .version(let number):
      versions = versions.filter { $0.number == number }
      guard !versions.isEmpty else { throw .versionNotFound(String(number), subject: subject) }
    }
    guard level != .none else { return [] }
    let context = QualifiedSubject(subject).context
    if let group = configuration(inScopeOf: subject).text("compatibilityGroup") {
      let own = schema.content.metadata?["properties"]?.text(group)
      versions = versions.filter { version in
        state.registration(version, of: subject).content.metadata?["properties"]?.text(group) == own
      }
    }
    let compared = level.isTransitive ? versions : versions.suffix(1)
    var earlier: [CompatibilityReport.Version] = []
    for version in compared.reversed() {
      let outcome: Result<ParsedSchema, RegistryFailure>
      do throws(RegistryFailure) {
        outcome = .success(try state.parsed(id: version.id, context: context))
      } catch {
        outcome = .failure(error)
      }
      earlier.append(CompatibilityReport.Version(number: version.number, schema: outcome))
    }
    return CompatibilityReport.messages(schema, against: earlier, level: level)
  }

  /// Throws when `schema` must not become the next version of `subject`.
  func checkCompatibility(_ schema: ParsedSchema, subject: String) throws(RegistryFailure) {
    let messages = try incompatibilities(schema, subject: subject, scope: .all)
    guard messages.isEmpty else { throw .incompatible(subject: subject, messages) }
  }
}
