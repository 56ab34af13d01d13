import AvroSchema
import JSONText

/// The registrations, in memory and in the journal. One writer: concurrent registrations of the same schema come in
/// one after the other and get the same id.
actor RegistryStore {
  private struct StoredSchema {
    var schema: ParsedSchema
    /// In the order of registration.
    var uses: [(subject: String, version: Int32)] = []
  }

  private struct Subject {
    /// In ascending order of version.
    var versions: [(version: Int32, id: Int32)] = []
    var versionOfIdentity: [ExactText: Int32] = [:]
    /// The newest version of that form.
    var versionOfCanonicalForm: [ExactText: Int32] = [:]

    func id(of version: Int32) -> Int32? {
      versions.first { $0.version == version }?.id
    }
  }

  private let executor: QueueExecutor
  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  private let journal: Journal
  let limits: RegistryLimits
  /// What holds until a global level is set.
  let defaultLevel: CompatibilityMode
  private(set) var globalLevel: CompatibilityMode?
  private(set) var levels: [ExactText: CompatibilityMode] = [:]
  private var schemas: [Int32: StoredSchema] = [:]
  private var ids: [ExactText: Int32] = [:]
  private var subjects: [ExactText: Subject] = [:]
  /// No id up to here is given out, also not those that damaged lines may have held.
  private var lastID: Int32 = 0
  /// What could not be read at start, a sentence each.
  private(set) var damage: [String] = []

  init(
    directory: String, limits: RegistryLimits, defaultLevel: CompatibilityMode = .backward
  ) async throws(RegistryFailure) {
    executor = QueueExecutor(label: "schema-registry-store")
    self.limits = limits
    self.defaultLevel = defaultLevel
    journal = try Journal(directory: directory)
    try load()
  }

  // MARK: Changing

  /// Registers `schema` under `subject`, or finds it there; on the disk when this returns.
  func register(_ schema: ParsedSchema, subject: String) throws(RegistryFailure) -> Registration {
    let key = ExactText(subject)
    let known = subjects[key]
    if let known, let version = known.versionOfIdentity[schema.identity], let id = known.id(of: version) {
      return registration(id: id, subject: subject, version: version)
    }
    try checkCompatibility(schema, subject: subject)
    guard known != nil || subjects.count < limits.maxSubjects else {
      throw .notPermitted("The registry has \(subjects.count) subjects, its limit; delete it or raise the limit.")
    }
    guard known.map({ $0.versions.count < limits.maxVersionsPerSubject }) ?? true else {
      throw .notPermitted("Subject '\(subject)' has \(limits.maxVersionsPerSubject) versions, the limit.")
    }
    let lastVersion = known?.versions.last?.version ?? 0
    let id = ids[schema.identity] ?? lastID &+ 1
    guard id > 0, lastVersion < .max, ids[schema.identity] != nil || schemas.count < limits.maxSchemas else {
      throw .notPermitted("The registry has \(schemas.count) schemas, its limit.")
    }
    let text = schemas[id]?.schema.text ?? schema.text
    let registration = Registration(id: id, subject: subject, version: lastVersion + 1, schema: text)
    try journal.append(registration)
    add(registration, schema: schema)
    return registration
  }

  /// Writes a level to the journal, then has it hold.
  func store(_ setting: LevelSetting) throws(RegistryFailure) {
    try journal.append(setting)
    try apply(setting)
  }

  /// Lets go of the directory: another registry may use it.
  func close() {
    journal.close()
  }

  // MARK: Reading

  /// Looks under `subject` by text, then by canonical form.
  func lookUp(_ schema: ParsedSchema, subject: String) throws(RegistryFailure) -> Registration {
    let known = try existing(subject)
    let version =
      known.versionOfIdentity[schema.identity] ?? known.versionOfCanonicalForm[schema.canonicalForm]
    guard let version, let id = known.id(of: version) else { throw .schemaNotFound(subject: subject) }
    return registration(id: id, subject: subject, version: version)
  }

  func schemaText(id: Int32) throws(RegistryFailure) -> String {
    guard let stored = schemas[id] else { throw .schemaNotFound(id: id) }
    return stored.schema.text
  }

  func uses(id: Int32) throws(RegistryFailure) -> [(subject: String, version: Int32)] {
    guard let stored = schemas[id] else { throw .schemaNotFound(id: id) }
    return stored.uses
  }

  /// In the order of their bytes.
  func subjectNames(prefix: String) -> [String] {
    subjects.keys.filter { $0.text.utf8.starts(with: prefix.utf8) }.sorted(by: ExactText.precedes).map(\.text)
  }

  func versions(subject: String) throws(RegistryFailure) -> [Int32] {
    try existing(subject).versions.map(\.version)
  }

  /// `version` nil is the latest.
  func version(_ version: Int32?, subject: String) throws(RegistryFailure) -> Registration {
    let known = try existing(subject)
    guard let found = version ?? known.versions.last?.version, let id = known.id(of: found) else {
      throw .versionNotFound(version.map(String.init) ?? "latest", subject: subject)
    }
    return registration(id: id, subject: subject, version: found)
  }

  /// Newest first; empty for a subject that nothing was registered under.
  func parsedVersions(subject: String) -> [(version: Int32, schema: ParsedSchema)] {
    (subjects[ExactText(subject)]?.versions ?? []).reversed().compactMap { version, id in
      schemas[id].map { (version, $0.schema) }
    }
  }

  func counts() -> (subjects: Int, schemas: Int) {
    (subjects.count, schemas.count)
  }

  // MARK: Inside

  private func existing(_ subject: String) throws(RegistryFailure) -> Subject {
    guard let known = subjects[ExactText(subject)] else { throw .subjectNotFound(subject) }
    return known
  }

  private func registration(id: Int32, subject: String, version: Int32) -> Registration {
    Registration(id: id, subject: subject, version: version, schema: schemas[id]?.schema.text ?? "")
  }

  private func add(_ registration: Registration, schema: ParsedSchema) {
    let (id, version) = (registration.id, registration.version)
    schemas[id, default: StoredSchema(schema: schema)].uses.append((registration.subject, version))
    ids[schema.identity] = id
    lastID = max(lastID, id)
    subjects[ExactText(registration.subject), default: Subject()].versions.append((version, id))
    subjects[ExactText(registration.subject)]?.versionOfIdentity[schema.identity] = version
    subjects[ExactText(registration.subject)]?.versionOfCanonicalForm[schema.canonicalForm] = version
  }

  private func load() throws(RegistryFailure) {
    for entry in try journal.replay(maxBytes: limits.maxJournalBytes) {
      switch entry {
      case .registration(let registration, let line):
        do {
          try restore(registration)
        } catch {
          lastID = max(lastID, registration.id)
          damage.append("\(journal.path) line \(line) is skipped: \(error.message)")
        }
      case .level(let setting, let line):
        do {
          try apply(setting)
        } catch {
          damage.append("\(journal.path) line \(line) is skipped: \(error.message)")
        }
      case .damaged(let line, let reason, let lostAtMost):
        // The ids of lost registrations may be in records on topics: they are never given out again.
        let lost = Int32(clamping: lostAtMost)
        lastID = lastID > .max - lost ? .max : lastID + lost
        damage.append("\(journal.path) line \(line) is skipped: \(reason)")
      }
    }
  }

  private func apply(_ setting: LevelSetting) throws(RegistryFailure) {
    let level = setting.level.flatMap(CompatibilityMode.init(rawValue:))
    guard level != nil || setting.level == nil else {
      throw .store("there is no compatibility level '\(setting.level ?? "")'")
    }
    if let subject = setting.subject {
      levels[ExactText(subject)] = level
    } else {
      globalLevel = level
    }
  }

  private func restore(_ registration: Registration) throws(RegistryFailure) {
    let schema = try ParsedSchema(registration.schema)
    let (id, version) = (registration.id, registration.version)
    guard id > 0, schemas[id].map({ $0.schema.identity == schema.identity }) ?? true,
      ids[schema.identity].map({ $0 == id }) ?? true
    else { throw .store("id \(id) stands for another schema in an earlier line") }
    let last = subjects[ExactText(registration.subject)]?.versions.last?.version ?? 0
    guard version > last else {
      throw .store("version \(version) of subject '\(registration.subject)' comes after version \(last)")
    }
    add(registration, schema: schema)
  }
}
