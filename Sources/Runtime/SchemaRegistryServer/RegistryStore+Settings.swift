import AvroSchema
import JSONText

/// Configurations and modes: of a subject, of a context, and the global ones.
extension RegistryStore {
  /// Where the settings of a subject are looked for, nearest first.
  private func keys(of subject: String?) -> [ExactText] {
    guard let subject else { return [ExactText("")] }
    let context = QualifiedSubject(subject).contextKey
    return [ExactText(subject)] + (context.map { [ExactText($0)] } ?? []) + [ExactText("")]
  }

  // MARK: Configuration

  /// The members of the nearest configuration; none of one is filled up from another, as with Confluent's.
  func configuration(inScopeOf subject: String?) -> JSONValue {
    keys(of: subject).lazy.compactMap { self.state.configs[$0] }.first ?? .object([])
  }

  /// The level that holds for a subject, from wherever it comes.
  func level(inScopeOf subject: String?) -> CompatibilityMode {
    let names = keys(of: subject).lazy.compactMap { self.state.configs[$0]?.text("compatibilityLevel") }
    return names.first.flatMap(CompatibilityMode.init(rawValue:)) ?? defaultLevel
  }

  /// The members of an answer.
  ///
  /// - Parameters:
  ///   - subject: nil for the global one.
  ///   - isInScope: whether another's stands in for a subject that has none of its own.
  func configuration(of subject: String?, isInScope: Bool) throws(RegistryFailure) -> JSONValue {
    let own = state.configs[ExactText(subject ?? "")]
    if let subject, own == nil, !isInScope { throw .noConfiguration(subject: subject) }
    let found = own ?? configuration(inScopeOf: subject)
    guard case .object(var members) = found, subject == nil || isInScope, found["compatibilityLevel"] == nil else {
      return found.without("subject")
    }
    members.insert(.init("compatibilityLevel", .string(level(inScopeOf: subject).rawValue)), at: 0)
    return JSONValue.object(members).without("subject")
  }

  /// On the disk when this returns.
  ///
  /// - Parameter changes: members of the record; null takes one away.
  func changeConfiguration(_ changes: [JSONValue.Member], of subject: String?) async throws(RegistryFailure) {
    try checkWritable(subject: subject)
    let key = ExactText(subject ?? "")
    guard state.configs[key] != nil || state.configs.count < limits.maxSettings else {
      throw .notPermitted("The registry has configurations for \(state.configs.count) subjects, its limit.")
    }
    var members: [JSONValue.Member] = []
    if case .object(let old)? = state.configs[key] { members = old }
    if members.isEmpty, let subject { members = [.init("subject", .string(subject))] }
    for change in changes {
      members.removeAll { $0.name == change.name }
      if change.value != .null { members.append(change) }
    }
    try await commit([RegistryRecord(.config(subject: subject), .object(members))])
  }

  /// What was deleted.
  func deleteConfiguration(of subject: String?) async throws(RegistryFailure) -> JSONValue {
    if let subject, state.configs[ExactText(subject)] == nil {
      throw RegistryFailure(
        status: 404, code: 40401, "Subject '\(subject)' not found: it has no compatibility level of its own.")
    }
    try checkWritable(subject: subject)
    let old = try configuration(of: subject, isInScope: false)
    try await commit([RegistryRecord(.config(subject: subject), nil)])
    return old
  }

  /// The subject that stands behind this name, when its configuration has an alias.
  func subject(behind name: String) -> String {
    state.configs[ExactText(name)]?.text("alias").map { QualifiedSubject($0).text } ?? name
  }

  // MARK: Modes

  /// The mode that holds for a subject, from wherever it comes.
  func mode(inScopeOf subject: String?) -> RegistryMode {
    if isReadOnly || ownMode(of: nil) == .readOnlyOverride { return .readOnlyOverride }
    return keys(of: subject).lazy.compactMap { self.ownMode(of: $0.text) }.first ?? .readWrite
  }

