import AvroSchema
import JSONText

/// What the registry holds, made of nothing but the records in their order: reading the journal, reading a topic and
/// changing something all go through ``apply(_:)``.
struct RegistryState {
  struct Version {
    var number: Int32
    var id: Int32
    var isDeleted: Bool
    var others: [JSONValue.Member]
  }

  struct StoredSchema {
    var content: SchemaContent
    var identity: ExactText
    /// In the order of registration, with those that are deleted.
    var uses: [(subject: String, version: Int32)] = []
    /// Made when it is asked for first: a registry with many schemas starts without parsing them.
    var parsed: Result<ParsedSchema, RegistryFailure>?
  }

  /// Where ids are unique.
  struct Context {
    var schemas: [Int32: StoredSchema] = [:]
    var ids: [ExactText: Int32] = [:]
    /// No id up to here is given out, also not those that damaged lines may have held.
    var lastID: Int32 = 0
  }

  let limits: RegistryLimits
  var contexts: [String: Context] = [:]
  /// Versions in ascending order of number.
  private(set) var subjects: [ExactText: [Version]] = [:]
  /// The members of CONFIG records; the global ones under the empty name.
  private(set) var configs: [ExactText: JSONValue] = [:]
  private(set) var modes: [ExactText: JSONValue] = [:]
  /// Records that this registry makes no use of, by the text of their keys.
  private(set) var others: [ExactText: JSONValue] = [:]
  /// Ids that no context gives out: a damaged line doesn't say whose it was.
  private var lostIDs: Int32 = 0

  init(limits: RegistryLimits) {
    self.limits = limits
  }

  // MARK: Changing

  /// Throws what is wrong with the record, and leaves everything as it was then.
  mutating func apply(_ record: RegistryRecord) throws(RegistryFailure) {
    switch record.key {
    case .schema(let subject, let version):
      guard let value = record.value else {
        remove(version, of: subject)
        return
      }
      do {
        try put(try Registration(subject: subject, version: version, value: value))
      } catch let problem as RegistryRecord.Malformed {
        throw .store(problem.description)
      } catch let problem as RegistryFailure {
        throw problem
      } catch {
        throw .store("\(error)")
      }
    case .config(let subject): configs[ExactText(subject ?? "")] = record.value
    case .mode(let subject): modes[ExactText(subject ?? "")] = record.value
    case .deleteSubject(let subject):
      guard let last = record.value?.number("version") else { return }
      let versions = subjects[ExactText(subject)] ?? []
      for (index, version) in versions.enumerated() where version.number <= last {
        subjects[ExactText(subject)]?[index].isDeleted = true
      }
    // Its versions were taken away one by one before.
    case .clearSubject, .noop: break
    case .other(let key): others[ExactText(key.text)] = record.value
    }
  }

  /// Whatever comes next has higher ids: some may have been in bytes that nobody can read.
  mutating func skipIDs(_ count: Int) {
    let count = Int32(clamping: count)
    lostIDs = lostIDs > .max - count ? .max : lostIDs + count
    for name in contexts.keys {
      let last = contexts[name]?.lastID ?? 0
      contexts[name]?.lastID = last > .max - count ? .max : last + count
    }
  }

  /// Whatever comes next has higher ids than that.
  mutating func skipIDs(to id: Int32) {
    lostIDs = max(lostIDs, id)
    for (name, context) in contexts { contexts[name]?.lastID = max(context.lastID, id) }
  }

  private mutating func put(_ registration: Registration) throws(RegistryFailure) {
    let (subject, id) = (registration.subject, registration.id)
    let name = QualifiedSubject(subject).context
    let identity = registration.content.identity
    contexts[name, default: Context(lastID: lostIDs)].lastID = max(contexts[name]?.lastID ?? lostIDs, id)
    if let known = contexts[name]?.schemas[id], known.identity != identity {
      throw .store("id \(id) stands for another schema already")
    }
    if let old = version(registration.version, of: subject), old.id != id { remove(registration.version, of: subject) }
    // In place everywhere: a copy of these dictionaries for each record would make a start take forever.
    if contexts[name]?.schemas[id] == nil {
      contexts[name]?.schemas[id] = StoredSchema(content: registration.content, identity: identity)
    }
    let use = (subject: subject, version: registration.version)
    let isKnownUse = contexts[name]?.schemas[id]?.uses.contains {
      $0.version == use.version && $0.subject.isExactly(use.subject)
    }
    if isKnownUse == false { contexts[name]?.schemas[id]?.uses.append(use) }
    if contexts[name]?.ids[identity] == nil { contexts[name]?.ids[identity] = id }
    place(
      Version(
        number: registration.version, id: id, isDeleted: registration.isDeleted, others: registration.others),
      under: ExactText(subject))
  }

  /// Among the versions of the subject, by number; in place of one with the same.
  private mutating func place(_ version: Version, under key: ExactText) {
    let count = subjects[key]?.count ?? 0
    let index = subjects[key]?.firstIndex { $0.number >= version.number } ?? count
    if index < count, subjects[key]?[index].number == version.number {
      subjects[key]?[index] = version
    } else {
      subjects[key, default: []].insert(version, at: index)
    }
  }

  private mutating func remove(_ number: Int32, of subject: String) {
    let key = ExactText(subject)
    guard let index = subjects[key]?.firstIndex(where: { $0.number == number }),
      let removed = subjects[key]?.remove(at: index)
    else { return }
    if subjects[key]?.isEmpty == true { subjects[key] = nil }
    let context = QualifiedSubject(subject).context
    contexts[context]?.schemas[removed.id]?.uses.removeAll { $0.version == number && $0.subject.isExactly(subject) }
    guard let stored = contexts[context]?.schemas[removed.id], stored.uses.isEmpty else { return }
    contexts[context]?.schemas[removed.id] = nil
    if contexts[context]?.ids[stored.identity] == removed.id { contexts[context]?.ids[stored.identity] = nil }
  }

