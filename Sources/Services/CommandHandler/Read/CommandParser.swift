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

/// Reads commands from records.
struct CommandParser: Sendable {
  let creations: TopicCodec<ConfirmAccountCreation>
  let transfers: TopicCodec<ConfirmMoneyTransfer>
  let maxCommandBytes: Int

  init(registry: RegistryClient, maxCommandBytes: Int) {
    creations = TopicCodec(Topics.confirmAccountCreation, registry: registry)
    transfers = TopicCodec(Topics.confirmMoneyTransfer, registry: registry)
    self.maxCommandBytes = maxCommandBytes
  }

  struct Parsed: Sendable {
    var records: [ParsedRecord] = []
    /// Partitions with a record whose schema the registry could not be asked for, and why; neither it nor what is
    /// behind it is among `records`.
    var waiting: [TopicPartition: String] = [:]
  }

  /// Reads records in their order. A bad one is poison, never an error.
  func parse(_ records: [ConsumedRecord]) async -> Parsed {
    var parsed = Parsed()
    parsed.records.reserveCapacity(records.count)
    for record in records where parsed.waiting[record.topicPartition] == nil {
      do {
        let content = try await content(of: record)
        parsed.records.append(ParsedRecord(record: record, content: content))
      } catch {
        parsed.waiting[record.topicPartition] = "\(error)"
      }
    }
    return parsed
  }

  private func content(of record: ConsumedRecord) async throws(CodecError) -> ParsedRecord.Content {
    let bytes = record.value ?? []
    // Key and value travel to the dead letters together.
    guard bytes.count + (record.key?.count ?? 0) <= maxCommandBytes else {
      return .poison(.valueTooLarge, message: "\(bytes.count) bytes, \(maxCommandBytes) with the key are the most")
    }
    do {
      return .command(try await command(topic: record.topic, bytes))
    } catch {
      guard let cause = error.deadLetterCause.flatMap(DeadLetterCause.init(rawValue:)) else { throw error }
      return .poison(cause, message: "\(error)")
    }
  }

  private func command(topic: String, _ bytes: [UInt8]) async throws(CodecError) -> Command {
    let body: CommandBody
    if topic == creations.topic.name {
      let known = try creations.decodeIfKnown(bytes)
      let command = if let known { known } else { try await creations.decode(bytes) }
      body = .accountCreation(
        command, candidate: AccountNumbers(iban: IBAN.random().text, token: Token.random()))
    } else {
      let known = try transfers.decodeIfKnown(bytes)
      let command = if let known { known } else { try await transfers.decode(bytes) }
      body = .transfer(command)
    }
    return Command(body, payloadHash: PayloadHash.sha256(bytes.dropFirst(WireFormat.headerCount)))
  }
}
