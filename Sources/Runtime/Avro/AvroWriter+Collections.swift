// Arrays and maps go out as one block (specification 1.12, "Arrays" and "Maps").

extension AvroWriter {
  /// Gives `body` an item where it lies. Taking it out of the buffer in the ordinary way retains every reference in it,
  /// which makes arrays of records three times as slow to write.
  ///
  /// The item's bits are taken without a retain and afterwards put into memory that nobody releases, so the counts of
  /// its references are what they were. The array that owns the buffer keeps it alive meanwhile; nothing is written to
  /// the buffer.
  @inlinable @inline(always) mutating func lend<Item>(
    _ buffer: UnsafeBufferPointer<Item>, _ index: Int, _ body: (borrowing Item, inout AvroWriter) -> Void
  ) {
    let item = UnsafeMutablePointer(mutating: buffer.baseAddress.unsafelyUnwrapped + index).move()
    body(item, &self)
    withUnsafeTemporaryAllocation(of: Item.self, capacity: 1) { $0.initializeElement(at: 0, to: item) }
  }

  /// An array whose items `writeItem` writes.
  @inlinable @inline(always) public mutating func writeArray<Item>(
    _ items: [Item], _ writeItem: (borrowing Item, inout AvroWriter) -> Void
  ) {
    if !items.isEmpty {
      writeBlockCount(items.count)
      items.withUnsafeBufferPointer { buffer in
        for index in buffer.indices { lend(buffer, index) { item, writer in writeItem(item, &writer) } }
      }
    }
    writeByte(0)
  }

  /// An array of records, enums, strings and whatever else is an ``AvroValue``.
  @inlinable @inline(always) public mutating func writeArray<Item: AvroValue>(_ items: [Item]) {
    if !items.isEmpty {
      writeBlockCount(items.count)
      items.withUnsafeBufferPointer { buffer in
        for index in buffer.indices { lend(buffer, index) { item, writer in item.encode(to: &writer) } }
      }
    }
    writeByte(0)
  }

  /// A map whose values `writeValue` writes.
  @inlinable @inline(always) public mutating func writeMap<Value>(
    _ map: AvroMap<Value>, _ writeValue: (borrowing Value, inout AvroWriter) -> Void
  ) {
    if !map.pairs.isEmpty {
      writeBlockCount(map.pairs.count)
      map.pairs.withUnsafeBufferPointer { buffer in
        for index in buffer.indices {
          lend(buffer, index) { pair, writer in
            writer.writeString(pair.key)
            writeValue(pair.value, &writer)
          }
        }
      }
    }
    writeByte(0)
  }

  @inlinable @inline(always) public mutating func writeMap<Value: AvroValue>(_ map: AvroMap<Value>) {
    if !map.pairs.isEmpty {
      writeBlockCount(map.pairs.count)
      map.pairs.withUnsafeBufferPointer { buffer in
        for index in buffer.indices {
          lend(buffer, index) { pair, writer in
            writer.writeString(pair.key)
            pair.value.encode(to: &writer)
          }
        }
      }
    }
    writeByte(0)
  }

  /// A union of null and one other type, whose branch is `valueIndex`: 1 in `["null", T]`, 0 in `[T, "null"]`.
  @inlinable @inline(always) public mutating func writeOptional<Value>(
    _ value: Value?, valueIndex: Int, _ writeValue: (borrowing Value, inout AvroWriter) -> Void
  ) {
    if let value {
      writeIndex(valueIndex)
      writeValue(value, &self)
    } else {
      writeIndex(1 &- valueIndex)
    }
  }

  @inlinable @inline(always) public mutating func writeOptional<Value: AvroValue>(
    _ value: Value?, valueIndex: Int
  ) {
    if let value {
      writeIndex(valueIndex)
      value.encode(to: &self)
    } else {
      writeIndex(1 &- valueIndex)
    }
  }
}

// MARK: arrays of numbers

extension AvroWriter {
  /// Room for `count` items of at most `itemBytes`, the block count, the end, and the slack of a store of eight bytes.
  @inlinable @inline(always) mutating func beginNumbers(_ count: Int, itemBytes: Int) {
    reserve(count &* itemBytes &+ 24)
    if count > 0 { putVarint(UInt64(truncatingIfNeeded: count) &<< 1) }
  }

  /// An array of long.
  @inlinable public mutating func writeLongs(_ items: [Int64]) {
    beginNumbers(items.count, itemBytes: 10)
    items.withUnsafeBufferPointer { for item in $0 { putVarintInWord(Self.zigzag(item)) } }
    writeByte(0)
  }

  /// An array of int.
  @inlinable public mutating func writeInts(_ items: [Int32]) {
    beginNumbers(items.count, itemBytes: 10)
    items.withUnsafeBufferPointer { for item in $0 { putVarintInWord(Self.zigzag(Int64(item))) } }
    writeByte(0)
  }

  /// An array of boolean.
  @inlinable public mutating func writeBooleans(_ items: [Bool]) { writeArray(items) }

  /// An array of float: copied as a whole.
  @inlinable public mutating func writeFloats(_ items: [Float]) {
    beginNumbers(items.count, itemBytes: 4)
    #if _endian(little)
      items.withUnsafeBytes { put($0) }
    #else
      for item in items { writeFloat(item) }
    #endif
    writeByte(0)
  }

  /// An array of double: copied as a whole.
  @inlinable public mutating func writeDoubles(_ items: [Double]) {
    beginNumbers(items.count, itemBytes: 8)
    #if _endian(little)
      items.withUnsafeBytes { put($0) }
    #else
      for item in items { writeDouble(item) }
    #endif
    writeByte(0)
  }
}
