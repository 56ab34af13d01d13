import AvroSchema
import KafkaRuntime
import SchemaRegistry
import TopologyModel

/// A cluster and its registry as definitions.
public struct SynchronizerDump: Sendable, Hashable {
  /// One file of the definitions language.
  public let yaml: String
  /// What is there and can't be said in it.
  public let notes: [String]
}

extension Synchronizer {
  /// Reads all topics but internal and unmanaged ones, the newest schema of each subject that belongs to one of them,
  /// levels and ACLs, and writes definitions of them: a plan of these definitions is empty.
  public func dump(unmanaged: [String] = []) async throws(SynchronizerError) -> SynchronizerDump {
    let left = TopologyDescription(unmanaged: unmanaged)
    return try await withAdmin { admin throws(SynchronizerError) in
      let cluster = try await retrying(settings) { () async throws(KafkaError) in try await admin.describeCluster() }
      let id = try await retrying(settings) { () async throws(KafkaError) in try await admin.clusterID() }
      let access = try await retrying(settings) { () async throws(KafkaError) in try await admin.accessRules() }
      let topics = cluster.topics.filter { !Self.isInternal(topic: $0.name) && !left.isUnmanaged($0.name) }
      let configs = try await StateReader(admin: admin, registry: registry, settings: settings)
        .configs(of: topics.map(\.name))
      var writer = DumpWriter(clusterID: id)
      writer.add(topics, configs, try await subjects(of: topics.map(\.name)))
      writer.add(access ?? [])
      return try writer.dump()
    }
  }

  private func subjects(of topics: [String]) async throws(SynchronizerError) -> [DumpedSubject] {
    guard let registry else { return [] }
    do throws(RegistryError) {
      var found: [DumpedSubject] = []
      for name in try await registry.subjects().sorted() {
        var version = try await registry.latest(subject: name)
        if version.schemaType == "AVRO", !version.references.isEmpty {
          version.schema = try await selfContained(version, registry)
        }
        found.append(DumpedSubject(version: version, level: try await registry.config(subject: name)?.rawValue))
      }
      return found
    } catch {
      throw SynchronizerError(message: "reading the registry: \(error)")
    }
  }
}

/// With what it refers to written out; as it is, and so left out, where that is not there any more.
private func selfContained(
  _ version: RegistryClient.Version, _ registry: RegistryClient
) async throws(RegistryError) -> String {
  do throws(RegistryError) {
    return try await registry.schema(id: version.id)
  } catch {
    guard case .unexpectedAnswer = error else { throw error }
    return version.schema
  }
}

/// A subject's newest version, and its own level.
struct DumpedSubject {
  var version: RegistryClient.Version
  var level: String?
}

/// Writes the definitions of a dump.
struct DumpWriter {
  private struct Value {
    var subject: DumpedSubject
    var schema: Schema
    var record: FullName
    var strategy: SubjectStrategy
  }

  private let clusterID: String
  private var topics: [TopicMetadata] = []
  private var configs: [String: [ConfigEntry]] = [:]
  private var values: [String: [Value]] = [:]
  private var rules: [AccessRule] = []
  private var notes: [String] = []

  init(clusterID: String) {
    self.clusterID = clusterID
  }

  mutating func add(_ topics: [TopicMetadata], _ configs: [String: [ConfigEntry]], _ subjects: [DumpedSubject]) {
    self.topics = topics.sorted { $0.name < $1.name }
    self.configs = configs
    // The longest name first: of topics a and a-b, the second one's subjects begin with "a-" too.
    let names = topics.map(\.name).sorted { ($1.count, $0) < ($0.count, $1) }
    for subject in subjects {
      let name = subject.version.subject
      guard subject.version.schemaType == "AVRO", let schema = try? Schema(parsing: subject.version.schema),
        case .record(let record) = schema
      else {
        notes.append("subject \(name) is left out: its newest version is no record that stands for itself")
        continue
      }
      let found = names.lazy.compactMap { topic in
        [SubjectStrategy.topicName, .topicRecordName].first {
          $0.subject(topic: topic, recordName: record.name.description) == name
        }.map { (topic, $0) }
      }.first
      guard let (topic, strategy) = found else {
        notes.append("subject \(name) is left out: its name does not tell which topic it belongs to")
        continue
      }
      values[topic, default: []].append(
        Value(subject: subject, schema: schema, record: record.name, strategy: strategy))
    }
  }

