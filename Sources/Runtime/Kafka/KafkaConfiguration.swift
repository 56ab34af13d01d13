/// Where librdkafka's own log lines go.
public enum KafkaLog: Sendable {
  /// To standard error, as librdkafka writes them.
  case standardError
  case off
  /// To a function, called on librdkafka's threads: severity as in syslog (3 error … 7 debug), facility, text.
  case handler(@Sendable (_ severity: Int, _ facility: String, _ text: String) -> Void)
}

/// How to reach a cluster. The properties are librdkafka's; what is given wins over the defaults of this module
/// (`KafkaConfiguration.defaults`), a kind's own properties win over the shared ones.
public struct KafkaConfiguration: Sendable {
  /// `host:port,…`
  public var brokers: String
  /// For every kind of client.
  public var properties: [String: String]
  /// For producers only.
  public var producerProperties: [String: String]
  /// For consumers only.
  public var consumerProperties: [String: String]
  /// How long a consumer pauses after a Fetch response that seems to bring nothing and took under a millisecond; 0 is off.
  /// For a broker that answers an empty Fetch at once instead of waiting, as the embedded one does. 0 … 100. The longer
  /// nothing comes the longer the pauses, up to 25 times that.
  public var fetchPaceMillis: Int
  public var log: KafkaLog

  public init(
    brokers: String, properties: [String: String] = [:], producerProperties: [String: String] = [:],
    consumerProperties: [String: String] = [:], fetchPaceMillis: Int = 0, log: KafkaLog = .standardError
  ) {
    self.brokers = brokers
    self.properties = properties
    self.producerProperties = producerProperties
    self.consumerProperties = consumerProperties
    self.fetchPaceMillis = fetchPaceMillis
    self.log = log
  }

  /// What every client gets unless told otherwise.
  public static let defaults: [String: String] = [
    // A Fetch response of the embedded broker holds the whole backlog.
    "receive.message.max.bytes": "2147483647",
    // Small requests are answered by small requests: waiting for more bytes only adds latency.
    "socket.nagle.disable": "true",
    // A broker that comes back is found within two seconds.
    "reconnect.backoff.max.ms": "2000",
  ]

  /// What producers get unless told otherwise. The partitioner is that of Java's clients.
  public static let producerDefaults: [String: String] = [
    "partitioner": "murmur2_random",
    "acks": "all",
    "enable.idempotence": "true",
    "linger.ms": "5",
  ]

  /// What consumers get unless told otherwise. The first two bound what is read ahead: 10,000 records or 16 MiB.
  public static let consumerDefaults: [String: String] = [
    "queued.min.messages": "10000",
    "queued.max.messages.kbytes": "16384",
    "enable.auto.commit": "false",
    "enable.auto.offset.store": "false",
    "auto.offset.reset": "earliest",
  ]

  enum Kind: Sendable { case producer, consumer, admin }

  func merged(for kind: Kind) -> [String: String] {
    var result = Self.defaults
    switch kind {
    case .producer: result.merge(Self.producerDefaults) { $1 }
    case .consumer: result.merge(Self.consumerDefaults) { $1 }
    case .admin: break
    }
    result.merge(properties) { $1 }
    switch kind {
    case .producer: result.merge(producerProperties) { $1 }
    case .consumer: result.merge(consumerProperties) { $1 }
    case .admin: break
    }
    result["bootstrap.servers"] = brokers
    return result
  }
}