  /// A mode that another registry has and this one doesn't lets nothing change.
  private func ownMode(of subject: String?) -> RegistryMode? {
    state.modes[ExactText(subject ?? "")]?.text("mode").map { RegistryMode(rawValue: $0) ?? .readOnly }
  }

  /// - Parameters:
  ///   - subject: nil for the global one.
  ///   - isInScope: whether another's stands in for a subject that has none of its own.
  func mode(of subject: String?, isInScope: Bool) throws(RegistryFailure) -> RegistryMode {
    guard let subject, !isInScope else { return mode(inScopeOf: subject) }
    if mode(inScopeOf: nil) == .readOnlyOverride { return .readOnlyOverride }
    guard let mode = ownMode(of: subject) else { throw .noMode(subject: subject) }
    return mode
  }

  /// On the disk when this returns. Import mode is for subjects with nothing in them, unless `isForced`; versions that
  /// are deleted go for good then.
  func setMode(_ mode: RegistryMode, of subject: String?, isForced: Bool) async throws(RegistryFailure) {
    guard !isReadOnly else { throw .notPermitted("The registry was started read-only; its mode can't be changed.") }
    let key = ExactText(subject ?? "")
    guard state.modes[key] != nil || state.modes.count < limits.maxSettings else {
      throw .notPermitted("The registry has modes for \(state.modes.count) subjects, its limit.")
    }
    var records: [RegistryRecord] = []
    if mode == .importing, self.mode(inScopeOf: subject) != .importing, !isForced {
      let concerned = state.subjects.filter { isConcerned($0.key.text, by: subject) }
      guard concerned.values.allSatisfy({ $0.allSatisfy(\.isDeleted) }) else {
        throw .notPermitted("There are subjects already: delete them, or say force=true.")
      }
      for (name, versions) in concerned.sorted(by: { ExactText.precedes($0.key, $1.key) }) {
        try checkUnreferenced(versions.map(\.number), subject: name.text)
        records += versions.map { RegistryRecord(.schema(subject: name.text, version: $0.number), nil) }
      }
      let cleared = subject.map { JSONValue.object([.init("subject", .string($0))]) } ?? .object([])
      records.append(RegistryRecord(.clearSubject(subject), cleared))
    }
    let owner = subject.map { [JSONValue.Member("subject", .string($0))] } ?? []
    records.append(RegistryRecord(.mode(subject: subject), .object(owner + [.init("mode", .string(mode.rawValue))])))
    try await commit(records)
  }

  /// The mode that was deleted.
  func deleteMode(of subject: String?) async throws(RegistryFailure) -> RegistryMode {
    guard !isReadOnly else { throw .notPermitted("The registry was started read-only; its mode can't be changed.") }
    let old = ownMode(of: subject)
    if let subject, old == nil {
      throw RegistryFailure(status: 404, code: 40401, "Subject '\(subject)' not found: it has no mode of its own.")
    }
    try await commit([RegistryRecord(.mode(subject: subject), nil)])
    return old ?? .readWrite
  }

  /// Throws when nothing may be changed under the subject.
  func checkWritable(subject: String?) throws(RegistryFailure) {
    guard mode(inScopeOf: subject).isReadOnly else { return }
    throw .notPermitted(subject.map { "Subject '\($0)' is in read-only mode." } ?? "The registry is in read-only mode.")
  }

  private func isConcerned(_ name: String, by subject: String?) -> Bool {
    guard let subject else { return true }
    let (wanted, found) = (QualifiedSubject(subject), QualifiedSubject(name))
    return wanted.context.isExactly(found.context) && (wanted.name.isEmpty || wanted.name.isExactly(found.name))
  }
}

extension JSONValue {
  /// The same object without the member of that name.
  func without(_ name: String) -> JSONValue {
    guard case .object(let members) = self else { return self }
    return .object(members.filter { $0.name != name })
  }
}
