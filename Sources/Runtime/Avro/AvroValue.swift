/// A value with an Avro binary encoding of its own (specification 1.12, "Binary Encoding").
///
/// Generated types conform to it. So do the Swift types that stand for exactly one Avro type; `UUID`, ``AvroDecimal``,
/// `[UInt8]`, arrays and optionals do not, because the schema decides how they are encoded.
public protocol AvroValue: AvroView, Sendable, Hashable {
  /// Reads one value and leaves `reader` behind its last byte.
  static func decode(from reader: inout AvroReader) throws(AvroError) -> Self

  /// Writes the value. What does not fit sets ``AvroWriter/failure``, which is looked at once, at the end.
  func encode(to writer: inout AvroWriter)
}

/// A generated record, enum or fixed.
public protocol AvroNamedValue: AvroValue {
  /// Full name, with namespace.
  static var schemaName: String { get }
  /// Self-contained JSON text: the one that is registered.
  static var schemaText: String { get }
}

public protocol AvroRecord: AvroNamedValue {}

/// A generated enum: raw values are the positions of the symbols, from 0 without gaps.
public protocol AvroEnumeration: AvroNamedValue, CaseIterable, RawRepresentable where RawValue == Int {
  /// As in the schema, in its order.
  static var symbols: [String] { get }
}

extension AvroEnumeration {
  @inlinable public static func decode(from reader: inout AvroReader) throws(AvroError) -> Self {
    guard let value = Self(rawValue: try reader.readIndex()) else { throw reader.error(.indexOutOfRange) }
    return value
  }

  @inlinable public func encode(to writer: inout AvroWriter) { writer.writeIndex(rawValue) }

  public init?(symbol: String) {
    guard let index = Self.symbols.firstIndex(of: symbol) else { return nil }
    self.init(rawValue: index)
  }

  public var symbol: String { Self.symbols[rawValue] }
}

extension AvroValue {
  /// Reads a value from exactly these bytes. Errors of generated types tell the path of the value at fault.
  @inlinable public init(
    avroBytes bytes: UnsafeRawBufferPointer, limits: AvroLimits = AvroLimits()
  ) throws(AvroError) {
    self = try Self.decodeWhole(bytes, limits)
  }

  /// A function and not the initializer itself: one that throws behind an assignment to `self` copies the value, with a
  /// retain for each String in it.
  @inlinable @inline(__always) static func decodeWhole(
    _ bytes: UnsafeRawBufferPointer, _ limits: AvroLimits
  ) throws(AvroError) -> Self {
    var reader = AvroReader(bytes, limits: limits)
    do throws(AvroError) {
      let value = try Self.decode(from: &reader)
      if _fastPath(reader.isAtEnd) { return value }
    } catch {
      throw Self.located(error, in: bytes, limits)
    }
    throw reader.error(.trailingBytes)
  }

  /// Reads a value from exactly these bytes.
  @inlinable public init(avroBytes bytes: [UInt8], limits: AvroLimits = AvroLimits()) throws(AvroError) {
    self = try bytes.withUnsafeBufferPointer { (buffer) throws(AvroError) in
      try Self.decodeWhole(UnsafeRawBufferPointer(buffer), limits)
    }
  }

  /// Reads a value from exactly these bytes; offsets in errors count from the start of the slice.
  @inlinable public init(avroBytes bytes: ArraySlice<UInt8>, limits: AvroLimits = AvroLimits()) throws(AvroError) {
    self = try bytes.withUnsafeBufferPointer { (buffer) throws(AvroError) in
      try Self.decodeWhole(UnsafeRawBufferPointer(buffer), limits)
    }
  }

  /// Reads a value from exactly these bytes, which were written with another schema.
  ///
  /// - Parameter plan: from that schema to this type's; borrowed, for an initializer would count a reference.
  @inlinable public init(
    avroBytes bytes: UnsafeRawBufferPointer, resolvedBy plan: borrowing ResolutionPlan,
    limits: AvroLimits = AvroLimits()
  ) throws(AvroError) {
    self = try Self.decodeWhole(bytes, plan, limits)
  }

  @inlinable @inline(__always) static func decodeWhole(
    _ bytes: UnsafeRawBufferPointer, _ plan: ResolutionPlan, _ limits: AvroLimits
  ) throws(AvroError) -> Self {
    if plan.isIdentity { return try decodeWhole(bytes, limits) }
    var scratch = AvroWriter(capacity: plan.capacity(forByteCount: bytes.count))
    return try decodeWhole(bytes, plan, limits, &scratch)
  }

