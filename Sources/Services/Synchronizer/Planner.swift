import AvroSchema
import KafkaRuntime
public import TopologyModel

extension Synchronizer {
  /// Whether a topic belongs to the brokers or the registry, so that it is never deleted whatever is declared.
  public static func isInternal(topic: String) -> Bool {
    topic.hasPrefix("__") || topic == "_schemas" || topic.hasPrefix("_confluent")
  }

  /// Compares what is declared with what is there. No I/O; equal input gives an equal plan, sorted, whatever the order
  /// of its parts.
  public static func plan(
    declared: TopologyDescription, actual: ActualState, options: PlanOptions = PlanOptions()
  ) -> SynchronizerPlan {
    var planner = Planner(declared, actual, options)
    return planner.plan()
  }
}

/// Makes one plan.
struct Planner {
  let declared: TopologyDescription
  let actual: ActualState
  let options: PlanOptions
  let topics: [String: ActualTopic]
  let subjects: [String: ActualSubject]
  var changes: [PlannedChange] = []
  var refusals: [PlannedRefusal] = []
  var notes: [String] = []
  /// Hash of each thing that was looked at.
  var seen: [String: String] = [:]

  init(_ declared: TopologyDescription, _ actual: ActualState, _ options: PlanOptions) {
    self.declared = declared.inOrder
    self.actual = actual
    self.options = options
    topics = Dictionary(actual.topics.map { ($0.name, $0) }) { first, _ in first }
    subjects = Dictionary(actual.subjects.map { ($0.name, $0) }) { first, _ in first }
  }

  mutating func plan() -> SynchronizerPlan {
    let problems = DefinitionProblems(declared, actual).all
    if problems.isEmpty {
      planTopics()
      planSubjects()
      planAccess()
      planDeletions()
      noteWhatIsLeft()
    }
    let order = Dictionary(uniqueKeysWithValues: PlannedChange.Action.allCases.enumerated().map { ($1, $0) })
    // A stable sort: within one action the order is that of the planning.
    let sorted = changes.enumerated().sorted {
      (order[$0.element.action] ?? 0, $0.offset) < (order[$1.element.action] ?? 0, $1.offset)
    }
    return SynchronizerPlan(
      clusterID: actual.clusterID, brokerIDs: actual.brokerIDs.sorted(), options: options,
      declared: Canonical.hash(of: declared),
      seen: Canonical.hash(of: [seen, ["cluster": "\(actual.clusterID) \(actual.brokerIDs.sorted())"]]),
      changes: sorted.map(\.element), refusals: refusals, problems: problems, notes: notes)
  }

  /// Remembers what was seen of a target, and gives its hash.
  mutating func look(at target: String, _ value: some Encodable) -> String {
    let hash = Canonical.hash(of: value)
    seen[target] = hash
    return hash
  }

  mutating func refuse(_ target: String, _ reason: String, reassignment: String? = nil, seen: String) {
    refusals.append(PlannedRefusal(target: target, reason: reason, reassignment: reassignment, seen: seen))
  }
}

// MARK: Topics

extension Planner {
  fileprivate mutating func planTopics() {
    var capped: [Int: [String]] = [:]
    let alike = Dictionary(grouping: Set(topics.keys).union(declared.topics.map(\.name)), by: Self.plain)
    for topic in declared.topics {
      let replicas = min(topic.replicas, actual.brokerIDs.count)
      let config = topic.plainConfig
      guard let found = topics[topic.name] else {
        let others = (alike[Self.plain(topic.name)] ?? []).filter { $0 != topic.name }.sorted()
        let seen = look(at: "topic \(topic.name)", others)
        guard others.isEmpty else {
          refuse(
            "topic \(topic.name)",
            "Kafka takes it and \(others.joined(separator: ", ")) for one name, since its metrics write a dot as an "
              + "underscore: choose another", seen: seen)
          continue
        }
        if replicas < topic.replicas { capped[topic.replicas, default: []].append(topic.name) }
        changes.append(
          PlannedChange(
            action: .createTopic, target: topic.name, before: nil,
            after: PlannedState(partitions: topic.partitions, replicas: replicas, config: config), settings: nil,
            reason: "declared, not there", warnings: insyncWarnings(config, replicas: replicas), seen: seen))
        continue
      }
      // The order in which brokers hold a partition changes with its leader.
      var settled = found
      settled.replicas = found.replicas.map { $0.sorted() }
      settled.use = nil
      let seen = look(at: "topic \(topic.name)", settled)
      planPartitions(topic, config, found, seen)
      planReplicas(topic, replicas, found, seen)
      planConfig(topic, config, found, replicas, seen)
    }
    let brokers = actual.brokerIDs.count
    notes += capped.sorted { $0.key < $1.key }.map { declared, names in
      "\(count(declared, "replica")) declared, the cluster has \(count(brokers, "broker")): "
        + "\(brokers) used for \(names.joined(separator: ", "))"
    }
  }

  /// The same for names that Kafka takes for one.
  private static func plain(_ name: String) -> String { name.replacing(".", with: "_") }

