import AvroRuntime
import Records

/// What one case can measure, by operation.
struct OpenCase {
  var recordCount: Int
  var meanBytes: Double
  var measurements: [String: Measurement]
}

/// Opens the cases: reads the data, checks every record, gets the passes ready.
struct CaseOpener {
  /// Where make_data.py wrote.
  var folder: String

  func open(_ name: String) throws -> OpenCase {
    switch name {
    case "cmt": try open(name, ConfirmMoneyTransfer.self)
    case "bc": try open(name, BalanceChanged.self)
    case "wide": try open(name, WideEvent.self)
    case "longs", "longsbig": try open(name, Longs.self)
    case "doubles": try open(name, Doubles.self)
    case "str15": try open(name, Str15.self)
    case "str24": try open(name, Str24.self)
    default: throw PeerError("no such case here")
    }
  }

  /// Decodes every record, encodes it again and compares.
  private func open<Record: AvroRecord>(_ name: String, _ type: Record.Type) throws -> OpenCase {
    let data = try Dataset(file: "\(folder)/\(name).bin")
    var records: [Record] = []
    for (index, bytes) in data.records.enumerated() {
      let record = try Record(avroBytes: bytes)
      guard try record.avroBytes().elementsEqual(bytes) else {
        throw PeerError("\(name): record \(index) is encoded to other bytes")
      }
      records.append(record)
    }
    let values = Values(records)
    let slot = UnsafeMutablePointer<Record>.allocate(capacity: 1)
    let writer = WriterBox()
    let held = UnsafeMutablePointer<Held<Record>>.allocate(capacity: records.count)
    for i in records.indices { (held + i).initialize(to: Held(record: records[i])) }
    let n = records.count
    let boxes = records.map { Box($0) }
    let passes: [String: Pass] = [
      "box": { try encodeBox(boxes, to: &writer.writer) },
      "generic": { try encodeGeneric(UnsafePointer(values.base), n, to: &writer.writer) },
      "held": { try encodeHeld(held, n, to: &writer.writer) },
      "let": { try encodeLet(UnsafePointer(values.base), n, to: &writer.writer) },
      "span": { try encodeSpan(UnsafeBufferPointer(start: values.base, count: n).span, to: &writer.writer) },
      "reader": { try decodeReader(Record.self, data.records, slot) },
      "encode": { try encode(values, to: &writer.writer) },
      "decode": { try decode(Record.self, data.records, slot) },
    ]
    return OpenCase(
      recordCount: data.records.count, meanBytes: Double(data.totalBytes) / Double(max(data.records.count, 1)),
      measurements: passes.mapValues { Measurement(recordCount: data.records.count, pass: $0) })
  }
}

/// A writer that closures can share.
final class WriterBox {
  var writer = AvroWriter(capacity: 1 << 16)
}
