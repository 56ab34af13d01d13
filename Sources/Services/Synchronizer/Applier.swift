import AvroSchema
import KafkaRuntime
import SchemaRegistry

/// Does what a plan says and nothing else, in its order; stops at the first failure.
struct Applier {
  private let admin: KafkaAdmin
  private let registry: RegistryClient?
  private let settings: Synchronizer.Settings
  private let progress: @Sendable (SynchronizerProgress) -> Void
  private(set) var applied: [PlannedChange] = []
  private var steps = 0

  init(
    admin: KafkaAdmin, registry: RegistryClient?, settings: Synchronizer.Settings,
    progress: @escaping @Sendable (SynchronizerProgress) -> Void
  ) {
    self.admin = admin
    self.registry = registry
    self.settings = settings
    self.progress = progress
  }

  mutating func apply(_ plan: SynchronizerPlan) async throws(SynchronizerError) {
    steps = plan.changes.count
    for change in plan.changes { try await validate(change) }
    for change in plan.changes {
      if change.action == .deleteTopic, !plan.options.deletesNonEmpty { try await checkIsEmpty(change.target) }
      progress(
        SynchronizerProgress(
          step: applied.count + 1, steps: steps, text: "\(change.action.rawValue) \(change.target)"))
      do throws(SynchronizerError) {
        try await make(change)
      } catch {
        throw SynchronizerError(message: "\(change.action.rawValue) \(change.target): \(error.message)")
      }
      applied.append(change)
    }
  }

  /// Lets the brokers look at a change of a topic without making it, so that what they refuse is known before anything
  /// is done.
  private func validate(_ change: PlannedChange) async throws(SynchronizerError) {
    do throws(SynchronizerError) {
      switch change.action {
      case .createTopic: try await createTopic(change, validatesOnly: true)
      case .addPartitions: try await addPartitions(change, validatesOnly: true)
      case .alterConfig: try await alterConfig(change, validatesOnly: true)
      default: break
      }
    } catch {
      throw SynchronizerError(
        message: "the cluster refuses to \(change.action.rawValue) \(change.target), so nothing was changed: "
          + error.message)
    }
  }

  /// Minutes may have gone by since the plan looked.
  private func checkIsEmpty(_ topic: String) async throws(SynchronizerError) {
    let reader = StateReader(admin: admin, registry: registry, settings: settings)
    let cluster = try await retrying(settings) { () async throws(KafkaError) in try await admin.describeCluster() }
    let content = try await reader.uses(of: cluster.topics.filter { $0.name == topic })[topic]?.content ?? ""
    guard content.isEmpty else {
      throw SynchronizerError(
        message:
          "topic \(topic) was empty when the plan was made, and now \(content): it was left alone, make the plan "
          + "anew")
    }
  }

  private func make(_ change: PlannedChange) async throws(SynchronizerError) {
    switch change.action {
    case .createTopic: try await createTopic(change, validatesOnly: false)
    case .addPartitions: try await addPartitions(change, validatesOnly: false)
    case .alterConfig: try await alterConfig(change, validatesOnly: false)
    case .setLevel:
      let level = try part(change.after?.level.flatMap(CompatibilityMode.init(rawValue:)))
      try await asking { registry throws(RegistryError) in try await registry.setConfig(level, subject: change.target) }
    case .registerSchema:
      let schema = try part(change.after?.schema)
      try await asking { registry throws(RegistryError) in
        _ = try await registry.register(subject: change.target, schema: schema)
      }
    case .addAccess:
      let rule = try part(change.after?.access)
      try await retrying(settings) { () async throws(KafkaError) in try await admin.createAccessRules([rule]) }
    case .removeAccess:
      let rule = try part(change.before?.access)
      try await retrying(settings) { () async throws(KafkaError) in try await admin.deleteAccessRules([rule]) }
    case .deleteTopic:
      try await retrying(settings, alreadySo: .unknownTopicOrPartition) { () async throws(KafkaError) in
        try await admin.deleteTopics([change.target])[change.target]?.get()
      }
    }
  }

  private func createTopic(_ change: PlannedChange, validatesOnly: Bool) async throws(SynchronizerError) {
    let topic = NewTopic(
      name: change.target, partitions: try part(change.after?.partitions), replicas: try part(change.after?.replicas),
      config: try part(change.after?.config))
    try await retrying(settings, alreadySo: .topicAlreadyExists) { () async throws(KafkaError) in
      try await admin.createTopics([topic], validatesOnly: validatesOnly)[topic.name]?.get()
    }
  }

  private func addPartitions(_ change: PlannedChange, validatesOnly: Bool) async throws(SynchronizerError) {
    let total = try part(change.after?.partitions)
    try await retrying(settings, alreadySo: .invalidPartitions) { () async throws(KafkaError) in
      try await admin.createPartitions(topic: change.target, total: total, validatesOnly: validatesOnly)
    }
  }

  private func alterConfig(_ change: PlannedChange, validatesOnly: Bool) async throws(SynchronizerError) {
    let config = try part(change.after?.config)
    try await retrying(settings) { () async throws(KafkaError) in
      try await admin.alterConfigs(topic: change.target, config, validatesOnly: validatesOnly)
    }
  }

  /// The registry's client tries again by itself.
  private func asking(
    _ body: (RegistryClient) async throws(RegistryError) -> Void
  ) async throws(SynchronizerError) {
    guard let registry else {
      throw SynchronizerError(message: "no schema registry is named; set SCHEMA_REGISTRY_URL")
    }
    do {
      try await body(registry)
    } catch {
      throw SynchronizerError(message: "\(error)")
    }
  }

  /// A plan of this program is whole; one from a file may have been edited.
  private func part<Value>(_ value: Value?) throws(SynchronizerError) -> Value {
    guard let value else { throw SynchronizerError(message: "the plan is not whole; make it anew") }
    return value
  }
}
