import AvroSchema
import JSONText

/// What is sent to be registered, looked up or compared.
struct SchemaRequest: Sendable {
  /// Empty when only what goes with the schema is to change.
  var content: SchemaContent
  /// Only in import mode.
  var id: Int32?
  /// The one that it is to become.
  var version: Int32?
}

extension RegistryStore {
  /// What has to be known before a schema can be parsed, which is done without holding up others.
  struct Preparation: Sendable {
    var content: SchemaContent
    var types: NamedTypes
    var referenceDepth: Int
    var normalizes: Bool
    /// The registry filled something in.
    var isCompleted = false
  }

  /// - Parameter fillsIn: takes what is not sent from the version before and from the configuration, as a registration
  ///   does.
  func prepare(
    _ request: SchemaRequest, subject: String, normalizes: Bool, fillsIn: Bool
  ) throws(RegistryFailure) -> Preparation {
    var content = request.content
    var isCompleted = false
    if fillsIn, mode(inScopeOf: subject) != .importing {
      (content, isCompleted) = try filledIn(request, subject: subject)
    }
    guard !content.text.isEmpty else { throw .invalidSchema("it is empty") }
    guard content.type == SchemaContent.avro else {
      throw .invalidSchema("schemaType '\(content.type)' is not known here; only AVRO is")
    }
    for (index, reference) in content.references.enumerated() where reference.version == -1 {
      guard let latest = state.versions(of: reference.subject).last(where: { !$0.isDeleted }) else {
        throw .invalidSchema(
          "its reference \(reference.name) is to subject '\(reference.subject)', which has no version")
      }
      content.references[index].version = latest.number
    }
    let behind = try state.types(of: content.references)
    return Preparation(
      content: content, types: behind.types, referenceDepth: behind.depth,
      normalizes: normalizes || configuration(inScopeOf: subject).flag("normalize"), isCompleted: isCompleted)
  }

  private func filledIn(
    _ request: SchemaRequest, subject: String
  ) throws(RegistryFailure) -> (SchemaContent, isCompleted: Bool) {
    var content = request.content
    let versions = state.versions(of: subject)
    let live = versions.filter { !$0.isDeleted }
    let schemas = state.contexts[QualifiedSubject(subject).context]?.schemas ?? [:]
    let configuration = configuration(inScopeOf: subject)
    let addsNothing = DataContract.settings.allSatisfy { configuration.present($0) == nil }
    // What is there as it was sent is not to become a new version for what the registry would fill in.
    let identity = content.identity
    if request.version == nil, addsNothing, live.contains(where: { schemas[$0.id]?.identity == identity }) {
      return (content, false)
    }
    let previous = live.last.flatMap { schemas[$0.id]?.content }
    var isCompleted = false
    if content.text.isEmpty, let previous {
      (content.text, content.type, content.references) = (previous.text, previous.type, previous.references)
      isCompleted = true
    }
    if let previous, content.metadata == nil, content.ruleSet == nil, request.version == nil, addsNothing,
      previous.withoutContract.identity == identity
    {
      // Neither is the version before without what was filled in.
      return (previous, previous.metadata != nil || previous.ruleSet != nil)
    }
    let next = (versions.last?.number ?? 0) &+ 1
    let metadata = DataContract.metadata(
      content.metadata ?? previous?.metadata, configuration, nextVersion: next, isVersionSent: request.version != nil)
    let ruleSet = DataContract.ruleSet(content.ruleSet ?? previous?.ruleSet, configuration)
    isCompleted = isCompleted || metadata != nil || ruleSet != nil
    (content.metadata, content.ruleSet) = (metadata, ruleSet)
    return (content, isCompleted)
  }

  // MARK: Registering

  /// Registers `schema` under `subject`, or finds it there; on the disk when this returns.
  func register(
    _ schema: ParsedSchema, subject: String, id: Int32? = nil, version: Int32? = nil
  ) async throws(RegistryFailure) -> Registration {
    let mode = try checkRegisterMode(subject: subject, id: id)
    let all = state.versions(of: subject)
    let contextName = QualifiedSubject(subject).context
    let knownID = state.contexts[contextName]?.ids[schema.identity]
    if let id, let knownID, knownID != id { throw .idDoesNotMatch(id, known: knownID) }
    if version == nil, let found = registered(schema, in: all, subject: subject) { return found }
    if let id, knownID == nil, state.contexts[contextName]?.schemas[id] != nil {
      throw .notPermitted("Id \(id) stands for another schema and can't be given to this one.")
    }
    // What the schema leans on may have gone while it was parsed.
    for reference in schema.content.references where state.version(reference.version, of: reference.subject) == nil {
      throw .invalidSchema("version \(reference.version) of subject '\(reference.subject)' has gone")
    }
    if mode != .importing { try checkCompatibility(schema, subject: subject) }
    try checkRoom(schema, subject: subject, versions: all)
    let registration = Registration(
      subject: subject, version: try number(for: version, after: all, mode: mode, subject: subject),
      id: knownID ?? id ?? state.lastID(in: contextName) &+ 1,
      content: knownID.flatMap { state.contexts[contextName]?.schemas[$0]?.content } ?? schema.content)
    guard registration.id > 0 else { throw .notPermitted("The registry has given out all ids.") }
    // A version with the same schema that was deleted before has no use any more, unless others lean on it. It goes
    // last: the schema itself must not go with it.
    var replaced = all.filter {
      $0.isDeleted && $0.id == registration.id && $0.number < registration.version
    }
    if !replaced.isEmpty {
      let referencing = state.referencingIDs(withDeleted: true)
      replaced.removeAll { referencing[SchemaReference(name: "", subject: subject, version: $0.number)] != nil }
    }
    try await commit(
      contextRecords(contextName) + [registration.record]
        + replaced.map { RegistryRecord(.schema(subject: subject, version: $0.number), nil) })
    return registration
  }

