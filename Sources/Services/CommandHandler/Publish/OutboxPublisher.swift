import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import PostgresRuntime

/// Publishes what is committed, in order, and writes down where it went. One in a database does: who holds the
/// advisory lock; the others stand by.
///
/// Used by one task only.
final class OutboxPublisher {
  private static let maxRowsPerRound = 8
  private static let rowsPerLook = 20
  private static let waitMillis = 500
  private static let countEveryMillis = 1_000
  private static let deleteEverySeconds = 60
  private static let rowsPerDelete = 200

  private let kafka: KafkaConfiguration
  private let database: Database
  private let cache: OutboxCache
  private let settings: HandlerSettings
  private let status: ServiceStatus
  private let verify: @Sendable () async throws -> Void
  private var producer: KafkaProducer?
  private var seenDisconnects = 0
  /// Where something was delivered; nil before the first look at the whole table.
  private var partitions: Set<TopicPartition>?
  private var needsCheck = true
  private var lastCount = ContinuousClock.now - .seconds(60)
  /// Whose session held the lock last: in the same session nobody else has published.
  private var lastSession: Int32?
  private var lastDelete = ContinuousClock.now - .seconds(3600)

  /// - Parameter verify: throws when the broker's topics are not those that belong to the database.
  init(
    _ kafka: KafkaConfiguration, _ postgres: PostgresConfiguration, cache: OutboxCache, settings: HandlerSettings,
    status: ServiceStatus, verify: @escaping @Sendable () async throws -> Void
  ) {
    self.kafka = kafka.forEvents
    database = Database(postgres, purpose: "publisher")
    self.cache = cache
    self.settings = settings
    self.status = status
    self.verify = verify
  }

  /// Publishes until the flag is set, and then what is left for `drainMillis` at most; nothing where it was set because
  /// of a failure.
  func run(until stop: StopFlag) async {
    var backoff = Backoff(firstMillis: 100, maxMillis: settings.maxRetryPauseMillis)
    while !stop.isSet {
      do {
        let connection = try await database.connection()
        if try await connection.run({ session in try OutboxStore(session: session).lock() }) {
          try await publish(connection, until: stop, &backoff)
        } else {
          // Another handler publishes what this one commits.
          cache.removeAll()
          partitions = nil
          lastSession = nil
          status.works(.outbox)
          await stop.sleep(millis: 1_000)
        }
      } catch {
        status.fails(.outbox, error)
        needsCheck = true
        // The broker's fault: the database can tell how much waits for it.
        if error is KafkaError, let connection = try? await database.connection() {
          await showUnsent(connection, status)
        }
        if producer?.lastProblem?.isFatal == true || (error as? KafkaError)?.isFatal == true { await dropProducer() }
        await stop.sleep(millis: backoff.nextMillis())
      }
    }
    await dropProducer()
    await database.close()
  }

  private func dropProducer() async {
    await producer?.close(timeoutMillis: 0)
    producer = nil
  }

  private func publish(_ connection: PostgresConnection, until stop: StopFlag, _ backoff: inout Backoff) async throws {
    try await connection.run { session in try session.listen(OutboxStore.channel) }
    if lastSession != connection.processID { partitions = nil }
    lastSession = connection.processID
    needsCheck = true
    var drainEnd: ContinuousClock.Instant?
    while true {
      let producer = try readyProducer()
      if producer.disconnects != seenDisconnects || needsCheck { try await check(connection, producer) }
      let sent = try await publishRound(connection, producer, drainEnd: &drainEnd, stop)
      try await housekeep(connection)
      // Last: what fails again and again has to have its pauses.
      status.works(.outbox)
      backoff.reset()
      if stop.failure != nil { return }
      if sent > 0 { continue }
      if stop.isSet { return }
      _ = try await connection.waitForNotification(timeoutMillis: Self.waitMillis)
    }
  }

  private func readyProducer() throws -> KafkaProducer {
    if let producer { return producer }
    let made = try KafkaProducer(kafka)
    producer = made
    seenDisconnects = made.disconnects
    return made
  }

