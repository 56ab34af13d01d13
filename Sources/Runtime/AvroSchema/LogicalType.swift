extension LogicalType {
  /// As in the attribute `logicalType`.
  public var name: String {
    switch self {
    case .decimal: "decimal"
    case .bigDecimal: "big-decimal"
    case .uuid: "uuid"
    case .date: "date"
    case .timeMillis: "time-millis"
    case .timeMicros: "time-micros"
    case .timestampMillis: "timestamp-millis"
    case .timestampMicros: "timestamp-micros"
    case .timestampNanos: "timestamp-nanos"
    case .localTimestampMillis: "local-timestamp-millis"
    case .localTimestampMicros: "local-timestamp-micros"
    case .localTimestampNanos: "local-timestamp-nanos"
    case .duration: "duration"
    }
  }

  /// The logical type of that name on a primitive; nil when there is none of that name or it does not fit, which the
  /// specification tells readers to treat as if there were no logical type.
  public init?(name: String, on primitive: Schema.Primitive, precision: Int?, scale: Int?) {
    switch (name, primitive) {
    case ("decimal", .bytes):
      guard let decimal = Self.decimal(precision, scale, maxPrecision: .max) else { return nil }
      self = decimal
    case ("big-decimal", .bytes): self = .bigDecimal
    case ("uuid", .string): self = .uuid
    case ("date", .int): self = .date
    case ("time-millis", .int): self = .timeMillis
    case ("time-micros", .long): self = .timeMicros
    case ("timestamp-millis", .long): self = .timestampMillis
    case ("timestamp-micros", .long): self = .timestampMicros
    case ("timestamp-nanos", .long): self = .timestampNanos
    case ("local-timestamp-millis", .long): self = .localTimestampMillis
    case ("local-timestamp-micros", .long): self = .localTimestampMicros
    case ("local-timestamp-nanos", .long): self = .localTimestampNanos
    default: return nil
    }
  }

  /// As above, on a fixed of `size` bytes.
  public init?(name: String, onFixedOfSize size: Int, precision: Int?, scale: Int?) {
    switch (name, size) {
    case ("decimal", _):
      let digits = Self.maxPrecision(ofFixedSize: size)
      guard let decimal = Self.decimal(precision, scale, maxPrecision: digits) else { return nil }
      self = decimal
    case ("uuid", 16): self = .uuid
    case ("duration", 12): self = .duration
    default: return nil
    }
  }

  /// How many decimal digits always fit into `size` bytes of two's complement: floor(log10(2^(8 size - 1) - 1)).
  public static func maxPrecision(ofFixedSize size: Int) -> Int {
    guard size > 0 else { return 0 }
    // No fixed is larger.
    guard size <= Int(Int32.max) else { return .max }
    // A power of two has as many digits as the number before it. The factor is log10(2) in 64 bits behind the point,
    // which is exact enough for every exponent below 2^34: none comes as near to a whole number of digits as the error.
    // No floating point, so that this module needs no mathematics library.
    return Int(UInt64(8 * size - 1).multipliedFullWidth(by: 0x4D10_4D42_7DE7_FBCC).high)
  }

  private static func decimal(_ precision: Int?, _ scale: Int?, maxPrecision: Int) -> LogicalType? {
    let scale = scale ?? 0
    guard let precision, precision >= 1, precision <= maxPrecision, scale >= 0, scale <= precision else { return nil }
    return .decimal(precision: precision, scale: scale)
  }
}
