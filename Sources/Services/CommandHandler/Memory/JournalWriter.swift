import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import SchemaRegistry

/// What another record in the journal, or one that is missing, means for who reads or writes it.
enum JournalError: Error {
  /// The last record of ours does not stand where it should: look before anything else is done.
  case moved
  /// Another writer went on from before what is known here, so all has to be read again.
  case diverged
}

/// Follows the topic `journal`, and writes it while no other writer has come since.
///
/// An entry counts when the broker has acknowledged it right behind the last record that is known here: then no other
/// writer's epoch is in between. Used by one task only.
final class JournalWriter {
  /// Entries that are kept to be written again after a broker has lost them.
  static let keptBytes = 64 << 20
  static let keptEntries = 10_000
  private static let silenceMillis = 10_000

  private struct Kept {
    var entry: JournalEntry
    var offset: Int64
    var timestampMillis: Int64
  }

  let id = UUID()
  private let kafka: KafkaConfiguration
  private let codec: TopicCodec<Journal>
  private let outbox: JournalOutbox
  private let status: ServiceStatus
  private(set) var ledger = MemoryLedger()
  private(set) var fence = JournalFence()
  /// The last ones that counted, without a gap; ends with the ledger's.
  private var kept: [Kept] = []
  private var keptSize = 0
  /// What was read and written so far, and the timestamp of its last record.
  private var nextOffset: Int64 = 0
  private var lastTimestampMillis: Int64 = -1
  private var consumer: KafkaConsumer?
  private var producer: KafkaProducer?
  private var seenDisconnects = 0
  private let maxOutcomes: Int
  /// When this writer has written last.
  private(set) var lastWrite = ContinuousClock.now

  /// - Parameters:
  ///   - codec: prepared.
  ///   - maxOutcomes: of the ledger, see `HandlerSettings`.
  init(
    _ kafka: KafkaConfiguration, codec: TopicCodec<Journal>, outbox: JournalOutbox, maxOutcomes: Int,
    status: ServiceStatus
  ) {
    self.maxOutcomes = maxOutcomes
    var kafka = kafka
    // One record at a time, and nothing goes on before it is there.
    kafka.producerProperties["linger.ms"] = "0"
    kafka.producerProperties["message.max.bytes"] = "4194304"
    kafka.producerProperties["compression.type"] = "lz4"
    // What is not there by then is looked for.
    kafka.producerProperties["message.timeout.ms"] = "3000"
    self.kafka = kafka
    self.codec = codec
    self.outbox = outbox
    self.status = status
  }

  /// Forgets everything: the journal is read again from its beginning.
  func forget() async {
    await closeConsumer()
    outbox.removeAll()
    (ledger, fence, kept, keptSize) = (MemoryLedger(), JournalFence(), [], 0)
    (nextOffset, lastTimestampMillis) = (0, -1)
  }

  func close() async {
    await closeConsumer()
    await producer?.close(timeoutMillis: 0)
    producer = nil
  }

  /// - Throws: `SupportError` when the ledger is as large as this process's memory may be asked for.
  func checkSize() throws {
    guard ledger.outcomeCount < maxOutcomes else {
      throw SupportError(
        "the ledger has \(ledger.outcomeCount) outcomes, and the strategy memory holds \(maxOutcomes) at "
          + "most: a bank that large needs a database (bank clean, and the strategy batch)")
    }
  }

  // MARK: Reading

  /// Follows the journal until nobody writes it: the writer has said so, or nothing has come for `quietSeconds`, by the
  /// timestamps or by this process's clock.
  ///
  /// - Returns: false when the flag was set first.
  func waitForTurn(quietSeconds: Int, until stop: StopFlag) async throws -> Bool {
    var quietSince = ContinuousClock.now
    var isToldOf = false
    while !stop.isSet {
      let before = nextOffset
      try await catchUp()
      if nextOffset > before { quietSince = .now }
      let ageMillis = Int64(Date().timeIntervalSince1970 * 1_000) - lastTimestampMillis
      let isQuiet =
        quietSince.duration(to: .now) > .seconds(quietSeconds) || ageMillis > Int64(quietSeconds) * 1_000
      if fence.isFree || isQuiet { return true }
      if !isToldOf { status.log("another handler writes the journal: standing by") }
      isToldOf = true
      await stop.sleep(millis: 200)
    }
    return false
  }

  /// Reads what there is.
  func catchUp() async throws { try await read(to: try await kafka.journalEnd()) }

  private func read(to end: Int64) async throws {
    guard nextOffset < end else { return }
    let consumer =
      try consumer
      ?? KafkaConsumer(kafka, assignment: [JournalFence.partition: .at(nextOffset)], readsHeaders: false)
    self.consumer = consumer
    do {
      var silence = 0
      while nextOffset < end {
        let records = try await consumer.next(maxRecords: 1_000, timeoutMillis: 500)
        silence = records.isEmpty ? silence + 500 : 0
        guard silence < Self.silenceMillis else {
          throw HandlerError("the broker gave no record of the journal for \(Self.silenceMillis / 1_000) s")
        }
        for record in records { try await take(record) }
      }
    } catch {
      await closeConsumer()
      throw error
    }
  }

  private func closeConsumer() async {
    await consumer?.close()
    consumer = nil
  }

