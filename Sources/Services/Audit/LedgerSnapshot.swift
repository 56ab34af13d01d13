import BankSupport
import Definitions
import Foundation
import KafkaRuntime

/// What the database says, as of one moment: about 600 bytes a transfer are kept in memory.
struct LedgerSnapshot: Sendable {
  struct Account: Sendable {
    /// In euro cents, as all amounts here.
    var amount: Int64
    var limit: Int64
    var version: Int64
    var token: String
    /// True for number 0, which no command opened.
    var isCompany = false
    /// Microseconds since 1970.
    var openedAtMicros: Int64

    /// What it had before its first leg.
    var opening: Int64 { isCompany ? LedgerSnapshot.companyOpening : 0 }
  }

  struct Leg: Sendable {
    var commandID: UUID
    /// 0 for the debit, 1 for the credit.
    var side: Int16
    var amount: Int64
    var counterparty: String
    var sequence: Int64
  }

  struct Transfer: Sendable {
    /// Nil when it was confirmed.
    var reason: String?
    var payload: PayloadMark
    /// Microseconds since 1970.
    var decidedAtMicros: Int64
  }

  struct Creation: Sendable {
    /// Nil when it was refused.
    var iban: String?
    var token: String?
    var reason: String?
    var payload: PayloadMark
  }

  struct Position: Sendable {
    var nextOffset: Int64
    /// Milliseconds since 1970; -1 when unknown.
    var lastTimestampMillis: Int64
  }

  /// Where the broker put a record.
  struct Place: Sendable, Hashable {
    var partition: TopicPartition
    var offset: Int64
  }

  /// The balance that the company's account starts with.
  static let companyOpening: Int64 = 100_000_000_000_000_000

  var accounts: [String: Account] = [:]
  /// By IBAN, in order of sequence.
  var legs: [String: [Leg]] = [:]
  var transfers: [UUID: Transfer] = [:]
  var creations: [UUID: Creation] = [:]
  /// Commands with a used id and another payload, by where they stand.
  var conflicts: [Place: UUID] = [:]
  var positions: [TopicPartition: Position] = [:]
  /// The ids (`ce_id`) of the events that were published, by where they went. More than one at a place: the broker
  /// lost the first and gave its offset out again.
  var deliveries: [Place: [UUID]] = [:]
  /// Events that wait in the outbox.
  var unsent: [AuditedEvent] = []
  /// Commands that a dead letter in the outbox is about, published or not.
  var deadLetters: Set<Place> = []
  /// For each partition of events an end that was read before the snapshot was taken. What is below it was published,
  /// so committed, so the snapshot has to know it.
  var earlierEnds: [TopicPartition: Int64] = [:]

  /// For each partition the offset after the last record that the snapshot has to know.
  var knownEnds: [TopicPartition: Int64] {
    var ends = earlierEnds
    for place in deliveries.keys { ends[place.partition] = max(ends[place.partition] ?? 0, place.offset + 1) }
    return ends
  }
}

/// The first eight bytes of a payload's SHA-256: enough to tell two payloads apart, in a quarter of the memory.
struct PayloadMark: Sendable, Hashable {
  private let bits: UInt64

  init(hash: [UInt8]) { bits = hash.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }
}

/// An event of the command handler, on a topic or still in the outbox, with what the audit needs of its headers.
struct AuditedEvent: Sendable {
  enum Origin: Sendable, Hashable {
    case topic(LedgerSnapshot.Place)
    case outbox(row: Int64)
  }

  let origin: Origin
  let topic: String
  let key: String?
  let value: [UInt8]?
  var specVersion: String?
  var id: UUID?
  var source: String?
  var type: String?
  var causationID: UUID?
  var sequence: Int64?
  /// Of a dead letter: the command that it is about.
  var deadLetterOf: LedgerSnapshot.Place?

  init(_ record: ConsumedRecord) {
    origin = .topic(LedgerSnapshot.Place(partition: record.topicPartition, offset: record.offset))
    topic = record.topic
    key = record.keyText
    value = record.value
    read(record.headers.lazy.map { ($0.name, String(decoding: $0.value, as: UTF8.self)) })
  }

  init(_ event: OutboxEvent, row: Int64) {
    origin = .outbox(row: row)
    topic = event.topic
    key = event.key
    value = event.value
    read(event.headers.lazy.map { ($0.key, $0.value) })
  }

  /// Where it stands, in words.
  var place: String {
    switch origin {
    case .topic(let place): "\(place.partition)/\(place.offset)"
    case .outbox(let row): "\(topic) in outbox row \(row)"
    }
  }

  private mutating func read(_ headers: some Sequence<(String, String)>) {
    var (failedTopic, failedPartition, failedOffset): (String?, Int32?, Int64?)
    for (name, value) in headers {
      switch name {
      case CloudEvent.Header.specVersion: specVersion = value
      case CloudEvent.Header.id: id = UUID(uuidString: value)
      case CloudEvent.Header.source: source = value
      case CloudEvent.Header.type: type = value
      case CloudEvent.Header.causationID: causationID = UUID(uuidString: value)
      case CloudEvent.Header.sequence: sequence = Int64(value)
      case "__connect.errors.topic": failedTopic = value
      case "__connect.errors.partition": failedPartition = Int32(value)
      case "__connect.errors.offset": failedOffset = Int64(value)
      default: break
      }
    }
    if let failedTopic, let failedPartition, let failedOffset {
      deadLetterOf = LedgerSnapshot.Place(
        partition: TopicPartition(topic: failedTopic, partition: failedPartition), offset: failedOffset)
    }
  }
}
