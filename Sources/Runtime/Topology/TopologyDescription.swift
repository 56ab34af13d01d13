/// Everything that the definitions say about topics, clients, services and databases, as plain values.
public struct TopologyDescription: Sendable, Hashable, Codable {
  public var topics: [TopicDescription]
  /// Names and `prefix*` patterns of topics that nobody here creates, changes or deletes.
  public var unmanaged: [String]
  /// librdkafka properties by kind of client: `producer`, `consumer`.
  public var clients: [String: [String: String]]
  public var services: [ServiceDescription]
  public var databases: [DatabaseDescription]

  public init(
    topics: [TopicDescription] = [], unmanaged: [String] = [], clients: [String: [String: String]] = [:],
    services: [ServiceDescription] = [], databases: [DatabaseDescription] = []
  ) {
    self.topics = topics
    self.unmanaged = unmanaged
    self.clients = clients
    self.services = services
    self.databases = databases
  }

  /// Whether a topic of that name is one that is left alone.
  public func isUnmanaged(_ topic: String) -> Bool {
    unmanaged.contains { pattern in
      pattern.hasSuffix("*") ? topic.hasPrefix(pattern.dropLast()) : topic == pattern
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

  public init(
    name: String, partitions: Int, replicas: Int, config: [String: String] = [:], key: TopicKey = .none,
    subjects: [SubjectDescription] = []
  ) {
    self.name = name
    self.partitions = partitions
    self.replicas = replicas
    self.config = config
    self.key = key
    self.subjects = subjects
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