  mutating func add(_ rules: [AccessRule]) { self.rules = rules }

  mutating func dump() throws(SynchronizerError) -> SynchronizerDump {
    for topic in values.keys { keepOneStrategy(topic) }
    let records = keepWhatFits()
    var lines: [String] = ["cluster: \(quoted(clusterID))", ""]
    if topics.isEmpty {
      lines.append("topics: {}")
    } else {
      lines.append("topics:")
      for topic in topics { lines += self.lines(of: topic) }
    }
    lines += accessLines()
    let head = notes.sorted().map { "# \($0)\n" }.joined()
    return SynchronizerDump(
      yaml: "# A running cluster and its registry.\n\(head)\n\(records)\(lines.joined(separator: "\n"))\n",
      notes: notes.sorted())
  }

  /// A topic has one strategy; of two, topicRecordName may have several records.
  private mutating func keepOneStrategy(_ topic: String) {
    guard let all = values[topic], Set(all.map(\.strategy)).count > 1 else { return }
    for value in all where value.strategy == .topicName {
      notes.append(
        "subject \(value.subject.version.subject) is left out: topic \(topic) has subjects by topicRecordName too")
    }
    values[topic] = all.filter { $0.strategy == .topicRecordName }
  }

  /// The records as definitions; those that can't be said, or that mean something else than others of their name, go.
  private mutating func keepWhatFits() -> String {
    var kept: [Schema] = []
    for topic in values.keys.sorted() {
      values[topic] = values[topic]?.filter { value in
        do {
          _ = try DefinitionsText.yaml(of: kept + [value.schema])
          kept.append(value.schema)
          return true
        } catch {
          notes.append("subject \(value.subject.version.subject) is left out: \(error)")
          return false
        }
      }
    }
    guard !kept.isEmpty, let text = try? DefinitionsText.yaml(of: kept) else { return "" }
    return text + "\n"
  }

  private mutating func lines(of topic: TopicMetadata) -> [String] {
    var lines = ["  \(quoted(topic.name)):", "    partitions: \(topic.partitions)", "    replicas: \(topic.replicas)"]
    if Set(topic.replicasByPartition).count > 1 {
      notes.append("topic \(topic.name): its partitions differ in their replicas; the most are written")
    }
    let values = self.values[topic.name] ?? []
    if let first = values.first {
      lines.append("    values: [\(values.map { quoted($0.record.description) }.joined(separator: ", "))]")
      lines.append("    subjects: \(first.strategy.rawValue)")
      let levels = Set(values.map(\.subject.level))
      if let level = levels.first, levels.count == 1, let level {
        lines.append("    compatibility: \(level)")
      } else if levels.count > 1 {
        notes.append("topic \(topic.name): its subjects have different levels; none is written")
      }
    }
    let own = (configs[topic.name] ?? []).filter(\.isOwn)
    for entry in own where entry.value == nil {
      notes.append("topic \(topic.name): the broker keeps \(entry.name) secret; it is left out")
    }
    let config = own.compactMap { entry in entry.value.map { "\(quoted(entry.name)): \(quoted($0))" } }
    if !config.isEmpty { lines.append("    config: { \(config.joined(separator: ", ")) }") }
    return lines
  }

  private mutating func accessLines() -> [String] {
    var groups: [String: [String]] = [:]
    for rule in rules {
      if !rule.isPrefix, rule.name.hasSuffix("*"), rule.name != "*" {
        notes.append("acl \(rule.text) is left out: a name that ends in * means the beginning of names")
        continue
      }
      let place =
        rule.resource == .cluster
        ? "cluster: true" : "\(rule.resource.rawValue): \(quoted(rule.name + (rule.isPrefix ? "*" : "")))"
      let rest = "host: \(quoted(rule.host)), permission: \(rule.isAllowed ? "allow" : "deny")"
      groups["principal: \(quoted(rule.principal)), \(place), \(rest)", default: []].append(rule.operation.rawValue)
    }
    if groups.isEmpty { return [] }
    return ["", "acls:"]
      + groups.sorted { $0.key < $1.key }.map {
        "  - { \($0.key), operations: [\($0.value.sorted().joined(separator: ", "))] }"
      }
  }

  /// A text of JSON is one of YAML.
  private func quoted(_ text: String) -> String { Canonical.text(of: text) }
}
