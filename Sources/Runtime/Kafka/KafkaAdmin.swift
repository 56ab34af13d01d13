import CRdKafka

/// A topic to create.
public struct NewTopic: Sendable, Hashable {
  public var name: String
  public var partitions: Int
  public var replicas: Int
  public var config: [String: String]

  public init(name: String, partitions: Int, replicas: Int = 1, config: [String: String] = [:]) {
    self.name = name
    self.partitions = partitions
    self.replicas = replicas
    self.config = config
  }
}

/// A topic as the cluster has it.
public struct TopicMetadata: Sendable, Hashable {
  public let name: String
  public let partitions: Int
  /// The ids of the brokers that hold each partition, by partition; the preferred leader first.
  public let brokersByPartition: [[Int32]]
  /// The number of replicas of each partition, by partition.
  public var replicasByPartition: [Int] { brokersByPartition.map(\.count) }
  /// The most replicas that a partition has.
  public var replicas: Int { replicasByPartition.max() ?? 0 }

  public init(name: String, brokersByPartition: [[Int32]]) {
    self.name = name
    self.partitions = brokersByPartition.count
    self.brokersByPartition = brokersByPartition
  }
}

/// The cluster, as one metadata request shows it.
public struct ClusterMetadata: Sendable, Hashable {
  public let brokerIDs: [Int32]
  /// By name.
  public let topics: [TopicMetadata]
}

/// One setting of a topic.
public struct ConfigEntry: Sendable, Hashable, Codable {
  /// Who set the value.
  public enum Source: String, Sendable, Hashable, Codable {
    case topic, dynamicBroker, dynamicDefaultBroker, staticBroker, brokerDefault, unknown
  }

  public let name: String
  /// `nil` when the broker keeps it secret.
  public let value: String?
  public let isDefault: Bool
  public let isReadOnly: Bool
  public let isSensitive: Bool
  public let source: Source
  /// What would hold if the topic had no value of its own; `nil` when the broker doesn't tell.
  public let inherited: String?

  public init(
    name: String, value: String?, isDefault: Bool, isReadOnly: Bool = false, isSensitive: Bool = false,
    source: Source, inherited: String? = nil
  ) {
    self.name = name
    self.value = value
    self.isDefault = isDefault
    self.isReadOnly = isReadOnly
    self.isSensitive = isSensitive
    self.source = source
    self.inherited = inherited
  }
}

/// What looks after topics. Calls run one after the other on a thread of the admin's own.
public final class KafkaAdmin: Sendable {
  private let core: AdminCore
  private let worker: Worker

  /// - Parameter requestTimeoutMillis: how long the brokers may take to carry out or answer one call.
  /// - Throws: for a property that librdkafka doesn't take.
  public init(_ configuration: KafkaConfiguration, requestTimeoutMillis: Int = 30_000) throws(KafkaError) {
    let context = ClientContext(log: configuration.log, fetchPaceMillis: 0)
    let handle = try makeHandle(RD_KAFKA_PRODUCER, configuration.merged(for: .admin), context)
    core = AdminCore(handle, context, timeoutMillis: Int32(clamping: requestTimeoutMillis))
    do {
      worker = try Worker("kafka-admin")
    } catch {
      core.close()
      throw error
    }
  }

  deinit {
    _ = worker.enqueue(last: true) { [core] in core.close() }
  }

  /// Creates topics; those that fail (such as `topicAlreadyExists`) don't keep the others from being created.
  ///
  /// - Parameter validatesOnly: the broker says what it would, and creates nothing.
  /// - Returns: the outcome of each topic, by name.
  /// - Throws: when the call as a whole fails.
  @discardableResult
  public func createTopics(
    _ topics: [NewTopic], validatesOnly: Bool = false
  ) async throws(KafkaError) -> [String: Result<Void, KafkaError>] {
    if topics.isEmpty { return [:] }
    return try await run { core throws(KafkaError) in try core.createTopics(topics, validatesOnly: validatesOnly) }
  }

  /// Deletes topics with all their records; the outcome of each, by name.
  @discardableResult
  public func deleteTopics(_ names: [String]) async throws(KafkaError) -> [String: Result<Void, KafkaError>] {
    if names.isEmpty { return [:] }
    return try await run { core throws(KafkaError) in try core.deleteTopics(names) }
  }

  /// Raises the number of partitions of a topic.
  ///
  /// - Parameters:
  ///   - total: the number afterwards.
  ///   - validatesOnly: the broker says what it would, and does nothing.
  public func createPartitions(topic: String, total: Int, validatesOnly: Bool = false) async throws(KafkaError) {
    try await run { core throws(KafkaError) in
      try core.createPartitions(topic, total, validatesOnly: validatesOnly)
    }
  }

  /// All topics, internal ones too, and the brokers.
  public func describeCluster() async throws(KafkaError) -> ClusterMetadata {
    try await run { core throws(KafkaError) in try core.metadata() }
  }

  /// All topics by name, internal ones too.
  public func topics() async throws(KafkaError) -> [TopicMetadata] {
    try await describeCluster().topics
  }

  public func brokerCount() async throws(KafkaError) -> Int {
    try await describeCluster().brokerIDs.count
  }

  /// The cluster's own id.
  public func clusterID() async throws(KafkaError) -> String {
    try await run { core throws(KafkaError) in try core.clusterID() }
  }

  /// The settings of topics, each by name in order; the outcome of each topic.
  public func describeConfigs(
    topics: [String]
  ) async throws(KafkaError) -> [String: Result<[ConfigEntry], KafkaError>] {
    if topics.isEmpty { return [:] }
    return try await run { core throws(KafkaError) in try core.describeConfigs(topics) }
  }

  /// The settings of one topic, by name.
  public func describeConfigs(topic: String) async throws(KafkaError) -> [ConfigEntry] {
    guard let result = try await describeConfigs(topics: [topic])[topic] else {
      throw KafkaError(code: .unknownTopicOrPartition, message: "no answer about topic \(topic)")
    }
    return try result.get()
  }

  /// Replaces the whole set of a topic's own settings: what is not given goes back to the broker's default.
  ///
  /// - Parameter validatesOnly: the broker says what it would, and does nothing.
  public func alterConfigs(
    topic: String, _ config: [String: String], validatesOnly: Bool = false
  ) async throws(KafkaError) {
    try await run { core throws(KafkaError) in try core.alterConfigs(topic, config, validatesOnly: validatesOnly) }
  }

  /// Grows each time a connection to a broker is lost.
  public var disconnects: Int { core.context.disconnects }

  /// The last error that belongs to no call, such as an unreachable broker.
  public var lastProblem: KafkaError? { core.context.lastProblem }

  /// Ends the thread and frees everything; what takes longer than three seconds goes on by itself. Calling it again is
  /// harmless.
  public func close() async { await worker.end { [core] in core.close() } }

  func run<R: Sendable>(
    _ body: @escaping @Sendable (AdminCore) throws(KafkaError) -> R
  ) async throws(KafkaError) -> R {
    let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<R, KafkaError>, Never>) in
      let accepted = worker.enqueue { [core] in
        do throws(KafkaError) {
          continuation.resume(returning: .success(try body(core)))
        } catch {
          continuation.resume(returning: .failure(error))
        }
      }
      if !accepted { continuation.resume(returning: .failure(.closed("admin client"))) }
    }
    return try result.get()
  }
}