  /// Reads a value from exactly these bytes, which were written with another schema.
  @inlinable public init(
    avroBytes bytes: [UInt8], resolvedBy plan: ResolutionPlan, limits: AvroLimits = AvroLimits()
  ) throws(AvroError) {
    self = try bytes.withUnsafeBufferPointer { (buffer) throws(AvroError) in
      try Self.decodeWhole(UnsafeRawBufferPointer(buffer), plan, limits)
    }
  }

  /// As ``init(avroBytes:resolvedBy:limits:)-(UnsafeRawBufferPointer,_,_)``, with memory that is used again: what was in
  /// `scratch` is forgotten.
  @inlinable public init(
    avroBytes bytes: UnsafeRawBufferPointer, resolvedBy plan: borrowing ResolutionPlan,
    limits: AvroLimits = AvroLimits(), scratch: inout AvroWriter
  ) throws(AvroError) {
    self = try Self.decodeWhole(bytes, plan, limits, &scratch)
  }

  @inlinable @inline(__always) static func decodeWhole(
    _ bytes: UnsafeRawBufferPointer, _ plan: ResolutionPlan, _ limits: AvroLimits, _ scratch: inout AvroWriter
  ) throws(AvroError) -> Self {
    scratch.reset()
    do throws(AvroError) {
      try plan.resolve(bytes, limits: limits, into: &scratch)
    } catch {
      throw plan.located(error, resolving: bytes, limits: limits)
    }
    // `scratch` is this call's alone, so its bytes stay where they are.
    var reader = AvroReader(UnsafeRawBufferPointer(start: scratch.base, count: scratch.count), limits: limits)
    do throws(AvroError) {
      let value = try Self.decode(from: &reader)
      if _fastPath(reader.isAtEnd) { return value }
    } catch {
      throw plan.located(error, decoding: bytes, limits: limits)
    }
    throw plan.located(reader.error(.trailingBytes), decoding: bytes, limits: limits)
  }

  /// The value's encoding. To encode many values keep one ``AvroWriter`` and reset it between them.
  @inlinable public func avroBytes() throws(AvroError) -> [UInt8] {
    var writer = AvroWriter()
    encode(to: &writer)
    return try writer.bytes()
  }
}

extension Bool: AvroValue {
  @inlinable public static func decode(from reader: inout AvroReader) throws(AvroError) -> Bool {
    try reader.readBoolean()
  }
  @inlinable public func encode(to writer: inout AvroWriter) { writer.writeBoolean(self) }
}

extension Int32: AvroValue {
  @inlinable public static func decode(from reader: inout AvroReader) throws(AvroError) -> Int32 {
    try reader.readInt()
  }
  @inlinable public func encode(to writer: inout AvroWriter) { writer.writeInt(self) }
}

extension Int64: AvroValue {
  @inlinable public static func decode(from reader: inout AvroReader) throws(AvroError) -> Int64 {
    try reader.readLong()
  }
  @inlinable public func encode(to writer: inout AvroWriter) { writer.writeLong(self) }
}

extension Float: AvroValue {
  @inlinable public static func decode(from reader: inout AvroReader) throws(AvroError) -> Float {
    try reader.readFloat()
  }
  @inlinable public func encode(to writer: inout AvroWriter) { writer.writeFloat(self) }
  @inlinable public static func skip(_ count: Int, in reader: inout AvroReader) throws(AvroError) {
    try reader.skip(count, itemBytes: 4)
  }
}

extension Double: AvroValue {
  @inlinable public static func decode(from reader: inout AvroReader) throws(AvroError) -> Double {
    try reader.readDouble()
  }
  @inlinable public func encode(to writer: inout AvroWriter) { writer.writeDouble(self) }
  @inlinable public static func skip(_ count: Int, in reader: inout AvroReader) throws(AvroError) {
    try reader.skip(count, itemBytes: 8)
  }
}

extension String: AvroValue {
  @inlinable public static func decode(from reader: inout AvroReader) throws(AvroError) -> String {
    try reader.readString()
  }
  @inlinable public func encode(to writer: inout AvroWriter) { writer.writeString(self) }
}
