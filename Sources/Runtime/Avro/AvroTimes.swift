// Dates and times (specification 1.12, "Logical Types"): the integer of the encoding under a name that tells its unit.

/// An integer with a meaning; the encoding is that of the integer.
public protocol AvroIntegerValue: AvroValue, Comparable {
  associatedtype Integer: AvroValue & Comparable & FixedWidthInteger
  var integer: Integer { get }
  init(integer: Integer)
}

extension AvroIntegerValue {
  @inlinable public static func decode(from reader: inout AvroReader) throws(AvroError) -> Self {
    Self(integer: try Integer.decode(from: &reader))
  }
  @inlinable public func encode(to writer: inout AvroWriter) { integer.encode(to: &writer) }
  @inlinable public static func < (left: Self, right: Self) -> Bool { left.integer < right.integer }
}

/// `date`: days since 1970-01-01 in the calendar that ISO 8601 has.
@frozen public struct AvroDate: AvroIntegerValue {
  public var daysSinceEpoch: Int32
  @inlinable public init(daysSinceEpoch: Int32) { self.daysSinceEpoch = daysSinceEpoch }
  @inlinable public init(integer: Int32) { daysSinceEpoch = integer }
  @inlinable public var integer: Int32 { daysSinceEpoch }
}

/// `time-millis`.
@frozen public struct AvroTimeMillis: AvroIntegerValue {
  public var millisSinceMidnight: Int32
  @inlinable public init(millisSinceMidnight: Int32) { self.millisSinceMidnight = millisSinceMidnight }
  @inlinable public init(integer: Int32) { millisSinceMidnight = integer }
  @inlinable public var integer: Int32 { millisSinceMidnight }
}

/// `time-micros`.
@frozen public struct AvroTimeMicros: AvroIntegerValue {
  public var microsSinceMidnight: Int64
  @inlinable public init(microsSinceMidnight: Int64) { self.microsSinceMidnight = microsSinceMidnight }
  @inlinable public init(integer: Int64) { microsSinceMidnight = integer }
  @inlinable public var integer: Int64 { microsSinceMidnight }
}

/// `timestamp-millis`: since 1970-01-01T00:00:00Z.
@frozen public struct AvroTimestampMillis: AvroIntegerValue {
  public var millisSinceEpoch: Int64
  @inlinable public init(millisSinceEpoch: Int64) { self.millisSinceEpoch = millisSinceEpoch }
  @inlinable public init(integer: Int64) { millisSinceEpoch = integer }
  @inlinable public var integer: Int64 { millisSinceEpoch }
}

/// `timestamp-micros`: since 1970-01-01T00:00:00Z.
@frozen public struct AvroTimestampMicros: AvroIntegerValue {
  public var microsSinceEpoch: Int64
  @inlinable public init(microsSinceEpoch: Int64) { self.microsSinceEpoch = microsSinceEpoch }
  @inlinable public init(integer: Int64) { microsSinceEpoch = integer }
  @inlinable public var integer: Int64 { microsSinceEpoch }
}

/// `timestamp-nanos`: since 1970-01-01T00:00:00Z.
@frozen public struct AvroTimestampNanos: AvroIntegerValue {
  public var nanosSinceEpoch: Int64
  @inlinable public init(nanosSinceEpoch: Int64) { self.nanosSinceEpoch = nanosSinceEpoch }
  @inlinable public init(integer: Int64) { nanosSinceEpoch = integer }
  @inlinable public var integer: Int64 { nanosSinceEpoch }
}

/// `local-timestamp-millis`: since 1970-01-01T00:00:00 in whatever the local zone is.
@frozen public struct AvroLocalTimestampMillis: AvroIntegerValue {
  public var millisSinceLocalEpoch: Int64
  @inlinable public init(millisSinceLocalEpoch: Int64) { self.millisSinceLocalEpoch = millisSinceLocalEpoch }
  @inlinable public init(integer: Int64) { millisSinceLocalEpoch = integer }
  @inlinable public var integer: Int64 { millisSinceLocalEpoch }
}

/// `local-timestamp-micros`: since 1970-01-01T00:00:00 in whatever the local zone is.
@frozen public struct AvroLocalTimestampMicros: AvroIntegerValue {
  public var microsSinceLocalEpoch: Int64
  @inlinable public init(microsSinceLocalEpoch: Int64) { self.microsSinceLocalEpoch = microsSinceLocalEpoch }
  @inlinable public init(integer: Int64) { microsSinceLocalEpoch = integer }
  @inlinable public var integer: Int64 { microsSinceLocalEpoch }
}

/// `local-timestamp-nanos`: since 1970-01-01T00:00:00 in whatever the local zone is.
@frozen public struct AvroLocalTimestampNanos: AvroIntegerValue {
  public var nanosSinceLocalEpoch: Int64
  @inlinable public init(nanosSinceLocalEpoch: Int64) { self.nanosSinceLocalEpoch = nanosSinceLocalEpoch }
  @inlinable public init(integer: Int64) { nanosSinceLocalEpoch = integer }
  @inlinable public var integer: Int64 { nanosSinceLocalEpoch }
}

/// `duration`: a fixed of 12 bytes, three unsigned little-endian integers. They are not added up: a month is not a
/// number of days.
@frozen public struct AvroDuration: AvroValue {
  public var months: UInt32
  public var days: UInt32
  public var millis: UInt32

  @inlinable public init(months: UInt32 = 0, days: UInt32 = 0, millis: UInt32 = 0) {
    self.months = months
    self.days = days
    self.millis = millis
  }

  @inlinable public static func decode(from reader: inout AvroReader) throws(AvroError) -> AvroDuration {
    let bytes = try reader.take(12)
    return AvroDuration(
      months: UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)),
      days: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)),
      millis: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self)))
  }

  @inlinable public func encode(to writer: inout AvroWriter) {
    writer.reserve(12)
    for number in [months, days, millis] {
      writer.position.storeBytes(of: number.littleEndian, as: UInt32.self)
      writer.position += 4
    }
  }
}
