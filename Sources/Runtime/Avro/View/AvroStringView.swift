/// Bytes of a message, lent: a place in a buffer of at most 4 GiB.
@usableFromInline @frozen struct AvroLentBytes: BitwiseCopyable {
  @usableFromInline let start: UnsafeRawPointer
  /// The offset from the start of the message, for errors, above the count: one word, as one is stored and loaded
  /// faster than two halves.
  @usableFromInline let offsetAndCount: UInt64

  @inlinable @inline(always) init(start: UnsafeRawPointer, count: Int, offset: Int) {
    self.start = start
    offsetAndCount = UInt64(truncatingIfNeeded: offset) &<< 32 | UInt64(truncatingIfNeeded: count)
  }

  @inlinable @inline(always) var count: Int { Int(offsetAndCount & 0xFFFF_FFFF) }

  @inlinable @inline(always) var offset: Int { Int(offsetAndCount &>> 32) }

  @inlinable @inline(always) var buffer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

  @inlinable func equals(_ other: UnsafeRawBufferPointer) -> Bool {
    count == other.count && buffer.elementsEqual(other)
  }
}

/// A string inside a message.
@frozen public struct AvroStringView: ~Copyable, AvroView {
  @usableFromInline let bytes: AvroLentBytes

  @inlinable @inline(always) init(_ bytes: AvroLentBytes) { self.bytes = bytes }

  @inlinable @inline(always) public init(viewing reader: inout AvroReader) throws(AvroError) {
    self.init(try reader.readLentString())
  }

  @inlinable public static func skip(_ count: Int, in reader: inout AvroReader) throws(AvroError) {
    for _ in 0..<count { _ = try reader.readLentString() }
  }

  /// In bytes of UTF-8.
  @inlinable public var utf8Count: Int { bytes.count }

  @inlinable public var isEmpty: Bool { bytes.count == 0 }

  /// A copy; throws `invalidUTF8` for what is not UTF-8, and repairs nothing.
  @inlinable public func string() throws(AvroError) -> String {
    var reader = AvroReader(bytes.buffer)
    do throws(AvroError) {
      return try reader.readString(count: bytes.count)
    } catch {
      throw AvroError(.invalidUTF8, offset: bytes.offset)
    }
  }

  /// Lends the bytes, which have not been checked.
  @inlinable public func withUTF8<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(bytes.buffer.assumingMemoryBound(to: UInt8.self))
  }

  /// Compares byte by byte, without an allocation: two ways to write `é` are not equal.
  @inlinable public static func == (left: borrowing Self, right: String) -> Bool {
    var right = right
    return right.withUTF8 { left.bytes.equals(UnsafeRawBufferPointer($0)) }
  }

  @inlinable public static func == (left: borrowing Self, right: borrowing Self) -> Bool {
    left.bytes.equals(right.bytes.buffer)
  }

  @inlinable public static func != (left: borrowing Self, right: String) -> Bool { !(left == right) }

  @inlinable public static func != (left: borrowing Self, right: borrowing Self) -> Bool { !(left == right) }
}

/// Bytes inside a message.
@frozen public struct AvroBytesView: ~Copyable, AvroView {
  @usableFromInline let bytes: AvroLentBytes

  @inlinable @inline(always) init(_ bytes: AvroLentBytes) { self.bytes = bytes }

  @inlinable @inline(always) public init(viewing reader: inout AvroReader) throws(AvroError) {
    self.init(try reader.readLentBytes())
  }

  @inlinable public static func skip(_ count: Int, in reader: inout AvroReader) throws(AvroError) {
    for _ in 0..<count { _ = try reader.readLentBytes() }
  }

  @inlinable public var count: Int { bytes.count }

  @inlinable public var isEmpty: Bool { bytes.count == 0 }

  /// A copy.
  @inlinable public func array() -> [UInt8] { [UInt8](bytes.buffer) }

  /// Copies all bytes to the start of `target`; false, and nothing is copied, when it is too small.
  @inlinable public func copy(to target: UnsafeMutableRawBufferPointer) -> Bool {
    guard target.count >= count else { return false }
    target.copyMemory(from: bytes.buffer)
    return true
  }

  /// Lends the bytes.
  @inlinable public func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(bytes.buffer)
  }

  @inlinable public static func == (left: borrowing Self, right: [UInt8]) -> Bool {
    right.withUnsafeBytes { left.bytes.equals($0) }
  }

  @inlinable public static func == (left: borrowing Self, right: borrowing Self) -> Bool {
    left.bytes.equals(right.bytes.buffer)
  }

  @inlinable public static func != (left: borrowing Self, right: [UInt8]) -> Bool { !(left == right) }

  @inlinable public static func != (left: borrowing Self, right: borrowing Self) -> Bool { !(left == right) }
}

extension AvroReader {
  @inlinable @inline(always) mutating func readLentBytes() throws(AvroError) -> AvroLentBytes {
    let count = try readLength()
    let bytes = position
    position += count
    return AvroLentBytes(start: bytes, count: count, offset: bytes - start)
  }

  /// Checked only when the reader is asked to, for ``AvroPackedRecord``.
  @inlinable @inline(always) mutating func readLentString() throws(AvroError) -> AvroLentBytes {
    let text = try readLentBytes()
    if _slowPath(checksUTF8) { try Self.checkUTF8(text) }
    return text
  }

  @inline(never) @usableFromInline static func checkUTF8(_ text: AvroLentBytes) throws(AvroError) {
    if isASCII(text.start, text.count) { return }
    do {
      _ = try UTF8Span(validating: text.buffer.assumingMemoryBound(to: UInt8.self).span)
    } catch {
      throw AvroError(.invalidUTF8, offset: text.offset)
    }
  }
}
