import JSONText

extension RegistryStore {
  /// Takes a subject out of sight, or for good when that has been done.
  ///
  /// - Returns: the numbers of the versions that it was done to.
  func deleteSubject(_ subject: String, permanently: Bool) async throws(RegistryFailure) -> [Int32] {
    try checkWritable(subject: subject)
    let all = state.versions(of: subject)
    guard !all.isEmpty else { throw .subjectNotFound(subject) }
    let live = all.filter { !$0.isDeleted }
    if permanently {
      guard live.isEmpty else { throw .subjectNotDeleted(subject) }
    } else if live.isEmpty {
      throw .subjectDeleted(subject)
    }
    let concerned = permanently ? all : live
    try checkUnreferenced(concerned.map(\.number), subject: subject)
    if permanently {
      try await commit(concerned.map { RegistryRecord(.schema(subject: subject, version: $0.number), nil) })
    } else {
      let last = JSONValue.object([
        .init("subject", .string(subject)), .init("version", .integer(Int64(live.last?.number ?? 0))),
      ])
      try await commit([RegistryRecord(.deleteSubject(subject), last)] + settingRemovals(subject))
    }
    return concerned.map(\.number)
  }

  /// - Parameter number: nil is the latest that is not deleted.
  func deleteVersion(_ number: Int32?, of subject: String, permanently: Bool) async throws(RegistryFailure) -> Int32 {
    try checkWritable(subject: subject)
    let all = state.versions(of: subject)
    guard !all.isEmpty else { throw .subjectNotFound(subject) }
    let found = number.map { number in all.first { $0.number == number } } ?? all.last { !$0.isDeleted }
    guard let found else { throw .versionNotFound(number.map(String.init) ?? "latest", subject: subject) }
    if permanently {
      guard found.isDeleted else { throw .versionNotDeleted(found.number, subject: subject) }
    } else if found.isDeleted {
      throw .versionDeleted(found.number, subject: subject)
    }
    try checkUnreferenced([found.number], subject: subject)
    if permanently {
      try await commit([RegistryRecord(.schema(subject: subject, version: found.number), nil)])
    } else {
      var registration = state.registration(found, of: subject)
      registration.isDeleted = true
      let isLast = all.allSatisfy { $0.isDeleted || $0.number == found.number }
      try await commit([registration.record] + (isLast ? settingRemovals(subject) : []))
    }
    return found.number
  }

  /// Throws when another schema leans on one of the versions.
  func checkUnreferenced(_ versions: [Int32], subject: String) throws(RegistryFailure) {
    let referencing = state.referencingIDs()
    guard !referencing.isEmpty else { return }
    for version in versions {
      if let ids = referencing[SchemaReference(name: "", subject: subject, version: version)], !ids.isEmpty {
        throw .isReferenced(version, subject: subject, by: ids.sorted())
      }
    }
  }

  /// With its last version a subject loses its configuration and its mode.
  private func settingRemovals(_ subject: String) -> [RegistryRecord] {
    var records: [RegistryRecord] = []
    if state.modes[ExactText(subject)] != nil { records.append(RegistryRecord(.mode(subject: subject), nil)) }
    if state.configs[ExactText(subject)] != nil { records.append(RegistryRecord(.config(subject: subject), nil)) }
    return records
  }

  // MARK: Contexts

  /// The default one, those with subjects, and those that once had some.
  func contextNames() -> [String] {
    var names = Set(state.subjects.keys.map { QualifiedSubject($0.text).context })
    for key in state.others.keys {
      if let name = (try? JSONValue(parsing: key.text)).flatMap(Self.contextName) { names.insert(name) }
    }
    names.remove(QualifiedSubject.defaultContext)
    return [QualifiedSubject.defaultContext] + names.sorted { ExactText.precedes(ExactText($0), ExactText($1)) }
  }

  func deleteContext(_ name: String) async throws(RegistryFailure) {
    guard contextNames().contains(where: { $0.isExactly(name) }), name != QualifiedSubject.defaultContext else {
      throw RegistryFailure(status: 404, "There is no context '\(name)' that can be deleted.")
    }
    guard !state.subjects.keys.contains(where: { QualifiedSubject($0.text).context.isExactly(name) }) else {
      throw .contextNotEmpty(name)
    }
    let key = QualifiedSubject(context: name, name: "").text
    try checkWritable(subject: key)
    try await commit([RegistryRecord(.other(Self.contextKey(name)), nil)] + settingRemovals(key))
  }

  /// What makes a context known that is not known yet.
  func contextRecords(_ name: String) -> [RegistryRecord] {
    guard name != QualifiedSubject.defaultContext, state.others[ExactText(Self.contextKey(name).text)] == nil else {
      return []
    }
    let value = JSONValue.object([.init("tenant", .string(Self.tenant)), .init("context", .string(name))])
    return [RegistryRecord(.other(Self.contextKey(name)), value)]
  }

  private static var tenant: String { "default" }

  private static func contextKey(_ name: String) -> JSONValue {
    .object([
      .init("keytype", .string("CONTEXT")), .init("tenant", .string(tenant)), .init("context", .string(name)),
      .init("magic", .integer(0)),
    ])
  }

  private static func contextName(_ key: JSONValue) -> String? {
    key.text("keytype") == "CONTEXT" ? key.text("context") : nil
  }
}
