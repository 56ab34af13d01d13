#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

// A Swift array of scalars is a one-dimensional Postgres array; an array of bytes is bytea.

extension PostgresScalar {
  @inlinable public static var arrayOID: UInt32 { postgresArrayOID }

  @inlinable
  public static func encodeArray(_ values: [Self], to writer: inout PostgresWriter) {
    writer.reserve(20 + values.count * (4 + (postgresFixedSize ?? 24)))
    writer.writeArrayHeader(count: values.count, elementOID: postgresOID, hasNulls: false)
    for value in values { writer.writeElement(value) }
  }

  @inlinable
  public static func decodeArray(_ cell: PostgresCell) throws(PostgresError) -> [Self] {
    var reader = try PostgresArrayReader(cell, of: [Self].self)
    var result: [Self] = []
    result.reserveCapacity(reader.count)
    while let element = try reader.next() {
      switch element {
      case .some(let cell): result.append(try decode(cell))
      case .none:
        throw cell.nullInArray(Self.self)
      }
    }
    return result
  }
}

extension Bool: PostgresArrayElement {}
extension Int16: PostgresArrayElement {}
extension Int32: PostgresArrayElement {}
extension Int64: PostgresArrayElement {}
extension Int: PostgresArrayElement {}
extension Float: PostgresArrayElement {}
extension Double: PostgresArrayElement {}
extension String: PostgresArrayElement {}
extension UUID: PostgresArrayElement {}
extension PostgresJSON: PostgresArrayElement {}
extension PostgresTimestamp: PostgresArrayElement {}
extension PostgresDate: PostgresArrayElement {}
extension PostgresNumeric: PostgresArrayElement {}

extension UInt8: PostgresArrayElement {
  @inlinable public static var arrayOID: UInt32 { PostgresOID.bytea }

  @inlinable
  public static func encodeArray(_ values: [UInt8], to writer: inout PostgresWriter) {
    values.withUnsafeBytes { writer.write($0) }
  }

  @inlinable
  public static func decodeArray(_ cell: PostgresCell) throws(PostgresError) -> [UInt8] {
    guard cell.oid == PostgresOID.bytea else { throw cell.mismatch([UInt8].self) }
    return Array(cell.bytes)
  }
}

extension Array: PostgresEncodable where Element: PostgresArrayElement {
  @inlinable public static var postgresOID: UInt32 { Element.arrayOID }

  @inlinable
  public func encode(to writer: inout PostgresWriter) {
    Element.encodeArray(self, to: &writer)
  }
}

extension Array: PostgresDecodable where Element: PostgresArrayElement {
  @inlinable
  public static func decode(_ cell: PostgresCell) throws(PostgresError) -> [Element] {
    try Element.decodeArray(cell)
  }
}

/// `[UInt8]` is a scalar, so that `[[UInt8]]` is `bytea[]`.
extension Array: PostgresScalar where Element == UInt8 {
  @inlinable public static var postgresArrayOID: UInt32 { 1001 }
}

extension Array: PostgresArrayElement where Element == UInt8 {}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
  @inlinable public static var postgresOID: UInt32 { Wrapped.postgresOID }
  @inlinable public var isPostgresNull: Bool { self?.isPostgresNull ?? true }

  @inlinable
  public func encode(to writer: inout PostgresWriter) {
    self?.encode(to: &writer)
  }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
  @inlinable
  public static func decode(_ cell: PostgresCell) throws(PostgresError) -> Wrapped? {
    try Wrapped.decode(cell)
  }

  @inlinable
  public static func decodeNull() throws(PostgresError) -> Wrapped? {
    nil
  }
}

extension Optional: PostgresArrayElement where Wrapped: PostgresScalar {
  @inlinable public static var arrayOID: UInt32 { Wrapped.postgresArrayOID }

  @inlinable
  public static func encodeArray(_ values: [Wrapped?], to writer: inout PostgresWriter) {
    writer.reserve(20 + values.count * (4 + (Wrapped.postgresFixedSize ?? 24)))
    let hasNulls = values.contains { $0 == nil }
    writer.writeArrayHeader(count: values.count, elementOID: Wrapped.postgresOID, hasNulls: hasNulls)
    for value in values {
      if let value { writer.writeElement(value) } else { writer.write(Int32(-1)) }
    }
  }

  @inlinable
  public static func decodeArray(_ cell: PostgresCell) throws(PostgresError) -> [Wrapped?] {
    var reader = try PostgresArrayReader(cell, of: [Wrapped?].self)
    var result: [Wrapped?] = []
    result.reserveCapacity(reader.count)
    while let element = try reader.next() {
      if let element { result.append(try Wrapped.decode(element)) } else { result.append(nil) }
    }
    return result
  }
}

/// Walks over the elements of a one-dimensional array in Postgres' binary format.
@usableFromInline
struct PostgresArrayReader {
  @usableFromInline let bytes: UnsafeRawBufferPointer
  @usableFromInline let elementOID: UInt32
  @usableFromInline let count: Int
  @usableFromInline var offset: Int
  @usableFromInline var done = 0

  @usableFromInline
  init<Value>(_ cell: PostgresCell, of type: Value.Type) throws(PostgresError) {
    bytes = cell.bytes
    guard bytes.count >= 12, !PostgresOID.isScalar(cell.oid) else { throw cell.mismatch(type) }
    let dimensions = Int32(bigEndian: bytes.loadUnaligned(as: Int32.self))
    let flags = Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: Int32.self))
    elementOID = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
    if dimensions == 0 && bytes.count == 12 {
      count = 0
      offset = 12
      return
    }
    guard flags == 0 || flags == 1, bytes.count >= 20, dimensions >= 1, dimensions <= 6 else {
      throw cell.mismatch(type)
    }
    guard dimensions == 1 else {
      throw PostgresError(.decoding, "is an array of \(dimensions) dimensions: only those of one can be read")
    }
    count = Int(Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: 12, as: Int32.self)))
    offset = 20
    // Each element has four bytes of length at least, so a count past that is no array.
    guard count >= 0, count <= (bytes.count - 20) / 4 else { throw cell.mismatch(type) }
  }

  /// nil at the end; `.some(nil)` for NULL.
  @inlinable
  mutating func next() throws(PostgresError) -> PostgresCell?? {
    if done == count { return nil }
    done += 1
    guard offset + 4 <= bytes.count else { throw truncated() }
    let length = Int(Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
    offset += 4
    if length == -1 { return .some(nil) }
    guard length >= 0, offset + length <= bytes.count else { throw truncated() }
    defer { offset += length }
    return PostgresCell(oid: elementOID, bytes: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length]))
  }

  @usableFromInline
  func truncated() -> PostgresError {
    PostgresError(.decoding, "is an array that ends early, after \(done - 1) of \(count) elements")
  }
}
