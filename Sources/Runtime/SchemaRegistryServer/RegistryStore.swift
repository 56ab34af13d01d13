import AvroSchema
import JSONText

/// The registry's state in memory and in the journal. One writer: concurrent registrations of the same schema come in
/// one after the other and get the same id.
actor RegistryStore {
  private let executor: QueueExecutor
  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  private let journal: JournalWriter
  /// Whether a change is under way: the state that it was made of has to last until it is on the disk.
  private var isChanging = false
  private var waiting: [CheckedContinuation<Void, Never>] = []
  let limits: RegistryLimits
  /// What holds until a global level is set.
  let defaultLevel: CompatibilityMode
  /// Nothing is changed, whatever the modes say.
  let isReadOnly: Bool
  var state: RegistryState
  /// What could not be read at start, a sentence each.
  let damage: [String]

  init(
    directory: String, limits: RegistryLimits, defaultLevel: CompatibilityMode = .backward, isReadOnly: Bool = false,
    sync: (@Sendable (Int32) -> Int32)? = nil
  ) async throws(RegistryFailure) {
    executor = QueueExecutor(label: "schema-registry-store")
    self.limits = limits
    self.defaultLevel = defaultLevel
    self.isReadOnly = isReadOnly
    let journal = try Journal(directory: directory, maxBytes: limits.maxJournalBytes, sync: sync)
    (state, damage) = Self.replay(try journal.replay(), path: journal.path, limits: limits)
    self.journal = JournalWriter(journal)
  }

  /// The state that a file's entries make, and what of them could not be used, a sentence each.
  static func replay(
    _ entries: [JournalLine.Entry], path: String, limits: RegistryLimits
  ) -> (RegistryState, damage: [String]) {
    var state = RegistryState(limits: limits)
    var damage: [String] = []
    for entry in entries {
      switch entry {
      case .record(let record, let line):
        do {
          try state.apply(record)
        } catch {
          damage.append("\(path) line \(line) is skipped: \(error.message)")
        }
      case .damaged(let line, let reason, let lostAtMost, let lostID):
        // The ids of lost registrations may be in records on topics: they are never given out again.
        state.skipIDs(lostAtMost)
        state.skipIDs(to: lostID)
        damage.append("\(path) line \(line) is skipped: \(reason)")
      }
    }
    return (state, damage)
  }

  /// Lets one change be made after the other. Reading goes on meanwhile, and sees what was before.
  ///
  /// Throws when too many wait already.
  func exclusively<Result: Sendable>(_ change: @Sendable () async throws -> Result) async throws -> Result {
    if isChanging {
      guard waiting.count < limits.maxWaitingChanges else { throw RegistryFailure.tooManyChanges(waiting.count) }
      await withCheckedContinuation { waiting.append($0) }
    }
    // Whoever was waiting has the turn from the one before: it is never free in between.
    isChanging = true
    defer {
      if waiting.isEmpty { isChanging = false } else { waiting.removeFirst().resume() }
    }
    return try await change()
  }

  /// Writes records to the journal, then has them hold: on the disk when this returns. Only inside of
  /// ``exclusively(_:)``.
  func commit(_ records: [RegistryRecord]) async throws(RegistryFailure) {
    try await journal.append(records)
    for record in records { try state.apply(record) }
  }

  /// Lets go of the directory: another registry may use it.
  func close() async {
    await journal.close()
  }

  func counts() -> (subjects: Int, schemas: Int) {
    (state.subjects.count, state.contexts.values.reduce(0) { $0 + $1.schemas.count })
  }
}

/// Writes the journal on a queue of its own: whoever reads does not wait for the disk.
private actor JournalWriter {
  private let executor = QueueExecutor(label: "schema-registry-journal")
  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
  private let journal: Journal

  init(_ journal: sending Journal) {
    self.journal = journal
  }

  func append(_ records: [RegistryRecord]) throws(RegistryFailure) { try journal.append(records) }

  func close() { journal.close() }
}

/// Which versions are asked for.
enum Visibility: Sendable {
  case live, all, deletedOnly

  init(deleted: Bool, deletedOnly: Bool) {
    self = deletedOnly ? .deletedOnly : deleted ? .all : .live
  }

  func includes(isDeleted: Bool) -> Bool {
    switch self {
    case .live: !isDeleted
    case .all: true
    case .deletedOnly: isDeleted
    }
  }
}

// MARK: Reading