  /// - Returns: the mode that holds.
  private func checkRegisterMode(subject: String, id: Int32?) throws(RegistryFailure) -> RegistryMode {
    try checkWritable(subject: subject)
    let mode = mode(inScopeOf: subject)
    if id != nil, mode != .importing {
      throw .notPermitted("Subject '\(subject)' is not in import mode: leave id and version out.")
    }
    if id == nil, mode == .importing {
      throw .notPermitted("Subject '\(subject)' is in import mode: send an id, or set its mode to READWRITE.")
    }
    return mode
  }

  /// The version that has this schema: the same, or the same with its references written out.
  private func registered(
    _ schema: ParsedSchema, in versions: [RegistryState.Version], subject: String
  ) -> Registration? {
    let context = QualifiedSubject(subject).context
    let live = versions.filter { !$0.isDeleted }
    if let same = live.last(where: { state.contexts[context]?.schemas[$0.id]?.identity == schema.identity }) {
      return state.registration(same, of: subject)
    }
    guard schema.content.references.isEmpty else { return nil }
    for version in live.reversed() {
      let content = state.contexts[context]?.schemas[version.id]?.content
      guard let content, !content.references.isEmpty, content.metadata == schema.content.metadata,
        content.ruleSet == schema.content.ruleSet,
        let parsed = try? state.parsed(id: version.id, context: context), parsed.resolvedText == schema.resolvedText
      else { continue }
      return state.registration(version, of: subject)
    }
    return nil
  }

  private func checkRoom(
    _ schema: ParsedSchema, subject: String, versions: [RegistryState.Version]
  ) throws(RegistryFailure) {
    guard !versions.isEmpty || state.subjects.count < limits.maxSubjects else {
      throw .notPermitted(
        "The registry has \(state.subjects.count) subjects, its limit; delete some or raise the limit.")
    }
    guard versions.count < limits.maxVersionsPerSubject else {
      throw .notPermitted("Subject '\(subject)' has \(limits.maxVersionsPerSubject) versions, the limit.")
    }
    guard
      state.contexts[QualifiedSubject(subject).context]?.ids[schema.identity] != nil
        || counts().schemas < limits.maxSchemas
    else { throw .notPermitted("The registry has \(limits.maxSchemas) schemas, its limit.") }
  }

  private func number(
    for asked: Int32?, after versions: [RegistryState.Version], mode: RegistryMode, subject: String
  ) throws(RegistryFailure) -> Int32 {
    let last = versions.last?.number ?? 0
    guard let asked else {
      guard last < .max else { throw .notPermitted("Subject '\(subject)' has used up its versions.") }
      return last + 1
    }
    if mode == .importing {
      guard !versions.contains(where: { $0.number == asked }) else {
        throw .notPermitted("Subject '\(subject)' has a version \(asked) already.")
      }
    } else if asked != last + 1 {
      throw .invalidSchema("version \(asked) is not the next one of subject '\(subject)', which is \(last + 1)")
    }
    return asked
  }

  /// Looks under `subject` by text, then by canonical form, newest first.
  func lookUp(_ schema: ParsedSchema, subject: String, deleted: Bool = false) throws(RegistryFailure) -> Registration {
    let visible = state.versions(of: subject).filter { deleted || !$0.isDeleted }
    guard !visible.isEmpty else { throw .subjectNotFound(subject) }
    let context = QualifiedSubject(subject).context
    if let same = visible.last(where: { state.contexts[context]?.schemas[$0.id]?.identity == schema.identity }) {
      return state.registration(same, of: subject)
    }
    for version in visible.reversed() {
      let parsed = try? state.parsed(id: version.id, context: context)
      if parsed?.canonicalForm == schema.canonicalForm { return state.registration(version, of: subject) }
    }
    throw .schemaNotFound(subject: subject)
  }
}
