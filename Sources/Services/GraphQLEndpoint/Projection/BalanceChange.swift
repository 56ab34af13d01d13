import AvroRuntime
import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import SchemaRegistry

/// A record of balance_changed, read, in the words of its row.
struct BalanceChange: Sendable, Hashable {
  var eventID: UUID
  var iban: String
  var newBalanceCents: Int64
  /// Negative for a debit.
  var changedByCents: Int64
  /// 1, 2, 3 … per IBAN; nil when the record does not say.
  var sequence: Int64?
  var fromTo: String
  var descr: String
  var partition: TopicPartition
  /// Where its partition stood before it was read.
  var before: Position

  var newBalance: String { EuroText.signed(cents: newBalanceCents) }
  var changedBy: String { EuroText.unsigned(cents: changedByCents) }
  var direction: Direction { Direction(changedByCents: changedByCents) }
}

/// Reads balance changes out of the views of their values, without making the records that they are.
struct BalanceChangeParser: Sendable {
  /// More than any IBAN has; an index of Postgres holds no text of any length.
  static let maxIBANBytes = 256

  private let codec: TopicCodec<BalanceChanged>
  private let incarnation: UUID

  init(registry: RegistryClient, incarnation: UUID) {
    codec = TopicCodec(Topics.balanceChanged, registry: registry)
    self.incarnation = incarnation
  }

  /// - Throws: `CodecError`; one without `deadLetterCause` says that the registry could not be asked, and the same
  ///   record may be read later.
  func parse(_ record: ConsumedRecord, before: Position) async throws(CodecError) -> BalanceChange {
    let value = record.value ?? []
    let known = try codec.withViewIfKnown(of: value, Self.fields)
    let fields = if let known { known } else { try await codec.withView(of: value, Self.fields) }
    let id = record.text(CloudEvent.Header.id).flatMap(UUID.init(uuidString:))
    return BalanceChange(
      eventID: id
        ?? CloudEvent.positionID(
          incarnation: incarnation, topic: record.topic, partition: record.partition, offset: record.offset),
      iban: fields.iban.asPostgresText, newBalanceCents: fields.newBalance, changedByCents: fields.changedBy,
      sequence: record.text(CloudEvent.Header.sequence).flatMap(Int64.init).flatMap { $0 > 0 ? $0 : nil },
      fromTo: fields.fromTo.asPostgresText, descr: fields.description.asPostgresText,
      partition: record.topicPartition, before: before)
  }

  /// All strings are asked for: one that is not UTF-8 makes the record one that can't be read.
  private static func fields(_ view: borrowing BalanceChanged.View) throws(AvroError) -> BalanceChanged {
    BalanceChanged(
      iban: try view.iban.string(), newBalance: view.newBalance, changedBy: view.changedBy,
      fromTo: try view.fromTo.string(), description: try view.description.string())
  }
}

extension ConsumedRecord {
  /// The text of a header; nil when it is not there.
  func text(_ header: String) -> String? {
    headers.first { $0.name == header }.map { String(decoding: $0.value, as: UTF8.self) }
  }
}
