/// Reads Avro's binary encoding (specification 1.12, "Binary Encoding") from memory.
///
/// The bytes have to stay where they are while the reader lives. Any bytes are safe to read: each method either gives a
/// value or throws, and never reads past the end. After an error the reader's position is not defined.
///
/// Inlinable throughout: generated code in another module is 40 % slower without.
@frozen public struct AvroReader: ~Copyable {
  @usableFromInline let start: UnsafeRawPointer
  @usableFromInline let end: UnsafeRawPointer
  @usableFromInline var position: UnsafeRawPointer
  @usableFromInline var depthLeft: Int
  @usableFromInline var emptyItemsLeft: Int
  /// Whether views of strings are checked when they are made.
  @usableFromInline var checksUTF8 = false

  @inlinable @inline(always) public init(_ bytes: UnsafeRawBufferPointer, limits: AvroLimits = AvroLimits()) {
    // No bytes may come without an address; nothing is ever loaded from the stand-in.
    let start = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 8).unsafelyUnwrapped
    self.init(start: start, position: start, end: start + bytes.count, limits: limits)
  }

  /// Starts in the middle: offsets count from `start`.
  @inlinable @inline(always) init(
    start: UnsafeRawPointer, position: UnsafeRawPointer, end: UnsafeRawPointer, limits: AvroLimits
  ) {
    self.start = start
    self.position = position
    self.end = end
    depthLeft = limits.maxDepth
    emptyItemsLeft = limits.maxEmptyItems
  }

  /// For what is faster only where it is inlined. A function of its own, lest the compiler warn of code that a debug
  /// build never reaches.
  @inlinable @inline(__always) static var isOptimized: Bool { !_isDebugAssertConfiguration() }

  /// In bytes from the start.
  @inlinable public var offset: Int { position - start }
  /// Bytes left.
  @inlinable public var remaining: Int { end - position }
  @inlinable @inline(always) public var isAtEnd: Bool { position == end }

  /// An error at this place.
  @inline(never) public func error(_ kind: AvroError.Kind) -> AvroError { AvroError(kind, offset: offset) }

  /// Goes into a value of a recursive type; ``leave()`` follows when it has been read.
  @inlinable public mutating func enter() throws(AvroError) {
    if _slowPath(depthLeft <= 0) { throw error(.tooDeep) }
    depthLeft &-= 1
  }

  @inlinable public mutating func leave() { depthLeft &+= 1 }

  /// Steps over `count` bytes and gives where they are.
  @inlinable @inline(always) public mutating func take(_ count: Int) throws(AvroError) -> UnsafeRawPointer {
    if _slowPath(UInt(bitPattern: count) > UInt(bitPattern: end - position)) {
      throw error(count < 0 ? .negativeLength : .truncated)
    }
    let taken = position
    position += count
    return taken
  }
}

// MARK: numbers

extension AvroReader {
  @inlinable @inline(always) mutating func readByte() throws(AvroError) -> UInt8 {
    try take(1).assumingMemoryBound(to: UInt8.self).pointee
  }

  /// One byte, 0 or 1.
  @inlinable @inline(always) public mutating func readBoolean() throws(AvroError) -> Bool {
    let byte = try readByte()
    if _slowPath(byte > 1) { throw error(.invalidBoolean) }
    return byte == 1
  }

  /// A long that has to fit into 32 bits.
  @inlinable @inline(always) public mutating func readInt() throws(AvroError) -> Int32 {
    let value = try readLong()
    let int = Int32(truncatingIfNeeded: value)
    if _slowPath(Int64(int) != value) { throw error(.intOutOfRange) }
    return int
  }

  /// Zigzag and variable length, ten bytes at most.
  @inlinable @inline(always) public mutating func readLong() throws(AvroError) -> Int64 {
    Self.unzigzag(try readVarint())
  }

  @inlinable @inline(always) public mutating func readFloat() throws(AvroError) -> Float {
    Float(bitPattern: UInt32(littleEndian: try take(4).loadUnaligned(as: UInt32.self)))
  }

  @inlinable @inline(always) public mutating func readDouble() throws(AvroError) -> Double {
    Double(bitPattern: UInt64(littleEndian: try take(8).loadUnaligned(as: UInt64.self)))
  }

  /// Position of an enum symbol or a union branch; whoever asks checks it.
  @inlinable @inline(always) public mutating func readIndex() throws(AvroError) -> Int {
    Int(truncatingIfNeeded: try readInt())
  }

  /// Position of an enum symbol or a union branch.
  @inlinable @inline(always) public mutating func readIndex(below count: Int) throws(AvroError) -> Int {
    // One byte is enough for the first 64, and most types have fewer.
    if _fastPath(position < end) {
      let byte = Int(position.assumingMemoryBound(to: UInt8.self).pointee)
      if _fastPath(byte & 0x81 == 0 && byte &>> 1 < count) {
        position += 1
        return byte &>> 1
      }
    }
    let index = try readIndex()
    if _slowPath(index < 0 || index >= count) { throw error(.indexOutOfRange) }
    return index
  }

