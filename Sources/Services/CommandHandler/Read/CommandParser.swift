import AvroRuntime
import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import SchemaRegistry

/// A record of a command topic, read.
struct ParsedRecord: Sendable {
  enum Content: Sendable {
    case command(Command)
    case poison(DeadLetterCause, message: String)
  }

  let record: ConsumedRecord
  let content: Content
}

/// Why a record is a dead letter; the raw values are the contract's.
enum DeadLetterCause: String, Sendable, CaseIterable {
  case emptyValue = "empty-value"
  case wrongMagicByte = "wrong-magic-byte"
  case unknownSchemaID = "unknown-schema-id"
  case malformedAvro = "malformed-avro"
  case incompatibleSchema = "incompatible-schema"
  case idReused = "id-reused"
  case valueTooLarge = "value-too-large"
}

/// Reads commands from records: out of the views of their values, without making the records that they are.
struct CommandParser: Sendable {
  let creations: TopicCodec<ConfirmAccountCreation>
  let transfers: TopicCodec<ConfirmMoneyTransfer>
  let maxCommandBytes: Int
  let accountNumbers: @Sendable () -> AccountNumbers

  init(
    registry: RegistryClient, maxCommandBytes: Int,
    accountNumbers: @escaping @Sendable () -> AccountNumbers = { .random() }
  ) {
    creations = TopicCodec(Topics.confirmAccountCreation, registry: registry)
    transfers = TopicCodec(Topics.confirmMoneyTransfer, registry: registry)
    self.maxCommandBytes = maxCommandBytes
    self.accountNumbers = accountNumbers
  }

  struct Parsed: Sendable {
    var records: [ParsedRecord] = []
    /// Partitions with a record whose schema the registry could not be asked for, and why; neither it nor what is
    /// behind it is among `records`.
    var waiting: [TopicPartition: String] = [:]
    var times = StageTimes()
  }

  /// Reads records in their order. A bad one is poison, never an error.
  func parse(_ records: [ConsumedRecord]) async -> Parsed {
    var parsed = Parsed()
    var clock = StageClock()
    parsed.records.reserveCapacity(records.count)
    for record in records where parsed.waiting[record.topicPartition] == nil {
      do {
        let content = if let known = try knownContent(of: record) { known } else { try await content(of: record) }
        parsed.records.append(ParsedRecord(record: record, content: content))
      } catch {
        parsed.waiting[record.topicPartition] = "\(error)"
      }
    }
    clock.ends(.parse)
    parsed.times = clock.times
    return parsed
  }

  /// Nil when the schema was not met before; nothing waits, as for nearly every record.
  private func knownContent(of record: ConsumedRecord) throws(CodecError) -> ParsedRecord.Content? {
    let bytes = record.value ?? []
    // Key and value travel to the dead letters together.
    guard bytes.count + (record.key?.count ?? 0) <= maxCommandBytes else {
      return .poison(.valueTooLarge, message: "\(bytes.count) bytes, \(maxCommandBytes) with the key are the most")
    }
    do {
      if record.topic == creations.topic.name {
        return try creations.withViewIfKnown(of: bytes, Self.creation).map { content($0, bytes) }
      }
      return try transfers.withViewIfKnown(of: bytes, Self.transfer).map { Self.content($0, bytes) }
    } catch {
      return try Self.poison(error)
    }
  }

  /// Asks the registry for the schema.
  private func content(of record: ConsumedRecord) async throws(CodecError) -> ParsedRecord.Content {
    let bytes = record.value ?? []
    // Each closure ends before anything is waited for again: what is lent to it never crosses an await.
    do {
      if record.topic == creations.topic.name {
        return content(try await creations.withView(of: bytes, Self.creation), bytes)
      }
      return Self.content(try await transfers.withView(of: bytes, Self.transfer), bytes)
    } catch {
      return try Self.poison(error)
    }
  }

  private static func poison(_ error: CodecError) throws(CodecError) -> ParsedRecord.Content {
    guard let cause = error.deadLetterCause.flatMap(DeadLetterCause.init(rawValue:)) else { throw error }
    return .poison(cause, message: "\(error)")
  }

  private func content(_ creation: ConfirmAccountCreation, _ bytes: [UInt8]) -> ParsedRecord.Content {
    .command(
      Command(.accountCreation(creation, candidate: accountNumbers()), payloadHash: Self.hash(bytes)))
  }

  private static func content(_ transfer: TransferCommand, _ bytes: [UInt8]) -> ParsedRecord.Content {
    .command(Command(.transfer(transfer), payloadHash: hash(bytes)))
  }

  private static func hash(_ bytes: [UInt8]) -> [UInt8] {
    PayloadHash.sha256(bytes.dropFirst(WireFormat.headerCount))
  }

  private static func creation(_ view: borrowing ConfirmAccountCreation.View) -> ConfirmAccountCreation {
    ConfirmAccountCreation(id: view.id, aType: view.aType)
  }

  /// All strings are asked for: one that is not UTF-8 makes the record poison, whatever becomes of the transfer.
  private static func transfer(
    _ view: borrowing ConfirmMoneyTransfer.View
  ) throws(AvroError) -> TransferCommand {
    let token = try view.token.string()
    let from = try party(view.from)
    let to = try party(view.to)
    let description = try view.description.string()
    return TransferCommand(
      id: view.id, token: token, amount: view.amount, from: from, to: to, description: description)
  }

  private static func party(_ view: borrowing AvroStringView) throws(AvroError) -> Party {
    Party(try view.string(), isOwnIBAN: view.withUTF8(IBAN.isValid(utf8:)))
  }
}
