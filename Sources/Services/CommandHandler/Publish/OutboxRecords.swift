import AvroRuntime
import Definitions
import Foundation
import KafkaRuntime

/// The events of outbox rows, ready to send: places in the rows' bytes.
struct OutboxRecords {
  private(set) var records: PackedRecords
  /// How many events each row has.
  private(set) var counts: [Int] = []
  /// Names of topics so far, a handful.
  private var topics: [String] = []

  init(_ rows: [OutboxRow]) throws(AvroError) {
    records = PackedRecords(rows.map(\.bytes))
    for (buffer, row) in rows.enumerated() {
      let before = records.count
      try row.bytes.withUnsafeBufferPointer { (row) throws(AvroError) in
        let bytes = UnsafeRawBufferPointer(row)
        try OutboxBatch.View.withDecoded(bytes) { (batch: borrowing OutboxBatch.View) throws(AvroError) in
          records.reserveCapacity(before + batch.events.count)
          try batch.events.each { (event: borrowing OutboxEvent.View) throws(AvroError) in
            try add(event, Buffer(number: buffer, bytes: bytes))
          }
        }
      }
      counts.append(records.count - before)
    }
  }

  /// Which rows were delivered as a whole, up to the first failure: what is behind one goes out again after it, so that
  /// each account's events keep their order.
  func deliveries(
    of rows: [OutboxRow], _ results: [Result<KafkaDelivery, KafkaError>]
  ) -> (sent: [(id: Int64, deliveries: [KafkaDelivery])], failure: KafkaError?) {
    var sent: [(id: Int64, deliveries: [KafkaDelivery])] = []
    var start = 0
    for (row, count) in zip(rows, counts) {
      var deliveries: [KafkaDelivery] = []
      deliveries.reserveCapacity(count)
      for result in results[start..<start + count] {
        switch result {
        case .success(let delivery): deliveries.append(delivery)
        case .failure(let error): return (sent, error)
        }
      }
      start += count
      sent.append((row.id, deliveries))
    }
    return (sent, nil)
  }

  private struct Buffer {
    let number: Int
    let bytes: UnsafeRawBufferPointer

    func place(_ part: UnsafeRawBufferPointer) -> PackedRecords.Place {
      guard let start = part.baseAddress, let base = bytes.baseAddress else { return .init(number, 0..<0) }
      return .init(number, start - base..<start - base + part.count)
    }

    func place(_ text: borrowing AvroStringView) -> PackedRecords.Place {
      text.withUTF8 { place(UnsafeRawBufferPointer($0)) }
    }
  }

  private mutating func add(_ event: borrowing OutboxEvent.View, _ buffer: Buffer) throws(AvroError) {
    var key: PackedRecords.Place? = buffer.place(event.key)
    var value: PackedRecords.Place? = event.value.withUnsafeBytes { buffer.place($0) }
    // What a dead letter's row can't hold as it was stands in headers that are not published (`OutboxKey`).
    try event.headers.each { (name: borrowing AvroStringView, text: borrowing AvroStringView) throws(AvroError) in
      guard name.withUTF8({ $0.first == UInt8(ascii: ".") }) else { return }
      if name == OutboxKey.noKey { key = nil }
      if name == OutboxKey.noValue { value = nil }
      if name == OutboxKey.keyBytes {
        key = records.addBuffer(Data(base64Encoded: try text.string()).map(Array.init) ?? [])
      }
    }
    records.append(topic: try topic(event), key: key, value: value)
    event.headers.each { (name: borrowing AvroStringView, text: borrowing AvroStringView) in
      guard !OutboxKey.isHidden(name) else { return }
      records.appendHeader(name: buffer.place(name), value: buffer.place(text))
    }
  }

  private mutating func topic(_ event: borrowing OutboxEvent.View) throws(AvroError) -> String {
    for name in topics where event.topic == name { return name }
    let name = try event.topic.string()
    topics.append(name)
    return name
  }
}
