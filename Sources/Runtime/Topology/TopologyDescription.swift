/// Everything that the definitions say about topics, clients, services and databases, as plain values.
public struct TopologyDescription: Sendable, Hashable, Codable {
  public var topics: [TopicDescription]
  /// Names and `prefix*` patterns of topics that nobody here creates, changes or deletes.
  public var unmanaged: [String]
  /// librdkafka properties by kind of client: `producer`, `consumer`.
  public var clients: [String: [String: String]]
  public var services: [ServiceDescription]
  public var databases: [DatabaseDescription]
  /// The only cluster that these definitions are for; nil for any.
  public var clusterID: String?
  /// Names and `prefix*` patterns of topics that are these definitions' own: only what they name may be deleted.
  public var owned: [String]
  public var policies: TopicPolicies
  public var acls: [AccessDescription]

  public init(
    topics: [TopicDescription] = [], unmanaged: [String] = [], clients: [String: [String: String]] = [:],
    services: [ServiceDescription] = [], databases: [DatabaseDescription] = [], clusterID: String? = nil,
    owned: [String] = [], policies: TopicPolicies = TopicPolicies(), acls: [AccessDescription] = []
  ) {
    self.topics = topics
    self.unmanaged = unmanaged
    self.clients = clients
    self.services = services
    self.databases = databases
    self.clusterID = clusterID
    self.owned = owned
    self.policies = policies
    self.acls = acls
  }

  /// Whether a topic of that name is one that is left alone.
  public func isUnmanaged(_ topic: String) -> Bool { Self.names(unmanaged, topic) }

  /// Whether a topic of that name is one of ``owned``.
  public func isOwned(_ topic: String) -> Bool { Self.names(owned, topic) }

  private static func names(_ patterns: [String], _ name: String) -> Bool {
    patterns.contains { pattern in
      pattern.hasSuffix("*") ? name.hasPrefix(pattern.dropLast()) : name == pattern
    }
  }
}

public struct TopicDescription: Sendable, Hashable, Codable {
  public var name: String
  public var partitions: Int
  public var replicas: Int
  public var config: [String: String]
  public var key: TopicKey
  /// One for each record that the topic takes; none for a topic of plain bytes.
  public var subjects: [SubjectDescription]
  /// The level that its subjects keep to, as schema registries name it (`BACKWARD`); nil where nothing is said.
  public var compatibility: String?

  public init(
    name: String, partitions: Int, replicas: Int, config: [String: String] = [:], key: TopicKey = .none,
    subjects: [SubjectDescription] = [], compatibility: String? = nil
  ) {
    self.name = name
    self.partitions = partitions
    self.replicas = replicas
    self.config = config
    self.key = key
    self.subjects = subjects
    self.compatibility = compatibility
  }
}

public struct SubjectDescription: Sendable, Hashable, Codable {
  public var subject: String
  /// Full name.
  public var recordName: String
  /// Self-contained JSON, as it is registered.
  public var schemaText: String

  public init(subject: String, recordName: String, schemaText: String) {
    self.subject = subject
    self.recordName = recordName
    self.schemaText = schemaText
  }
}

/// Who reads and writes what.
public struct ServiceDescription: Sendable, Hashable, Codable {
  public var name: String
  /// Topic names.
  public var consumes: [String]
  /// Topic names.
  public var produces: [String]
  /// Access (`read` or `write`) by database name.
  public var databases: [String: String]

  public init(
    name: String, consumes: [String] = [], produces: [String] = [], databases: [String: String] = [:]
  ) {
    self.name = name
    self.consumes = consumes
    self.produces = produces
    self.databases = databases
  }
}

public struct DatabaseDescription: Sendable, Hashable, Codable {
  public var name: String
  /// Login roles that the SQL grants rights to.
  public var roles: [String]
  /// Statements that bring an empty database, or one of the same version, to what is declared.
  public var sql: String
  /// Of ``sql``; differs when it does.
  public var checksum: String

  public init(name: String, roles: [String], sql: String, checksum: String) {
    self.name = name
    self.roles = roles
    self.sql = sql
    self.checksum = checksum
  }
}
