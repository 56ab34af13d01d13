import AvroRuntime
import BankSupport
import Definitions
import Foundation
import KafkaRuntime

/// Makes the outbox record of a command that can't be handled.
struct DeadLetter {
  /// A value past this is cut, and has a header that says so.
  static let maxValueBytes = 900_000
  private static let maxKeyBytes = 90_000

  let record: ConsumedRecord
  let cause: DeadLetterCause
  let message: String

  init(record: ConsumedRecord, cause: DeadLetterCause, message: String) {
    (self.record, self.cause, self.message) = (record, cause, message)
  }

  init(idReused id: UUID, record: ConsumedRecord) {
    self.init(
      record: record, cause: .idReused,
      message: "id \(id.text) was used before for a command with another content")
  }

  func event(incarnation: UUID) -> OutboxEvent {
    let value = record.value ?? []
    let key = record.key ?? []
    let room = max(0, Self.maxValueBytes - min(key.count, Self.maxKeyBytes))
    var headers = [
      ("ce_specversion", "1.0"), ("ce_id", id(incarnation).text), ("ce_source", "/command-handler"),
      ("ce_type", "dead_letter"),
      ("__connect.errors.topic", record.topic),
      ("__connect.errors.partition", String(record.partition)),
      ("__connect.errors.offset", String(record.offset)),
      ("__connect.errors.exception.class.name", cause.rawValue),
      ("__connect.errors.exception.message", message),
    ]
    if value.count > room { headers.append(("truncated", "true")) }
    let shown = OutboxKey(record.key.map { Array($0.prefix(Self.maxKeyBytes)) })
    headers += shown.headers
    if record.value == nil { headers.append((OutboxKey.noValue, "true")) }
    return OutboxEvent(
      topic: Topics.deadLetter.name, key: shown.text, value: Array(value.prefix(room)),
      headers: AvroMap(pairs: headers))
  }

  /// The same record read again gives the same id; another record that the broker put at its offset does not.
  private func id(_ incarnation: UUID) -> UUID {
    let content = PayloadHash.sha256((record.key ?? []) + (record.value ?? []))
    let hash = content.prefix(8).map { String($0, radix: 16) }.joined(separator: ".")
    return .v5(namespace: incarnation, name: "dead_letter/\(record.topic)/\(record.partition)/\(record.offset)/\(hash)")
  }
}

/// The key of a dead letter as an outbox row can hold it. The row's key is text and its value is never absent, and a
/// poisonous record may have neither: headers with a leading dot say so, and are not published.
struct OutboxKey {
  static let noKey = ".no-key"
  static let noValue = ".no-value"
  static let keyBytes = ".key-base64"

  let text: String
  let headers: [(String, String)]

  init(_ key: [UInt8]?) {
    guard let key else {
      (text, headers) = ("", [(Self.noKey, "true")])
      return
    }
    if let text = String(validating: key, as: UTF8.self) {
      (self.text, headers) = (text, [])
    } else {
      (text, headers) = ("", [(Self.keyBytes, Data(key).base64EncodedString())])
    }
  }

  /// Whether a header is one of these, which are not published.
  static func isHidden(_ name: borrowing AvroStringView) -> Bool {
    name == noKey || name == noValue || name == keyBytes
  }
}
