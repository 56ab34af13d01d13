public import KafkaRuntime
public import SchemaRegistry
public import TopologyModel

/// Brings a cluster and a schema registry to what is declared, as far as that can be done without losing anything.
///
/// ```swift
/// let outcome = await Synchronizer(kafka: kafka, registry: registry).run(Topology.description) { print($0) }
/// exit(outcome.exitStatus)
/// ```
public struct Synchronizer: Sendable {
  public struct Settings: Sendable {
    /// Whether topics that are not declared are deleted.
    public var deletes = false
    /// How often one request is made at most while the errors are transient.
    public var maxAttempts = 8
    /// The pause before attempt n is random, up to this times 2^(n-1).
    public var firstPauseMillis = 200
    public var maxPauseMillis = 5_000
    /// Of one request to the cluster.
    public var requestTimeoutMillis = 15_000

    public init() {}
  }

  let kafka: KafkaConfiguration
  let registry: RegistryClient?
  let settings: Settings

  /// - Parameter registry: may be left out where no topic has a schema.
  public init(kafka: KafkaConfiguration, registry: RegistryClient?, settings: Settings = Settings()) {
    self.kafka = kafka
    self.registry = registry
    self.settings = settings
  }

  /// Plans, applies the plan, and looks again. Nothing is done when the definitions have problems or something can't
  /// be read; interrupted anywhere, the next run finishes.
  ///
  /// - Parameter write: takes each line of text, for people.
  public func run(
    _ declared: TopologyDescription, write: @Sendable (String) -> Void = { _ in }
  ) async -> SynchronizerOutcome {
    do {
      let admin = try connect()
      let outcome = await run(declared, admin, write)
      await admin.close()
      return outcome
    } catch {
      write("failed: \(error)")
      return SynchronizerOutcome(plan: nil, applied: [], failure: error.message, differences: [])
    }
  }

  private func run(
    _ declared: TopologyDescription, _ admin: KafkaAdmin, _ write: @Sendable (String) -> Void
  ) async -> SynchronizerOutcome {
    var applied: [SynchronizerAction] = []
    var first: SynchronizerPlan?
    do throws(SynchronizerError) {
      let plan = Self.plan(declared: declared, actual: try await read(declared, admin), deletes: settings.deletes)
      first = plan
      for line in plan.lines { write(line) }
      guard plan.problems.isEmpty, !plan.isEmpty else {
        return SynchronizerOutcome(plan: plan, applied: [], failure: nil, differences: plan.differences)
      }
      try await apply(plan, admin) { applied.append($0) }
      let differences = try await verify(declared, admin)
      for difference in differences where !plan.differences.contains(difference) { write(difference.line) }
      write("done: \(summary(applied))")
      return SynchronizerOutcome(plan: plan, applied: applied, failure: nil, differences: differences)
    } catch {
      if !applied.isEmpty { write("done before the failure: \(summary(applied))") }
      write("failed: \(error)")
      return SynchronizerOutcome(
        plan: first, applied: applied, failure: error.message, differences: first?.differences ?? [])
    }
  }

  /// Reads what `plan` needs. Throws when the cluster or the registry can't be read.
  public func read(_ declared: TopologyDescription) async throws(SynchronizerError) -> ActualState {
    let admin = try connect()
    do throws(SynchronizerError) {
      let state = try await read(declared, admin)
      await admin.close()
      return state
    } catch {
      await admin.close()
      throw error
    }
  }

  private func connect() throws(SynchronizerError) -> KafkaAdmin {
    do {
      return try KafkaAdmin(kafka, requestTimeoutMillis: settings.requestTimeoutMillis)
    } catch {
      throw SynchronizerError(message: "\(error)")
    }
  }

