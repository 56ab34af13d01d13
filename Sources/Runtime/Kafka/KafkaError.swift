import CRdKafka

/// The number and name that librdkafka (negative numbers) or the broker (positive ones) gives an error.
public struct KafkaErrorCode: Sendable, Hashable, CustomStringConvertible {
  /// The number of the Kafka protocol, or librdkafka's own below zero.
  public let number: Int32

  public init(number: Int32) {
    self.number = number
  }

  init(_ code: rd_kafka_resp_err_t) {
    number = code.rawValue
  }

  /// The name without its prefix, such as `UNKNOWN_TOPIC_OR_PART` or `_TRANSPORT` (librdkafka's own begin with `_`).
  public var name: String {
    guard let text = rd_kafka_err2name(rd_kafka_resp_err_t(rawValue: number)) else { return "ERR_\(number)" }
    return String(cString: text)
  }

  public var description: String { "\(name) (\(number))" }

  public static let invalidArgument = KafkaErrorCode(RD_KAFKA_RESP_ERR__INVALID_ARG)
  public static let transport = KafkaErrorCode(RD_KAFKA_RESP_ERR__TRANSPORT)
  public static let allBrokersDown = KafkaErrorCode(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
  /// The TLS handshake failed: the broker's certificate is not trusted, or the broker speaks no TLS.
  public static let tls = KafkaErrorCode(RD_KAFKA_RESP_ERR__SSL)
  /// The broker does not know user and password, or not this way of saying them.
  public static let authentication = KafkaErrorCode(RD_KAFKA_RESP_ERR__AUTHENTICATION)
  public static let timedOut = KafkaErrorCode(RD_KAFKA_RESP_ERR__TIMED_OUT)
  public static let messageTimedOut = KafkaErrorCode(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT)
  public static let queueFull = KafkaErrorCode(RD_KAFKA_RESP_ERR__QUEUE_FULL)
  /// The client was closed before or during the call.
  public static let closed = KafkaErrorCode(RD_KAFKA_RESP_ERR__DESTROY)
  /// A position that the broker does not have, where the consumer was told not to choose another one.
  public static let autoOffsetReset = KafkaErrorCode(RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET)
  public static let offsetOutOfRange = KafkaErrorCode(RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE)
  public static let unknownTopicOrPartition = KafkaErrorCode(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
  public static let topicAlreadyExists = KafkaErrorCode(RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
  public static let invalidPartitions = KafkaErrorCode(RD_KAFKA_RESP_ERR_INVALID_PARTITIONS)
  /// The cluster has no authorizer, so there are no ACLs.
  public static let securityDisabled = KafkaErrorCode(RD_KAFKA_RESP_ERR_SECURITY_DISABLED)
  public static let messageTooLarge = KafkaErrorCode(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
  public static let fatal = KafkaErrorCode(RD_KAFKA_RESP_ERR__FATAL)
  public static let state = KafkaErrorCode(RD_KAFKA_RESP_ERR__STATE)
}

/// What went wrong in a Kafka call, and what to do next.
public struct KafkaError: Error, Sendable, Hashable, CustomStringConvertible {
  public let code: KafkaErrorCode
  /// What librdkafka or the broker says.
  public let message: String
  /// The same call may succeed later.
  public let isRetriable: Bool
  /// The consumer that gave it is of no further use; make a new one. (Producers renew themselves.)
  public let isFatal: Bool
  /// The partition that it is about, where it is about one.
  public let topicPartition: TopicPartition?

  public init(
    code: KafkaErrorCode, message: String, isRetriable: Bool? = nil, isFatal: Bool = false,
    topicPartition: TopicPartition? = nil
  ) {
    self.code = code
    self.message = message
    self.isRetriable = isRetriable ?? retriableCodes.contains(code.number)
    self.isFatal = isFatal
    self.topicPartition = topicPartition
  }

  /// The position asked for is not (or no longer) on the broker. Seek to another one, or assign anew.
  public var isOffsetOutOfRange: Bool { code == .autoOffsetReset || code == .offsetOutOfRange }

  /// One sentence on what to do next.
  public var advice: String {
    if isFatal { return "Close this client and make a new one." }
    return adviceByCode[code.number] ?? (isRetriable ? "Try again." : "See the broker's log.")
  }

  public var description: String {
    let place = topicPartition.map { " (\($0))" } ?? ""
    return "Kafka: \(message)\(place) [\(code.name)]. \(advice)"
  }

  static func closed(_ what: String) -> KafkaError {
    KafkaError(code: .closed, message: "the \(what) is closed")
  }

  /// - Parameter what: what was tried, put before librdkafka's own words.
  init(_ code: rd_kafka_resp_err_t, _ what: String? = nil, at place: TopicPartition? = nil) {
    let text = rd_kafka_err2str(code).map { String(cString: $0) } ?? "error \(code.rawValue)"
    self.init(
      code: KafkaErrorCode(code), message: what.map { "\($0): \(text)" } ?? text, topicPartition: place)
  }

  /// Takes over and destroys an error object of librdkafka.
  init(consuming error: OpaquePointer, _ what: String) {
    let text = rd_kafka_error_string(error).map { String(cString: $0) } ?? "unknown error"
    self.init(
      code: KafkaErrorCode(rd_kafka_error_code(error)), message: "\(what): \(text)",
      isRetriable: rd_kafka_error_is_retriable(error) != 0 ? true : nil,
      isFatal: rd_kafka_error_is_fatal(error) != 0)
    rd_kafka_error_destroy(error)
  }
}

private let retriableCodes: Set<Int32> = Set(
  [
    RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, RD_KAFKA_RESP_ERR__TIMED_OUT,
    RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, RD_KAFKA_RESP_ERR__QUEUE_FULL,
    RD_KAFKA_RESP_ERR__RESOLVE, RD_KAFKA_RESP_ERR__WAIT_COORD, RD_KAFKA_RESP_ERR__IN_PROGRESS,
    RD_KAFKA_RESP_ERR__NODE_UPDATE, RD_KAFKA_RESP_ERR__WAIT_CACHE, RD_KAFKA_RESP_ERR__INTR,
    RD_KAFKA_RESP_ERR__RETRY,
    RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
    RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE,
    RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION,
    RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
    RD_KAFKA_RESP_ERR_NOT_COORDINATOR, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
    RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND, RD_KAFKA_RESP_ERR_NOT_CONTROLLER,
    RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
    RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH,
    RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH, RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE,
    RD_KAFKA_RESP_ERR_PREFERRED_LEADER_NOT_AVAILABLE,
  ].map(\.rawValue)
).union(producerRefusals)

/// A broker that gives one of these gives it for all further records of the same producer id.
let producerRefusals: Set<Int32> = Set(
  [
    RD_KAFKA_RESP_ERR__FATAL, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
    RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,
    RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING, RD_KAFKA_RESP_ERR_PRODUCER_FENCED,
  ].map(\.rawValue))

private let forgotten =
  "The broker has forgotten this producer, which begins anew; send again (the record may be stored already)."

private let unreachable =
  "Check that a broker listens at `bootstrap.servers`, and that it advertises an address that can be reached."

private let adviceByCode: [Int32: String] = [
  RD_KAFKA_RESP_ERR__TRANSPORT.rawValue: unreachable,
  RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN.rawValue: unreachable,
  RD_KAFKA_RESP_ERR__RESOLVE.rawValue: "Check the host names in `bootstrap.servers`.",
  RD_KAFKA_RESP_ERR__TIMED_OUT.rawValue: unreachable,
  RD_KAFKA_RESP_ERR__MSG_TIMED_OUT.rawValue:
    "The broker did not acknowledge within `message.timeout.ms`; the record may or may not be stored. \(unreachable)",
  RD_KAFKA_RESP_ERR__AUTHENTICATION.rawValue: "Check `sasl.username`, `sasl.password` and `sasl.mechanism`.",
  RD_KAFKA_RESP_ERR__SSL.rawValue:
    "Check that `ssl.ca.location` names the root of the broker's certificate, that `bootstrap.servers` has a name that "
    + "the certificate has, and that `security.protocol` is what the broker's port speaks.",
  RD_KAFKA_RESP_ERR__INVALID_ARG.rawValue: "Correct the argument or property that is named.",
  RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER.rawValue: forgotten,
  RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID.rawValue: forgotten,
  RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH.rawValue: forgotten,
  RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING.rawValue: forgotten,
  RD_KAFKA_RESP_ERR__FATAL.rawValue: forgotten,
  RD_KAFKA_RESP_ERR__DESTROY.rawValue: "Make a new one.",
  RD_KAFKA_RESP_ERR__QUEUE_FULL.rawValue: "Await sends before starting more, or raise the queue's limits.",
  RD_KAFKA_RESP_ERR__STATE.rawValue: "Assign the partition first.",
  RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC.rawValue: "Create the topic first.",
  RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION.rawValue: "Ask for a partition below the topic's number of partitions.",
  RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET.rawValue:
    "Compare with the beginning and end offsets, then seek to one that exists.",
  RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE.rawValue:
    "Compare with the beginning and end offsets, then seek to one that exists.",
  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART.rawValue: "Create the topic (bank synchronize) or correct its name.",
  RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS.rawValue: "Use the topic that is there, or delete it first.",
  RD_KAFKA_RESP_ERR_INVALID_PARTITIONS.rawValue: "Ask for at least one partition, and never fewer than there are.",
  RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR.rawValue: "Ask for at most as many replicas as there are brokers.",
  RD_KAFKA_RESP_ERR_INVALID_CONFIG.rawValue: "Correct the topic's settings.",
  RD_KAFKA_RESP_ERR_POLICY_VIOLATION.rawValue: "The broker's own policy refuses it; ask who runs the cluster.",
  RD_KAFKA_RESP_ERR_SECURITY_DISABLED.rawValue:
    "Set `authorizer.class.name` on the brokers, or declare no ACLs.",
  RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE.rawValue:
    "Send a smaller record, or raise `message.max.bytes` here and `max.message.bytes` on the topic.",
  RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED.rawValue: "Give this user access to the topic.",
  RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED.rawValue: "Give this user access to the group.",
  RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED.rawValue: "Give this user access to the cluster.",
]