  @inlinable @inline(always) mutating func readVarint() throws(AvroError) -> UInt64 {
    if _fastPath(position < end) {
      let byte = position.assumingMemoryBound(to: UInt8.self).pointee
      if _fastPath(byte < 0x80) {
        position += 1
        return UInt64(byte)
      }
    }
    if _fastPath(end - position >= 8), let value = readVarintInWord() { return value }
    return try readVarintBytewise()
  }

  /// All bytes of a number at once when it has at most eight; the caller made sure that eight are there.
  @inlinable @inline(always) mutating func readVarintInWord() -> UInt64? {
    let word = UInt64(littleEndian: position.loadUnaligned(as: UInt64.self))
    let lastBytes = ~word & 0x8080_8080_8080_8080
    if _slowPath(lastBytes == 0) { return nil }
    position += (lastBytes.trailingZeroBitCount &>> 3) &+ 1
    return Self.joinGroups(word & (lastBytes ^ (lastBytes &- 1)))
  }

  @inline(never) @usableFromInline mutating func readVarintBytewise() throws(AvroError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      if position == end { throw error(.truncated) }
      let byte = position.assumingMemoryBound(to: UInt8.self).pointee
      // The tenth byte has room for one bit.
      if shift == 63, byte > 1 { throw error(.malformedVarint) }
      position += 1
      value |= UInt64(byte & 0x7F) &<< shift
      if byte < 0x80 { return value }
      shift &+= 7
    }
  }

  /// Moves the low seven bits of each byte together.
  @inlinable @inline(always) static func joinGroups(_ word: UInt64) -> UInt64 {
    var bits = word & 0x7F7F_7F7F_7F7F_7F7F
    bits = ((bits & 0x7F00_7F00_7F00_7F00) &>> 1) | (bits & 0x007F_007F_007F_007F)
    bits = ((bits & 0x3FFF_0000_3FFF_0000) &>> 2) | (bits & 0x0000_3FFF_0000_3FFF)
    return ((bits & 0x0FFF_FFFF_0000_0000) &>> 4) | (bits & 0x0000_0000_0FFF_FFFF)
  }

  @inlinable @inline(always) static func unzigzag(_ value: UInt64) -> Int64 {
    Int64(bitPattern: (value &>> 1) ^ (0 &- (value & 1)))
  }
}

// MARK: bytes and strings

extension AvroReader {
  /// A length that the bytes left can hold.
  @inlinable @inline(always) mutating func readLength() throws(AvroError) -> Int {
    let length = try readLong()
    // One comparison for both: a negative length is a very large one without its sign.
    if _slowPath(UInt64(bitPattern: length) > UInt64(truncatingIfNeeded: end - position)) {
      throw error(length < 0 ? .negativeLength : .truncated)
    }
    return Int(truncatingIfNeeded: length)
  }

  @inlinable public mutating func readBytes() throws(AvroError) -> [UInt8] {
    let count = try readLength()
    return try readRaw(count)
  }

  /// `count` bytes without a length before them.
  @inlinable public mutating func readRaw(_ count: Int) throws(AvroError) -> [UInt8] {
    let bytes = try take(count)
    return [UInt8](UnsafeBufferPointer(start: bytes.assumingMemoryBound(to: UInt8.self), count: count))
  }

  /// Strictly UTF-8: nothing is repaired.
  @inlinable @inline(always) public mutating func readString() throws(AvroError) -> String {
    try readString(count: try readLength())
  }

  /// The bytes that are left have `count`.
  @inlinable @inline(always) mutating func readString(count: Int) throws(AvroError) -> String {
    let bytes = position
    position += count
    let buffer = UnsafeBufferPointer(start: bytes.assumingMemoryBound(to: UInt8.self), count: count)
    if _fastPath(Self.isASCII(bytes, count)) {
      return String(copying: unsafe UTF8Span(unchecked: buffer.span, isKnownASCII: true))
    }
    return try validatedString(buffer)
  }

  @inline(never) @usableFromInline func validatedString(
    _ buffer: UnsafeBufferPointer<UInt8>
  ) throws(AvroError) -> String {
    do {
      return String(copying: try UTF8Span(validating: buffer.span))
    } catch {
      throw AvroError(.invalidUTF8, offset: offset &- buffer.count)
    }
  }

  @inlinable @inline(always) static func isASCII(_ bytes: UnsafeRawPointer, _ count: Int) -> Bool {
    var seen: UInt64 = 0
    if count >= 8 {
      // The last words overlap those before: no loop over single bytes, and up to 32 bytes none at all, for how often a
      // loop runs is what the processor guesses wrong.
      seen |= bytes.loadUnaligned(as: UInt64.self)
      seen |= bytes.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
      if count > 16 {
        var index = 8
        while index < count &- 24 {
          seen |= bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
          seen |= bytes.loadUnaligned(fromByteOffset: index &+ 8, as: UInt64.self)
          index &+= 16
        }
        seen |= bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        seen |= bytes.loadUnaligned(fromByteOffset: count &- 16, as: UInt64.self)
      }
    } else if count >= 4 {
      seen |= UInt64(bytes.loadUnaligned(as: UInt32.self))
      seen |= UInt64(bytes.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self))
    } else {
      for index in 0..<count { seen |= UInt64(bytes.load(fromByteOffset: index, as: UInt8.self)) }
    }
    return seen & 0x8080_8080_8080_8080 == 0
  }
}
