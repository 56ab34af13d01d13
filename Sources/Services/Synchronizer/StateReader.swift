import AvroSchema
import JSONText
import KafkaRuntime
import SchemaRegistry
import TopologyModel

/// Reads what a plan needs.
struct StateReader {
  let admin: KafkaAdmin
  let registry: RegistryClient?
  let settings: Synchronizer.Settings

  func read(_ declared: TopologyDescription) async throws(SynchronizerError) -> ActualState {
    let names = Set(declared.topics.map(\.name))
    let cluster = try await retrying(settings) { () async throws(KafkaError) in try await admin.describeCluster() }
    let id = try await retrying(settings) { () async throws(KafkaError) in try await admin.clusterID() }
    let configs = try await configs(of: cluster.topics.map(\.name).filter(names.contains))
    let uses = try await uses(of: cluster.topics.filter { declared.mayDelete($0.name) })
    var access: [AccessRule]? = []
    if !declared.acls.isEmpty || !declared.owned.isEmpty {
      access = try await retrying(settings) { () async throws(KafkaError) in try await admin.accessRules() }
    }
    let topics = cluster.topics.map { topic in
      ActualTopic(
        name: topic.name, replicas: topic.brokersByPartition, config: configs[topic.name] ?? [], use: uses[topic.name])
    }
    return ActualState(
      clusterID: id, brokerIDs: cluster.brokerIDs, topics: topics, subjects: try await subjects(declared),
      access: access)
  }

  func configs(of topics: [String]) async throws(SynchronizerError) -> [String: [ConfigEntry]] {
    try await retrying(settings) { () async throws(KafkaError) -> [String: [ConfigEntry]] in
      var configs: [String: [ConfigEntry]] = [:]
      for (name, result) in try await admin.describeConfigs(topics: topics) { configs[name] = try result.get() }
      return configs
    }
  }

  func uses(of topics: [TopicMetadata]) async throws(SynchronizerError) -> [String: TopicUse] {
    if topics.isEmpty { return [:] }
    let (records, groups) = try await retrying(settings) {
      () async throws(KafkaError) -> ([String: Int64], [String: [String]]) in
      (try await admin.recordCounts(topics), try await admin.activeGroups())
    }
    // A topic that nobody has counted is not an empty one.
    return records.reduce(into: [:]) { $0[$1.key] = TopicUse(records: $1.value, groups: groups[$1.key] ?? []) }
  }

  // MARK: Registry

  private func subjects(_ declared: TopologyDescription) async throws(SynchronizerError) -> [ActualSubject] {
    let schemas = Dictionary(grouping: declared.schemas, by: \.subject)
    guard let registry else {
      if schemas.isEmpty { return [] }
      throw SynchronizerError(message: "topics have schemas, and no schema registry is named; set SCHEMA_REGISTRY_URL")
    }
    let levels = declared.levels.compactMapValues(\.first)
    let names = Set(try await asking("subjects") { () async throws(RegistryError) in try await registry.subjects() })
    var found = names.subtracting(schemas.keys).map { ActualSubject(name: $0) }
    for (name, schemas) in schemas {
      let subject = try await asking(name) { () async throws(RegistryError) in
        try await self.subject(name, schemas, isThere: names.contains(name), level: levels[name], registry)
      }
      if let subject { found.append(subject) }
    }
    return found.sorted { $0.name < $1.name }
  }

  private func subject(
    _ name: String, _ schemas: [DeclaredSchema], isThere: Bool, level: String?, _ registry: RegistryClient
  ) async throws(RegistryError) -> ActualSubject? {
    let own = try await registry.config(subject: name)
    let effective = try await registry.config(subject: name, defaultToGlobal: true)
    var subject = ActualSubject(
      name: name, hasVersions: isThere, level: own?.rawValue, effectiveLevel: effective?.rawValue)
    for schema in schemas {
      if isThere, try await isRegistered(schema, registry) {
        subject.registered.append(schema.text)
        continue
      }
      let messages = try await refusal(of: schema, isThere: isThere, level: level, effective: effective, registry)
      if !messages.isEmpty { subject.refusals[schema.text] = messages }
    }
    let lacksSchema = subject.registered.count < schemas.count
    if lacksSchema || level != nil && level != own?.rawValue, let mode = try await registry.mode(subject: name),
      mode != "READWRITE", lacksSchema || mode != "IMPORT"
    {
      subject.mode = mode
    }
    return isThere || own != nil || subject.mode != nil || !subject.refusals.isEmpty ? subject : nil
  }