  private mutating func planPartitions(
    _ topic: TopicDescription, _ config: [String: String], _ found: ActualTopic, _ seen: String
  ) {
    let current = found.replicas.count
    if topic.partitions < current {
      refuse(
        "topic \(topic.name)",
        "partitions \(current) → \(topic.partitions): Kafka can't take partitions away; declare \(current), or make a "
          + "new topic and move the records", seen: seen)
    }
    guard topic.partitions > current else { return }
    var warnings: [String] = []
    if topic.key != .none {
      warnings.append("it is keyed by \(topic.key): keys move to other partitions, where they lose their order")
    }
    let policy =
      config["cleanup.policy"] ?? found.config.first { $0.name == "cleanup.policy" }?.value ?? ""
    if items(policy).contains("compact") {
      warnings.append("it is compacted: older records of a key stay for ever in the partition where they are")
    }
    changes.append(
      PlannedChange(
        action: .addPartitions, target: topic.name, before: PlannedState(partitions: current),
        after: PlannedState(partitions: topic.partitions), settings: nil, reason: "declared \(topic.partitions)",
        warnings: warnings, seen: seen))
  }

  private mutating func planReplicas(
    _ topic: TopicDescription, _ replicas: Int, _ found: ActualTopic, _ seen: String
  ) {
    let counts = Set(found.replicas.map(\.count)).sorted()
    // What is declared is right also while brokers are away.
    if counts.isEmpty || counts == [replicas] || counts == [topic.replicas] { return }
    if counts.count > 1 {
      let text = counts.map(String.init).joined(separator: " or ")
      notes.append(
        "topic \(topic.name) has partitions with \(text) replicas, declared \(replicas): a reassignment is under way, or "
          + "was left half done")
      return
    }
    refuse(
      "topic \(topic.name)",
      "replicas \(counts[0]) → \(replicas): that moves data between brokers; run kafka-reassign-partitions with",
      reassignment: Reassignment(of: found, to: replicas, brokers: actual.brokerIDs.sorted()).json, seen: seen)
  }

  private mutating func planConfig(
    _ topic: TopicDescription, _ config: [String: String], _ found: ActualTopic, _ replicas: Int, _ seen: String
  ) {
    // A broker that tells no settings at all can't be compared with.
    guard !found.config.isEmpty else { return }
    let entries = Dictionary(found.config.map { ($0.name, $0) }) { first, _ in first }
    let own = found.config.filter { $0.isOwn }
    var settings: [PlannedSetting] = []
    for (name, value) in config {
      let entry = entries[name]
      // A value that the broker keeps secret can't be compared either.
      if let entry, entry.value.map({ meansTheSame($0, value, setting: name) }) ?? true { continue }
      settings.append(
        PlannedSetting(
          name: name, before: entry?.value, source: entry?.plannedSource ?? .unknown, after: value, isReset: false))
    }
    // What was set once and is no longer declared. A broker that calls its own defaults the topic's is no difference.
    for entry in own where config[entry.name] == nil {
      if let value = entry.value, let inherited = entry.inherited,
        meansTheSame(value, inherited, setting: entry.name)
      {
        continue
      }
      settings.append(
        PlannedSetting(
          name: entry.name, before: entry.value, source: .topic, after: entry.inherited, isReset: true))
    }
    guard !settings.isEmpty else { return }
    let resets = settings.filter(\.isReset).count
    changes.append(
      PlannedChange(
        action: .alterConfig, target: topic.name,
        before: PlannedState(config: own.reduce(into: [:]) { $0[$1.name] = $1.value }),
        after: PlannedState(config: config), settings: settings.sorted { $0.name < $1.name },
        reason: resets == 0 ? "declared" : resets == settings.count ? "no longer declared" : "as declared",
        warnings: settings.contains { $0.name == "min.insync.replicas" }
          ? insyncWarnings(config, replicas: replicas) : [], seen: seen))
  }

  private func insyncWarnings(_ config: [String: String], replicas: Int) -> [String] {
    guard let insync = config["min.insync.replicas"].flatMap({ Int($0) }), insync > replicas else { return [] }
    return ["min.insync.replicas is \(insync) with \(count(replicas, "replica")): nothing can be written with acks=all"]
  }
}

extension TopicDescription {
  /// The settings as a broker takes them.
  var plainConfig: [String: String] {
    config.reduce(into: [:]) { $0[$1.key] = plainValue(of: $1.value, setting: $1.key) }
  }
}

extension ConfigEntry {
  /// Whether the topic has the value of its own.
  var isOwn: Bool { source == .topic && !isDefault && !isReadOnly }

  var plannedSource: PlannedSetting.Source {
    switch source {
    case .topic: .topic
    case .dynamicBroker, .dynamicDefaultBroker, .staticBroker: .broker
    case .brokerDefault: .brokerDefault
    case .unknown: isDefault ? .brokerDefault : .unknown
    }
  }
}

extension TopologyDescription {
  /// The same with nothing depending on the order in which files list things.
  var inOrder: TopologyDescription {
    var copy = self
    copy.topics.sort { $0.name < $1.name }
    for index in copy.topics.indices {
      copy.topics[index].subjects.sort { ($0.subject, $0.recordName) < ($1.subject, $1.recordName) }
    }
    copy.unmanaged.sort()
    copy.owned.sort()
    copy.acls.sort { Canonical.text(of: $0) < Canonical.text(of: $1) }
    // These say nothing about a cluster.
    copy.services = []
    copy.databases = []
    copy.clients = [:]
    return copy
  }
}
