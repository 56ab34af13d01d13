import BankSupport
import Definitions
import KafkaRuntime
import Synchronization

/// The events of the journal's entries: those to be published, and those that were, while the broker could lose
/// them. Shared by the writer, which fills it, and the publisher.
final class JournalOutbox: Sendable {
  /// Published entries that are kept, so that what a broker loses can go out again.
  static let keptBytes = 64 << 20
  static let keptRows = 10_000
  /// Deliveries that go into one entry; the rest goes into the next.
  static let deliveriesPerEntry = 50_000

  fileprivate struct Row {
    var bytes: [UInt8]
    /// Nil until it is published.
    var deliveries: [OutboxDelivery]?
  }

  fileprivate struct State {
    var rows: [Int64: Row] = [:]
    /// Numbers of entries, ascending.
    var unsent: [Int64] = []
    var sent: [Int64] = []
    var unsentBytes = 0
    var sentBytes = 0
    /// Deliveries that the journal does not have yet.
    var marks: [JournalDeliveries] = []
    var isOpen = false
    var confirmed = ContinuousClock.now
  }

  private let state = Mutex(State())
  private let signals: AsyncStream<Void>
  private let signal: AsyncStream<Void>.Continuation
  /// A writer that has heard nothing of the journal for so long may have been replaced.
  private let trustMillis: Int

  init(trustMillis: Int) {
    self.trustMillis = trustMillis
    (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  // MARK: The writer

  /// The entry is in the journal.
  func add(_ number: Int64, _ bytes: [UInt8]) {
    if bytes.isEmpty { return }
    state.withLock { state in
      state.rows[number] = Row(bytes: bytes)
      state.unsent.append(number)
      state.unsentBytes += bytes.count
    }
    signal.yield()
  }

  /// What another writer has published.
  func mark(_ marks: [JournalDeliveries]) {
    state.withLock { state in
      for mark in marks { state.note(mark) }
      state.trim()
    }
  }

  /// The journal was found as it should be just now, so publishing may begin or go on.
  func confirm() {
    state.withLock { state in
      state.isOpen = true
      state.confirmed = .now
    }
    signal.yield()
  }

  /// Nothing is published until `confirm`.
  func close() { state.withLock { $0.isOpen = false } }

  var isOpen: Bool { state.withLock { $0.isOpen } }
  var unsentBytes: Int { state.withLock { $0.unsentBytes } }
  var unsentCount: Int { state.withLock { $0.unsent.count } }

  /// What the next entry is to tell of earlier ones.
  func takeMarks() -> [JournalDeliveries] {
    state.withLock { state in
      var count = 0
      var deliveries = 0
      for mark in state.marks where deliveries < Self.deliveriesPerEntry {
        deliveries += mark.deliveries.count
        count += 1
      }
      defer { state.marks.removeFirst(count) }
      return Array(state.marks.prefix(count))
    }
  }

  /// The entry was not written.
  func returnMarks(_ marks: [JournalDeliveries]) {
    state.withLock { state in
      state.marks = marks.filter { state.rows[$0.number]?.deliveries != nil } + state.marks
    }
  }

  func removeAll() { state.withLock { $0 = State() } }

  // MARK: The publisher

  /// Wakes when there may be something to do, after `millis` at the latest.
  func wait(millis: Int) async {
    let signal = signal
    let timer = Task {
      try await Task.sleep(for: .milliseconds(millis))
      signal.yield()
    }
    var iterator = signals.makeAsyncIterator()
    _ = await iterator.next()
    timer.cancel()
  }

  /// The oldest that are to be published; none while the writer can't be sure of the journal.
  func unsentRows(limit: Int) -> [OutboxRow] {
    state.withLock { state in
      guard state.isOpen, state.confirmed.duration(to: .now) < .milliseconds(trustMillis) else { return [] }
      return state.unsent.prefix(limit).compactMap { number in
        state.rows[number].map { OutboxRow(id: number, bytes: $0.bytes) }
      }
    }
  }

  func markSent(_ rows: [(id: Int64, deliveries: [KafkaDelivery])]) {
    state.withLock { state in
      for (id, deliveries) in rows where state.rows[id] != nil {
        let mark = JournalDeliveries(
          number: id,
          deliveries: deliveries.map {
            OutboxDelivery(partition: $0.partition, offset: $0.offset, timestampMillis: $0.timestampMillis)
          })
        state.note(mark)
        state.marks.append(mark)
      }
      state.trim()
    }
  }

  /// Published rows below a number, newest first.
  func sentRows(below number: Int64, limit: Int) throws -> [SentRow] {
    let found = state.withLock { state in
      let end = state.sent.firstIndex { $0 >= number } ?? state.sent.endIndex
      return state.sent[..<end].suffix(limit).reversed().compactMap { number in
        state.rows[number].map { (number: number, row: $0) }
      }
    }
    return try found.map { number, row in
      try SentRow(
        id: number, events: row.bytes, delivered: OutboxDeliveries(deliveries: row.deliveries ?? []).avroBytes())
    }
  }

  /// - Returns: how many are to be published again.
  func unsend(from number: Int64) -> Int {
    state.withLock { state in
      let again = state.sent.filter { $0 >= number }
      state.sent.removeAll { $0 >= number }
      state.marks.removeAll { $0.number >= number }
      for number in again {
        let bytes = state.rows[number]?.bytes.count ?? 0
        state.rows[number]?.deliveries = nil
        state.sentBytes -= bytes
        state.unsentBytes += bytes
      }
      state.unsent = again + state.unsent
      return again.count
    }
  }
}

extension JournalOutbox.State {
  fileprivate mutating func note(_ mark: JournalDeliveries) {
    guard let row = rows[mark.number] else { return }
    let isFirst = row.deliveries == nil
    rows[mark.number]?.deliveries = mark.deliveries
    guard isFirst, let index = unsent.firstIndex(of: mark.number) else { return }
    unsent.remove(at: index)
    unsentBytes -= row.bytes.count
    sent.append(mark.number)
    sentBytes += row.bytes.count
  }

  fileprivate mutating func trim() {
    var count = 0
    while sent.count - count > JournalOutbox.keptRows || sentBytes > JournalOutbox.keptBytes, count < sent.count {
      sentBytes -= rows.removeValue(forKey: sent[count])?.bytes.count ?? 0
      count += 1
    }
    sent.removeFirst(count)
  }
}
