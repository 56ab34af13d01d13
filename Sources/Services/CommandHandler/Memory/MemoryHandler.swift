import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import SchemaRegistry
import Synchronization

/// A handler without a database: an entry of the topic `journal` is the commit of a batch, the events are published
/// from the entries, and what was decided is known again by reading them (docs/variants.md, "memory").
///
/// Of several, one writes; the others follow the journal and stand by.
package final class MemoryHandler: Sendable {
  private static let pollMillis = 100

  private let kafka: KafkaConfiguration
  private let registryURL: String
  private let incarnation: UUID
  private let settings: HandlerSettings
  private let status: ServiceStatus
  private let outbox: JournalOutbox
  private let places = Mutex<[TopicPartition: Position]>([:])
  private let waits = RegistryWaits()

  package init(
    _ kafka: KafkaConfiguration, registryURL: String, incarnation: UUID, settings: HandlerSettings,
    status: ServiceStatus
  ) {
    self.kafka = kafka
    self.registryURL = registryURL
    self.incarnation = incarnation
    self.settings = settings
    self.status = status
    outbox = JournalOutbox(trustMillis: settings.leaseSeconds * 1_000)
  }

  /// Works until the flag is set; then finishes the batch that it has begun, publishes what is committed and returns.
  ///
  /// - Throws: when it can't begin or go on: `SupportError` says what to do.
  package func run(until stop: StopFlag) async throws {
    var registrySettings = RegistryClient.Settings()
    registrySettings.maxAttempts = 1
    registrySettings.timeoutMillis = 2_000
    let registry = try RegistryClient(registryURL, settings: registrySettings)
    let encoder = EventEncoder(registry: registry, feedback: settings.feedback)
    let codec = TopicCodec(Topics.journal, registry: registry)
    let start = Start(status: status, stop: stop, maxPauseMillis: settings.maxRetryPauseMillis)
    let isPrepared: Bool? = try await start.until(.registry) {
      try await encoder.prepare()
      try await codec.prepare()
      return true
    }
    let topics = [Topics.confirmAccountCreation.name, Topics.confirmMoneyTransfer.name]
    let kafka = kafka
    guard isPrepared != nil,
      let partitions = try await start.until(.kafka, { try await kafka.partitions(of: topics) })
    else { return }
    let writer = JournalWriter(
      kafka, codec: codec, outbox: outbox, maxOutcomes: settings.maxOutcomes, status: status)
    let parser = CommandParser(
      registry: registry, maxCommandBytes: settings.maxCommandBytes, accountNumbers: settings.accountNumbers)
    let handled = StopFlag()
    let publishing = Task {
      await JournalPublisher(kafka, outbox, settings: settings, status: status).run(until: handled)
    }
    let lag = Task {
      await LagWatch(kafka: kafka, status: status) { self.places.withLock { $0 } }.run(until: handled)
    }
    status.started()
    var failure: (any Error)?
    do { try await work(writer, encoder, parser, partitions, until: stop) } catch { failure = error }
    handled.set()
    await publishing.value
    await lag.value
    if failure == nil { await end(writer) }
    await writer.close()
    if let failure = failure ?? stop.failure { throw failure }
  }

  // MARK: Turns

  /// - Throws: what trying again can't help.
  private func work(
    _ writer: JournalWriter, _ encoder: EventEncoder, _ parser: CommandParser, _ partitions: [TopicPartition],
    until stop: StopFlag
  ) async throws {
    var backoff = Backoff(firstMillis: 100, maxMillis: settings.maxRetryPauseMillis)
    var isWriter = false
    while !stop.isSet {
      do {
        if !isWriter {
          guard try await writer.waitForTurn(quietSeconds: settings.leaseSeconds, until: stop) else { return }
          try await checkEvents(writer)
        }
        guard try await writer.takeOver(again: isWriter) else {
          if isWriter { status.log("another handler writes the journal now") }
          isWriter = false
          outbox.close()
          continue
        }
        isWriter = true
        status.works(.kafka)
        status.log("writes the journal: epoch \(writer.fence.epoch), \(writer.ledger.outcomeCount) outcomes")
        backoff.reset()
        try await batches(writer, encoder, parser, partitions, until: stop)
        return
      } catch let error as SupportError {
        throw error
      } catch JournalError.diverged {
        status.log("another handler went on from before what this one knew: reading the journal again")
        isWriter = false
        await writer.forget()
      } catch {
        if case JournalError.moved = error {
          status.log("the journal has other records than this handler's at its end")
        } else {
          status.fails(.kafka, error)
        }
        outbox.close()
        await stop.sleep(millis: backoff.nextMillis())
      }
    }
  }

  /// Events whose entry the journal does not have: it has lost what was published already.
  private func checkEvents(_ writer: JournalWriter) async throws {
    let partitions = try await kafka.partitions(of: [Topics.balanceChanged.name] + FeedbackTopics.names)
    let consumer = try KafkaConsumer(kafka, assignment: [:])
    let ends: [TopicPartition: Int64]
    do { ends = try await consumer.endOffsets(partitions) } catch {
      await consumer.close()
      throw error
    }
    await consumer.close()
    // They were published in the order of the journal, so the last of a partition tells for those before it.
    let last = try await RecordProbe(kafka: kafka).records(at: ends.filter { $0.value > 0 }.mapValues { $0 - 1 })
    // Of those, the last writer's entries are in the journal by now.
    try await writer.catchUp()
    for (partition, record) in last.sorted(by: { $0.key < $1.key }) where !writer.ledger.knows(record) {
      throw SupportError(
        "\(partition)/\(record.offset) is an event that the journal does not know: either the broker lost records of "
          + "the journal, and what followed from them can't be taken back, or this bank was run with another strategy. "
          + "bank clean, or the other strategy")
    }
  }

  // MARK: Batches

  private func batches(
    _ writer: JournalWriter, _ encoder: EventEncoder, _ parser: CommandParser, _ partitions: [TopicPartition],
    until stop: StopFlag
  ) async throws {
    let epoch = writer.fence.epoch
    let grants = Dictionary(
      uniqueKeysWithValues: partitions.map {
        ($0, Lease(epoch: epoch, start: writer.ledger.positions[$0] ?? .beginning))
      })
    let reader = CommandReader(
      kafka,
      settings: .init(maxRecords: settings.maxBatchCommands, replayMillis: settings.replayMillis, readsHeaders: false),
      status: status, verify: IncarnationGuard(kafka, incarnation: incarnation, stop: stop).check
    ) { _, _, _, _ in }
    do {
      while !stop.isSet {
        try await writer.confirmIfNeeded()
        try await renew(writer)
        if outbox.unsentBytes > settings.maxUnpublishedBytes {
          await stop.sleep(millis: Self.pollMillis)
          continue
        }
        try settings.reach(.reading)
        var clock = StageClock()
        let records = try await reader.next(grants, timeoutMillis: Self.pollMillis)
        clock.ends(.read)
        if !records.isEmpty {
          clock.times.record(in: status.metrics)
          try await handle(records, reader, parser, encoder, writer)
        }
        let all = reader.all
        places.withLock { $0 = all }
      }
      await reader.close()
    } catch {
      await reader.close()
      throw error
    }
  }

  private func handle(
    _ records: [ConsumedRecord], _ reader: CommandReader, _ parser: CommandParser, _ encoder: EventEncoder,
    _ writer: JournalWriter
  ) async throws {
    let start = ContinuousClock.now
    try settings.reach(.batchRead)
    let parsed = await parser.parse(records)
    parsed.times.record(in: status.metrics)
    try await waits.take(parsed, reader, status)
    let batch = CommandBatch(parsed.records, place: reader.place(of:))
    if batch.moves.isEmpty { return }
    try writer.checkSize()
    let committed = try await commit(batch, encoder, writer)
    try settings.reach(.committed)
    reader.moved(committed.moves.mapValues(\.to))
    if committed.records.count < batch.records.count { reader.rewind() }
    status.metrics.observe("bank_batch_duration_seconds", seconds: start.duration(to: .now) / .seconds(1))
    show(writer.ledger)
  }

  /// - Returns: what was committed, which is less than the batch when its entry would be too large.
  private func commit(
    _ whole: CommandBatch, _ encoder: EventEncoder, _ writer: JournalWriter
  ) async throws -> CommandBatch {
    var batch = whole
    let marks = outbox.takeMarks()
    do {
      while true {
        var (entry, result) = try entry(for: batch, encoder, writer)
        let sizeBytes = entry.events.count + 300 * batch.records.count
        if sizeBytes > settings.maxJournalEntryBytes, batch.records.count > 1 {
          batch = batch.firstHalf()
          continue
        }
        entry.deliveries = marks
        var clock = StageClock()
        do { try await writer.append(entry) } catch let error as KafkaError
          where error.code == .messageTooLarge && batch.records.count > 1
        {
          // The topic takes less than the definitions say.
          batch = batch.firstHalf()
          continue
        }
        clock.ends(.commit)
        clock.times.record(in: status.metrics)
        result.record(in: status.metrics)
        return batch
      }
    } catch {
      outbox.returnMarks(marks)
      throw error
    }
  }

  private func entry(
    for batch: CommandBatch, _ encoder: EventEncoder, _ writer: JournalWriter
  ) throws -> (JournalEntry, BatchTransaction.Result) {
    var clock = StageClock()
    var result = BatchTransaction.Result()
    let (commands, indexes) = batch.commands
    let decision = decide(writer.ledger.state(for: commands), commands)
    clock.ends(.decide)
    try settings.reach(.decided)
    let conflicts = decision.conflicts.map { (record: batch.records[indexes[$0]].record, command: commands[$0]) }
      .filter { !writer.ledger.knowsConflict($0.record, payloadHash: $0.command.payloadHash) }
    let letters = batch.poison + conflicts.map { DeadLetter(idReused: $0.command.id, record: $0.record) }
    let events = try encoder.encode(decision.events, letters: letters.map { $0.event(incarnation: incarnation) })
    let entry = JournalEntry(
      epoch: writer.fence.epoch, number: writer.ledger.number + 1, decision, moves: batch.moves, conflicts: conflicts,
      events: events ?? [], deliveries: [])
    clock.ends(.encode)
    result.count(decision, letters, conflicts: conflicts.count)
    result.times = clock.times
    return (entry, result)
  }

  /// Tells those who stand by that this writer lives, and the journal where events went.
  private func renew(_ writer: JournalWriter) async throws {
    guard writer.lastWrite.duration(to: .now) > .milliseconds(settings.leaseRenewalMillis) else { return }
    try await mark(writer, ends: false)
    show(writer.ledger)
  }

  private func mark(_ writer: JournalWriter, ends: Bool) async throws {
    let marks = outbox.takeMarks()
    do {
      try await writer.append(
        JournalEntry(
          epoch: writer.fence.epoch, number: writer.ledger.number + 1, deliveries: marks, ends: ends))
    } catch {
      outbox.returnMarks(marks)
      throw error
    }
  }

  /// So that the next writer need not wait.
  private func end(_ writer: JournalWriter) async {
    guard outbox.isOpen else { return }
    do { try await mark(writer, ends: true) } catch {
      status.log("the journal was not ended, and the next writer waits \(settings.leaseSeconds) s: \(error)")
    }
  }

  private func show(_ ledger: MemoryLedger) {
    let metrics = status.metrics
    metrics.set("bank_ledger_accounts", to: ledger.accountCount)
    metrics.set("bank_ledger_difference_cents", to: Int64(clamping: ledger.difference))
    for (outcome, count) in ledger.transferCounts {
      metrics.set("bank_ledger_transfers", ["outcome": outcome], to: count)
    }
  }
}
