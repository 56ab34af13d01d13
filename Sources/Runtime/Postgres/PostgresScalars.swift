#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

extension Bool: PostgresScalar {
  @inlinable public static var postgresOID: UInt32 { PostgresOID.bool }
  @inlinable public static var postgresArrayOID: UInt32 { 1000 }
  @inlinable public static var postgresFixedSize: Int? { 1 }

  @inlinable
  public func encode(to writer: inout PostgresWriter) {
    writer.write(UInt8(self ? 1 : 0))
  }

  @inlinable
  public static func decode(_ cell: PostgresCell) throws(PostgresError) -> Bool {
    guard cell.oid == PostgresOID.bool else { throw cell.mismatch(Bool.self) }
    return try cell.integer(UInt8.self) != 0
  }
}

extension Int16: PostgresScalar {
  @inlinable public static var postgresOID: UInt32 { PostgresOID.int2 }
  @inlinable public static var postgresArrayOID: UInt32 { 1005 }
  @inlinable public static var postgresFixedSize: Int? { 2 }

  @inlinable
  public func encode(to writer: inout PostgresWriter) {
    writer.write(self)
  }

  @inlinable
  public static func decode(_ cell: PostgresCell) throws(PostgresError) -> Int16 {
    guard cell.oid == PostgresOID.int2 else { throw cell.mismatch(Int16.self) }
    return try cell.integer()
  }
}

extension Int32: PostgresScalar {
  @inlinable public static var postgresOID: UInt32 { PostgresOID.int4 }
  @inlinable public static var postgresArrayOID: UInt32 { 1007 }
  @inlinable public static var postgresFixedSize: Int? { 4 }

  @inlinable
  public func encode(to writer: inout PostgresWriter) {
    writer.write(self)
  }

  @inlinable
  public static func decode(_ cell: PostgresCell) throws(PostgresError) -> Int32 {
    switch cell.oid {
    case PostgresOID.int4: try cell.integer()
    case PostgresOID.int2: Int32(try cell.integer(Int16.self))
    default: throw cell.mismatch(Int32.self)
    }
  }
}

extension Int64: PostgresScalar {
  @inlinable public static var postgresOID: UInt32 { PostgresOID.int8 }
  @inlinable public static var postgresArrayOID: UInt32 { 1016 }
  @inlinable public static var postgresFixedSize: Int? { 8 }

  @inlinable
  public func encode(to writer: inout PostgresWriter) {
    writer.write(self)
  }

  @inlinable
  public static func decode(_ cell: PostgresCell) throws(PostgresError) -> Int64 {
    switch cell.oid {
    case PostgresOID.int8: try cell.integer()
    case PostgresOID.int4: Int64(try cell.integer(Int32.self))
    case PostgresOID.int2: Int64(try cell.integer(Int16.self))
    case PostgresOID.oid: Int64(try cell.integer(UInt32.self))
    default: throw cell.mismatch(Int64.self, hint: numericHint(cell))
    }
  }

  @usableFromInline
  static func numericHint(_ cell: PostgresCell) -> String {
    cell.oid == PostgresOID.numeric ? "cast it in the statement (sum(amount)::bigint), or read PostgresNumeric" : ""
  }
}

extension Int: PostgresScalar {
  @inlinable public static var postgresOID: UInt32 { PostgresOID.int8 }
  @inlinable public static var postgresArrayOID: UInt32 { 1016 }
  @inlinable public static var postgresFixedSize: Int? { 8 }

  @inlinable
  public func encode(to writer: inout PostgresWriter) {
    writer.write(Int64(self))
  }

  @inlinable
  public static func decode(_ cell: PostgresCell) throws(PostgresError) -> Int {
    Int(try Int64.decode(cell))
  }
}

extension Float: PostgresScalar {
  @inlinable public static var postgresOID: UInt32 { PostgresOID.float4 }
  @inlinable public static var postgresArrayOID: UInt32 { 1021 }
  @inlinable public static var postgresFixedSize: Int? { 4 }

