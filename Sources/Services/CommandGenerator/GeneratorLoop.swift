import BankSupport
import Definitions
import KafkaRuntime
import Logging
import SchemaRegistry

/// The work of the service, without its HTTP server.
///
/// It reads beats and confirmed accounts from partitions that it names itself, without joining a group: the embedded
/// broker hangs a group with a member that was killed. Positions are committed as plain offsets of group
/// `command-generator`, after the commands that follow from them were acknowledged. At start it reads the accounts
/// from the beginning, and pays salaries from the committed position on.
///
/// A lost connection may mean a broker that came back with less than it had. Then it starts over from the committed
/// positions, and repeats the salaries of the last `salaryRewind` accounts before them: a repeat is the same command.
public struct GeneratorLoop: Sendable {
  /// Name under which positions are committed.
  public static let group = "command-generator"
  /// Records taken at a time, so also commands that are sent before the next position is committed.
  public static let batchLimit = 500
  static let salaryRewind: Int64 = 1_000

  let kafka: KafkaConfiguration
  let metrics: Metrics
  let health: Health
  let codecs: Codecs
  private let logger = Logger(label: "command-generator")

  public init(kafka: KafkaConfiguration, registry: RegistryClient, metrics: Metrics, health: Health) {
    var kafka = kafka
    kafka.consumerProperties["group.id"] = Self.group
    self.kafka = kafka
    self.metrics = metrics
    self.health = health
    codecs = Codecs(registry: registry)
  }

  /// Returns when the task is cancelled.
  public func run() async throws {
    let waiting = Waiting(metrics: metrics, health: health, logger: logger)
    var configuration = kafka
    configuration.consumerProperties["group.id"] = nil
    let producer = SteadyProducer(configuration, metrics: metrics, health: health, logger: logger)
    do {
      try await waiting.forServers { try await codecs.prepare() }
      var book = AccountBook()
      var salaryRewind: Int64 = 0
      var pause = Backoff(firstMillis: 100, maxMillis: 5_000)
      while !Task.isCancelled {
        let began = ContinuousClock.now
        try await waiting.forServers { try await readOn(&book, &salaryRewind, producer) }
        if Task.isCancelled { break }
        if began.duration(to: .now) > .seconds(60) { pause.reset() }
        metrics.add(to: "bank_retries_total", ["target": "kafka"])
        logger.warning("the connection to Kafka was lost: starting over from the committed positions")
        try await pause.wait()
      }
    } catch is CancellationError {
      // Asked to stop.
    } catch {
      await producer.close()
      throw error
    }
    await producer.close()
  }

  /// Reads and sends until the connection is lost or the task is cancelled.
  private func readOn(
    _ book: inout AccountBook, _ salaryRewind: inout Int64, _ producer: SteadyProducer
  ) async throws {
    let consumer = try KafkaConsumer(kafka, assignment: [:])
    var reading = Reading(
      consumer: consumer, codecs: codecs, metrics: metrics, logger: logger, book: book,
      disconnects: consumer.disconnects)
    do {
      try await reading.start(salaryRewind: salaryRewind)
      salaryRewind = Self.salaryRewind
      logger.info("command generator ready, \(reading.book.accounts.count) accounts")
      health.ready()
      while !Task.isCancelled, try await reading.step(producer) {}
    } catch {
      book = reading.book
      await consumer.close()
      throw error
    }
    book = reading.book
    await consumer.close()
  }
}

/// The codecs of the topics that the generator reads and writes.
struct Codecs: Sendable {
  let beats: TopicCodec<Heartbeat>
  let accounts: TopicCodec<AccountCreationConfirmed>
  /// Where new accounts are too, if the command handler is told so.
  let feedback: TopicCodec<AccountFeedback>
  let openings: TopicCodec<ConfirmAccountCreation>
  let transfers: TopicCodec<ConfirmMoneyTransfer>

  init(registry: RegistryClient) {
    beats = TopicCodec(Topics.heartbeat, registry: registry)
    accounts = TopicCodec(Topics.accountCreationConfirmed, registry: registry)
    feedback = TopicCodec(Topics.accountFeedback, registry: registry)
    openings = TopicCodec(Topics.confirmAccountCreation, registry: registry)
    transfers = TopicCodec(Topics.confirmMoneyTransfer, registry: registry)
  }

  /// Schema ids are looked up, never registered: that is the synchronizer's work.
  func prepare() async throws(RegistryError) {
    try await beats.prepare()
    try await accounts.prepare()
    try await feedback.prepare()
    try await openings.prepare()
    try await transfers.prepare()
  }

  func record(_ command: Command) throws(CodecError) -> KafkaRecord {
    switch command {
    case .openAccount(let value):
      Self.record(
        openings, value, try openings.encode(value),
        .command(id: value.id, source: .commandGenerator, type: ConfirmAccountCreation.schemaName))
    case .transfer(let value):
      Self.record(
        transfers, value, try transfers.encode(value),
        .command(id: value.id, source: .commandGenerator, type: ConfirmMoneyTransfer.schemaName))
    }
  }

  private static func record<Value>(
    _ codec: TopicCodec<Value>, _ value: Value, _ bytes: [UInt8], _ event: CloudEvent
  ) -> KafkaRecord {
    KafkaRecord(
      topic: codec.topic.name, key: codec.topic.keyText(value).map { Array($0.utf8) }, value: bytes,
      headers: event.headers.map { KafkaHeader($0.name, $0.value) })
  }
}
