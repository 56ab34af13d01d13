/// A fixed: `count` bytes inside the value, without an allocation.
@frozen public struct AvroFixedBytes<let count: Int>: Sendable, BitwiseCopyable {
  public var bytes: InlineArray<count, UInt8>

  @inlinable @inline(always) public init(_ bytes: InlineArray<count, UInt8>) { self.bytes = bytes }

  /// All bytes 0.
  @inlinable public init() { bytes = InlineArray(repeating: 0) }

  /// Nil unless `bytes` has exactly `count`.
  @inlinable public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == count else { return nil }
    self.init()
    var index = 0
    for byte in bytes where index < count {
      self.bytes[index] = byte
      index &+= 1
    }
  }

  @inlinable public var array: [UInt8] {
    var array: [UInt8] = []
    array.reserveCapacity(count)
    for index in bytes.indices { array.append(bytes[index]) }
    return array
  }
}

extension AvroFixedBytes: AvroValue {
  @inlinable @inline(always) public static func decode(
    from reader: inout AvroReader
  ) throws(AvroError) -> Self {
    // Bytes lie anywhere: no need for `loadUnaligned`, which is a call of a generic function in a debug build.
    Self(try reader.take(count).assumingMemoryBound(to: InlineArray<count, UInt8>.self).pointee)
  }

  @inlinable @inline(always) public func encode(to writer: inout AvroWriter) {
    writer.reserve(count)
    writer.position.assumingMemoryBound(to: InlineArray<count, UInt8>.self).pointee = bytes
    writer.position += count
  }
}

extension AvroFixedBytes: Hashable {
  @inlinable public static func == (left: Self, right: Self) -> Bool {
    for index in left.bytes.indices where left.bytes[index] != right.bytes[index] { return false }
    return true
  }

  @inlinable public func hash(into hasher: inout Hasher) {
    for index in bytes.indices { hasher.combine(bytes[index]) }
  }
}

extension AvroFixedBytes: CustomStringConvertible {
  /// Two hexadecimal digits a byte.
  public var description: String {
    array.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
