public import KafkaRuntime

/// What a plan may do beyond what is declared.
public struct PlanOptions: Sendable, Hashable, Codable {
  /// Whether owned topics and ACLs that are not declared are deleted.
  public var deletes: Bool
  /// Whether that holds for topics with records or active groups too.
  public var deletesNonEmpty: Bool
  /// More topics to delete than this are refused, all of them.
  public var maxDeletes: Int

  public init(deletes: Bool = false, deletesNonEmpty: Bool = false, maxDeletes: Int = 5) {
    self.deletes = deletes
    self.deletesNonEmpty = deletesNonEmpty
    self.maxDeletes = maxDeletes
  }
}

/// What `Synchronizer.apply` does, in this order, and what it says. Equal input gives an equal plan.
public struct SynchronizerPlan: Sendable, Hashable, Codable {
  /// Of this form of a plan; another one can't be applied.
  public static let currentFormat = 1

  public var format = Self.currentFormat
  public var clusterID: String
  public var brokerIDs: [Int32]
  public var options: PlanOptions
  /// Hash of what is declared.
  public var declared: String
  /// Hash of all that was looked at: another one says that the cluster or the registry has moved.
  public var seen: String
  /// In the order in which they are made.
  public var changes: [PlannedChange]
  /// What is declared and can't be done. A plan with one of these changes nothing.
  public var refusals: [PlannedRefusal]
  /// Why the definitions can't be applied at all; a plan with problems has no changes.
  public var problems: [String]
  /// What is worth knowing though nothing is done about it.
  public var notes: [String]

  /// Nothing to do, and nothing refused.
  public var isEmpty: Bool { changes.isEmpty && !isBlocked }
  /// Whether it can't be applied.
  public var isBlocked: Bool { !problems.isEmpty || !refusals.isEmpty }
}

/// One thing to do.
public struct PlannedChange: Sendable, Hashable, Codable {
  /// In the order of a plan.
  public enum Action: String, Sendable, Hashable, Codable, CaseIterable {
    case createTopic = "create topic"
    case addPartitions = "add partitions"
    case alterConfig = "alter config"
    case setLevel = "set level"
    case registerSchema = "register schema"
    case addAccess = "add ACL"
    case removeAccess = "remove ACL"
    case deleteTopic = "delete topic"
  }

  public var action: Action
  /// The topic, the subject or, in words, the ACL.
  public var target: String
  /// `nil` for what is new.
  public var before: PlannedState?
  /// `nil` for what goes.
  public var after: PlannedState?
  /// The settings that change, for `alterConfig`.
  public var settings: [PlannedSetting]?
  public var reason: String
  /// What to think of before it is done.
  public var warnings: [String]
  /// Hash of what the cluster or the registry had of the target.
  public var seen: String
}

/// Facts about a target, as many as its change is about.
public struct PlannedState: Sendable, Hashable, Codable {
  public var partitions: Int?
  public var replicas: Int?
  /// The topic's own settings, all of them: Kafka replaces the whole set.
  public var config: [String: String]?
  public var level: String?
  /// Full name of the record.
  public var record: String?
  public var schema: String?
  public var access: AccessRule?
  public var records: Int64?
  public var groups: [String]?

  init(
    partitions: Int? = nil, replicas: Int? = nil, config: [String: String]? = nil, level: String? = nil,
    record: String? = nil, schema: String? = nil, access: AccessRule? = nil, records: Int64? = nil,
    groups: [String]? = nil
  ) {
    self.partitions = partitions
    self.replicas = replicas
    self.config = config
    self.level = level
    self.record = record
    self.schema = schema
    self.access = access
    self.records = records
    self.groups = groups
  }
}

/// A setting of a topic that gets another value.
public struct PlannedSetting: Sendable, Hashable, Codable {
  /// Where a value comes from.
  public enum Source: String, Sendable, Hashable, Codable {
    case topic = "topic config"
    case broker = "broker config"
    case brokerDefault = "broker default"
    case unknown
  }

  public var name: String
  /// `nil` when the cluster knows no such setting, or keeps it secret.
  public var before: String?
  /// Of ``before``.
  public var source: Source
  /// `nil` when it goes back to what holds without one, and the broker doesn't tell what that is.
  public var after: String?
  /// Whether the topic's own value goes because it is no longer declared.
  public var isReset: Bool
}

/// Something that is declared, and that can't be done.
public struct PlannedRefusal: Sendable, Hashable, Codable {
  public var target: String
  public var reason: String
  /// JSON to run with `kafka-reassign-partitions`, where that is the way.
  public var reassignment: String?
  /// Hash of what the cluster or the registry had of the target.
  public var seen: String
}

func count(_ number: some BinaryInteger, _ noun: String) -> String {
  "\(number) \(noun)\(number == 1 ? "" : "s")"
}
