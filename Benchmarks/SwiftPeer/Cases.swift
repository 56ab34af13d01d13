import AvroRuntime
import AvroSchema
import Foundation
import Records

/// What one case can measure, by operation.
struct OpenCase {
  var recordCount: Int
  var meanBytes: Double
  var measurements: [String: Measurement]

  init(_ data: Dataset, _ passes: [String: Pass]) {
    recordCount = data.records.count
    meanBytes = Double(data.totalBytes) / Double(max(data.records.count, 1))
    measurements = passes.mapValues { Measurement(recordCount: data.records.count, pass: $0) }
  }
}

/// Opens the cases: reads the data, checks every record, gets the passes ready.
struct CaseOpener {
  /// Where make_data.py wrote.
  var folder: String

  func open(_ name: String) throws -> OpenCase {
    switch name {
    case "cmt":
      try open(
        name, ConfirmMoneyTransfer.self, ConfirmMoneyTransfer.Packed.self, ConfirmMoneyTransfer.View.self, readTransfers
      )
    case "bc": try open(name, BalanceChanged.self, BalanceChanged.Packed.self, BalanceChanged.View.self)
    case "wide": try open(name, WideEvent.self, WideEvent.Packed.self, WideEvent.View.self, readWideEvents)
    case "longs", "longsbig": try open(name, Longs.self, Longs.Packed.self, Longs.View.self)
    case "doubles": try open(name, Doubles.self, Doubles.Packed.self, Doubles.View.self)
    case "str15": try open(name, Str15.self, Str15.Packed.self, Str15.View.self)
    case "str24": try open(name, Str24.self, Str24.Packed.self, Str24.View.self)
    case "cmt-evolved": try openEvolved(name, ConfirmMoneyTransfer.self)
    case "wide-evolved": try openEvolved(name, WideEvent.self)
    default: throw PeerError("no such case here")
    }
  }

  /// Decodes every record, encodes it again and compares.
  private func open<Record: AvroRecord, Packed: AvroPackedRecord, View: AvroRecordView & ~Copyable>(
    _ name: String, _ type: Record.Type, _ packed: Packed.Type, _ viewType: View.Type,
    _ readAll: (([UnsafeRawBufferPointer]) throws -> Void)? = nil
  ) throws -> OpenCase {
    let data = try Dataset(file: "\(folder)/\(name).bin")
    var records: [Record] = []
    for (index, bytes) in data.records.enumerated() {
      let record = try Record(avroBytes: bytes)
      guard try record.avroBytes().elementsEqual(bytes), try check(Packed.self, bytes) else {
        throw PeerError("\(name): record \(index) is encoded to other bytes")
      }
      records.append(record)
    }
    let values = Values(records)
    let slot = UnsafeMutablePointer<Record>.allocate(capacity: 1)
    let packedSlot = UnsafeMutablePointer<Packed>.allocate(capacity: 1)
    let writer = WriterBox()
    var passes: [String: Pass] = [
      "encode": { try encode(values, to: &writer.writer) },
      "decode": { try decode(Record.self, data.records, slot) },
      "packed": { try decode(Packed.self, data.records, packedSlot) },
      "view": { try view(View.self, data.records) },
    ]
    if let readAll { passes["view-all"] = { try readAll(data.records) } }
    return OpenCase(data, passes)
  }

  /// Resolves every record, encodes it by the reader's schema and compares.
  private func openEvolved<Record: AvroRecord>(_ name: String, _ type: Record.Type) throws -> OpenCase {
    let data = try Dataset(file: "\(folder)/\(name).bin")
    let older = try Dataset(file: "\(folder)/\(name).writer.bin")
    let olderSchema = try String(contentsOfFile: "\(folder)/\(name).writer.avsc", encoding: .utf8)
    let plan = try ResolutionPlan(
      writer: try Schema(parsing: olderSchema), reader: try Schema(parsing: Record.schemaText))
    guard older.records.count == data.records.count else {
      throw PeerError("\(name): not as many records by each schema")
    }
    for (index, bytes) in older.records.enumerated() {
      let record = try Record(avroBytes: bytes, resolvedBy: plan)
      guard try record.avroBytes().elementsEqual(data.records[index]) else {
        throw PeerError("\(name): record \(index) is resolved to something else")
      }
    }
    let slot = UnsafeMutablePointer<Record>.allocate(capacity: 1)
    let scratch = WriterBox()
    return OpenCase(
      data,
      [
        "decode": { try decode(Record.self, data.records, slot) },
        "evolved": { try decode(Record.self, older.records, resolvedBy: plan, slot) },
        "evolved-scratch": {
          try decode(Record.self, older.records, resolvedBy: plan, scratch: &scratch.writer, slot)
        },
      ])
  }

  /// A packed record holds what the record does, and is encoded to the same bytes.
  private func check<Packed: AvroPackedRecord>(_ type: Packed.Type, _ bytes: UnsafeRawBufferPointer) throws -> Bool {
    let packed = try Packed(avroBytes: bytes)
    return try packed.avroBytes().elementsEqual(bytes) && packed.unpacked().avroBytes().elementsEqual(bytes)
  }
}

/// A writer that closures can share.
final class WriterBox {
  var writer = AvroWriter(capacity: 1 << 16)
}
