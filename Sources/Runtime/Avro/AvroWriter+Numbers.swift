// Arrays of numbers go out as one block (specification 1.12, "Arrays").

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
