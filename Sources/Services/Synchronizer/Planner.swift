public import KafkaRuntime
public import TopologyModel

/// What a cluster and a registry have, as far as a plan needs it.
public struct ActualState: Sendable, Hashable {
  public var brokerCount: Int
  public var topics: [ActualTopic]
  /// The declared schemas that the registry has already.
  public var registered: Set<SubjectSchema>

  public init(brokerCount: Int, topics: [ActualTopic] = [], registered: Set<SubjectSchema> = []) {
    self.brokerCount = brokerCount
    self.topics = topics
    self.registered = registered
  }
}

public struct ActualTopic: Sendable, Hashable {
  public var name: String
  /// The number of replicas of each partition.
  public var replicasByPartition: [Int]
  /// All settings, those of the broker's defaults too.
  public var config: [ConfigEntry]

  public init(name: String, replicasByPartition: [Int], config: [ConfigEntry] = []) {
    self.name = name
    self.replicasByPartition = replicasByPartition
    self.config = config
  }
}

/// A schema under a subject.
public struct SubjectSchema: Sendable, Hashable {
  public var subject: String
  public var text: String

  public init(subject: String, text: String) {
    self.subject = subject
    self.text = text
  }
}

extension Synchronizer {
  /// Whether a topic belongs to the brokers or the registry, so that it is never deleted whatever is declared.
  public static func isInternal(topic: String) -> Bool {
    topic.hasPrefix("__") || topic == "_schemas" || topic.hasPrefix("_confluent")
  }

  /// Compares what is declared with what is there. No I/O; equal input gives an equal plan, sorted.
  ///
  /// - Parameter deletes: whether topics that are not declared are deleted. Internal and unmanaged ones never are.
  public static func plan(declared: TopologyDescription, actual: ActualState, deletes: Bool = false) -> SynchronizerPlan
  {
    let problems = definitionProblems(declared, brokerCount: actual.brokerCount)
    guard problems.isEmpty else {
      return SynchronizerPlan(actions: [], differences: [], notes: [], problems: problems)
    }
    let existing = Dictionary(actual.topics.map { ($0.name, $0) }) { first, _ in first }
    var creations: [SynchronizerAction] = []
    var differences: [SynchronizerDifference] = []
    var notes: [SynchronizerNote] = []
    for topic in declared.topics.sorted(by: { $0.name < $1.name }) {
      let replicas = min(topic.replicas, actual.brokerCount)
      let config = topic.config.reduce(into: [:]) { $0[$1.key] = plainValue(of: $1.value, setting: $1.key) }
      if let found = existing[topic.name] {
        differences += compare(topic, config, replicas: replicas, found)
        continue
      }
      creations.append(
        .createTopic(name: topic.name, partitions: topic.partitions, replicas: replicas, config: config))
      if replicas < topic.replicas {
        notes.append(
          .cappedReplicas(topic: topic.name, declared: topic.replicas, brokers: actual.brokerCount))
      }
    }
    let undeclared = undeclaredTopics(declared, actual)
    if !deletes { notes += undeclared.map { .undeclaredTopic(name: $0) } }
    return SynchronizerPlan(
      actions: creations + registrations(declared, actual)
        + (deletes ? undeclared.map { .deleteTopic(name: $0) } : []),
      differences: differences, notes: notes, problems: [])
  }
}

/// Each declared schema once, by subject.
func declaredSchemas(_ declared: TopologyDescription) -> [SubjectDescription] {
  var seen: Set<SubjectSchema> = []
  return declared.topics.flatMap(\.subjects)
    .sorted { ($0.subject, $0.recordName) < ($1.subject, $1.recordName) }
    .filter { seen.insert(SubjectSchema(subject: $0.subject, text: $0.schemaText)).inserted }
}

private func registrations(_ declared: TopologyDescription, _ actual: ActualState) -> [SynchronizerAction] {
  declaredSchemas(declared)
    .filter { !actual.registered.contains(SubjectSchema(subject: $0.subject, text: $0.schemaText)) }
    .map { .registerSchema(subject: $0.subject, recordName: $0.recordName, schemaText: $0.schemaText) }
}

private func undeclaredTopics(_ declared: TopologyDescription, _ actual: ActualState) -> [String] {
  let names = Set(declared.topics.map(\.name))
  return actual.topics.map(\.name)
    .filter { !names.contains($0) && !Synchronizer.isInternal(topic: $0) && !declared.isUnmanaged($0) }
    .sorted()
}

/// What is wrong with the definitions themselves, whatever the cluster has.
private func definitionProblems(_ declared: TopologyDescription, brokerCount: Int) -> [String] {
  var problems: [String] = []
  var names: Set<String> = []
  var texts: [String: String] = [:]
  if brokerCount < 1 { problems.append("the cluster has no broker; wait until one has joined") }
  for topic in declared.topics {
    if !names.insert(topic.name).inserted { problems.append("topic \(topic.name) is declared twice") }
    if topic.partitions < 1 { problems.append("topic \(topic.name) needs at least one partition") }
    if topic.replicas < 1 { problems.append("topic \(topic.name) needs at least one replica") }
    if Synchronizer.isInternal(topic: topic.name) {
      problems.append("topic \(topic.name) belongs to the brokers or the registry; choose another name")
    } else if declared.isUnmanaged(topic.name) {
      problems.append("topic \(topic.name) is declared, and named under unmanaged too")
    }
  }
  for subject in declaredSchemas(declared) {
    if let text = texts[subject.subject], text != subject.schemaText {
      problems.append(
        "subject \(subject.subject) is to have several schemas; give its topics another subject strategy")
    }
    texts[subject.subject] = subject.schemaText
  }
  return Set(problems).sorted()
}

private func compare(
  _ topic: TopicDescription, _ config: [String: String], replicas: Int, _ found: ActualTopic
) -> [SynchronizerDifference] {
  var differences: [SynchronizerDifference] = []
  func add(_ kind: SynchronizerDifference.Kind, _ setting: String?, _ declared: String?, _ actual: String?) {
    differences.append(
      SynchronizerDifference(topic: topic.name, kind: kind, setting: setting, declared: declared, actual: actual))
  }
  let partitions = found.replicasByPartition.count
  if partitions != topic.partitions { add(.partitions, nil, "\(topic.partitions)", "\(partitions)") }
  let counts = Set(found.replicasByPartition).sorted()
  if !counts.isEmpty, counts != [replicas] {
    add(.replicas, nil, "\(replicas)", counts.map(String.init).joined(separator: " or "))
  }
  let entries = Dictionary(found.config.map { ($0.name, $0) }) { first, _ in first }
  // A setting that the topic has of its own and nobody declared. Broker defaults that are echoed back are none.
  let own = found.config.filter { $0.source == .topic && !$0.isDefault && !$0.isReadOnly && config[$0.name] == nil }
  for name in (Array(config.keys) + own.map(\.name)).sorted() {
    guard let declared = config[name] else {
      add(.config, name, nil, entries[name]?.value)
      continue
    }
    guard let entry = entries[name] else {
      // A broker that tells no settings at all can't be compared with.
      if !found.config.isEmpty { add(.config, name, declared, nil) }
      continue
    }
    // A value that the broker keeps secret can't be compared either.
    guard let value = entry.value, !meansTheSame(declared, value, setting: name) else { continue }
    add(.config, name, declared, value)
  }
  return differences
}
