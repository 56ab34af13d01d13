// Arrays, maps and optionals. Blocks: a count and that many items, again and again until the count is 0; a negative
// count is followed by the block's size in bytes (specification 1.12, "Arrays" and "Maps").

extension AvroReader {
  /// How many items the next block has; 0 ends the array or map.
  ///
  /// - Parameter minimumItemBytes: what one item takes at least. More items than fit into what is left are an error.
  ///   With 0 (null, a record of nulls, a fixed of no bytes) the items count against ``AvroLimits/maxEmptyItems``.
  @inlinable @inline(always) public mutating func readBlockCount(
    minimumItemBytes: Int = 1
  ) throws(AvroError) -> Int {
    let count = try readLong()
    if _fastPath(minimumItemBytes == 1 && UInt64(bitPattern: count) <= UInt64(truncatingIfNeeded: end - position)) {
      return Int(truncatingIfNeeded: count)
    }
    return try checkBlock(count, minimumItemBytes)
  }

  @inline(never) @usableFromInline mutating func checkBlock(
    _ signedCount: Int64, _ minimumItemBytes: Int
  ) throws(AvroError) -> Int {
    var count = signedCount
    if count < 0 {
      let size = try readLong()
      guard size >= 0, size <= Int64(remaining), count != .min else { throw error(.invalidBlock) }
      count = -count
    }
    guard minimumItemBytes > 0 else {
      guard count <= Int64(emptyItemsLeft) else { throw error(.tooManyEmptyItems) }
      emptyItemsLeft -= Int(count)
      return Int(count)
    }
    guard count <= Int64(remaining / minimumItemBytes) else { throw error(.invalidBlock) }
    return Int(count)
  }

  /// Steps over `count` items of `itemBytes` each; there are no more items than bytes.
  @inlinable @inline(always) mutating func skip(_ count: Int, itemBytes: Int) throws(AvroError) {
    guard count <= remaining / itemBytes else { throw error(.truncated) }
    position += count &* itemBytes
  }

  /// How many of `count` items to make room for before they have been read: what a lie about the count costs stays
  /// within four times the bytes that are left.
  @inlinable @inline(__always) func roomAhead<Item>(for count: Int, of type: Item.Type) -> Int {
    min(count, 16 &+ (end - position) &* 4 / MemoryLayout<Item>.stride)
  }

  /// An array whose items `readItem` reads.
  @inlinable @inline(__always) public mutating func readArray<Item>(
    minimumItemBytes: Int = 1, _ readItem: (inout AvroReader) throws(AvroError) -> Item
  ) throws(AvroError) -> [Item] {
    var items: [Item] = []
    var count = try readBlockCount(minimumItemBytes: minimumItemBytes)
    if count > 0 { items.reserveCapacity(roomAhead(for: count, of: Item.self)) }
    while count > 0 {
      for _ in 0..<count { items.append(try readItem(&self)) }
      count = try readBlockCount(minimumItemBytes: minimumItemBytes)
    }
    return items
  }

  /// An array of records, enums, strings and whatever else is an ``AvroValue``.
  @inlinable @inline(__always) public mutating func readArray<Item: AvroValue>(
    of type: Item.Type, minimumItemBytes: Int = 1
  ) throws(AvroError) -> [Item] {
    try readArray(minimumItemBytes: minimumItemBytes) { (reader) throws(AvroError) in
      try Item.decode(from: &reader)
    }
  }

  /// A map whose values `readValue` reads. Each entry takes a byte at least, for its key.
  @inlinable @inline(__always) public mutating func readMap<Value>(
    _ readValue: (inout AvroReader) throws(AvroError) -> Value
  ) throws(AvroError) -> AvroMap<Value> {
    AvroMap(
      pairs: try readArray { (reader) throws(AvroError) -> AvroMap<Value>.Element in
        let key = try reader.readString()
        return (key, try readValue(&reader))
      })
  }

  @inlinable @inline(__always) public mutating func readMap<Value: AvroValue>(
    of type: Value.Type
  ) throws(AvroError) -> AvroMap<Value> {
    try readMap { (reader) throws(AvroError) in try Value.decode(from: &reader) }
  }

