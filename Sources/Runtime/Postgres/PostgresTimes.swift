/// A `timestamptz` (or `timestamp`, read as UTC): microseconds since 2000-01-01 00:00 UTC, as Postgres keeps it.
public struct PostgresTimestamp: Hashable, Comparable, Sendable {
  public var microsSince2000: Int64

  public static let infinity = PostgresTimestamp(microsSince2000: .max)
  public static let negativeInfinity = PostgresTimestamp(microsSince2000: .min)
  /// From 1970 to 2000.
  static let epochOffsetMicros: Int64 = 946_684_800_000_000

  public init(microsSince2000: Int64) {
    self.microsSince2000 = microsSince2000
  }

  /// Microseconds since 1970-01-01 00:00 UTC; what is past Postgres' range becomes infinity.
  public init(microsSinceEpoch: Int64) {
    let (value, overflow) = microsSinceEpoch.subtractingReportingOverflow(Self.epochOffsetMicros)
    microsSince2000 = overflow ? .min : value
  }

  /// Milliseconds since 1970-01-01 00:00 UTC, as Kafka's timestamps are; what is past Postgres' range becomes infinity.
  public init(millisSinceEpoch: Int64) {
    let (micros, overflow) = millisSinceEpoch.multipliedReportingOverflow(by: 1000)
    if overflow {
      self = millisSinceEpoch < 0 ? .negativeInfinity : .infinity
    } else {
      self.init(microsSinceEpoch: micros)
    }
  }

  /// Microseconds since 1970-01-01 00:00 UTC; infinities, and what follows the year 294246, are the ends of the range.
  public var microsSinceEpoch: Int64 {
    if isInfinite { return microsSince2000 }
    let (value, overflow) = microsSince2000.addingReportingOverflow(Self.epochOffsetMicros)
    return overflow ? .max : value
  }

  /// Whole milliseconds since 1970-01-01 00:00 UTC, rounded down.
  public var millisSinceEpoch: Int64 {
    let micros = microsSinceEpoch
    return micros >= 0 || micros % 1000 == 0 ? micros / 1000 : micros / 1000 - 1
  }

  public var isInfinite: Bool { microsSince2000 == .max || microsSince2000 == .min }

  public static func < (left: PostgresTimestamp, right: PostgresTimestamp) -> Bool {
    left.microsSince2000 < right.microsSince2000
  }
}

extension PostgresTimestamp: CustomStringConvertible {
  /// ISO 8601 in UTC, with microseconds.
  public var description: String {
    if isInfinite { return microsSince2000 > 0 ? "infinity" : "-infinity" }
    let microsPerDay: Int64 = 86_400_000_000
    let remainder = microsSince2000 % microsPerDay
    let micros = remainder < 0 ? remainder + microsPerDay : remainder
    let day = PostgresDate(daysSince2000: Int32(truncatingIfNeeded: (microsSince2000 - micros) / microsPerDay))
    let seconds = micros / 1_000_000
    let time = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { padded($0, 2) }.joined(separator: ":")
    return "\(day)T\(time).\(padded(micros % 1_000_000, 6))Z"
  }
}

extension PostgresTimestamp: PostgresScalar {
  public static var postgresOID: UInt32 { PostgresOID.timestamptz }
  public static var postgresArrayOID: UInt32 { 1185 }
  public static var postgresFixedSize: Int? { 8 }

  public func encode(to writer: inout PostgresWriter) {
    writer.write(microsSince2000)
  }

  public static func decode(_ cell: PostgresCell) throws(PostgresError) -> PostgresTimestamp {
    guard cell.oid == PostgresOID.timestamptz || cell.oid == PostgresOID.timestamp else {
      throw cell.mismatch(PostgresTimestamp.self)
    }
    return PostgresTimestamp(microsSince2000: try cell.integer())
  }
}

/// A `date`: days since 2000-01-01, as Postgres keeps it.
public struct PostgresDate: Hashable, Comparable, Sendable {
  public var daysSince2000: Int32

  public static let infinity = PostgresDate(daysSince2000: .max)
  public static let negativeInfinity = PostgresDate(daysSince2000: .min)
  /// From 1970 to 2000.
  static let epochOffsetDays = 10_957

  public init(daysSince2000: Int32) {
    self.daysSince2000 = daysSince2000
  }

  /// Days since 1970-01-01; what is past Postgres' range becomes infinity.
  public init(daysSinceEpoch: Int) {
    let days = daysSinceEpoch < Int(Int32.min) ? Int(Int32.min) : daysSinceEpoch - Self.epochOffsetDays
    daysSince2000 = Int32(clamping: days)
  }

  /// Days since 1970-01-01; infinities are the ends of the 32-bit range.
  public var daysSinceEpoch: Int {
    isInfinite ? Int(daysSince2000) : Int(daysSince2000) + Self.epochOffsetDays
  }

  public var isInfinite: Bool { daysSince2000 == .max || daysSince2000 == .min }

  public static func < (left: PostgresDate, right: PostgresDate) -> Bool {
    left.daysSince2000 < right.daysSince2000
  }
}

extension PostgresDate: CustomStringConvertible {
  /// Year, month and day of the proleptic Gregorian calendar; years before 1 are negative or 0 as in ISO 8601.
  public var description: String {
    if isInfinite { return daysSince2000 > 0 ? "infinity" : "-infinity" }
    // Years that start in March end with the leap day; 400 of them have 146,097 days. Day 0 is 0000-03-01.
    let days = Int64(daysSince2000) + 730_425
    let era = (days >= 0 ? days : days - 146_096) / 146_097
    let dayOfEra = days - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return "\(year < 0 ? "-" : "")\(padded(abs(year), 4))-\(padded(month, 2))-\(padded(day, 2))"
  }
}

extension PostgresDate: PostgresScalar {
  public static var postgresOID: UInt32 { PostgresOID.date }
  public static var postgresArrayOID: UInt32 { 1182 }
  public static var postgresFixedSize: Int? { 4 }

  public func encode(to writer: inout PostgresWriter) {
    writer.write(daysSince2000)
  }

  public static func decode(_ cell: PostgresCell) throws(PostgresError) -> PostgresDate {
    guard cell.oid == PostgresOID.date else { throw cell.mismatch(PostgresDate.self) }
    return PostgresDate(daysSince2000: try cell.integer())
  }
}

private func padded(_ number: Int64, _ width: Int) -> String {
  let text = String(number)
  return String(repeating: "0", count: max(0, width - text.count)) + text
}
