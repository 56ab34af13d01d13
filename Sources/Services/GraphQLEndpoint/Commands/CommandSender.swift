import BankSupport
import Definitions
import Foundation
import GraphQLRuntime
import KafkaRuntime
import SchemaRegistry
import Synchronization

/// Sends commands. One that was not acknowledged may be on its topic all the same; the handler takes each id once, so
/// whoever got no answer sends it again.
final class CommandSender: Sendable {
  private static let closeMillis = 2_000
  /// librdkafka wants more than the time for which it gathers records.
  private static let minTimeoutMillis = 1_000

  private let kafka: KafkaConfiguration
  private let producer: KafkaProducer
  private let isFailing = Atomic(false)
  private let creations: TopicCodec<ConfirmAccountCreation>
  private let transfers: TopicCodec<ConfirmMoneyTransfer>
  private let status: ServiceStatus
  private let failpoints: Failpoints<EndpointStep>

  /// - Parameter timeoutMillis: after which a record that the broker has not taken is given up.
  /// - Throws: for a property that librdkafka doesn't take.
  init(
    _ kafka: KafkaConfiguration, registry: RegistryClient, timeoutMillis: Int, status: ServiceStatus,
    failpoints: Failpoints<EndpointStep>
  ) throws(KafkaError) {
    var kafka = kafka
    if kafka.properties["message.timeout.ms"] == nil {
      kafka.producerProperties["message.timeout.ms"] = String(max(timeoutMillis, Self.minTimeoutMillis))
    }
    self.kafka = kafka
    producer = try KafkaProducer(kafka)
    creations = TopicCodec(Topics.confirmAccountCreation, registry: registry)
    transfers = TopicCodec(Topics.confirmMoneyTransfer, registry: registry)
    self.status = status
    self.failpoints = failpoints
  }

  /// Asks the registry for the ids of the schemas. Before it nothing can be sent.
  func prepare() async throws(RegistryError) {
    try await creations.prepare()
    try await transfers.prepare()
  }

  /// The record of a command.
  ///
  /// - Throws: `GraphQLError` with code `UNAVAILABLE` before `prepare` has come to its end.
  func record(_ command: ConfirmAccountCreation) throws -> KafkaRecord {
    try record(creations, command, id: command.id, type: ConfirmAccountCreation.schemaName)
  }

  func record(_ command: ConfirmMoneyTransfer) throws -> KafkaRecord {
    try record(transfers, command, id: command.id, type: ConfirmMoneyTransfer.schemaName)
  }

  /// Returns when the broker has acknowledged the record; what goes wrong shows in the health.
  func send(_ record: KafkaRecord) async {
    do {
      _ = try await producer.send(record)
      works()
      status.metrics.add(to: "bank_commands_total", ["service": status.name, "outcome": "sent"])
    } catch {
      // A producer that was closed is no failure: the service stops.
      guard error.code != .closed else { return }
      isFailing.store(true, ordering: .relaxed)
      status.fails(.commands, error)
      return
    }
    try? failpoints.reach(.commandSent)
  }

  /// After a record that was not taken: looks whether the broker is there again. Otherwise the health would stay red for
  /// as long as nobody asks for anything.
  func probe() async {
    guard isFailing.load(ordering: .relaxed) else { return }
    do {
      _ = try await kafka.partitions(of: [creations.topic.name, transfers.topic.name])
      works()
    } catch {
      status.fails(.commands, error)
    }
  }

  private func works() {
    isFailing.store(false, ordering: .relaxed)
    status.works(.commands)
  }

  func close() async { await producer.close(timeoutMillis: Self.closeMillis) }

  private func record<Value: TopicValue>(
    _ codec: TopicCodec<Value>, _ value: Value, id: UUID, type: String
  ) throws -> KafkaRecord {
    let bytes: [UInt8]
    do {
      bytes = try codec.encode(value)
    } catch .notPrepared {
      throw GraphQLError("the schema registry has not answered yet: try again soon", code: "UNAVAILABLE")
    }
    return KafkaRecord(
      topic: codec.topic.name, key: Array(id.text.utf8), value: bytes,
      headers: CloudEvent.command(id: id, source: .graphQLEndpoint, type: type).kafkaHeaders)
  }
}
