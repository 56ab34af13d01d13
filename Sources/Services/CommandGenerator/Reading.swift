import BankSupport
import Definitions
import KafkaRuntime
import Logging
import SchemaRegistry

/// One consumer's life: where it stands, and what it knows.
struct Reading {
  let consumer: KafkaConsumer
  let codecs: Codecs
  let metrics: Metrics
  let logger: Logger
  private(set) var book: AccountBook
  /// The consumer's count when it was made; another one later means that the connection was lost.
  private let disconnects: Int
  private var generator = SystemRandomNumberGenerator()
  private var nextLagReport = ContinuousClock.now
  /// Causes of records that were skipped, each told once.
  private var told: Set<String> = []

  init(
    consumer: KafkaConsumer, codecs: Codecs, metrics: Metrics, logger: Logger, book: AccountBook, disconnects: Int
  ) {
    self.consumer = consumer
    self.codecs = codecs
    self.metrics = metrics
    self.logger = logger
    self.book = book
    self.disconnects = disconnects
  }

  private var beatPartitions: [TopicPartition] { Self.partitions(codecs.beats.topic) }
  private var accountPartitions: [TopicPartition] {
    Self.partitions(codecs.accounts.topic) + Self.partitions(codecs.feedback.topic)
  }

  private static func partitions<Value>(_ topic: Topic<Value>) -> [TopicPartition] {
    (0..<topic.partitions).map { TopicPartition(topic: topic.name, partition: Int32($0)) }
  }

  // MARK: Start

  /// Reads the accounts up to where salaries are due, then positions the consumer for what comes.
  mutating func start(salaryRewind: Int64) async throws {
    let all = beatPartitions + accountPartitions
    let ends = try await consumer.endOffsets(all)
    let beginnings = try await consumer.beginningOffsets(all)
    let committed = try await consumer.committed(all)
    var positions: [TopicPartition: Int64] = [:]
    for partition in all {
      let beginning = beginnings[partition] ?? 0
      let end = ends[partition] ?? beginning
      // What was committed may be gone: expired at one end, or lost by the broker at the other.
      positions[partition] = min(max(committed[partition] ?? beginning, beginning), end)
    }
    for partition in accountPartitions {
      positions[partition] = max(beginnings[partition] ?? 0, (positions[partition] ?? 0) - salaryRewind)
    }
    try await readAccounts(from: beginnings, to: positions)
    try await consumer.assign(positions.mapValues { .at($0) })
  }

  /// Fills the book with accounts that have their salary.
  private mutating func readAccounts(
    from beginnings: [TopicPartition: Int64], to positions: [TopicPartition: Int64]
  ) async throws {
    var open: [TopicPartition: Int64] = [:]
    for partition in accountPartitions where (beginnings[partition] ?? 0) < (positions[partition] ?? 0) {
      open[partition] = beginnings[partition] ?? 0
    }
    guard !open.isEmpty else { return }
    try await consumer.assign(open.mapValues { .at($0) })
    var empty = 0
    while !open.isEmpty {
      let records = try await consumer.next(maxRecords: 1_000, timeoutMillis: 500)
      try Task.checkCancellation()
      empty = records.isEmpty ? empty + 1 : 0
      guard empty < 20 else {
        let topics = Set(open.keys.map(\.topic)).sorted().joined(separator: " and ")
        throw SupportError("the broker does not give out \(topics), with records in it")
      }
      for record in records {
        let partition = record.topicPartition
        guard let end = positions[partition] else { continue }
        if record.offset < end, let account = try await account(record) { remember(account) }
        if record.offset + 1 >= end { open[partition] = nil }
      }
    }
  }

  // MARK: Steps

  /// Takes what is there, sends the commands that follow, and commits the positions.
  ///
  /// - Returns: false when the connection was lost: nothing was committed then.
  mutating func step(_ producer: SteadyProducer) async throws -> Bool {
    let records: [ConsumedRecord]
    do {
      records = try await consumer.next(maxRecords: GeneratorLoop.batchLimit, timeoutMillis: 500)
    } catch {
      // Not `catch where`: with it the compiler does not come to an end here.
      guard error.isOffsetOutOfRange else { throw error }
      return false
    }
    guard consumer.disconnects == disconnects else { return false }
    if !records.isEmpty {
      var commands: [KafkaRecord] = []
      var positions: [TopicPartition: Int64] = [:]
      for record in records {
        if let command = try await command(record) { commands.append(try codecs.record(command)) }
        positions[record.topicPartition] = record.offset + 1
      }
      let metrics = metrics
      try await producer.send(commands) {
        metrics.add($0, to: "bank_commands_total", ["service": "command-generator", "outcome": "sent"])
      }
      guard consumer.disconnects == disconnects else { return false }
      try await consumer.commit(positions)
    }
    if ContinuousClock.now >= nextLagReport { try await reportLag() }
    return true
  }

  private mutating func command(_ record: ConsumedRecord) async throws -> Command? {
    if record.topic == codecs.beats.topic.name {
      guard let beat = try await readable(record, codecs.beats) else { return nil }
      return CommandPlan.command(
        beat: beat.beat, book: book, localTime: WallClock.localTime(), using: &generator)
    }
    guard let account = try await account(record), account.aType == .auto else { return nil }
    remember(account)
    return .transfer(CommandPlan.salary(for: account))
  }

  private mutating func account(_ record: ConsumedRecord) async throws -> AccountCreationConfirmed? {
    guard record.topic == codecs.feedback.topic.name else { return try await readable(record, codecs.accounts) }
    guard case .accountCreationConfirmed(let account) = try await readable(record, codecs.feedback) else { return nil }
    return account
  }

  private mutating func remember(_ account: AccountCreationConfirmed) {
    guard account.aType == .auto else { return }
    book.add(AccountBook.Account(iban: account.iban, token: account.token))
  }

  /// Nil for a record that can't be read: nothing follows from it, and the log says so once per cause.
  private mutating func readable<Value>(
    _ record: ConsumedRecord, _ codec: TopicCodec<Value>
  ) async throws -> Value? {
    do {
      return try await codec.decode(record.value)
    } catch {
      guard let cause = error.deadLetterCause else { throw error }
      metrics.add(to: "bank_skipped_records_total", ["topic": record.topic, "cause": cause])
      if told.insert("\(record.topic) \(cause)").inserted {
        logger.warning("record \(record.topicPartition) at \(record.offset) is skipped: \(error)")
      }
      return nil
    }
  }

  private mutating func reportLag() async throws {
    nextLagReport = .now + .seconds(2)
    let all = beatPartitions + accountPartitions
    let ends = try await consumer.endOffsets(all)
    let committed = try await consumer.committed(all)
    for partition in all {
      let lag = (ends[partition] ?? 0) - (committed[partition] ?? 0)
      metrics.set(
        "bank_consumer_lag_records", ["topic": partition.topic, "partition": String(partition.partition)],
        to: max(0, lag))
    }
  }
}