extension RegistryStore {
  /// In the order of their bytes. A subject counts as deleted when all of its versions are.
  ///
  /// - Parameter prefix: may name a context, as `:.context:` or, for all of them, `:*:`.
  func subjectNames(prefix: String, _ visibility: Visibility) -> [String] {
    let anyContext = prefix.hasPrefix(Self.allContexts)
    let wanted = QualifiedSubject(anyContext ? String(prefix.dropFirst(Self.allContexts.count)) : prefix)
    return state.subjects.filter { subject, versions in
      let name = QualifiedSubject(subject.text)
      guard name.name.utf8.starts(with: wanted.name.utf8), anyContext || name.context == wanted.context else {
        return false
      }
      return visibility.includes(isDeleted: versions.allSatisfy(\.isDeleted))
    }.keys.sorted(by: ExactText.precedes).map(\.text)
  }

  /// What a prefix begins with that is to be looked for in each of them.
  static var allContexts: String { ":*:" }

  func versions(of subject: String, _ visibility: Visibility) throws(RegistryFailure) -> [Int32] {
    let all = state.versions(of: subject)
    guard all.contains(where: { visibility != .live || !$0.isDeleted }) else { throw .subjectNotFound(subject) }
    return all.filter { visibility.includes(isDeleted: $0.isDeleted) }.map(\.number)
  }

  /// `version` nil is the latest that is not deleted.
  func version(
    _ number: Int32?, of subject: String, deleted: Bool = false
  ) throws(RegistryFailure) -> Registration {
    let all = state.versions(of: subject)
    guard all.contains(where: { deleted || !$0.isDeleted }) else { throw .subjectNotFound(subject) }
    let found = number.map { number in all.first { $0.number == number } } ?? all.last { !$0.isDeleted }
    guard let found, deleted || !found.isDeleted else {
      throw .versionNotFound(number.map(String.init) ?? "latest", subject: subject)
    }
    return state.registration(found, of: subject)
  }

  /// The newest version whose metadata has all of these properties.
  func latest(
    of subject: String, properties: [(name: String, value: String)], deleted: Bool
  ) throws(RegistryFailure) -> Registration {
    let all = state.versions(of: subject)
    guard all.contains(where: { deleted || !$0.isDeleted }) else { throw .subjectNotFound(subject) }
    for version in all.reversed() where deleted || !version.isDeleted {
      let registration = state.registration(version, of: subject)
      guard let metadata = registration.content.metadata?["properties"] else { continue }
      if properties.allSatisfy({ metadata.text($0.name)?.isExactly($0.value) == true }) { return registration }
    }
    throw .versionNotFound("latest with this metadata", subject: subject)
  }

  /// - Parameter subject: empty, a context as `:.context:`, or a subject: an id that its context doesn't have is looked
  ///   for where another context has the subject.
  func schema(id: Int32, subject: String) throws(RegistryFailure) -> (content: SchemaContent, context: String) {
    let wanted = QualifiedSubject(subject)
    if let stored = state.contexts[wanted.context]?.schemas[id] { return (stored.content, wanted.context) }
    if wanted.isInDefaultContext, !wanted.name.isEmpty {
      for name in state.contexts.keys.sorted() {
        let other = QualifiedSubject(context: name, name: wanted.name).text
        if let stored = state.contexts[name]?.schemas[id], stored.uses.contains(where: { $0.subject.isExactly(other) })
        {
          return (stored.content, name)
        }
      }
    }
    throw .schemaNotFound(id: id)
  }

  /// The schema with everything that it refers to written out.
  func resolvedText(id: Int32, context: String) throws(RegistryFailure) -> String {
    try state.parsed(id: id, context: context).resolvedText
  }

  func maxID(context: String) -> Int32 { state.lastID(in: context) }

  func uses(id: Int32, subject: String, deleted: Bool) throws(RegistryFailure) -> [(subject: String, version: Int32)] {
    let context = try schema(id: id, subject: subject).context
    let name = QualifiedSubject(subject).name
    return (state.contexts[context]?.schemas[id]?.uses ?? []).filter { use in
      guard name.isEmpty || QualifiedSubject(use.subject).name.isExactly(name) else { return false }
      return deleted || state.version(use.version, of: use.subject)?.isDeleted == false
    }
  }

  /// The ids of those that have the version as a reference, ascending.
  func referencedBy(_ number: Int32?, subject: String) throws(RegistryFailure) -> [Int32] {
    let registration = try version(number, of: subject, deleted: true)
    let key = SchemaReference(name: "", subject: subject, version: registration.version)
    return (state.referencingIDs()[key] ?? []).sorted()
  }

  /// By subject, then by version.
  func registrations(prefix: String, _ visibility: Visibility, latestOnly: Bool) -> [Registration] {
    subjectNames(prefix: prefix, .all).flatMap { subject in
      let versions = state.versions(of: subject).filter { visibility.includes(isDeleted: $0.isDeleted) }
      return (latestOnly ? versions.suffix(1) : versions[...]).map { state.registration($0, of: subject) }
    }
  }
}
