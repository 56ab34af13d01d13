import CRdKafka

/// A cluster inside this process, for tests and for trying things out: librdkafka's mock brokers. Memory only; 5 MB
/// or 100,000 records a partition are kept; topics are made here, not by an admin client; one member a group.
public final class MockKafkaCluster: Sendable {
  /// librdkafka's mock functions lock by themselves; the handle and the cluster are destroyed in `deinit` only.
  private let handle: Handle
  private let cluster: Handle
  private let context: ClientContext

  /// - Parameter brokers: how many.
  public init(brokers: Int = 1) throws(KafkaError) {
    context = ClientContext(log: .off, fetchPaceMillis: 0)
    handle = try makeHandle(RD_KAFKA_PRODUCER, [:], context)
    guard let cluster = rd_kafka_mock_cluster_new(handle.pointer, Int32(brokers)) else {
      rd_kafka_destroy(handle.pointer)
      throw KafkaError(code: .invalidArgument, message: "no mock cluster of \(brokers) brokers could be made")
    }
    self.cluster = Handle(pointer: cluster)
  }

  deinit {
    rd_kafka_mock_cluster_destroy(cluster.pointer)
    rd_kafka_destroy(handle.pointer)
  }

  /// `host:port,…` of its brokers.
  public var bootstrapServers: String {
    rd_kafka_mock_cluster_bootstraps(cluster.pointer).map { String(cString: $0) } ?? ""
  }

  /// What clients of it use. Its brokers hold a Fetch for the whole `fetch.wait.max.ms`, so that is short here.
  public var configuration: KafkaConfiguration {
    KafkaConfiguration(
      brokers: bootstrapServers, consumerProperties: ["fetch.wait.max.ms": "5"], log: .off)
  }

  public func createTopic(_ name: String, partitions: Int, replicas: Int = 1) throws(KafkaError) {
    let code = rd_kafka_mock_topic_create(cluster.pointer, name, Int32(partitions), Int32(replicas))
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code, "creating mock topic \(name)") }
  }

  /// The next requests of this kind fail with these errors, one each.
  ///
  /// - Parameter apiKey: the request's number in the Kafka protocol: 0 Produce, 1 Fetch, 3 Metadata …
  public func failRequests(apiKey: Int16, with codes: [KafkaErrorCode]) {
    var errors = codes.map { rd_kafka_resp_err_t(rawValue: $0.number) }
    rd_kafka_mock_push_request_errors_array(cluster.pointer, apiKey, errors.count, &errors)
  }

  /// Brokers count from 1. One that is down closes its connections and accepts none.
  public func setBroker(_ id: Int32, isUp: Bool) throws(KafkaError) {
    let code =
      isUp ? rd_kafka_mock_broker_set_up(cluster.pointer, id) : rd_kafka_mock_broker_set_down(cluster.pointer, id)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code, "mock broker \(id)") }
  }

  /// Delays the answers of a broker.
  public func setRoundTrip(ofBroker id: Int32, millis: Int32) throws(KafkaError) {
    let code = rd_kafka_mock_broker_set_rtt(cluster.pointer, id, millis)
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(code, "mock broker \(id)") }
  }
}
