public import AvroRuntime

/// What a topic takes: one record, or a generated enum of several.
///
/// A record takes part with an empty extension, `extension Heartbeat: TopicValue {}`: everything is there for types that
/// are an `AvroRecord`. The names are long, and functions rather than properties, so that no field of a record is
/// taken for one of them.
public protocol TopicValue: Sendable {
  /// The records that the topic takes.
  static var topicSchemas: [TopicSchema] { get }

  /// Full name of the record that `value` is or holds.
  static func topicRecordName(of value: Self) -> String

  /// Reads a record that was written under the full name `recordName`; throws `unknownRecord` for one that the topic
  /// does not take.
  static func decode(recordName: String, from reader: inout AvroReader) throws(AvroError) -> Self

  /// Writes the record; nothing tells which it is, the schema id before it does.
  func encode(to writer: inout AvroWriter)
}

extension TopicValue where Self: AvroNamedValue {
  public static var topicSchemas: [TopicSchema] { [TopicSchema(recordName: schemaName, text: schemaText)] }

  public static func topicRecordName(of value: Self) -> String { schemaName }

  public static func decode(
    recordName: String, from reader: inout AvroReader
  ) throws(AvroError) -> Self {
    guard recordName == schemaName else { throw reader.error(.unknownRecord) }
    return try decode(from: &reader)
  }
}

/// A record's schema as it is registered.
public struct TopicSchema: Hashable, Sendable {
  /// Full name.
  public var recordName: String
  /// Self-contained JSON.
  public var text: String

  public init(recordName: String, text: String) {
    self.recordName = recordName
    self.text = text
  }
}

/// A topic that takes values of one type only.
public struct Topic<Value: TopicValue>: Sendable {
  public let name: String
  public let partitions: Int
  /// What is asked for; a cluster with fewer brokers gets fewer.
  public let replicas: Int
  /// Kafka's property names and values.
  public let config: [String: String]
  public let subjects: SubjectStrategy
  /// The level that its subjects keep to, as schema registries name it (`BACKWARD`); nil where nothing is said.
  public let compatibility: String?
  public let key: TopicKey
  /// The key of a record with that value; nil when ``key`` is not a field.
  public let keyText: @Sendable (Value) -> String?

  public init(
    name: String, partitions: Int, replicas: Int, config: [String: String] = [:],
    subjects: SubjectStrategy = .topicName, compatibility: String? = nil, key: TopicKey = .none,
    keyText: @escaping @Sendable (Value) -> String? = { _ in nil }
  ) {
    self.name = name
    self.partitions = partitions
    self.replicas = replicas
    self.config = config
    self.subjects = subjects
    self.compatibility = compatibility
    self.key = key
    self.keyText = keyText
  }

  /// The subject under which the schema of `recordName` is registered.
  public func subject(recordName: String) -> String { subjects.subject(topic: name, recordName: recordName) }

  public var description: TopicDescription {
    TopicDescription(
      name: name, partitions: partitions, replicas: replicas, config: config, key: key,
      subjects: Value.topicSchemas.map {
        SubjectDescription(
          subject: subject(recordName: $0.recordName), recordName: $0.recordName, schemaText: $0.text)
      }, compatibility: compatibility)
  }
}

/// A topic without a declared value: bytes go in and out as they are.
public struct RawTopic: Sendable, Hashable {
  public let name: String
  public let partitions: Int
  /// What is asked for; a cluster with fewer brokers gets fewer.
  public let replicas: Int
  /// Kafka's property names and values.
  public let config: [String: String]
  public let key: TopicKey

  public init(
    name: String, partitions: Int, replicas: Int, config: [String: String] = [:], key: TopicKey = .none
  ) {
    self.name = name
    self.partitions = partitions
    self.replicas = replicas
    self.config = config
    self.key = key
  }

  public var description: TopicDescription {
    TopicDescription(
      name: name, partitions: partitions, replicas: replicas, config: config, key: key, subjects: [])
  }
}

/// Where a record's key comes from.
public enum TopicKey: Sendable, Hashable {
  /// The field of that Avro name.
  case field(String)
  /// The time of sending in milliseconds since 1970, as text.
  case time
  case none
}

extension TopicKey: Codable, CustomStringConvertible {
  /// The field's name, `$time` or `none`, as in the definitions. `none` is never a field: a topic keyed by a field of
  /// that name can't be declared there.
  public var description: String {
    switch self {
    case .field(let name): name
    case .time: "$time"
    case .none: "none"
    }
  }

  public init(from decoder: any Decoder) throws {
    switch try decoder.singleValueContainer().decode(String.self) {
    case "$time": self = .time
    case "none": self = .none
    case let name: self = .field(name)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// Under which subject a schema is registered; Confluent's three strategies, for values.
public enum SubjectStrategy: String, Sendable, Hashable, Codable, CaseIterable {
  /// `<topic>-value`.
  case topicName
  /// `<record's full name>`.
  case recordName
  /// `<topic>-<record's full name>`.
  case topicRecordName

  public func subject(topic: String, recordName: String) -> String {
    switch self {
    case .topicName: "\(topic)-value"
    case .recordName: recordName
    case .topicRecordName: "\(topic)-\(recordName)"
    }
  }
}