  private func read(
    _ declared: TopologyDescription, _ admin: KafkaAdmin
  ) async throws(SynchronizerError) -> ActualState {
    let names = Set(declared.topics.map(\.name))
    let (cluster, configs) = try await retrying {
      () async throws(KafkaError) -> (ClusterMetadata, [String: [ConfigEntry]]) in
      let cluster = try await admin.describeCluster()
      let described = try await admin.describeConfigs(topics: cluster.topics.map(\.name).filter(names.contains))
      var configs: [String: [ConfigEntry]] = [:]
      for (name, result) in described { configs[name] = try result.get() }
      return (cluster, configs)
    }
    return ActualState(
      brokerCount: cluster.brokerIDs.count,
      topics: cluster.topics.map { topic in
        ActualTopic(
          name: topic.name, replicasByPartition: topic.replicasByPartition, config: configs[topic.name] ?? [])
      }, registered: try await registered(declaredSchemas(declared)))
  }

  private func registered(_ schemas: [SubjectDescription]) async throws(SynchronizerError) -> Set<SubjectSchema> {
    if schemas.isEmpty { return [] }
    let registry = try requireRegistry()
    var found: Set<SubjectSchema> = []
    for schema in schemas {
      do {
        _ = try await registry.lookUp(subject: schema.subject, schema: schema.schemaText)
        found.insert(SubjectSchema(subject: schema.subject, text: schema.schemaText))
      } catch {
        switch error {
        case .subjectNotFound, .schemaNotRegistered: continue
        default: throw SynchronizerError(message: "looking up subject \(schema.subject): \(error)")
        }
      }
    }
    return found
  }

  private func requireRegistry() throws(SynchronizerError) -> RegistryClient {
    guard let registry else {
      throw SynchronizerError(message: "topics have schemas, and no schema registry is named; set SCHEMA_REGISTRY_URL")
    }
    return registry
  }

  // MARK: Applying

  /// Does what the plan says and nothing else, in its order; stops at the first failure.
  private func apply(
    _ plan: SynchronizerPlan, _ admin: KafkaAdmin, _ done: (SynchronizerAction) -> Void
  ) async throws(SynchronizerError) {
    try await createTopics(plan, admin, done)
    for action in plan.actions {
      switch action {
      case .createTopic: continue
      case .registerSchema(let subject, _, let text):
        do {
          _ = try await requireRegistry().register(subject: subject, schema: text)
        } catch {
          throw SynchronizerError(message: "registering \(subject): \(error)")
        }
        done(action)
      case .deleteTopic(let name):
        try await change([name: action], alreadySo: .unknownTopicOrPartition, done) { names throws(KafkaError) in
          try await admin.deleteTopics(names)
        }
      }
    }
  }

  private func createTopics(
    _ plan: SynchronizerPlan, _ admin: KafkaAdmin, _ done: (SynchronizerAction) -> Void
  ) async throws(SynchronizerError) {
    var actions: [String: SynchronizerAction] = [:]
    var topics: [String: NewTopic] = [:]
    for case .createTopic(let name, let partitions, let replicas, let config) in plan.actions {
      topics[name] = NewTopic(name: name, partitions: partitions, replicas: replicas, config: config)
      actions[name] = .createTopic(name: name, partitions: partitions, replicas: replicas, config: config)
    }
    try await change(actions, alreadySo: .topicAlreadyExists, done) { [topics] names throws(KafkaError) in
      try await admin.createTopics(names.compactMap { topics[$0] })
    }
  }