  /// Whether a version says all that the schema says. One that a registry finds may only write the same bytes: without a
  /// default, say, that has been added since.
  private func isRegistered(_ schema: DeclaredSchema, _ registry: RegistryClient) async throws(RegistryError) -> Bool {
    let found: RegistryClient.Version
    do throws(RegistryError) {
      found = try await registry.version(of: schema.text, subject: schema.subject)
    } catch {
      switch error {
      case .subjectNotFound, .schemaNotRegistered: return false
      default: throw error
      }
    }
    if found.schema == schema.text { return true }
    let text = try await text(of: found, registry)
    // What can't be read here is what the registry takes it for.
    guard let registered = try? Schema(parsing: text), let declared = try? Schema(parsing: schema.text)
    else { return true }
    return registered.statement == declared.statement
  }

  /// With what it refers to written out.
  private func text(
    of version: RegistryClient.Version, _ registry: RegistryClient
  ) async throws(RegistryError) -> String {
    version.references.isEmpty ? version.schema : try await registry.schema(id: version.id)
  }

  /// Why the schema can't be the next version. The registry is asked, unless it will have another level by then.
  private func refusal(
    of schema: DeclaredSchema, isThere: Bool, level: String?, effective: CompatibilityMode?, _ registry: RegistryClient
  ) async throws(RegistryError) -> [String] {
    if isThere, let level = level.flatMap(CompatibilityMode.init(rawValue:)), level != effective {
      return try await findings(schema, level, registry)
    }
    do throws(RegistryError) {
      let answer = try await registry.compatibility(subject: schema.subject, schema: schema.text)
      if answer.isCompatible { return [] }
      return answer.messages.isEmpty ? ["the registry says so"] : answer.messages
    } catch {
      switch error {
      case .subjectNotFound: return []
      case .invalidSchema(_, let reason): return [reason]
      default: throw error
      }
    }
  }

  private func findings(
    _ schema: DeclaredSchema, _ level: CompatibilityMode, _ registry: RegistryClient
  ) async throws(RegistryError) -> [String] {
    // What is no schema is a problem of the definitions; what the registry has and isn't Avro can't be compared.
    guard let candidate = try? Schema(parsing: schema.text) else { return [] }
    var versions: [Schema] = []
    let numbers = try await registry.versions(subject: schema.subject)
    for number in level.isTransitive ? numbers : numbers.suffix(1) {
      let version = try await registry.version(number, subject: schema.subject)
      let text = try await text(of: version, registry)
      guard version.schemaType == "AVRO", let parsed = try? Schema(parsing: text) else {
        return ["version \(number) is no Avro schema that can be read here, so \(level.rawValue) can't be checked"]
      }
      versions.append(parsed)
    }
    return level.findings(for: candidate, against: versions).map { "\(level.rawValue): \($0)" }
  }

  private func asking<R: Sendable>(
    _ what: String, _ body: () async throws(RegistryError) -> R
  ) async throws(SynchronizerError) -> R {
    do {
      return try await body()
    } catch {
      throw SynchronizerError(message: "reading \(what) of the registry: \(error)")
    }
  }
}

extension Schema {
  /// All that it says, docs, defaults and logical types too, in one layout: attributes that Avro does not know, and how
  /// a number is written, say nothing.
  fileprivate var statement: JSONValue { json().withPlainNumbers }
}

extension JSONValue {
  /// With `1.0` as `1`.
  fileprivate var withPlainNumbers: JSONValue {
    switch self {
    case .double(let number): Int64(exactly: number).map { .integer($0) } ?? self
    case .array(let items): .array(items.map(\.withPlainNumbers))
    case .object(let members): .object(members.map { Member($0.name, $0.value.withPlainNumbers) })
    default: self
    }
  }
}
