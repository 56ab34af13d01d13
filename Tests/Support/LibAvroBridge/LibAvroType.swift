import AvroSchema
import CAvro

/// What libavro says when it cannot do what it was asked for.
public struct LibAvroError: Error, CustomStringConvertible {
  public var description: String

  init(_ doing: String) { description = "libavro, \(doing): \(String(cString: avro_strerror()))" }
}

/// A schema as libavro's generic value API sees it: an implementation that shares nothing with ours.
///
/// Not thread-safe, as libavro's errors are not.
public final class LibAvroType {
  private let schema: Schema
  private let types: NamedTypes
  private let handle: avro_schema_t
  private let interface: UnsafeMutablePointer<avro_value_iface_t>
  /// Largest encoding that is written.
  private let maxBytes = 4 << 20

  public init(schemaText: String) throws {
    schema = try Schema(parsing: schemaText)
    types = NamedTypes(of: schema)
    // The canonical form: no defaults (the JSON reader below libavro refuses U+0000), and the same bytes.
    let text = schema.canonicalForm()
    var parsed: avro_schema_t?
    guard avro_schema_from_json_length(text, text.utf8.count, &parsed) == 0, let parsed else {
      throw LibAvroError("reading \(text)")
    }
    handle = parsed
    guard let interface = avro_generic_class_from_schema(parsed) else { throw LibAvroError("making a class") }
    self.interface = interface
  }

  deinit {
    interface.pointee.decref_iface(interface)
    avro_schema_decref(handle)
  }

  /// The encoding of a random value.
  public func randomBytes(using generator: inout SeededGenerator) throws -> [UInt8] {
    try withValue { value in
      var filler = RandomFiller(types: types, generator: generator)
      defer { generator = filler.generator }
      try filler.fill(LibAvroValue(value), schema, depth: 0)
      return try encode(&value)
    }
  }

  /// Decodes exactly these bytes and encodes what they were.
  public func reencoded(_ bytes: [UInt8]) throws -> [UInt8] {
    try withValue { value in
      let count = try bytes.withUnsafeBufferPointer { buffer in
        try buffer.withMemoryRebound(to: CChar.self) { text -> Int in
          guard let reader = avro_reader_memory(text.baseAddress, Int64(text.count)) else {
            throw LibAvroError("making a reader")
          }
          defer { avro_reader_free(reader) }
          guard avro_value_read(reader, &value) == 0 else { throw LibAvroError("decoding \(bytes.count) bytes") }
          var rest: CChar = 0
          return avro_read(reader, &rest, 1) == 0 ? 1 : 0
        }
      }
      if count != 0 { throw LibAvroError("decoding: bytes are left") }
      return try encode(&value)
    }
  }

  /// Reads these bytes, written with another schema, as this one's and encodes what they became; nil where libavro has
  /// no way from one to the other.
  public func resolved(_ bytes: [UInt8], from writer: LibAvroType) throws -> [UInt8]? {
    // libavro does not keep the writer's schema.
    defer { withExtendedLifetime(writer) {} }
    guard let resolver = avro_resolved_writer_new(writer.handle, handle) else { return nil }
    defer { resolver.pointee.decref_iface(resolver) }
    return try withValue { value in
      var source = avro_value_t()
      guard avro_resolved_writer_new_value(resolver, &source) == 0 else { throw LibAvroError("making a resolver") }
      defer { avro_value_decref(&source) }
      avro_resolved_writer_set_dest(&source, &value)
      let isRead = try bytes.withUnsafeBufferPointer { buffer in
        try buffer.withMemoryRebound(to: CChar.self) { text -> Bool in
          guard let reader = avro_reader_memory(text.baseAddress, Int64(text.count)) else {
            throw LibAvroError("making a reader")
          }
          defer { avro_reader_free(reader) }
          return avro_value_read(reader, &source) == 0
        }
      }
      // Where it reads a union and then has no branch selected it has not found a way either.
      return isRead ? try? encode(&value) : nil
    }
  }

  private func withValue<Result>(_ body: (inout avro_value_t) throws -> Result) throws -> Result {
    var value = avro_value_t()
    guard avro_generic_value_new(interface, &value) == 0 else { throw LibAvroError("making a value") }
    defer { avro_value_decref(&value) }
    return try body(&value)
  }

  private func encode(_ value: inout avro_value_t) throws -> [UInt8] {
    var size = 0
    guard avro_value_sizeof(&value, &size) == 0, size <= maxBytes else { throw LibAvroError("measuring") }
    return try [UInt8](unsafeUninitializedCapacity: size + 1) { buffer, count in
      try buffer.withMemoryRebound(to: CChar.self) { text in
        guard let writer = avro_writer_memory(text.baseAddress, Int64(size + 1)) else {
          throw LibAvroError("making a writer")
        }
        defer { avro_writer_free(writer) }
        guard avro_value_write(writer, &value) == 0 else { throw LibAvroError("encoding") }
        count = Int(avro_writer_tell(writer))
      }
    }
  }
}
