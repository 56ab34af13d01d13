import AvroRuntime
import AvroSchema

/// Why a container file can't be read or written, and where.
public struct AvroFileError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Kind: Hashable, Sendable {
    // Reading.
    /// The first four bytes are not those of a container file.
    case notAContainerFile
    /// The metadata can't be read, or has no schema.
    case malformedHeader
    /// What stands under `avro.schema` is not a schema.
    case invalidSchema(SchemaError)
    /// `avro.codec` names one that is not in the specification.
    case unknownCodec(String)
    /// The file ends inside its header or inside a block; all blocks before are good.
    case truncated
    /// A block's count or length can't be true, or bytes are left behind its last datum.
    case malformedBlock
    /// A block does not end in the file's sync marker.
    case wrongSyncMarker
    /// A block can't be uncompressed, or has another checksum than it says.
    case damagedBlock
    /// Something is larger than ``AvroFileLimits`` allows.
    case limitExceeded
    /// A datum is not a value of the schema.
    case invalidDatum(AvroError)
    /// The file's schema does not go with the one that was asked for.
    case schemaMismatch
    // Writing.
    /// There is a file already.
    case fileExists
    /// Somebody else writes this file at the moment.
    case locked
    /// A name in the metadata begins with `avro.`, which the specification keeps for itself.
    case reservedMetadata(String)
    /// An option has a value that it can't have.
    case invalidOption
    /// A value can't be encoded; the writer goes on without it.
    case invalidValue(AvroError)
    // Both.
    /// The system does not have the library of a codec.
    case codecUnavailable(package: String)
    /// A call of the system failed; `errno`.
    case system(Int32)
  }

  public var kind: Kind
  /// The path that was given; nil for a file in memory.
  public var file: String?
  /// In bytes from the start of the file: the block or the part of the header; nil where there is no such place.
  public var offset: Int64?
  /// What is wrong and what to do, as a sentence without a full stop.
  public var message: String

  public init(_ kind: Kind, file: String? = nil, offset: Int64? = nil, message: String) {
    self.kind = kind
    self.file = file
    self.offset = offset
    self.message = message
  }

  public var description: String {
    let place = [file, offset.map { "byte \($0)" }].compactMap { $0 }.joined(separator: ", ")
    return place.isEmpty ? message : "\(place): \(message)"
  }
}

extension AvroFileError {
  /// - Parameters:
  ///   - codec: whose failure it is.
  ///   - limit: the most bytes that the block was allowed to become.
  init(_ failure: CodecFailure, codec: AvroFileCodec, limit: Int, file: String?, offset: Int64?) {
    self.init(.damagedBlock, file: file, offset: offset, message: "")
    switch failure {
    case .damaged(let what): message = "the block can't be uncompressed: \(what)"
    case .tooLarge:
      kind = .limitExceeded
      message = """
        the block becomes more than \(limit) bytes when it is uncompressed: when the file can be trusted, raise \
        maxUncompressedBlockBytes or maxRatio
        """
    case .needsMemory(let what):
      kind = .limitExceeded
      message = "\(what): when the file can be trusted, raise maxCodecMemoryBytes"
    case .unavailable(let library, let package, let reason):
      kind = .codecUnavailable(package: package)
      message = "codec \(codec.rawValue) needs \(library): install Debian's package \(package) (\(reason))"
    case .failed(let what):
      kind = .system(0)
      message = "codec \(codec.rawValue): \(what)"
    }
  }
}

/// What reading a container file may cost at most, whatever its bytes say.
public struct AvroFileLimits: Hashable, Sendable {
  /// Magic, metadata and sync marker together, in bytes.
  public var maxHeaderBytes: Int
  /// One block as it stands in the file, in bytes. At most 2^30.
  public var maxBlockBytes: Int
  /// One block uncompressed, in bytes. At most 2^30.
  public var maxUncompressedBlockBytes: Int
  /// How many times larger a block may become; counts for what is past ``ratioFreeBytes``.
  public var maxRatio: Int
  /// What codecs may take besides the block itself, in bytes: windows and dictionaries.
  public var maxCodecMemoryBytes: Int
  /// How many pieces of damage are kept one by one; those past it are counted only.
  public var maxDamageReports: Int
  /// One datum. `maxEmptyItems` bounds data without any bytes in one block too.
  public var datum: AvroLimits

  /// A block may always become this large, in bytes: small blocks of equal records compress very well.
  public static let ratioFreeBytes = 16 << 20
  private static let largest = 1 << 30

  public init(
    maxHeaderBytes: Int = 16 << 20, maxBlockBytes: Int = 64 << 20, maxUncompressedBlockBytes: Int = 64 << 20,
    maxRatio: Int = 1000, maxCodecMemoryBytes: Int = 96 << 20, maxDamageReports: Int = 1000,
    datum: AvroLimits = AvroLimits()
  ) {
    self.maxHeaderBytes = maxHeaderBytes
    self.maxBlockBytes = maxBlockBytes
    self.maxUncompressedBlockBytes = maxUncompressedBlockBytes
    self.maxRatio = maxRatio
    self.maxCodecMemoryBytes = maxCodecMemoryBytes
    self.maxDamageReports = maxDamageReports
    self.datum = datum
  }

  var blockBytes: Int { min(max(maxBlockBytes, 0), Self.largest) }

  /// The most bytes that a block of `count` bytes may become.
  func uncompressedBytes(of count: Int) -> Int {
    let (product, isOver) = count.multipliedReportingOverflow(by: max(maxRatio, 1))
    let allowed = isOver ? Self.largest : max(product, Self.ratioFreeBytes)
    return max(min(allowed, maxUncompressedBlockBytes, Self.largest), 0)
  }
}