  // MARK: Reading

  /// The highest id that a context has given out, or may have.
  func lastID(in context: String) -> Int32 { contexts[context]?.lastID ?? lostIDs }

  /// With those that are deleted; empty for a subject that is not there.
  func versions(of subject: String) -> [Version] { subjects[ExactText(subject)] ?? [] }

  func version(_ number: Int32, of subject: String) -> Version? {
    subjects[ExactText(subject)]?.first { $0.number == number }
  }

  func registration(_ version: Version, of subject: String) -> Registration {
    let content = contexts[QualifiedSubject(subject).context]?.schemas[version.id]?.content
    return Registration(
      subject: subject, version: version.number, id: version.id, content: content ?? SchemaContent(text: ""),
      isDeleted: version.isDeleted, others: version.others)
  }

  /// The schema with that id in a context, parsed; kept for the next time, errors too.
  mutating func parsed(id: Int32, context: String, depth: Int = 0) throws(RegistryFailure) -> ParsedSchema {
    guard let stored = contexts[context]?.schemas[id] else { throw .schemaNotFound(id: id) }
    if let parsed = stored.parsed { return try parsed.get() }
    let result: Result<ParsedSchema, RegistryFailure>
    do throws(RegistryFailure) {
      let behind = try types(of: stored.content.references, depth: depth)
      // What is stored was taken by this registry or another one; only what it costs is limited.
      var limits = limits
      limits.maxSchemaBytes = .max
      result = .success(
        try ParsedSchema(stored.content, types: behind.types, referenceDepth: behind.depth, limits: limits))
    } catch {
      result = .failure(error)
    }
    contexts[context]?.schemas[id]?.parsed = result
    return try result.get()
  }

  /// What references define, each with what it leans on, and how many stand in a row.
  mutating func types(
    of references: [SchemaReference], depth: Int = 0
  ) throws(RegistryFailure) -> (types: NamedTypes, depth: Int) {
    guard references.count <= limits.maxReferences else {
      throw .invalidSchema("it has \(references.count) references; the limit is \(limits.maxReferences)")
    }
    var types = NamedTypes()
    var deepest = 0
    for reference in references {
      guard depth < limits.maxReferenceDepth else {
        throw .invalidSchema("more than \(limits.maxReferenceDepth) references stand in a row")
      }
      let subject = QualifiedSubject(reference.subject)
      guard let version = version(reference.version, of: subject.text) else {
        throw .invalidSchema(
          "its reference \(reference.name) is to version \(reference.version) of subject '\(reference.subject)', "
            + "which is not there")
      }
      let parsed = try parsed(id: version.id, context: subject.context, depth: depth + 1)
      deepest = max(deepest, parsed.referenceDepth + 1)
      let defined = NamedTypes(of: parsed.schema)
      for name in defined.names {
        guard let definition = defined[name] else { continue }
        guard types[name].map({ $0 == definition }) ?? true else {
          throw .invalidSchema("two of its references define \(name), each in its own way")
        }
        types.add(definition)
      }
    }
    guard deepest <= limits.maxReferenceDepth else {
      throw .invalidSchema("more than \(limits.maxReferenceDepth) references stand in a row")
    }
    return (types, deepest)
  }

  /// For each version that others have as a reference, the ids of those.
  ///
  /// - Parameter withDeleted: whether schemas count whose versions are all out of sight: they are served by id still.
  func referencingIDs(withDeleted: Bool = false) -> [SchemaReference: Set<Int32>] {
    var found: [SchemaReference: Set<Int32>] = [:]
    for context in contexts.values {
      for (id, stored) in context.schemas where !stored.content.references.isEmpty {
        guard
          withDeleted || stored.uses.contains(where: { version($0.version, of: $0.subject)?.isDeleted == false })
        else { continue }
        for reference in stored.content.references {
          let subject = QualifiedSubject(reference.subject).text
          found[SchemaReference(name: "", subject: subject, version: reference.version), default: []].insert(id)
        }
      }
    }
    return found
  }

  /// Everything, in an order in which it can be read again: schemas by id, then what is kept about subjects.
  func records() -> [RegistryRecord] {
    var registrations: [Registration] = []
    for (subject, versions) in subjects {
      registrations += versions.map { registration($0, of: subject.text) }
    }
    registrations.sort { left, right in
      if left.id != right.id { return left.id < right.id }
      if left.subject.isExactly(right.subject) { return left.version < right.version }
      return ExactText.precedes(ExactText(left.subject), ExactText(right.subject))
    }
    func settings(
      _ values: [ExactText: JSONValue], _ key: (String?) -> RegistryRecord.Key
    ) -> [RegistryRecord] {
      values.sorted { ExactText.precedes($0.key, $1.key) }.map { subject, value in
        RegistryRecord(key(subject.text.isEmpty ? nil : subject.text), value)
      }
    }
    let kept = others.sorted { ExactText.precedes($0.key, $1.key) }.compactMap { key, value in
      (try? JSONValue(parsing: key.text)).map { RegistryRecord(.other($0), value) }
    }
    return kept + registrations.map(\.record) + settings(configs) { .config(subject: $0) }
      + settings(modes) { .mode(subject: $0) }
  }
}