  @inlinable
  public func encode(to writer: inout PostgresWriter) {
    writer.write(bitPattern)
  }

  @inlinable
  public static func decode(_ cell: PostgresCell) throws(PostgresError) -> Float {
    guard cell.oid == PostgresOID.float4 else { throw cell.mismatch(Float.self) }
    return Float(bitPattern: try cell.integer())
  }
}

extension Double: PostgresScalar {
  @inlinable public static var postgresOID: UInt32 { PostgresOID.float8 }
  @inlinable public static var postgresArrayOID: UInt32 { 1022 }
  @inlinable public static var postgresFixedSize: Int? { 8 }

  @inlinable
  public func encode(to writer: inout PostgresWriter) {
    writer.write(bitPattern)
  }

  @inlinable
  public static func decode(_ cell: PostgresCell) throws(PostgresError) -> Double {
    switch cell.oid {
    case PostgresOID.float8: Double(bitPattern: try cell.integer())
    case PostgresOID.float4: Double(Float(bitPattern: try cell.integer()))
    default: throw cell.mismatch(Double.self)
    }
  }
}

extension String: PostgresScalar {
  @inlinable public static var postgresOID: UInt32 { PostgresOID.text }
  @inlinable public static var postgresArrayOID: UInt32 { 1009 }

  @inlinable
  public func encode(to writer: inout PostgresWriter) {
    writer.write(self)
  }

  @inlinable
  public static func decode(_ cell: PostgresCell) throws(PostgresError) -> String {
    switch cell.oid {
    case PostgresOID.text, PostgresOID.varchar, PostgresOID.bpchar, PostgresOID.name, PostgresOID.unknown,
      PostgresOID.json, PostgresOID.char:
      return try text(cell)
    default: throw cell.mismatch(String.self, hint: "read another Swift type or cast it in the statement (::text)")
    }
  }

  @inlinable
  static func text(_ cell: PostgresCell) throws(PostgresError) -> String {
    let bytes = cell.bytes.bindMemory(to: UInt8.self)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw cell.invalidText()
    }
    return text
  }
}

extension UUID: PostgresScalar {
  @inlinable public static var postgresOID: UInt32 { PostgresOID.uuid }
  @inlinable public static var postgresArrayOID: UInt32 { 2951 }
  @inlinable public static var postgresFixedSize: Int? { 16 }

  @inlinable
  public func encode(to writer: inout PostgresWriter) {
    withUnsafeBytes(of: uuid) { writer.write($0) }
  }

  @inlinable
  public static func decode(_ cell: PostgresCell) throws(PostgresError) -> UUID {
    guard cell.oid == PostgresOID.uuid, cell.bytes.count == 16 else { throw cell.mismatch(UUID.self) }
    return UUID(uuid: cell.bytes.loadUnaligned(as: uuid_t.self))
  }
}

/// A `jsonb` value, as its text.
public struct PostgresJSON: Hashable, Sendable {
  public var text: String

  public init(text: String) {
    self.text = text
  }
}

extension PostgresJSON: PostgresScalar {
  public static var postgresOID: UInt32 { PostgresOID.jsonb }
  public static var postgresArrayOID: UInt32 { 3807 }

  /// The binary format of jsonb has a version, 1, before the text.
  public func encode(to writer: inout PostgresWriter) {
    writer.write(UInt8(1))
    writer.write(text)
  }

  public static func decode(_ cell: PostgresCell) throws(PostgresError) -> PostgresJSON {
    switch cell.oid {
    case PostgresOID.json:
      return PostgresJSON(text: try String.text(cell))
    case PostgresOID.jsonb where cell.bytes.first == 1:
      let rest = UnsafeRawBufferPointer(rebasing: cell.bytes.dropFirst())
      return PostgresJSON(text: try String.text(PostgresCell(oid: cell.oid, bytes: rest)))
    default: throw cell.mismatch(PostgresJSON.self)
    }
  }
}
