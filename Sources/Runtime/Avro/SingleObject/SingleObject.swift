public import AvroSchema

/// Single-object encoding (specification 1.12, "Single-object encoding"): the bytes C3 01, the CRC-64-AVRO fingerprint
/// of the writer's schema in canonical form as eight bytes little-endian, then the value's binary encoding.
public enum SingleObject {
  public static let marker: [UInt8] = [0xC3, 0x01]
  /// Marker and fingerprint.
  public static let headerBytes = 10

  /// What single objects of this schema carry.
  /// - Parameter types: where references are looked up that `schema` does not define.
  public static func fingerprint(of schema: Schema, types: NamedTypes = NamedTypes()) -> UInt64 {
    schema.fingerprint(types: types)
  }

  /// The ten bytes before a value.
  public static func header(fingerprint: UInt64) -> [UInt8] {
    marker + (0..<8).map { UInt8(truncatingIfNeeded: fingerprint >> (8 * $0)) }
  }

  /// The fingerprint in the header.
  public static func fingerprint(in bytes: UnsafeRawBufferPointer) throws(SingleObjectError) -> UInt64 {
    let start = bytes.prefix(marker.count)
    guard marker.starts(with: start) else { throw SingleObjectError.wrongMarker(Array(start)) }
    guard bytes.count >= headerBytes else { throw SingleObjectError.truncated(byteCount: bytes.count) }
    return UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: marker.count, as: UInt64.self))
  }

  /// As ``fingerprint(in:)-(UnsafeRawBufferPointer)``.
  public static func fingerprint(in bytes: [UInt8]) throws(SingleObjectError) -> UInt64 {
    try bytes.withUnsafeBufferPointer { (buffer) throws(SingleObjectError) in
      try fingerprint(in: UnsafeRawBufferPointer(buffer))
    }
  }

  /// The value's encoding: what stands behind the header. Look at ``fingerprint(in:)-(UnsafeRawBufferPointer)`` first.
  public static func value(in bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: bytes.dropFirst(headerBytes))
  }
}

/// Why bytes are not a single object that can be read.
public enum SingleObjectError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The first bytes, which are not C3 01.
  case wrongMarker([UInt8])
  /// The header is not whole.
  case truncated(byteCount: Int)
  /// The schema is neither the reader's own nor in the store.
  case unknownFingerprint(UInt64)
  /// What follows the header is not a value; offsets count from behind the header.
  case value(AvroError)
  /// The schema that the fingerprint stands for can't be read as the type's.
  case resolution(ResolutionError)
  /// The text of the type's schema is not a schema.
  case schema(SchemaError)

  public var description: String {
    switch self {
    case .wrongMarker(let found):
      "not a single object: the first bytes are \(Self.hex(found)) where the marker is c3 01"
    case .truncated(let byteCount):
      "not a single object: \(byteCount) bytes, the header alone has \(SingleObject.headerBytes)"
    case .unknownFingerprint(let fingerprint):
      "the single object was written with a schema of fingerprint \(Self.hex(fingerprint)), which is not known: "
        + "add that schema to the store"
    case .value(let error): "behind the single object's header: \(error)"
    case .resolution(let error): "the single object's schema can't be read as the type's: \(error)"
    case .schema(let error): "the type's own schema: \(error)"
    }
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    bytes.isEmpty ? "missing" : bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
  }

  private static func hex(_ fingerprint: UInt64) -> String {
    let digits = String(fingerprint, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
  }
}

extension AvroNamedValue {
  /// CRC-64-AVRO of the type's schema.
  public static func avroFingerprint() throws(SchemaError) -> UInt64 { try TypeSchema.of(Self.self).fingerprint }

  /// The value in single-object encoding; see ``SingleObject``.
  public func singleObjectBytes() throws(SingleObjectError) -> [UInt8] {
    let header = SingleObject.header(fingerprint: try Self.ownFingerprint())
    var writer = AvroWriter()
    writer.writeRaw(header)
    encode(to: &writer)
    do throws(AvroError) {
      return try writer.bytes()
    } catch {
      throw SingleObjectError.value(AvroError(error.kind, offset: max(error.offset - header.count, 0)))
    }
  }

  /// Reads a value from a single object.
  ///
  /// - Parameter schemas: where the writer's schema is looked up when it is not this type's, and from which it is
  ///   resolved to this type's; without it only objects of this type's schema, or one of the same canonical form, can
  ///   be read.
  /// - Throws: what is wrong with the bytes, `unknownFingerprint`, or `resolution`.
  public init(
    singleObject bytes: UnsafeRawBufferPointer, schemas: SchemaStore? = nil, limits: AvroLimits = AvroLimits()
  ) throws(SingleObjectError) {
    let fingerprint = try SingleObject.fingerprint(in: bytes)
    let value = SingleObject.value(in: bytes)
    let isOwn = fingerprint == (try Self.ownFingerprint())
    let plan = isOwn ? nil : try schemas?.plan(from: fingerprint, to: Self.self)
    guard isOwn || plan != nil else { throw SingleObjectError.unknownFingerprint(fingerprint) }
    do throws(AvroError) {
      if let plan {
        try self.init(avroBytes: value, resolvedBy: plan, limits: limits)
      } else {
        try self.init(avroBytes: value, limits: limits)
      }
    } catch {
      throw SingleObjectError.value(error)
    }
  }

  /// As ``init(singleObject:schemas:limits:)-(UnsafeRawBufferPointer,_,_)``.
  public init(
    singleObject bytes: [UInt8], schemas: SchemaStore? = nil, limits: AvroLimits = AvroLimits()
  ) throws(SingleObjectError) {
    self = try bytes.withUnsafeBufferPointer { (buffer) throws(SingleObjectError) in
      try Self(singleObject: UnsafeRawBufferPointer(buffer), schemas: schemas, limits: limits)
    }
  }

  static func ownFingerprint() throws(SingleObjectError) -> UInt64 {
    do {
      return try TypeSchema.of(Self.self).fingerprint
    } catch {
      throw SingleObjectError.schema(error)
    }
  }
}
