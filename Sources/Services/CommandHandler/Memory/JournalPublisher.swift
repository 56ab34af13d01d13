import BankSupport
import Definitions
import Foundation
import KafkaRuntime

/// Publishes the events of the journal's entries, in order, and tells the writer where they went.
///
/// Used by one task only.
final class JournalPublisher {
  private static let maxRowsPerRound = 8
  private static let waitMillis = 250

  private let kafka: KafkaConfiguration
  private let outbox: JournalOutbox
  private let settings: HandlerSettings
  private let status: ServiceStatus
  private var producer: KafkaProducer?
  private var seenDisconnects = 0
  /// Where something was delivered; nil before the first look at all that is kept.
  private var partitions: Set<TopicPartition>?
  private var needsCheck = true

  init(_ kafka: KafkaConfiguration, _ outbox: JournalOutbox, settings: HandlerSettings, status: ServiceStatus) {
    self.kafka = kafka.forEvents
    self.outbox = outbox
    self.settings = settings
    self.status = status
  }

  /// Publishes until the flag is set, and then what is left for `drainMillis` at most.
  func run(until stop: StopFlag) async {
    var backoff = Backoff(firstMillis: 100, maxMillis: settings.maxRetryPauseMillis)
    var drainEnd: ContinuousClock.Instant?
    while true {
      if stop.isSet {
        let end = drainEnd ?? .now + .milliseconds(settings.drainMillis)
        drainEnd = end
        if end <= .now || outbox.unsentCount == 0 { break }
      }
      do {
        let count = try await round(stop)
        status.metrics.set("bank_outbox_rows", to: outbox.unsentCount)
        backoff.reset()
        if count == 0 { await outbox.wait(millis: Self.waitMillis) }
      } catch {
        status.fails(.outbox, error)
        needsCheck = true
        if (error as? KafkaError)?.isFatal == true { await dropProducer() }
        await stop.sleep(millis: backoff.nextMillis())
      }
    }
    await dropProducer()
  }

  private func dropProducer() async {
    await producer?.close(timeoutMillis: 0)
    producer = nil
  }

  /// - Returns: how many entries were published.
  private func round(_ stop: StopFlag) async throws -> Int {
    let producer = try producer ?? KafkaProducer(kafka)
    self.producer = producer
    if producer.disconnects != seenDisconnects {
      seenDisconnects = producer.disconnects
      // The broker may have lost entries of the journal too: those are written again before their events are.
      outbox.close()
      needsCheck = true
    }
    guard outbox.isOpen else { return 0 }
    if needsCheck { try await check() }
    let rows = outbox.unsentRows(limit: Self.maxRowsPerRound)
    if rows.isEmpty { return 0 }
    var clock = StageClock()
    try settings.reach(.publishing)
    let events = try OutboxRecords(rows)
    let (results, isClosed) = await producer.sendEvents(
      events.records, until: stop, drainMillis: settings.drainMillis)
    if isClosed { self.producer = nil }
    clock.ends(.publish)
    try settings.reach(.published)
    let (sent, failure) = events.deliveries(of: rows, results)
    outbox.markSent(sent)
    try settings.reach(.markedSent)
    clock.times.record(in: status.metrics)
    for row in sent {
      partitions?.formUnion(row.deliveries.map { TopicPartition(topic: $0.topic, partition: $0.partition) })
    }
    if let failure { throw failure }
    status.works(.outbox)
    return sent.count
  }

  /// The contract's "Broker that lost records", for what is kept. From the oldest lost entry on everything goes out
  /// again, in order.
  private func check() async throws {
    let check = LossCheck(
      probe: RecordProbe(kafka: kafka), known: partitions ?? [], isComplete: partitions == nil)
    let outbox = outbox
    let finding = try await check.run { below in try outbox.sentRows(below: below, limit: 20) }
    if let first = finding.firstLostRow {
      let count = outbox.unsend(from: first)
      status.log("the broker lost events: publishing those of \(count) entries again, from entry \(first)")
    }
    partitions = finding.partitions
    needsCheck = false
  }
}
