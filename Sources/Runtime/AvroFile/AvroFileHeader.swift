import AvroRuntime
import AvroSchema
import JSONText

/// What a container file says about itself (specification 1.12, "Object Container Files").
public struct AvroFileHeader: Hashable, Sendable {
  /// Under this schema the data were written.
  public var schema: Schema
  /// The schema's text as it stands in the file.
  public var schemaText: String
  public var codec: AvroFileCodec
  /// What else stands in the metadata. Names that begin with `avro.` are the specification's own.
  public var metadata: [String: [UInt8]]
  /// 16 bytes that end each block.
  public var syncMarker: [UInt8]

  static let magic: [UInt8] = [0x4F, 0x62, 0x6A, 1]
  static let syncBytes = 16
  static let schemaKey = "avro.schema"
  static let codecKey = "avro.codec"
  static let reservedPrefix = "avro."
}

extension AvroFileHeader {
  /// Reads the header and leaves it behind.
  init(from window: inout FileWindow, limits: AvroFileLimits) throws(AvroFileError) {
    _ = try window.fill(Self.magic.count)
    guard window.bytes.starts(with: Self.magic) else {
      let isCut = window.count < Self.magic.count && Self.magic.starts(with: window.bytes)
      throw AvroFileError(
        isCut ? .truncated : .notAContainerFile, file: window.name, offset: 0,
        message: isCut
          ? "the file ends inside its header"
          : "not an Avro container file: it does not begin with \"Obj\" and a byte 1")
    }
    var wanted = 4 << 10
    while true {
      wanted = min(wanted, limits.maxHeaderBytes)
      let isWhole = try !window.fill(wanted)
      if let (metadata, marker, count) = try Self.parse(window.bytes, name: window.name) {
        guard count <= limits.maxHeaderBytes else { throw Self.tooLong(window.name, limits) }
        try self.init(metadata: metadata, syncMarker: marker, name: window.name)
        window.consume(count)
        return
      }
      if isWhole {
        throw AvroFileError(
          .truncated, file: window.name, offset: Int64(window.count), message: "the file ends inside its header")
      }
      if wanted >= limits.maxHeaderBytes { throw Self.tooLong(window.name, limits) }
      wanted *= 2
    }
  }

  private static func tooLong(_ name: String?, _ limits: AvroFileLimits) -> AvroFileError {
    AvroFileError(
      .limitExceeded, file: name, offset: 0,
      message: "the header takes more than \(limits.maxHeaderBytes) bytes: raise maxHeaderBytes when that is right")
  }

  /// - Returns: nil when `bytes` end inside the header.
  private static func parse(
    _ bytes: UnsafeRawBufferPointer, name: String?
  ) throws(AvroFileError) -> (metadata: [String: [UInt8]], marker: [UInt8], count: Int)? {
    var reader = AvroReader(bytes)
    do throws(AvroError) {
      _ = try reader.take(magic.count)
      var metadata: [String: [UInt8]] = [:]
      while true {
        var count = try reader.readLong()
        if count == 0 { break }
        if count < 0 {
          // The block's size in bytes follows, which is of use to who skips only.
          guard count != .min, try reader.readLong() >= 0 else { throw reader.error(.negativeLength) }
          count = -count
        }
        for _ in 0..<count {
          let key = try reader.readString()
          metadata[key] = try reader.readBytes()
        }
      }
      let marker = try reader.readRaw(syncBytes)
      return (metadata, marker, reader.offset)
    } catch {
      if error.kind == .truncated { return nil }
      throw AvroFileError(
        .malformedHeader, file: name, offset: Int64(error.offset),
        message: "the header's metadata can't be read: \(error.kind.explanation)")
    }
  }

  private init(metadata: [String: [UInt8]], syncMarker: [UInt8], name: String?) throws(AvroFileError) {
    guard let text = metadata[Self.schemaKey] else {
      throw AvroFileError(
        .malformedHeader, file: name, offset: 0, message: "the header has no schema: \(Self.schemaKey) is missing")
    }
    guard let schemaText = String(validating: text, as: UTF8.self) else {
      throw AvroFileError(.malformedHeader, file: name, offset: 0, message: "the schema in the header is not UTF-8")
    }
    do throws(SchemaError) {
      schema = try Schema(parsing: schemaText)
    } catch {
      throw AvroFileError(
        .invalidSchema(error), file: name, offset: 0, message: "the schema in the header is not one: \(error)")
    }
    self.schemaText = schemaText
    self.syncMarker = syncMarker
    codec = .null
    if let value = metadata[Self.codecKey] {
      let codecName = String(decoding: value, as: UTF8.self)
      guard let known = AvroFileCodec(rawValue: codecName) else {
        let names = AvroFileCodec.allCases.map(\.rawValue).joined(separator: ", ")
        throw AvroFileError(
          .unknownCodec(codecName), file: name, offset: 0,
          message: "codec \(JSONValue.string(codecName).text) is unknown: readable are \(names)")
      }
      codec = known
    }
    self.metadata = metadata
    self.metadata[Self.schemaKey] = nil
    self.metadata[Self.codecKey] = nil
  }

  /// As it stands in a file.
  func bytes() throws(AvroError) -> [UInt8] {
    var entries: [(key: String, value: [UInt8])] = [
      (Self.schemaKey, Array(schemaText.utf8)), (Self.codecKey, Array(codec.rawValue.utf8)),
    ]
    entries += metadata.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    var writer = AvroWriter()
    writer.writeRaw(Self.magic)
    writer.writeBlockCount(entries.count)
    for entry in entries {
      writer.writeString(entry.key)
      writer.writeBytes(entry.value)
    }
    writer.writeBlockCount(0)
    writer.writeRaw(syncMarker)
    return try writer.bytes()
  }
}
