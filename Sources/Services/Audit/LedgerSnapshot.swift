import BankSupport
import Definitions
import Foundation
import KafkaRuntime

/// What the database says, as of one moment: about 300 bytes a transfer are kept in memory.
struct LedgerSnapshot: Sendable {
  struct Account: Sendable {
    /// In euro cents, as all amounts here.
    var amount: Int64
    var limit: Int64
    var version: Int64
    /// What it had before its first leg.
    var opening: Int64
  }

  struct Leg: Sendable {
    var commandID: UUID
    /// 0 for the debit, 1 for the credit.
    var side: Int16
    var amount: Int64
    var counterparty: String
    var sequence: Int64
  }

  struct Creation: Sendable {
    /// Nil when it was refused.
    var iban: String?
    var reason: String?
  }

  struct Position: Sendable {
    var nextOffset: Int64
    /// Milliseconds since 1970; -1 when unknown.
    var lastTimestampMillis: Int64
  }

  /// Where the broker put an event.
  struct Place: Sendable, Hashable {
    var partition: TopicPartition
    var offset: Int64
  }

  var accounts: [String: Account] = [:]
  /// By IBAN, in order of sequence.
  var legs: [String: [Leg]] = [:]
  /// The reason of a refusal, or nil for a confirmed transfer.
  var transfers: [UUID: String?] = [:]
  var creations: [UUID: Creation] = [:]
  var conflicts = 0
  /// sum(balance.amount) and sum(leg.amount): exact at any size, so as text.
  var balanceSum = "0"
  var legSum = "0"
  var sumsAgree = false
  var positions: [TopicPartition: Position] = [:]
  /// The id (`ce_id`) of each event that was published, by where it went.
  var deliveries: [Place: UUID] = [:]
  /// Ids of events that wait in the outbox.
  var inFlight: Set<UUID> = []

  /// For each partition the offset after the last recorded delivery.
  var deliveredEnds: [TopicPartition: Int64] {
    var ends: [TopicPartition: Int64] = [:]
    for place in deliveries.keys {
      ends[place.partition] = max(ends[place.partition] ?? 0, place.offset + 1)
    }
    return ends
  }
}