  private func take(_ record: ConsumedRecord) async throws {
    guard record.offset >= nextOffset else { return }
    let value: Journal
    do { value = try await codec.decode(record.value) } catch {
      guard error.deadLetterCause != nil else { throw error }
      throw SupportError(
        "\(record.topicPartition)/\(record.offset) can't be read: \(error). Something else writes there")
    }
    (nextOffset, lastTimestampMillis) = (record.offset + 1, record.timestampMillis)
    switch value {
    case .journalEpoch(let epoch):
      guard fence.admits(epoch) else { return }
      if epoch.writer != id, fence.number < ledger.number { throw JournalError.diverged }
    case .journalEntry(let entry):
      guard fence.admits(entry) else { return }
      keep(Kept(entry: entry, offset: record.offset, timestampMillis: record.timestampMillis))
      if entry.number > ledger.number { apply(entry, isOwn: fence.writer == id) }
      try checkSize()
    }
  }

  private func apply(_ entry: JournalEntry, isOwn: Bool) {
    ledger.apply(entry)
    outbox.add(entry.number, entry.events)
    // Ours are known since they were published, and may be out of date by now.
    if !isOwn { outbox.mark(entry.deliveries) }
  }

  private func keep(_ new: Kept) {
    if let first = kept.first, case let index = Int(new.entry.number - first.entry.number), kept.indices ~= index {
      kept[index] = new
      return
    }
    kept.append(new)
    keptSize += new.entry.events.count
    while kept.count > Self.keptEntries || keptSize > Self.keptBytes, let first = kept.first {
      keptSize -= first.entry.events.count
      kept.removeFirst()
    }
  }

  // MARK: Writing

  /// Begins a new epoch and writes what the broker has lost of the entries that are known here.
  ///
  /// - Parameter again: this writer has written before, and goes on only if no other has come since.
  /// - Returns: false when another writer counts.
  func takeOver(again: Bool) async throws -> Bool {
    try await findPlace()
    try await catchUp()
    if again, let writer = fence.writer, writer != id { return false }
    let epoch = fence.epoch + 1
    let delivery = try await send(.journalEpoch(JournalEpoch(epoch: epoch, writer: id)))
    try await read(to: delivery.offset + 1)
    await closeConsumer()
    guard fence.epoch == epoch, fence.writer == id else { return false }
    for var lost in kept.map(\.entry) where lost.number > fence.number {
      lost.epoch = epoch
      try await append(lost)
    }
    return true
  }

  /// Writes the next entry. It counts when this returns.
  ///
  /// - Throws: `JournalError.moved` and `KafkaError`: whether it counts is not known, and `takeOver` finds out.
  func append(_ entry: JournalEntry) async throws {
    let delivery = try await send(.journalEntry(entry))
    guard delivery.offset == nextOffset, fence.admits(entry) else { throw JournalError.moved }
    (nextOffset, lastTimestampMillis) = (delivery.offset + 1, delivery.timestampMillis)
    keep(Kept(entry: entry, offset: delivery.offset, timestampMillis: delivery.timestampMillis))
    if entry.number > ledger.number { apply(entry, isOwn: true) }
    // Publishing goes on, and begins by `confirmIfNeeded`.
    if outbox.isOpen { outbox.confirm() }
  }

  /// Whether the last record stands where it should; asked when a connection was lost, and before publishing goes on.
  func confirmIfNeeded() async throws {
    let disconnects = producer?.disconnects ?? 0
    guard disconnects != seenDisconnects || !outbox.isOpen else { return }
    guard try await isThere(nextOffset - 1, lastTimestampMillis) else { throw JournalError.moved }
    seenDisconnects = disconnects
    outbox.confirm()
  }

  private func send(_ value: Journal) async throws -> KafkaDelivery {
    let producer = try producer ?? KafkaProducer(kafka)
    self.producer = producer
    lastWrite = .now
    do {
      return try await producer.send(
        KafkaRecord(
          topic: JournalFence.partition.topic, partition: JournalFence.partition.partition, key: nil,
          value: try codec.encode(value)))
    } catch {
      if let error = error as? KafkaError, error.isFatal || error.code == .closed {
        await producer.close(timeoutMillis: 0)
        self.producer = nil
        seenDisconnects = 0
      }
      throw error
    }
  }

  // MARK: A broker that lost records

  /// Goes back to the last record that the broker still has, if it is not the one that is known last.
  private func findPlace() async throws {
    if nextOffset == 0 { return }
    if try await isThere(nextOffset - 1, lastTimestampMillis) { return }
    await closeConsumer()
    // A log is lost from its end: what is before a record that stands, stands too.
    var (low, high) = (0, kept.count)
    while low < high {
      let middle = (low + high) / 2
      if try await isThere(kept[middle].offset, kept[middle].timestampMillis) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    status.log("the broker lost records of the journal: \(kept.count - low) entries are written again")
    if low > 0 {
      let last = kept[low - 1]
      fence = JournalFence(after: last.entry)
      (nextOffset, lastTimestampMillis) = (last.offset + 1, last.timestampMillis)
    } else {
      guard kept.first?.entry.number ?? ledger.number + 1 == 1 else {
        throw SupportError(
          "the broker lost more of the journal than the last \(kept.count) entries, which this handler could write "
            + "again: what was decided before can't be restored. bank clean")
      }
      (fence, nextOffset, lastTimestampMillis) = (JournalFence(), 0, -1)
    }
  }

  private func isThere(_ offset: Int64, _ timestampMillis: Int64) async throws -> Bool {
    if offset < 0 { return true }
    let record = try await RecordProbe(kafka: kafka).records(at: [JournalFence.partition: offset])
    return record[JournalFence.partition]?.timestampMillis == timestampMillis
  }
}
