// Arrays and maps go out as one block (specification 1.12, "Arrays" and "Maps").

extension AvroWriter {
  /// Writes the block count, each item with `writeItem`, and the end.
  ///
  /// An item is looked at where it lies. Taking it out of the buffer in the ordinary way retains every reference in it,
  /// which makes arrays of records three times as slow to write. So its bits are taken without a retain and afterwards
  /// put into memory that nobody releases, and the counts of its references are what they were. The array that owns
  /// the buffer keeps it alive meanwhile; nothing is written to the buffer.
  @inlinable @inline(__always) mutating func writeItems<Item>(
    _ items: [Item], _ writeItem: (borrowing Item, inout AvroWriter) -> Void
  ) {
    let count = items.count
    if count > 0 {
      writeBlockCount(count)
      items.withUnsafeBufferPointer { buffer in
        withUnsafeTemporaryAllocation(of: Item.self, capacity: 1) { taken in
          guard let base = buffer.baseAddress, let place = taken.baseAddress else { return }
          var next = UnsafeMutablePointer(mutating: base)
          for _ in 0..<count {
            let item = next.move()
            writeItem(item, &self)
            place.initialize(to: consume item)
            next += 1
          }
        }
      }
    }
    writeByte(0)
  }

  /// An array whose items `writeItem` writes.
  @inlinable @inline(__always) public mutating func writeArray<Item>(
    _ items: [Item], _ writeItem: (borrowing Item, inout AvroWriter) -> Void
  ) {
    writeItems(items, writeItem)
  }

  /// An array of records, enums and whatever else is an ``AvroValue``.
  @inlinable @inline(__always) public mutating func writeArray<Item: AvroValue>(_ items: [Item]) {
    writeItems(items) { item, writer in item.encode(to: &writer) }
  }

  /// An array of strings.
  @inlinable @inline(__always) public mutating func writeArray(_ items: [String]) {
    writeItems(items) { item, writer in writer.writeString(item) }
  }

  /// A map whose values `writeValue` writes.
  @inlinable @inline(__always) public mutating func writeMap<Value>(
    _ map: AvroMap<Value>, _ writeValue: (borrowing Value, inout AvroWriter) -> Void
  ) {
    writeItems(map.pairs) { pair, writer in
      writer.writeString(pair.key)
      writeValue(pair.value, &writer)
    }
  }

  @inlinable @inline(__always) public mutating func writeMap<Value: AvroValue>(_ map: AvroMap<Value>) {
    writeItems(map.pairs) { pair, writer in
      writer.writeString(pair.key)
      pair.value.encode(to: &writer)
    }
  }

  /// A union of null and one other type, whose branch is `valueIndex`: 1 in `["null", T]`, 0 in `[T, "null"]`.
  @inlinable @inline(__always) public mutating func writeOptional<Value>(
    _ value: Value?, valueIndex: Int, _ writeValue: (borrowing Value, inout AvroWriter) -> Void
  ) {
    if let value {
      writeByte(UInt8(truncatingIfNeeded: valueIndex &<< 1))
      writeValue(value, &self)
    } else {
      writeByte(UInt8(truncatingIfNeeded: (1 &- valueIndex) &<< 1))
    }
  }

  @inlinable @inline(__always) public mutating func writeOptional<Value: AvroValue>(
    _ value: Value?, valueIndex: Int
  ) {
    if let value {
      writeByte(UInt8(truncatingIfNeeded: valueIndex &<< 1))
      value.encode(to: &self)
    } else {
      writeByte(UInt8(truncatingIfNeeded: (1 &- valueIndex) &<< 1))
    }
  }
}

// MARK: arrays of numbers

extension AvroWriter {
  /// Room for `count` items of at most `itemBytes`, the block count, the end, and the slack of a store of eight bytes.
  @inlinable @inline(__always) mutating func beginNumbers(_ count: Int, itemBytes: Int) {
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
      items.withUnsafeBytes { if let source = $0.baseAddress { put(source, $0.count) } }
    #else
      for item in items { writeFloat(item) }
    #endif
    writeByte(0)
  }

  /// An array of double: copied as a whole.
  @inlinable public mutating func writeDoubles(_ items: [Double]) {
    beginNumbers(items.count, itemBytes: 8)
    #if _endian(little)
      items.withUnsafeBytes { if let source = $0.baseAddress { put(source, $0.count) } }
    #else
      for item in items { writeDouble(item) }
    #endif
    writeByte(0)
  }
}
