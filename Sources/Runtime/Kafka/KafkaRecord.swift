/// A name and bytes that travel beside a record's value.
public struct KafkaHeader: Sendable, Hashable {
  public var name: String
  /// A header without a value (possible on the wire) is read as an empty one.
  public var value: [UInt8]

  public init(name: String, value: [UInt8]) {
    self.name = name
    self.value = value
  }

  /// A header whose value is text, as UTF-8.
  public init(_ name: String, _ value: String) {
    self.init(name: name, value: Array(value.utf8))
  }
}

/// A record to send. `nil` and empty are different on the wire, for the key as for the value (`nil` is a tombstone).
public struct KafkaRecord: Sendable, Hashable {
  public var topic: String
  /// `nil` leaves it to the partitioner.
  public var partition: Int32?
  public var key: [UInt8]?
  public var value: [UInt8]?
  public var headers: [KafkaHeader]
  /// Milliseconds since 1970; `nil` is the time of sending.
  public var timestampMillis: Int64?

  public init(
    topic: String, partition: Int32? = nil, key: [UInt8]?, value: [UInt8]?, headers: [KafkaHeader] = [],
    timestampMillis: Int64? = nil
  ) {
    self.topic = topic
    self.partition = partition
    self.key = key
    self.value = value
    self.headers = headers
    self.timestampMillis = timestampMillis
  }

  /// What it takes of the producer's queue, in bytes.
  var size: Int {
    headers.reduce((key?.count ?? 0) + (value?.count ?? 0)) { $0 + $1.name.utf8.count + $1.value.count }
  }
}

/// Where the broker put a record that it acknowledged.
public struct KafkaDelivery: Sendable, Hashable {
  public let topic: String
  public let partition: Int32
  /// Below zero when nothing was asked of the broker (`acks=0`).
  public let offset: Int64
  /// Milliseconds since 1970.
  public let timestampMillis: Int64

  public init(topic: String, partition: Int32, offset: Int64, timestampMillis: Int64) {
    self.topic = topic
    self.partition = partition
    self.offset = offset
    self.timestampMillis = timestampMillis
  }
}

public struct TopicPartition: Sendable, Hashable, Comparable, CustomStringConvertible {
  public let topic: String
  public let partition: Int32

  public init(topic: String, partition: Int32) {
    self.topic = topic
    self.partition = partition
  }

  public static func < (left: Self, right: Self) -> Bool {
    (left.topic, left.partition) < (right.topic, right.partition)
  }

  public var description: String { "\(topic)/\(partition)" }
}

/// Where reading starts.
public enum KafkaOffset: Sendable, Hashable {
  /// The oldest record that the broker still has.
  case beginning
  /// What is sent from now on: the end as it is when the partition starts, which may be some hundred milliseconds
  /// later. For the end at a moment of one's own choosing: `KafkaConsumer.endOffsets`, and `at`.
  case end
  /// This offset exactly; a broker that doesn't have it is an error (`KafkaError.isOffsetOutOfRange`).
  case at(Int64)
  /// The group's committed offset; needs `group.id`. Where there is none, it is as with an offset out of range.
  case committed
}

/// A record as it was read.
public struct ConsumedRecord: Sendable, Hashable {
  public let topic: String
  public let partition: Int32
  public let offset: Int64
  /// Milliseconds since 1970; -1 when the broker has none.
  public let timestampMillis: Int64
  public let key: [UInt8]?
  public let value: [UInt8]?
  public let headers: [KafkaHeader]

  public init(
    topic: String, partition: Int32, offset: Int64, timestampMillis: Int64, key: [UInt8]?, value: [UInt8]?,
    headers: [KafkaHeader] = []
  ) {
    self.topic = topic
    self.partition = partition
    self.offset = offset
    self.timestampMillis = timestampMillis
    self.key = key
    self.value = value
    self.headers = headers
  }

  public var topicPartition: TopicPartition { TopicPartition(topic: topic, partition: partition) }

  /// The key as text; `nil` when there is none or it is no UTF-8.
  public var keyText: String? { key.flatMap { String(validating: $0, as: UTF8.self) } }

  /// The last header of that name as text; `nil` when there is none or it is no UTF-8.
  public func header(_ name: String) -> String? {
    headers.last { $0.name == name }.flatMap { String(validating: $0.value, as: UTF8.self) }
  }
}
