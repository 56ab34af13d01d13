import AvroSchema
import TopologyModel

/// Makes the ``Model`` of a ``Draft`` and reports everything that is wrong between its parts.
struct ModelBuilder {
  private let draft: Draft
  private let diagnostics: Diagnostics
  private let isComplete: Bool
  let resolver: TypeResolver
  /// The definition of each type whose parts are all known; defaults are placeholders until they are checked.
  private var definitions: [FullName: Schema] = [:]

  /// `isComplete`: every file could be read. Otherwise no name is reported as unknown.
  init(draft: Draft, diagnostics: Diagnostics, isComplete: Bool) {
    self.draft = draft
    self.diagnostics = diagnostics
    self.isComplete = isComplete
    resolver = TypeResolver(draft: draft, diagnostics: diagnostics, isComplete: isComplete)
  }

  /// The model; it is whole only when `diagnostics` stays empty.
  mutating func build(files: [DefinitionFile]) -> Model {
    resolver.checkSharedTypes()
    var model = Model()
    model.files = files
    let types = resolveTypes()
    model.types = types.filter { draft.moduleByFile[$0.file] == nil }
    model.modules = foreignModules(types)
    model.clients = draft.clients
    model.topics = draft.topics.map { resolveTopic($0) }
    model.unmanaged = draft.unmanaged.map(\.text)
    checkPatterns(draft.unmanaged, "unmanaged")
    for pattern in draft.unmanaged { checkNoTopic(isIn: pattern) }
    model.owned = draft.owned.map(\.text)
    checkPatterns(draft.owned, "owned")
    for pattern in draft.owned where pattern.text == "*" {
      diagnostics.error(pattern.location, "owned can't be *: other topics of the cluster belong to others")
    }
    model.cluster = draft.cluster
    model.policies = draft.policies
    model.acls = draft.acls
    model.services = draft.services.map { checkService($0) }
    model.databases = draft.databases
    return model
  }

  // MARK: Types

  private mutating func resolveTypes() -> [TypeDefinition] {
    var types: [(definition: TypeDefinition, location: Location)] = []
    var fieldDrafts: [FullName: [FieldDraft]] = [:]
    for declaration in draft.declarations {
      guard let schema = schema(of: declaration, &fieldDrafts) else { continue }
      definitions[declaration.name] = schema
      types.append(
        (
          TypeDefinition(
            schema: schema, file: declaration.file, isPlain: declaration.isPlain, isUUID: declaration.isUUID,
            isTopLevel: declaration.isTopLevel,
            compatibility: declaration.compatibility ?? draft.compatibilities[declaration.file]),
          declaration.location
        ))
    }
    let values = DefaultValues(definitions: definitions)
    for index in types.indices {
      guard case .record(var record) = types[index].definition.schema else { continue }
      for (position, field) in (fieldDrafts[record.name] ?? []).enumerated() {
        guard let node = field.defaultNode else { continue }
        do throws(Problem) {
          record.fields[position].defaultValue = try values.check(
            node, for: record.fields[position].type, isJSON: field.isAvro)
        } catch {
          diagnostics.add(error)
        }
      }
      types[index].definition.schema = .record(record)
      definitions[record.name] = .record(record)
    }
    checkNesting(types)
    return types.sorted { $0.location < $1.location }.map(\.definition)
  }

  private func foreignModules(_ types: [TypeDefinition]) -> [ForeignModule] {
    let byModule = Dictionary(grouping: types) { draft.moduleByFile[$0.file] }
    return byModule.compactMap { module, types in module.map { ForeignModule(name: $0, types: types) } }
      .sorted { $0.name < $1.name }
  }

  private func checkNesting(_ types: [(definition: TypeDefinition, location: Location)]) {
    let records = types.compactMap { type -> (schema: RecordSchema, location: Location)? in
      guard case .record(let record) = type.definition.schema else { return nil }
      return (record, type.location)
    }
    RecordNesting(records: records, diagnostics: diagnostics).check()
  }

  /// Nil when a part of it is wrong. `fieldDrafts` gets the fields in the order of the schema's.
  private func schema(of declaration: TypeDeclaration, _ fieldDrafts: inout [FullName: [FieldDraft]]) -> Schema? {
    switch declaration.body {
    case .invalid: return nil
    case .enumeration(let symbols, let defaultSymbol):
      return .enumeration(
        EnumSchema(
          name: declaration.name, doc: declaration.doc, aliases: declaration.aliases, symbols: symbols,
          defaultSymbol: defaultSymbol))
    case .fixed(let size, let logical):
      return .fixed(
        FixedSchema(
          name: declaration.name, doc: declaration.doc, aliases: declaration.aliases, size: size,
          logicalType: logical))
    case .record(let drafts):
      var fields: [RecordSchema.Field] = []
      for draft in drafts {
        guard let type = type(of: draft) else { continue }
        fields.append(
          RecordSchema.Field(
            name: draft.name.text, doc: draft.doc, type: type,
            defaultValue: draft.defaultNode == nil ? nil : .null, order: draft.order, aliases: draft.aliases))
      }
      guard fields.count == drafts.count else { return nil }
      fieldDrafts[declaration.name] = drafts
      return .record(
        RecordSchema(
          name: declaration.name, doc: declaration.doc, aliases: declaration.aliases, fields: fields))
    }
  }

