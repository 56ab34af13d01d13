import AvroSchema
import JSONText

/// Compatibility levels and checks.
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
    var versions = parsedVersions(subject: subject)
    switch scope {
    case .all: break
    case .latest: versions = Array(versions.prefix(1))
    case .version(let number):
      versions = versions.filter { $0.version == number }
      guard !versions.isEmpty else { throw .versionNotFound(String(number), subject: subject) }
    }
    return CompatibilityReport.messages(schema, against: versions, level: level)
  }

  /// Throws when `schema` must not become the next version of `subject`.
  func checkCompatibility(_ schema: ParsedSchema, subject: String) throws(RegistryFailure) {
    let messages = try incompatibilities(schema, subject: subject, scope: .all)
    guard messages.isEmpty else { throw .incompatible(subject: subject, messages) }
  }

  /// The level that holds for a subject, from wherever it comes.
  func level(inScopeOf subject: String?) -> CompatibilityMode {
    subject.flatMap { levels[ExactText($0)] } ?? globalLevel ?? defaultLevel
  }

  /// - Parameters:
  ///   - subject: nil for the global one.
  ///   - isInScope: whether the global level stands in for a subject that has none of its own.
  func level(subject: String?, isInScope: Bool) throws(RegistryFailure) -> CompatibilityMode {
    if let subject, !isInScope, levels[ExactText(subject)] == nil { throw .noConfiguration(subject: subject) }
    return level(inScopeOf: subject)
  }

  /// On the disk when this returns.
  func setLevel(_ level: CompatibilityMode, subject: String?) throws(RegistryFailure) {
    if let subject, levels[ExactText(subject)] == nil, levels.count >= limits.maxSubjects {
      throw .notPermitted("The registry has levels for \(levels.count) subjects, its limit.")
    }
    try store(LevelSetting(subject: subject, level: level.rawValue))
  }

  /// The level that was deleted.
  func deleteLevel(subject: String?) throws(RegistryFailure) -> CompatibilityMode {
    if let subject, levels[ExactText(subject)] == nil {
      throw RegistryFailure(
        status: 404, code: 40401, "Subject '\(subject)' not found: it has no compatibility level of its own.")
    }
    let level = level(inScopeOf: subject)
    try store(LevelSetting(subject: subject, level: nil))
    return level
  }
}
