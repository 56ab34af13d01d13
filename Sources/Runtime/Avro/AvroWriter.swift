/// Writes Avro's binary encoding (specification 1.12, "Binary Encoding") into memory that it owns.
///
/// Writing never throws: the first thing that does not fit is kept as ``failure`` and ``bytes()`` throws it.
@frozen public struct AvroWriter: ~Copyable {
  @usableFromInline var base: UnsafeMutableRawPointer
  @usableFromInline var position: UnsafeMutableRawPointer
  @usableFromInline var end: UnsafeMutableRawPointer
  @usableFromInline var depthLeft: Int
  @usableFromInline let maxDepth: Int
  @usableFromInline let maxBytes: Int
  /// What went wrong first; nil when all went well. The bytes are of no use when it is set.
  public private(set) var failure: AvroError?

  /// - Parameters:
  ///   - capacity: of the memory at first, in bytes; it doubles as needed.
  ///   - maxBytes: an encoding larger than this fails with `tooLarge`.
  ///   - maxDepth: how deep values of recursive types may nest; the same as what readers allow.
  public init(capacity: Int = 512, maxBytes: Int = 1 << 30, maxDepth: Int = AvroLimits().maxDepth) {
    let capacity = min(max(capacity, 64), max(maxBytes, 64))
    base = .allocate(byteCount: capacity, alignment: 16)
    position = base
    end = base + capacity
    self.maxBytes = maxBytes
    self.maxDepth = maxDepth
    depthLeft = maxDepth
  }

  deinit { base.deallocate() }

  /// Forgets what was written, and any failure; keeps the memory.
  @inlinable public mutating func reset() {
    position = base
    if _slowPath(failure != nil) { clearFailure() }
  }

  @inline(never) @usableFromInline mutating func clearFailure() {
    failure = nil
    depthLeft = maxDepth
  }

  /// Bytes written.
  @inlinable public var count: Int { position - base }

  /// Lends what was written; the buffer is valid inside `body` only. Look at ``failure`` first.
  @inlinable public func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(UnsafeRawBufferPointer(start: base, count: count))
  }

  /// A copy of what was written; throws ``failure`` when there is one.
  @inlinable public func bytes() throws(AvroError) -> [UInt8] {
    if let failure { throw failure }
    return [UInt8](UnsafeBufferPointer(start: base.assumingMemoryBound(to: UInt8.self), count: count))
  }

  /// Keeps `kind` as the failure at this place, unless there is one already.
  @inline(never) public mutating func fail(_ kind: AvroError.Kind) {
    if failure == nil { failure = AvroError(kind, offset: count) }
  }

  /// Goes into a value of a recursive type; false, and a failure, when that is too deep. ``leave()`` follows when the
  /// value has been written.
  @inlinable public mutating func enter() -> Bool {
    if _slowPath(depthLeft <= 0) {
      fail(.tooDeep)
      return false
    }
    depthLeft &-= 1
    return true
  }

  @inlinable public mutating func leave() { depthLeft &+= 1 }

  /// Makes room for `count` bytes more.
  @inlinable @inline(always) mutating func reserve(_ count: Int) {
    if _slowPath(end - position < count) { grow(count) }
  }

  @inline(never) @usableFromInline mutating func grow(_ needed: Int) {
    var used = position - base
    if used > maxBytes || needed > maxBytes - used {
      // From here on the bytes don't matter: write over them, in no more memory than one value needs.
      fail(.tooLarge)
      used = 0
      position = base
      if end - base >= needed { return }
    }
    let capacity = max((end - base) * 2, used + needed)
    let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    larger.copyMemory(from: base, byteCount: used)
    base.deallocate()
    base = larger
    position = larger + used
    end = larger + capacity
  }
}

// MARK: numbers

extension AvroWriter {
  @inlinable @inline(always) public mutating func writeBoolean(_ value: Bool) { writeByte(value ? 1 : 0) }

  @inlinable @inline(always) public mutating func writeInt(_ value: Int32) { writeLong(Int64(value)) }

  @inlinable @inline(always) public mutating func writeLong(_ value: Int64) {
    reserve(10)
    putVarint(Self.zigzag(value))
  }

  @inlinable @inline(always) public mutating func writeFloat(_ value: Float) {
    reserve(4)
    position.storeBytes(of: value.bitPattern.littleEndian, as: UInt32.self)
    position += 4
  }

  @inlinable @inline(always) public mutating func writeDouble(_ value: Double) {
    reserve(8)
    position.storeBytes(of: value.bitPattern.littleEndian, as: UInt64.self)
    position += 8
  }

  /// Position of an enum symbol or a union branch.
  @inlinable @inline(always) public mutating func writeIndex(_ index: Int) { writeLong(Int64(index)) }

  /// How many items follow; 0 ends the array or map.
  @inlinable @inline(always) public mutating func writeBlockCount(_ count: Int) { writeLong(Int64(count)) }

  @inlinable @inline(always) mutating func writeByte(_ value: UInt8) {
    reserve(1)
    position.assumingMemoryBound(to: UInt8.self).pointee = value
    position += 1
  }

