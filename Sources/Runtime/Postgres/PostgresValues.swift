/// A Swift value that can be bound to a parameter.
///
/// Write your own for a type that travels as one of Postgres' types, by calling the conformance of that one:
///
///     extension Iban: PostgresEncodable {
///       static var postgresOID: UInt32 { String.postgresOID }
///       func encode(to writer: inout PostgresWriter) { text.encode(to: &writer) }
///     }
public protocol PostgresEncodable {
  /// Object id of the Postgres type, as in `pg_type.oid`.
  static var postgresOID: UInt32 { get }
  /// True for NULL; `encode` is not called then.
  var isPostgresNull: Bool { get }
  /// Writes the value in the type's binary format; a value that does not fit calls `writer.fail`.
  func encode(to writer: inout PostgresWriter)
}

extension PostgresEncodable {
  @inlinable public var isPostgresNull: Bool { false }
}

/// A Swift value that a column can be read as.
public protocol PostgresDecodable {
  /// Reads a value that is not NULL.
  static func decode(_ cell: PostgresCell) throws(PostgresError) -> Self
  /// What NULL is read as; throws for types that have no place for it.
  static func decodeNull() throws(PostgresError) -> Self
}

extension PostgresDecodable {
  public static func decodeNull() throws(PostgresError) -> Self {
    throw PostgresError(.decoding, "is NULL, which \(Self.self) cannot hold: read it as \(Self.self)?")
  }
}

/// The bytes of one column of one row, straight from the result; valid only in the call that gets it.
public struct PostgresCell {
  /// Object id of the Postgres type that the bytes are in.
  public let oid: UInt32
  public let bytes: UnsafeRawBufferPointer

  @inlinable
  init(oid: UInt32, bytes: UnsafeRawBufferPointer) {
    self.oid = oid
    self.bytes = bytes
  }

  /// The error for a type that `Value` cannot be read from.
  @usableFromInline
  func mismatch<Value>(_ type: Value.Type, hint: String = "") -> PostgresError {
    PostgresError(
      .decoding,
      "has the Postgres type \(PostgresOID.name(oid)) (\(bytes.count) bytes), which \(type) cannot be read from: "
        + (hint.isEmpty ? "read another Swift type or cast it in the statement" : hint))
  }

  @usableFromInline
  func nullInArray<Value>(_ type: Value.Type) -> PostgresError {
    PostgresError(.decoding, "holds a NULL, which [\(type)] cannot: read it as [\(type)?]")
  }

  @usableFromInline
  func invalidText() -> PostgresError {
    PostgresError(.decoding, "is no valid UTF-8: is the database's encoding UTF8?")
  }

  /// The bytes as one big-endian integer.
  @inlinable
  public func integer<Integer: FixedWidthInteger>(_ type: Integer.Type = Integer.self) throws(PostgresError) -> Integer
  {
    guard bytes.count == MemoryLayout<Integer>.size else { throw mismatch(type) }
    return Integer(bigEndian: bytes.loadUnaligned(as: Integer.self))
  }
}

/// A type with an array type of its own: everything but arrays.
public protocol PostgresScalar: PostgresEncodable, PostgresDecodable {
  /// Object id of the array over this type, as in `pg_type.typarray`.
  static var postgresArrayOID: UInt32 { get }
  /// Bytes of every value, or nil when they differ.
  static var postgresFixedSize: Int? { get }
}

extension PostgresScalar {
  @inlinable public static var postgresFixedSize: Int? { nil }
}

/// What may stand in an array: scalars, optional scalars, and `UInt8`, whose array is `bytea`.
public protocol PostgresArrayElement {
  static var arrayOID: UInt32 { get }
  static func encodeArray(_ values: [Self], to writer: inout PostgresWriter)
  static func decodeArray(_ cell: PostgresCell) throws(PostgresError) -> [Self]
}

/// Object ids of the types that this module reads and writes; they are fixed in `pg_type.dat`.
public enum PostgresOID {
  public static let bool: UInt32 = 16
  public static let bytea: UInt32 = 17
  public static let char: UInt32 = 18
  public static let name: UInt32 = 19
  public static let int8: UInt32 = 20
  public static let int2: UInt32 = 21
  public static let int4: UInt32 = 23
  public static let text: UInt32 = 25
  public static let oid: UInt32 = 26
  public static let json: UInt32 = 114
  public static let float4: UInt32 = 700
  public static let float8: UInt32 = 701
  public static let unknown: UInt32 = 705
  public static let bpchar: UInt32 = 1042
  public static let varchar: UInt32 = 1043
  public static let date: UInt32 = 1082
  public static let timestamp: UInt32 = 1114
  public static let timestamptz: UInt32 = 1184
  public static let numeric: UInt32 = 1700
  public static let void: UInt32 = 2278
  public static let uuid: UInt32 = 2950
  public static let jsonb: UInt32 = 3802

  private static let names: [UInt32: String] = [
    bool: "boolean", bytea: "bytea", char: "\"char\"", name: "name", int8: "bigint", int2: "smallint", int4: "int",
    text: "text", oid: "oid", json: "json", float4: "real", float8: "double precision", unknown: "unknown",
    bpchar: "char(n)", varchar: "varchar", date: "date", timestamp: "timestamp", timestamptz: "timestamptz",
    numeric: "numeric", void: "void", uuid: "uuid", jsonb: "jsonb", 1000: "boolean[]", 1001: "bytea[]",
    1005: "smallint[]", 1007: "int[]", 1009: "text[]", 1015: "varchar[]", 1016: "bigint[]", 1021: "real[]",
    1022: "double precision[]", 1115: "timestamp[]", 1182: "date[]", 1185: "timestamptz[]", 1231: "numeric[]",
    2951: "uuid[]", 3807: "jsonb[]",
  ]

  private static let scalars: Set<UInt32> = [
    bool, bytea, char, name, int8, int2, int4, text, oid, json, float4, float8, unknown, bpchar, varchar, date,
    timestamp, timestamptz, numeric, void, uuid, jsonb,
  ]

  /// Known to be no array; array types of users' own types have ids of their own.
  static func isScalar(_ oid: UInt32) -> Bool {
    scalars.contains(oid)
  }

  static func name(_ oid: UInt32) -> String {
    names[oid] ?? "with object id \(oid)"
  }
}
