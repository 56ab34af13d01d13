import CRdKafka
import Synchronization

/// What the C callbacks of one handle write to. Its owner keeps it until the handle is destroyed, and librdkafka's
/// threads have ended by then; that makes the unretained pointers to it valid.
final class ClientContext: Sendable {
  let log: KafkaLog
  let fetchPace: FetchPace
  private let connected = Mutex<Set<String>>([])
  private let disconnectCount = Atomic<Int>(0)
  private let problem = Mutex<KafkaError?>(nil)
  private let refusal = Mutex<KafkaError?>(nil)

  init(log: KafkaLog, fetchPaceMillis: Int) {
    self.log = log
    fetchPace = FetchPace(millis: fetchPaceMillis)
  }

  var disconnects: Int { disconnectCount.load(ordering: .sequentiallyConsistent) }
  var lastProblem: KafkaError? { problem.withLock { $0 } }
  /// That a broker and this client don't trust each other, until a connection works.
  var lastRefusal: KafkaError? { refusal.withLock { $0 } }

  /// Called before librdkafka connects again, so whoever reads a record of the new connection sees the count grown.
  func brokerChanged(_ broker: String, to state: String) {
    let lost = connected.withLock { connected in
      if state == "UP" {
        refusal.withLock { $0 = nil }
        connected.insert(broker)
        return false
      }
      return connected.remove(broker) != nil
    }
    if lost { disconnectCount.add(1, ordering: .sequentiallyConsistent) }
  }

  func note(_ error: KafkaError) {
    // That all are down follows from what went wrong with the last of them, which tells more.
    problem.withLock { problem in if error.code != .allBrokersDown || problem == nil { problem = error } }
    // An end in the middle of a handshake may be a broker that stops, or one that speaks no TLS.
    let isRefusal = error.code == .authentication || (error.code == .tls && !error.message.contains("unexpected eof"))
    if isRefusal { refusal.withLock { $0 = error } }
  }

  func note(_ handle: OpaquePointer, _ code: rd_kafka_resp_err_t, _ reason: String) {
    note(fatalError(of: handle) ?? KafkaError(code: KafkaErrorCode(code), message: reason))
  }

  /// The error that made an idempotent producer useless, if there was one.
  func fatalError(of handle: OpaquePointer) -> KafkaError? {
    var text = [CChar](repeating: 0, count: 512)
    let code = rd_kafka_fatal_error(handle, &text, text.count)
    guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
    return KafkaError(code: KafkaErrorCode(code), message: string(text), isRetriable: false, isFatal: true)
  }
}

/// A `rd_kafka_t`, whose functions may be called from any thread; its owner sees to it that none is called after
/// `rd_kafka_destroy`. That is what guards it.
struct Handle: @unchecked Sendable {
  let pointer: OpaquePointer
}

/// Makes a handle of the configuration. It connects in the background; an unreachable broker is no error here.
///
/// - Throws: for a property that librdkafka doesn't know, or a value that it refuses.
func makeHandle(
  _ type: rd_kafka_type_t, _ properties: [String: String], _ context: ClientContext, events: Int32 = 0
) throws(KafkaError) -> Handle {
  guard let configuration = rd_kafka_conf_new() else {
    throw KafkaError(RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, "no memory for a configuration")
  }
  var text = [CChar](repeating: 0, count: 512)
  for (name, value) in properties.sorted(by: { $0.key < $1.key }) {
    if rd_kafka_conf_set(configuration, name, value, &text, text.count) != RD_KAFKA_CONF_OK {
      rd_kafka_conf_destroy(configuration)
      throw KafkaError(code: .invalidArgument, message: "configuration property \"\(name)\": \(string(text))")
    }
  }
  let opaque = Unmanaged.passUnretained(context).toOpaque()
  rd_kafka_conf_set_opaque(configuration, opaque)
  switch context.log {
  case .standardError: break
  case .off, .handler: rd_kafka_conf_set_log_cb(configuration, onLog)
  }
  if events == 0 {
    rd_kafka_conf_set_error_cb(configuration, onError)
  } else {
    rd_kafka_conf_set_events(configuration, events)
  }
  rd_kafka_conf_interceptor_add_on_new(configuration, "new", onNew, opaque)
  guard let handle = rd_kafka_new(type, configuration, &text, text.count) else {
    // Not destroyed: where a certificate or a SASL mechanism can't be used, librdkafka has freed the interceptors already,
    // and would free them again. A few KB are lost, once, as whoever gets this error gives up.
    throw KafkaError(code: .invalidArgument, message: "configuration: \(string(text))")
  }
  return Handle(pointer: handle)
}

/// The text of a C buffer that ends in a zero.
func string(_ buffer: [CChar]) -> String {
  String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// Calls `body` with a list of partitions for C, and frees it.
func withPartitionList<R>(
  _ partitions: [(TopicPartition, Int64)], _ body: (UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> R
) -> R {
  guard let list = rd_kafka_topic_partition_list_new(Int32(partitions.count)) else {
    preconditionFailure("no memory for a list of partitions")
  }
  defer { rd_kafka_topic_partition_list_destroy(list) }
  for (place, offset) in partitions {
    rd_kafka_topic_partition_list_add(list, place.topic, place.partition).pointee.offset = offset
  }
  return body(list)
}

/// What C wrote into a list: offset and error of each partition.
func entries(
  of list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>
) -> [(place: TopicPartition, offset: Int64, code: rd_kafka_resp_err_t)] {
  UnsafeBufferPointer(start: list.pointee.elems, count: Int(list.pointee.cnt)).map { element in
    (
      TopicPartition(topic: String(cString: element.topic), partition: element.partition), element.offset, element.err
    )
  }
}