  /// `T?` puts null first, unless the default is a value of T: readers of before 1.12 look at the first branch only.
  private func type(of field: FieldDraft) -> Schema? {
    let schema = resolver.schema(of: field.type)
    guard case .optional = field.type.kind, let node = field.defaultNode, !node.isNull,
      case .union(let branches)? = schema
    else { return schema }
    return .union(Array(branches.reversed()))
  }

  // MARK: Topics

  private func resolveTopic(_ topic: TopicDraft) -> TopicDefinition {
    var definition = topic.definition
    definition.compatibility = definition.compatibility ?? draft.compatibilities[definition.file]
    var records: [RecordSchema] = []
    for value in topic.values {
      if Schema.Primitive(rawValue: value.text) != nil {
        diagnostics.error(value.location, "a topic takes records; \(value.text) is a primitive type")
        continue
      }
      guard let index = resolver.declaration(value.text, value.location, nil) else { continue }
      let declaration = draft.declarations[index]
      guard case .record = declaration.body else {
        if case .invalid = declaration.body { continue }
        diagnostics.error(value.location, "a topic takes records; \(quoted(value.text)) is none")
        continue
      }
      definition.values.append(declaration.name)
      if case .record(let record)? = definitions[declaration.name] { records.append(record) }
    }
    if Set(definition.values).count < definition.values.count {
      diagnostics.error(topic.location, "topic \(definition.name) names a record twice")
    }
    if case .field(let name) = definition.key { checkKey(name, records, topic) }
    checkPolicies(topic)
    return definition
  }

  private func checkPolicies(_ topic: TopicDraft) {
    let definition = topic.definition
    let violations = draft.policies.violations(
      name: definition.name, partitions: definition.partitions, replicas: definition.replicas,
      config: definition.config)
    for violation in violations {
      diagnostics.error(
        topic.partLocations[violation.place] ?? topic.location, "topic \(definition.name): \(violation.message)")
    }
  }

  private func checkKey(_ name: String, _ records: [RecordSchema], _ topic: TopicDraft) {
    var first: Schema?
    for record in records {
      guard let field = record.fields.first(where: { $0.name == name }) else {
        let hint = diagnostics.hint(name, among: record.fields.map(\.name))
        diagnostics.error(topic.keyLocation, "key field \(quoted(name)) is not in \(record.name)\(hint)")
        continue
      }
      guard canBeKey(field.type) else {
        diagnostics.error(
          topic.keyLocation,
          "field \(quoted(name)) of \(record.name) cannot be a key: "
            + "that takes string, int, long, an enum or a uuid")
        continue
      }
      if let first, first != field.type {
        diagnostics.error(topic.keyLocation, "key field \(quoted(name)) has another type in \(record.name)")
      }
      first = first ?? field.type
    }
  }

  private func canBeKey(_ schema: Schema) -> Bool {
    switch schema {
    case .primitive(.string, _), .primitive(.int, nil), .primitive(.long, nil): return true
    case .reference(let name):
      switch definitions[name] {
      case .enumeration: return true
      case .fixed(let fixed):
        return fixed.logicalType == .uuid || draft.declarationByName[name].map { draft.declarations[$0].isUUID } == true
      // An unknown definition is reported where it stands.
      case nil: return true
      default: return false
      }
    default: return false
    }
  }

  private func checkPatterns(_ patterns: [LocatedText], _ section: String) {
    var seen: Set<String> = []
    for pattern in patterns {
      let isPrefix = pattern.text.hasSuffix("*")
      let name = isPrefix ? String(pattern.text.dropLast()) : pattern.text
      guard isPrefix && name.isEmpty || Names.isTopicName(name) else {
        diagnostics.error(pattern.location, "\(quoted(pattern.text)) is neither a topic name nor one with * at its end")
        continue
      }
      if !seen.insert(pattern.text).inserted {
        diagnostics.error(pattern.location, "duplicate \(quoted(pattern.text)) in \(section)")
      }
    }
  }

  private func checkNoTopic(isIn pattern: LocatedText) {
    let names = draft.topics.map(\.definition.name)
    let match = names.first { name in
      pattern.text.hasSuffix("*") ? name.hasPrefix(pattern.text.dropLast()) : name == pattern.text
    }
    guard let match else { return }
    diagnostics.error(pattern.location, "topic \(quoted(match)) is in topics and unmanaged")
  }

  // MARK: Services

  private func checkService(_ service: ServiceDraft) -> ServiceDefinition {
    guard isComplete else { return service.definition }
    let topics = Set(draft.topics.map(\.definition.name))
    for topic in service.topics where !topics.contains(topic.text) {
      let hint = diagnostics.hint(topic.text, among: topics.sorted())
      diagnostics.error(topic.location, "unknown topic \(quoted(topic.text))\(hint)")
    }
    let databases = draft.databases.map(\.name)
    for database in service.databases where !databases.contains(database.text) {
      let hint = diagnostics.hint(database.text, among: databases)
      diagnostics.error(database.location, "unknown database \(quoted(database.text))\(hint)")
    }
    return service.definition
  }
}