  /// Makes a request for several topics, again for those whose error is transient.
  ///
  /// - Parameters:
  ///   - actions: what the request does, by topic.
  ///   - alreadySo: the error that says that nothing is left to do, as after a request whose answer got lost.
  private func change(
    _ actions: [String: SynchronizerAction], alreadySo: KafkaErrorCode, _ done: (SynchronizerAction) -> Void,
    _ request: ([String]) async throws(KafkaError) -> [String: Result<Void, KafkaError>]
  ) async throws(SynchronizerError) {
    var pending = actions.keys.sorted()
    var pause = Backoff(settings)
    while !pending.isEmpty {
      var failures: [String: KafkaError] = [:]
      do throws(KafkaError) {
        let results = try await request(pending)
        for name in pending {
          if case .failure(let error)? = results[name], error.code != alreadySo {
            failures[name] = error
          } else if let action = actions[name] {
            done(action)
          }
        }
      } catch {
        for name in pending { failures[name] = error }
      }
      pending = failures.keys.sorted()
      let lasting = pending.compactMap { failures[$0] }.filter { !$0.isRetriable }
      guard lasting.isEmpty else {
        throw SynchronizerError(message: lasting.map(\.description).joined(separator: "; "))
      }
      if let name = pending.first, let error = failures[name], !(await pause.wait()) {
        throw SynchronizerError(message: error.description)
      }
    }
  }

  /// Reads again until the cluster shows what was done, and gives what still differs.
  private func verify(
    _ declared: TopologyDescription, _ admin: KafkaAdmin
  ) async throws(SynchronizerError) -> [SynchronizerDifference] {
    var pause = Backoff(settings)
    while true {
      let again = Self.plan(declared: declared, actual: try await read(declared, admin), deletes: settings.deletes)
      if again.isEmpty { return again.differences }
      guard await pause.wait() else {
        throw SynchronizerError(
          message: "still to do after it was done: \(again.actions.map(\.line).joined(separator: "; "))")
      }
    }
  }

  private func retrying<R: Sendable>(
    _ body: () async throws(KafkaError) -> R
  ) async throws(SynchronizerError) -> R {
    var pause = Backoff(settings)
    while true {
      do {
        return try await body()
      } catch {
        guard error.isRetriable, await pause.wait() else { throw SynchronizerError(message: "\(error)") }
      }
    }
  }

  private func summary(_ applied: [SynchronizerAction]) -> String {
    var (created, registered, deleted) = (0, 0, 0)
    for action in applied {
      switch action {
      case .createTopic: created += 1
      case .registerSchema: registered += 1
      case .deleteTopic: deleted += 1
      }
    }
    let parts = [
      (created, "\(count(created, "topic")) created"), (registered, "\(count(registered, "schema")) registered"),
      (deleted, "\(count(deleted, "topic")) deleted"),
    ]
    return parts.filter { $0.0 > 0 }.map(\.1).joined(separator: ", ")
  }
}

/// What a run did.
public struct SynchronizerOutcome: Sendable, Hashable, Codable {
  /// `nil` when not even a plan could be made.
  public let plan: SynchronizerPlan?
  public let applied: [SynchronizerAction]
  /// Why it stopped, if it did not finish.
  public let failure: String?
  /// What is left as it is.
  public let differences: [SynchronizerDifference]

  /// 0 all is as declared, 1 failed, 3 there are differences that it leaves alone.
  public var exitStatus: Int32 {
    if failure != nil || plan?.problems.isEmpty == false { return 1 }
    return differences.isEmpty ? 0 : 3
  }
}

/// Why a run stopped, and what to do next.
public struct SynchronizerError: Error, Sendable, Hashable, CustomStringConvertible {
  public let message: String
  public var description: String { message }
}

/// Growing random pauses, so that many who wait don't come back at the same moment.
struct Backoff {
  private let settings: Synchronizer.Settings
  private var attempt = 1

  init(_ settings: Synchronizer.Settings) {
    self.settings = settings
  }

  /// Waits before the next attempt. False when there is none left, or the task was cancelled.
  mutating func wait() async -> Bool {
    guard attempt < settings.maxAttempts else { return false }
    let ceiling = min(settings.maxPauseMillis, settings.firstPauseMillis << min(attempt - 1, 20))
    attempt += 1
    do {
      try await Task.sleep(for: .milliseconds(Int.random(in: 1...max(1, ceiling))))
      return true
    } catch {
      return false
    }
  }
}
