/// How a container file is written.
public struct AvroFileWriting: Hashable, Sendable {
  /// What is done when there is a file already.
  public enum IfExists: Hashable, Sendable {
    case fail
    /// Its content is gone from then on.
    case replace
    /// Further blocks follow. Schema, codec, metadata and sync marker are those of the file; a block that a crash cut
    /// off at its end is taken away first. A file that is empty, or not there, is begun.
    case append
  }

  public var ifExists: IfExists
  public var codec: AvroFileCodec
  /// Within ``AvroFileCodec/levels``; nil for the library's own choice.
  public var level: Int?
  /// A block ends once this many uncompressed bytes are in it.
  public var blockBytes: Int
  /// A block ends once this many data are in it.
  public var maxBlockCount: Int
  /// The largest datum, in bytes. Readers refuse blocks over a limit of theirs: 64 MiB here.
  public var maxDatumBytes: Int
  /// Whether each block is on the disk when the call that ended it returns. Otherwise ``AvroFileWriter/sync()`` sees to
  /// it.
  public var syncsEachBlock: Bool
  /// Further metadata. Names that begin with `avro.` are the specification's own.
  public var metadata: [String: [UInt8]]
  /// 16 bytes; nil for random ones, which is what they should be but for files that have to come out equal.
  public var syncMarker: [UInt8]?
  /// For reading what is there when appending.
  public var limits: AvroFileLimits

  public init(
    ifExists: IfExists = .fail, codec: AvroFileCodec = .null, level: Int? = nil, blockBytes: Int = 64 << 10,
    maxBlockCount: Int = 1 << 20, maxDatumBytes: Int = 63 << 20, syncsEachBlock: Bool = false,
    metadata: [String: [UInt8]] = [:], syncMarker: [UInt8]? = nil, limits: AvroFileLimits = AvroFileLimits()
  ) {
    self.ifExists = ifExists
    self.codec = codec
    self.level = level
    self.blockBytes = blockBytes
    self.maxBlockCount = maxBlockCount
    self.maxDatumBytes = maxDatumBytes
    self.syncsEachBlock = syncsEachBlock
    self.metadata = metadata
    self.syncMarker = syncMarker
    self.limits = limits
  }

  func check(file: String?) throws(AvroFileError) {
    if let key = metadata.keys.sorted().first(where: { $0.hasPrefix(AvroFileHeader.reservedPrefix) }) {
      throw AvroFileError(
        .reservedMetadata(key), file: file,
        message: "metadata \(key): names that begin with \"avro.\" are kept for the specification, take another")
    }
    if let syncMarker, syncMarker.count != AvroFileHeader.syncBytes {
      throw Self.invalid("a sync marker has 16 bytes, this one \(syncMarker.count)", file)
    }
    if let level, codec.levels?.contains(level) != true {
      let allowed = codec.levels.map { "\($0.lowerBound) to \($0.upperBound)" } ?? "none"
      throw Self.invalid("codec \(codec.rawValue) has no level \(level): allowed are \(allowed)", file)
    }
    guard 1...(1 << 30) ~= blockBytes, maxBlockCount >= 1, 1...(1 << 30) ~= maxDatumBytes else {
      throw Self.invalid("blockBytes and maxDatumBytes are 1 to 2^30, maxBlockCount at least 1", file)
    }
  }

  /// Looks for the codec's library before a file is begun, let alone replaced.
  func checkCodec(file: String?) throws(AvroFileError) {
    // The one that counts is in the file.
    if ifExists == .append { return }
    do throws(CodecFailure) {
      _ = try codec.makeCodec(level: level, maxMemoryBytes: limits.maxCodecMemoryBytes)
    } catch {
      throw AvroFileError(error, codec: codec, limit: 0, file: file, offset: nil)
    }
  }

  private static func invalid(_ message: String, _ file: String?) -> AvroFileError {
    AvroFileError(.invalidOption, file: file, message: message)
  }

  func newMarker() -> [UInt8] {
    if let syncMarker { return syncMarker }
    var generator = SystemRandomNumberGenerator()
    return (0..<AvroFileHeader.syncBytes).map { _ in UInt8.random(in: 0...255, using: &generator) }
  }
}
