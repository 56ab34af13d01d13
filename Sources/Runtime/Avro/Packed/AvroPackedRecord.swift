/// A record of one allocation: the `Packed` that is nested in every generated record.
///
/// It holds a copy of the record's bytes. Numbers, enums, fixed and logical types are read at once; a string, bytes and
/// whatever is nested is made each time it is asked for, and that can't fail, because all bytes, UTF-8 included, have
/// been checked before. Encoding copies the bytes. For when to use it see ``AvroRecordView``.
///
/// Two are equal when their bytes are. Other than with the record itself, a NaN equals itself, and two maps of another
/// order are not equal.
public protocol AvroPackedRecord: AvroRecord {
  /// The record as a struct with all that it holds.
  associatedtype Unpacked: AvroRecord

  /// The record's bytes.
  var avroStorage: AvroPackedStorage { get }
}

extension AvroPackedRecord {
  public static var schemaName: String { Unpacked.schemaName }
  public static var schemaText: String { Unpacked.schemaText }

  /// All at once.
  public func unpacked() -> Unpacked {
    avroStorage.read(AvroPlace()) { (reader) throws(AvroError) in try Unpacked.decode(from: &reader) }
  }

  @inlinable public func encode(to writer: inout AvroWriter) {
    avroStorage.withBytes { writer.writeRaw($0) }
  }

  /// A copy of the record's bytes.
  @inlinable public func avroBytes() -> [UInt8] { withAvroBytes { [UInt8]($0) } }

  /// Lends the encoding, for `View.withDecoded` and the like.
  @inlinable public func withAvroBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try avroStorage.withBytes(body)
  }

  public static func == (left: Self, right: Self) -> Bool {
    left.avroStorage.withBytes { left in right.avroStorage.withBytes { left.elementsEqual($0) } }
  }

  public func hash(into hasher: inout Hasher) {
    avroStorage.withBytes { hasher.combine(bytes: $0) }
  }
}

/// Where something lies in a packed record.
@frozen public struct AvroPlace: BitwiseCopyable, Sendable {
  /// The offset above the count, which is 0 but for strings and bytes: one word is stored and loaded faster than two.
  @usableFromInline let offsetAndCount: UInt64

  @inlinable @inline(always) init(offset: Int = 0, count: Int = 0) {
    offsetAndCount = UInt64(truncatingIfNeeded: offset) &<< 32 | UInt64(truncatingIfNeeded: count)
  }

  @inlinable @inline(always) var offset: Int { Int(offsetAndCount &>> 32) }
  @inlinable @inline(always) var count: Int { Int(offsetAndCount & 0xFFFF_FFFF) }
}

/// The bytes of a packed record.
///
/// Sendable, for the bytes are written when it is made and never again.
@frozen public struct AvroPackedStorage: @unchecked Sendable {
  /// The count is the header. An array in its place takes a tenth longer to make and to free.
  @usableFromInline let buffer: ManagedBuffer<Int, UInt8>

  @inlinable init(copying bytes: UnsafeRawBufferPointer) {
    buffer = ManagedBuffer<Int, UInt8>.create(minimumCapacity: bytes.count) { _ in bytes.count }
    buffer.withUnsafeMutablePointerToElements { elements in
      UnsafeMutableRawBufferPointer(start: elements, count: bytes.count).copyMemory(from: bytes)
    }
  }

  @inlinable func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try buffer.withUnsafeMutablePointers { (count, elements) throws(Failure) in
      try body(UnsafeRawBufferPointer(start: elements, count: count.pointee))
    }
  }

  /// For generated code: the string at `place`.
  @inlinable public func string(_ place: AvroPlace) -> String {
    withBytes { bytes in
      var reader = AvroReader(bytes)
      reader.position += place.offset
      return AvroReader.checked { () throws(AvroError) in try reader.readString(count: place.count) }
    }
  }

  /// For generated code: the bytes at `place`.
  @inlinable public func bytes(_ place: AvroPlace) -> [UInt8] {
    withBytes { [UInt8]($0[place.offset..<place.offset &+ place.count]) }
  }

  /// For generated code: what `read` makes of the bytes from `place` on.
  @inlinable public func read<Value>(
    _ place: AvroPlace, _ read: (inout AvroReader) throws(AvroError) -> Value
  ) -> Value {
    withBytes { bytes in
      var reader = AvroReader(bytes, limits: AvroLimits(maxDepth: .max, maxEmptyItems: .max))
      reader.position += place.offset
      return AvroReader.checked { () throws(AvroError) in try read(&reader) }
    }
  }
}

/// Where a packed record begins, and how its reader was set before.
@frozen public struct AvroPackedStart {
  @usableFromInline let position: UnsafeRawPointer
  @usableFromInline let checksUTF8: Bool

  @inlinable init(position: UnsafeRawPointer, checksUTF8: Bool) {
    self.position = position
    self.checksUTF8 = checksUTF8
  }
}

// For the generated `decode` of packed records.
extension AvroReader {
  @inlinable @inline(always) public mutating func beginPacked() -> AvroPackedStart {
    defer { checksUTF8 = true }
    return AvroPackedStart(position: position, checksUTF8: checksUTF8)
  }

  /// The bytes since `start`; more than 4 GiB are `tooLarge`.
  @inlinable @inline(always) public mutating func endPacked(
    _ start: AvroPackedStart
  ) throws(AvroError) -> AvroPackedStorage {
    checksUTF8 = start.checksUTF8
    let count = position - start.position
    if _slowPath(count > UInt32.max) { throw error(.tooLarge) }
    return AvroPackedStorage(copying: UnsafeRawBufferPointer(start: start.position, count: count))
  }

  /// Where the reader stands.
  @inlinable @inline(always) public func place(since start: AvroPackedStart) -> AvroPlace {
    AvroPlace(offset: position - start.position)
  }

  /// Steps over a string, which is UTF-8.
  @inlinable @inline(always) public mutating func readStringPlace(
    since start: AvroPackedStart
  ) throws(AvroError) -> AvroPlace {
    let text = try readLentBytes()
    if _slowPath(!Self.isASCII(text.start, text.count)) { try Self.checkUTF8(text) }
    return AvroPlace(offset: text.start - start.position, count: text.count)
  }

  /// Steps over bytes.
  @inlinable @inline(always) public mutating func readBytesPlace(
    since start: AvroPackedStart
  ) throws(AvroError) -> AvroPlace {
    let bytes = try readLentBytes()
    return AvroPlace(offset: bytes.start - start.position, count: bytes.count)
  }
}
