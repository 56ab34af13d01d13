public import KafkaRuntime

/// What a cluster and a registry have, as far as a plan needs it. A value, so that a plan can be made without either.
public struct ActualState: Sendable, Hashable, Codable {
  public var clusterID: String
  public var brokerIDs: [Int32]
  public var topics: [ActualTopic]
  /// Of the registry; details only for those that are declared.
  public var subjects: [ActualSubject]
  /// The cluster's ACLs, when any are declared; `nil` when the cluster has no authorizer.
  public var access: [AccessRule]?

  public init(
    clusterID: String, brokerIDs: [Int32], topics: [ActualTopic] = [], subjects: [ActualSubject] = [],
    access: [AccessRule]? = []
  ) {
    self.clusterID = clusterID
    self.brokerIDs = brokerIDs
    self.topics = topics
    self.subjects = subjects
    self.access = access
  }
}

public struct ActualTopic: Sendable, Hashable, Codable {
  public var name: String
  /// The ids of the brokers that hold each partition, by partition.
  public var replicas: [[Int32]]
  /// All settings, those of the broker's defaults too; empty for topics that are not declared.
  public var config: [ConfigEntry]
  /// For topics that could be deleted; `nil` for others, and where it is not known.
  public var use: TopicUse?

  public init(name: String, replicas: [[Int32]], config: [ConfigEntry] = [], use: TopicUse? = nil) {
    self.name = name
    self.replicas = replicas
    self.config = config
    self.use = use
  }
}

/// Who would miss a topic.
public struct TopicUse: Sendable, Hashable, Codable {
  /// From the first offset that is kept to the end, over all partitions.
  public var records: Int64
  /// Groups with members that read it.
  public var groups: [String]

  public init(records: Int64, groups: [String]) {
    self.records = records
    self.groups = groups
  }
}

public struct ActualSubject: Sendable, Hashable, Codable {
  public var name: String
  /// False for one that has a level and no schema yet.
  public var hasVersions: Bool
  /// Its own level; `nil` when the registry's holds.
  public var level: String?
  /// The level that holds for it.
  public var effectiveLevel: String?
  /// The registry's mode, where it keeps from a change that is to be made; `nil` otherwise.
  public var mode: String?
  /// Those of the declared schemas that it has.
  public var registered: [String]
  /// Why a declared schema that it hasn't can't be its next version, by schema.
  public var refusals: [String: [String]]

  public init(
    name: String, hasVersions: Bool = true, level: String? = nil, effectiveLevel: String? = nil, mode: String? = nil,
    registered: [String] = [], refusals: [String: [String]] = [:]
  ) {
    self.name = name
    self.hasVersions = hasVersions
    self.level = level
    self.effectiveLevel = effectiveLevel
    self.mode = mode
    self.registered = registered
    self.refusals = refusals
  }
}