  /// A union of null and one other type, whose branch is `valueIndex`: 1 in `["null", T]`, 0 in `[T, "null"]`.
  @inlinable @inline(__always) public mutating func readOptional<Value>(
    valueIndex: Int, _ readValue: (inout AvroReader) throws(AvroError) -> Value
  ) throws(AvroError) -> Value? {
    try readIndex(below: 2) == valueIndex ? try readValue(&self) : nil
  }

  @inlinable @inline(__always) public mutating func readOptional<Value: AvroValue>(
    _ type: Value.Type, valueIndex: Int
  ) throws(AvroError) -> Value? {
    try readIndex(below: 2) == valueIndex ? try Value.decode(from: &self) : nil
  }
}

// MARK: arrays of numbers

extension AvroReader {
  /// An array of long, eight bytes of input at a time.
  @inlinable public mutating func readLongs() throws(AvroError) -> [Int64] {
    var items: [Int64] = []
    var count = try readBlockCount()
    while count > 0 {
      let before = items.count
      // Every long takes a byte at least, so `count` is no lie: eight bytes of memory for each byte of input at most.
      items.reserveCapacity(before &+ count)
      try readLongs(count, into: &items)
      count = try readBlockCount()
    }
    return items
  }

  @inlinable @inline(__always) mutating func readLongs(
    _ count: Int, into items: inout [Int64]
  ) throws(AvroError) {
    var failure: AvroError?
    let block = [Int64](unsafeUninitializedCapacity: count) { buffer, initialized in
      var index = 0
      let target = buffer.baseAddress.unsafelyUnwrapped
      while index < count, end - position >= 8 {
        guard let value = readVarintInWord() else { break }
        (target + index).initialize(to: Self.unzigzag(value))
        index &+= 1
      }
      do throws(AvroError) {
        while index < count {
          (target + index).initialize(to: try readLong())
          index &+= 1
        }
      } catch {
        failure = error
      }
      initialized = index
    }
    if let failure { throw failure }
    if items.isEmpty { items = block } else { items.append(contentsOf: block) }
  }

  /// An array of int.
  @inlinable public mutating func readInts() throws(AvroError) -> [Int32] {
    try readArray { (reader) throws(AvroError) in try reader.readInt() }
  }

  /// An array of boolean.
  @inlinable public mutating func readBooleans() throws(AvroError) -> [Bool] {
    try readArray { (reader) throws(AvroError) in try reader.readBoolean() }
  }

  /// An array of float: copied as a whole.
  @inlinable public mutating func readFloats() throws(AvroError) -> [Float] {
    var items: [Float] = []
    var count = try readBlockCount(minimumItemBytes: 4)
    while count > 0 {
      let bytes = try take(count &* 4)
      if items.isEmpty {
        items = Self.copy(bytes, count)
        #if _endian(big)
          for index in items.indices {
            items[index] = Float(bitPattern: UInt32(littleEndian: items[index].bitPattern))
          }
        #endif
      } else {
        for index in 0..<count {
          let bits = bytes.loadUnaligned(fromByteOffset: index &* 4, as: UInt32.self)
          items.append(Float(bitPattern: UInt32(littleEndian: bits)))
        }
      }
      count = try readBlockCount(minimumItemBytes: 4)
    }
    return items
  }

  /// An array of double: copied as a whole.
  @inlinable public mutating func readDoubles() throws(AvroError) -> [Double] {
    var items: [Double] = []
    var count = try readBlockCount(minimumItemBytes: 8)
    while count > 0 {
      let bytes = try take(count &* 8)
      if items.isEmpty {
        items = Self.copy(bytes, count)
        #if _endian(big)
          for index in items.indices {
            items[index] = Double(bitPattern: UInt64(littleEndian: items[index].bitPattern))
          }
        #endif
      } else {
        for index in 0..<count {
          let bits = bytes.loadUnaligned(fromByteOffset: index &* 8, as: UInt64.self)
          items.append(Double(bitPattern: UInt64(littleEndian: bits)))
        }
      }
      count = try readBlockCount(minimumItemBytes: 8)
    }
    return items
  }

  @inlinable @inline(__always) static func copy<Item: BitwiseCopyable>(
    _ bytes: UnsafeRawPointer, _ count: Int
  ) -> [Item] {
    [Item](unsafeUninitializedCapacity: count) { buffer, initialized in
      UnsafeMutableRawPointer(buffer.baseAddress.unsafelyUnwrapped)
        .copyMemory(from: bytes, byteCount: count &* MemoryLayout<Item>.stride)
      initialized = count
    }
  }
}
