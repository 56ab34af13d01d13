/// Many records to send whose keys, values and headers lie in a few arrays of bytes: nothing is allocated for each.
///
///     var records = PackedRecords([bytes])
///     records.append(topic: "balance_changed", key: .init(0, 0..<18), value: .init(0, 18..<88))
public struct PackedRecords: Sendable {
  /// Some bytes of one of the buffers.
  public struct Place: Sendable {
    let buffer: Int32
    let start: Int32
    let count: Int32

    /// - Parameters:
    ///   - buffer: the number of the buffer.
    ///   - range: in it.
    public init(_ buffer: Int, _ range: Range<Int>) {
      self.buffer = Int32(buffer)
      start = Int32(range.lowerBound)
      count = Int32(range.count)
    }
  }

  struct Record {
    var topic: Int32
    var key: Place?
    var value: Place?
    var firstHeader: Int32
    var headerCount: Int32
    /// What it takes of the producer's queue, in bytes.
    var size: Int
  }

  private var buffers: [[UInt8]]
  private var topics: [String] = []
  private var headers: [(name: Place, value: Place)] = []
  private(set) var records: [Record] = []

  /// - Parameter buffers: each of at most 2 GiB.
  public init(_ buffers: [[UInt8]]) {
    self.buffers = buffers
  }

  public var count: Int { records.count }

  /// One more buffer.
  /// - Returns: all of it.
  public mutating func addBuffer(_ bytes: [UInt8]) -> Place {
    buffers.append(bytes)
    return Place(buffers.count - 1, 0..<bytes.count)
  }

  public mutating func reserveCapacity(_ count: Int) {
    records.reserveCapacity(count)
    headers.reserveCapacity(count * 6)
  }

  /// A record without headers; `nil` and empty differ as in ``KafkaRecord``. Its headers are appended next.
  public mutating func append(topic: String, key: Place?, value: Place?) {
    // A handful of topics at most, the same again and again.
    let known = topics.lastIndex(of: topic)
    if known == nil { topics.append(topic) }
    check(key)
    check(value)
    records.append(
      Record(
        topic: Int32(known ?? topics.count - 1), key: key, value: value, firstHeader: Int32(headers.count),
        headerCount: 0, size: Int(key?.count ?? 0) + Int(value?.count ?? 0)))
  }

  /// A header of the record that was appended last.
  public mutating func appendHeader(name: Place, value: Place) {
    precondition(!records.isEmpty, "a header belongs to a record")
    check(name)
    check(value)
    headers.append((name, value))
    records[records.count - 1].headerCount += 1
    records[records.count - 1].size += Int(name.count) + Int(value.count)
  }

  func topic(of record: Record) -> String { topics[Int(record.topic)] }

  func headers(of record: Record) -> ArraySlice<(name: Place, value: Place)> {
    headers[Int(record.firstHeader)..<Int(record.firstHeader + record.headerCount)]
  }

  /// The bytes stay where they are until `body` returns.
  func withBytes<R>(at place: Place, _ body: (UnsafeRawBufferPointer) -> R) -> R {
    buffers[Int(place.buffer)].withUnsafeBytes { bytes in
      body(UnsafeRawBufferPointer(rebasing: bytes[Int(place.start)..<Int(place.start + place.count)]))
    }
  }

  private func check(_ place: Place?) {
    guard let place else { return }
    precondition(
      place.start >= 0 && place.count >= 0 && Int(place.start) + Int(place.count) <= buffers[Int(place.buffer)].count,
      "a place lies in its buffer")
  }
}
