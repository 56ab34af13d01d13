import AvroRuntime
import AvroSchema
import Foundation
import Payments

/// What one does with a generated record: write it, read it in two of its shapes, and read what an older version wrote.
@main
enum PaymentsDemo {
  /// As it lies in `history/example.payments.Payment.1.avsc`; mostly it comes from a registry, or from a file's header.
  static let version1 = """
    {"type": "record", "name": "Payment", "namespace": "example.payments", "fields": [
      {"name": "id", "type": {"type": "string", "logicalType": "uuid"}},
      {"name": "created", "type": {"type": "long", "logicalType": "timestamp-millis"}},
      {"name": "amount", "type": {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 2}},
      {"name": "branch_office", "type": "int"}]}
    """
  /// A payment that version 1 wrote: id, created, amount and branch office 7.
  static let oldBytes: [UInt8] =
    [0x48] + Array("0123abcd-0000-4000-8000-000000000001".utf8)
    + [0x80, 0xA0, 0xAB, 0xFE, 0xF9, 0x62]
    + [0x04, 0x04, 0xE2]
    + [0x0E]

  static func main() throws {
    guard let id = UUID(uuidString: "0123abcd-0000-4000-8000-000000000002") else { return }
    let payment = Payment(
      id: id, amount: AvroDecimal(unscaled: 99_95), currency: .usd,
      madeAt: AvroTimestampMillis(millisSinceEpoch: 1_750_000_000_000), note: "Two chairs and a table.")
    let bytes = try payment.avroBytes()
    print("encoded:   \(bytes.count) bytes")

    let again = try Payment(avroBytes: bytes)
    print("decoded:   \(again == payment ? "the same" : "another") payment of \(again.amount) \(again.currency.symbol)")

    // Straight out of the message, without a copy of the note.
    try Payment.View.withDecoded(bytes) { view in
      switch view.note {
      case .some(let note): print("viewed:    \(view.amount), with a note of \(note.utf8Count) bytes")
      case .none: print("viewed:    \(view.amount), without a note")
      }
    }

    // The plan is made once for a pair of schemas, and used for every payment.
    let plan = try ResolutionPlan(writer: Schema(parsing: version1), reader: Schema(parsing: Payment.schemaText))
    let old = try Payment(avroBytes: oldBytes, resolvedBy: plan)
    print(
      "version 1: \(old.amount) \(old.currency.symbol), made at \(old.madeAt.millisSinceEpoch),",
      "\(old.note == nil ? "no note" : "a note")")
  }
}