  /// - Returns: how many rows were sent and marked.
  private func publishRound(
    _ connection: PostgresConnection, _ producer: KafkaProducer, drainEnd: inout ContinuousClock.Instant?,
    _ stop: StopFlag
  ) async throws -> Int {
    if stop.failure != nil { return 0 }
    if stop.isSet {
      let end = drainEnd ?? .now + .milliseconds(settings.drainMillis)
      drainEnd = end
      if end <= .now { return 0 }
    }
    var clock = StageClock()
    let rows = try await unsentRows(connection)
    if rows.isEmpty { return 0 }
    try settings.reach(.publishing)
    let events = try OutboxRecords(rows)
    let results = await send(events.records, connection, producer, stop)
    clock.ends(.publish)
    try settings.reach(.published)
    let (sent, failure) = events.deliveries(of: rows, results)
    try await connection.transaction { [settings] session in
      try OutboxStore(session: session).markSent(sent)
      try settings.reach(.markWritten)
    }
    try settings.reach(.markedSent)
    clock.ends(.mark)
    clock.times.record(in: status.metrics)
    cache.remove(sent.map(\.id))
    for row in sent {
      partitions?.formUnion(row.deliveries.map { TopicPartition(topic: $0.topic, partition: $0.partition) })
    }
    if let failure {
      if failure.isFatal { await dropProducer() }
      throw failure
    }
    return sent.count
  }

  private func unsentRows(_ connection: PostgresConnection) async throws -> [OutboxRow] {
    let ids = try await connection.run { session in
      try OutboxStore(session: session).unsentIDs(limit: Self.maxRowsPerRound)
    }
    var rows = ids.compactMap { cache.row($0) }
    let missing = ids.filter { id in !rows.contains { $0.id == id } }
    if !missing.isEmpty {
      rows += try await connection.run { session in try OutboxStore(session: session).rows(missing) }
      rows.sort { $0.id < $1.id }
    }
    return rows
  }

  /// Waits for the broker for as long as it takes, but when the handler stops not longer than `drainMillis`.
  private func send(
    _ records: PackedRecords, _ connection: PostgresConnection, _ producer: KafkaProducer, _ stop: StopFlag
  ) async -> [Result<KafkaDelivery, KafkaError>] {
    let status = status
    let (results, isClosed) = await producer.sendEvents(records, until: stop, drainMillis: settings.drainMillis) {
      status.fails(.outbox, producer.lastProblem.map { "\($0)" } ?? "the broker acknowledges nothing")
      await showUnsent(connection, status)
    }
    if isClosed { self.producer = nil }
    return results
  }

  /// The contract's "Broker that lost records". From the oldest lost row on everything goes out again, in order.
  private func check(_ connection: PostgresConnection, _ producer: KafkaProducer) async throws {
    // Before the look: what is lost after it shows as another count.
    let disconnects = producer.disconnects
    try await verify()
    let check = LossCheck(
      probe: RecordProbe(kafka: kafka), known: partitions ?? [], isComplete: partitions == nil)
    let finding = try await check.run { below in
      try await connection.run { session in
        try OutboxStore(session: session).sentRows(below: below, limit: Self.rowsPerLook)
      }
    }
    if let first = finding.firstLostRow {
      let count = try await connection.run { session in try OutboxStore(session: session).unsend(from: first) }
      status.log("the broker lost events: publishing \(count) outbox rows again, from row \(first)")
    }
    partitions = finding.partitions
    seenDisconnects = disconnects
    needsCheck = false
  }

  private func housekeep(_ connection: PostgresConnection) async throws {
    let now = ContinuousClock.now
    if lastCount.duration(to: now) > .milliseconds(Self.countEveryMillis) {
      lastCount = now
      await showUnsent(connection, status)
    }
    if lastDelete.duration(to: now) > .seconds(Self.deleteEverySeconds) {
      let hours = settings.outboxRetentionHours
      let count = try await connection.run { session in
        try OutboxStore(session: session).deleteSent(olderThanHours: hours, limit: Self.rowsPerDelete)
      }
      if count < Self.rowsPerDelete { lastDelete = now }
    }
  }
}

/// Shows how many rows wait; what keeps the database from telling shows at the next statement.
private func showUnsent(_ connection: PostgresConnection, _ status: ServiceStatus) async {
  let count = try? await connection.run { session in try OutboxStore(session: session).unsentCount() }
  if let count { status.metrics.set("bank_outbox_rows", to: count) }
}

extension KafkaConfiguration {
  /// For the producer of events.
  var forEvents: KafkaConfiguration {
    var kafka = self
    // Records wait for a broker that is away, in their order, instead of failing one by one.
    kafka.producerProperties["message.timeout.ms"] = "0"
    // A dead letter is a command with more headers.
    kafka.producerProperties["message.max.bytes"] = "2000000"
    return kafka
  }
}