  @inlinable @inline(always) static func zigzag(_ value: Int64) -> UInt64 {
    UInt64(bitPattern: (value &<< 1) ^ (value &>> 63))
  }

  /// The caller made room for ten bytes. `storeBytes` would be a call of a generic function in a debug build.
  @inlinable @inline(always) mutating func putVarint(_ value: UInt64) {
    var rest = value
    while _slowPath(rest >= 0x80) {
      position.assumingMemoryBound(to: UInt8.self).pointee = UInt8(truncatingIfNeeded: rest) | 0x80
      position += 1
      rest &>>= 7
    }
    position.assumingMemoryBound(to: UInt8.self).pointee = UInt8(truncatingIfNeeded: rest)
    position += 1
  }

  /// As ``putVarint(_:)``, without a branch that depends on the length below 2^56: better for numbers that a branch
  /// predictor can't learn. Stores eight bytes whatever the length.
  @inlinable @inline(always) mutating func putVarintInWord(_ value: UInt64) {
    if _slowPath(value >> 56 != 0) {
      putVarint(value)
      return
    }
    var bits = value
    bits = ((bits & 0x00FF_FFFF_F000_0000) &<< 4) | (bits & 0x0000_0000_0FFF_FFFF)
    bits = ((bits & 0x0FFF_C000_0FFF_C000) &<< 2) | (bits & 0x0000_3FFF_0000_3FFF)
    bits = ((bits & 0x3F80_3F80_3F80_3F80) &<< 1) | (bits & 0x007F_007F_007F_007F)
    let lastByte = (63 &- (bits | 1).leadingZeroBitCount) &>> 3
    let belowLast = ((1 as UInt64) &<< UInt64(truncatingIfNeeded: lastByte &* 8)) &- 1
    let continued = 0x8080_8080_8080_8080 & belowLast
    position.storeBytes(of: (bits | continued).littleEndian, as: UInt64.self)
    position += lastByte &+ 1
  }
}

// MARK: bytes and strings

extension AvroWriter {
  @inlinable public mutating func writeBytes(_ value: [UInt8]) {
    value.withUnsafeBufferPointer { writeCounted($0) }
  }

  /// Bytes without a length before them.
  @inlinable public mutating func writeRaw(_ value: UnsafeRawBufferPointer) {
    guard let source = value.baseAddress else { return }
    reserve(value.count)
    put(source, value.count)
  }

  /// Bytes without a length before them.
  @inlinable public mutating func writeRaw(_ value: [UInt8]) {
    value.withUnsafeBufferPointer { writeRaw(UnsafeRawBufferPointer($0)) }
  }

  @inlinable @inline(always) public mutating func writeString(_ value: String) {
    let written: Void? = value.utf8.withContiguousStorageIfAvailable { writeCounted($0) }
    if _slowPath(written == nil) { writeSlowly(value) }
  }

  /// Strings bridged from elsewhere have no UTF-8 to copy from.
  @inline(never) @usableFromInline mutating func writeSlowly(_ value: String) {
    var copy = value
    copy.withUTF8 { writeCounted($0) }
  }

  @inlinable @inline(always) mutating func writeCounted(_ value: UnsafeBufferPointer<UInt8>) {
    reserve(value.count &+ 10)
    putVarint(UInt64(truncatingIfNeeded: value.count) &<< 1)
    if let source = value.baseAddress { put(source, value.count) }
  }

  /// The caller made room.
  @inlinable @inline(always) mutating func put(_ source: UnsafeRawPointer, _ count: Int) {
    // Worth it only where it is inlined, so not in debug builds.
    if AvroReader.isOptimized && count >= 4 && count <= 32 {
      putOverlapping(source, count)
    } else {
      position.copyMemory(from: source, byteCount: count)
    }
    position += count
  }

  /// Copies 4 to 32 bytes with two loads that overlap, which is faster than a call for the length of most strings.
  @inlinable @inline(__always) func putOverlapping(_ source: UnsafeRawPointer, _ count: Int) {
    if count >= 16 {
      putOverlapping(source, count, SIMD2<UInt64>.self)
    } else if count >= 8 {
      putOverlapping(source, count, UInt64.self)
    } else {
      putOverlapping(source, count, UInt32.self)
    }
  }

  @inlinable @inline(__always) func putOverlapping<Word: BitwiseCopyable>(
    _ source: UnsafeRawPointer, _ count: Int, _ type: Word.Type
  ) {
    let last = count &- MemoryLayout<Word>.size
    let start = source.loadUnaligned(as: Word.self)
    let end = source.loadUnaligned(fromByteOffset: last, as: Word.self)
    position.storeBytes(of: start, as: Word.self)
    position.storeBytes(of: end, toByteOffset: last, as: Word.self)
  }
}

// MARK: arrays, maps and optionals

// Arrays and maps go out as one block (specification 1.12, "Arrays" and "Maps"). In this file and not another, because a
// debug build inlines nothing from other files of the same module.

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
          let end = next + count
          while next < end {
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
