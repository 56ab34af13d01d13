/// Items or entries inside a message that have been checked already.
@usableFromInline @frozen struct AvroLentItems: BitwiseCopyable {
  @usableFromInline let bytes: AvroLentBytes
  @usableFromInline let count: Int

  @inlinable @inline(__always) init(bytes: AvroLentBytes, count: Int) {
    self.bytes = bytes
    self.count = count
  }

  /// Checks all blocks of an array or map whose items `skip` steps over.
  @inlinable @inline(always) init(
    in reader: inout AvroReader, minimumItemBytes: Int,
    _ skip: (Int, inout AvroReader) throws(AvroError) -> Void
  ) throws(AvroError) {
    let offset = reader.offset
    let start = reader.position
    var count = 0
    var blockCount = try reader.readBlockCount(minimumItemBytes: minimumItemBytes)
    while blockCount > 0 {
      try skip(blockCount, &reader)
      count &+= blockCount
      blockCount = try reader.readBlockCount(minimumItemBytes: minimumItemBytes)
    }
    self.init(bytes: AvroLentBytes(start: start, count: reader.position - start, offset: offset), count: count)
  }

  /// Goes through the items again; each time `body` is called it reads one.
  @inlinable @inline(__always) func each<Failure: Error>(
    minimumItemBytes: Int, _ body: (inout AvroReader) throws(Failure) -> Void
  ) throws(Failure) {
    var reader = AvroReader(checked: bytes)
    while true {
      let blockCount = AvroReader.checked { () throws(AvroError) in
        try reader.readBlockCount(minimumItemBytes: minimumItemBytes)
      }
      if blockCount == 0 { return }
      for _ in 0..<blockCount { try body(&reader) }
    }
  }
}

/// An array inside a message.
///
/// The closure gets one item after the other, lent; what it throws ends the walk. Numbers and the like come as they are.
@frozen public struct AvroArrayView<Item: AvroView & ~Copyable>: ~Copyable, AvroView {
  @usableFromInline let items: AvroLentItems

  @inlinable @inline(__always) public init(viewing reader: inout AvroReader) throws(AvroError) {
    items = try AvroLentItems(in: &reader, minimumItemBytes: Item.minimumAvroBytes) {
      (count, reader) throws(AvroError) in try Item.skip(count, in: &reader)
    }
  }

  @inlinable public var count: Int { items.count }

  @inlinable public var isEmpty: Bool { items.count == 0 }

  @inlinable public func each<Failure: Error>(
    _ body: (borrowing Item) throws(Failure) -> Void
  ) throws(Failure) {
    try items.each(minimumItemBytes: Item.minimumAvroBytes) { (reader) throws(Failure) in
      let item = AvroReader.checked { () throws(AvroError) in try Item(viewing: &reader) }
      try body(item)
    }
  }
}

extension AvroArrayView {
  /// A copy of the items, where they are numbers and the like.
  @inlinable public func array() -> [Item] {
    var array: [Item] = []
    array.reserveCapacity(min(count, 16 &+ items.bytes.count))
    each { array.append($0) }
    return array
  }
}

/// A map inside a message: keys and values in the order of the bytes, the same key perhaps more than once.
@frozen public struct AvroMapView<Value: AvroView & ~Copyable>: ~Copyable, AvroView {
  @usableFromInline let items: AvroLentItems

  @inlinable @inline(__always) public init(viewing reader: inout AvroReader) throws(AvroError) {
    items = try AvroLentItems(in: &reader, minimumItemBytes: 1) { (count, reader) throws(AvroError) in
      for _ in 0..<count {
        _ = try reader.readLentString()
        _ = try Value(viewing: &reader)
      }
    }
  }

  @inlinable public var count: Int { items.count }

  @inlinable public var isEmpty: Bool { items.count == 0 }

  @inlinable public func each<Failure: Error>(
    _ body: (_ key: borrowing AvroStringView, _ value: borrowing Value) throws(Failure) -> Void
  ) throws(Failure) {
    try items.each(minimumItemBytes: 1) { (reader) throws(Failure) in
      let key = AvroReader.checked { () throws(AvroError) in try AvroStringView(viewing: &reader) }
      let value = AvroReader.checked { () throws(AvroError) in try Value(viewing: &reader) }
      try body(key, value)
    }
  }
}

/// A record inside a message that may hold another of its own kind, or a value that takes memory: it has been checked,
/// and is made when it is asked for.
@frozen public struct AvroLocatedView<Record: AvroView & ~Copyable>: ~Copyable, AvroView {
  @usableFromInline let bytes: AvroLentBytes

  @inlinable public init(viewing reader: inout AvroReader) throws(AvroError) {
    let offset = reader.offset
    let start = reader.position
    try Record.skip(1, in: &reader)
    bytes = AvroLentBytes(start: start, count: reader.position - start, offset: offset)
  }

  @inlinable public func withView<Result, Failure: Error>(
    _ body: (borrowing Record) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var reader = AvroReader(checked: bytes)
    let record = AvroReader.checked { () throws(AvroError) in try Record(viewing: &reader) }
    return try body(record)
  }
}

extension AvroLocatedView {
  /// The value, where it is one that can be copied.
  @inlinable public var value: Record { withView { $0 } }
}

extension AvroReader {
  /// Reads again what has been checked under a reader's limits.
  @inlinable @inline(__always) init(checked bytes: AvroLentBytes) {
    // Not the start of the message, when offsets have passed 32 bits: they serve errors only.
    self.init(
      start: bytes.start - Int(bytes.offset), position: bytes.start, end: bytes.start + bytes.count,
      limits: AvroLimits(maxDepth: .max, maxEmptyItems: .max))
  }

  /// What was read once without an error is read again; only bytes that were changed meanwhile fail, which no caller may
  /// do while they are lent.
  @inlinable @inline(__always) static func checked<Value: ~Copyable>(
    _ read: () throws(AvroError) -> Value
  ) -> Value {
    do throws(AvroError) { return try read() } catch { bytesChanged(error) }
  }

  @inline(never) @usableFromInline static func bytesChanged(_ error: AvroError) -> Never {
    preconditionFailure("the bytes were changed while they were lent: \(error)")
  }
}
