/// How the blocks of a container file are compressed (specification 1.12, "Object Container Files", "Required Codecs"
/// and "Optional Codecs"). Raw values are what stands under `avro.codec`.
///
/// All but `null` need a library of the system, which is loaded when the first file asks for it; where it is missing
/// the error names the Debian package.
public enum AvroFileCodec: String, CaseIterable, Hashable, Sendable {
  case null
  /// zlib's format without its header and checksum (RFC 1951).
  case deflate
  /// Followed by the CRC-32 of the uncompressed block, big-endian.
  case snappy
  case zstandard
  case bzip2
  case xz

  /// Levels that can be asked for; nil when the codec has none.
  public var levels: ClosedRange<Int>? {
    switch self {
    case .null, .snappy: nil
    case .deflate, .xz: 0...9
    case .bzip2: 1...9
    case .zstandard: 1...22
    }
  }
}

/// Compresses and uncompresses blocks. One reader or writer owns it.
protocol BlockCodec: AnyObject, Sendable {
  /// Appends the compressed `input` to `output`.
  func compress(_ input: UnsafeRawBufferPointer, to output: inout ByteBuffer) throws(CodecFailure)

  /// Appends the uncompressed `input`, at most `limit` bytes, to `output`.
  func uncompress(_ input: UnsafeRawBufferPointer, to output: inout ByteBuffer, limit: Int) throws(CodecFailure)
}

/// Why a block could not be compressed or uncompressed.
enum CodecFailure: Error, Hashable {
  /// As a sentence without a full stop.
  case damaged(String)
  /// More bytes than the limit would come out.
  case tooLarge
  /// More working memory than the limit would be needed, in bytes.
  case needsMemory(String)
  /// The library, as the loader names it, is not there.
  case unavailable(library: String, package: String, reason: String)
  case failed(String)
}

extension AvroFileCodec {
  /// - Parameters:
  ///   - level: within ``levels``; nil for the library's own choice.
  ///   - maxMemoryBytes: what uncompressing may take besides the block itself.
  /// - Returns: nil for ``null``.
  func makeCodec(level: Int?, maxMemoryBytes: Int) throws(CodecFailure) -> (any BlockCodec)? {
    switch self {
    case .null: nil
    case .deflate: DeflateCodec(try Zlib.loaded(), level: level)
    case .snappy: SnappyCodec(try Snappy.loaded())
    case .zstandard: try ZstandardCodec(try Zstandard.loaded(), level: level, maxMemoryBytes: maxMemoryBytes)
    case .bzip2: Bzip2Codec(try Bzip2.loaded(), level: level)
    case .xz: XZCodec(try XZ.loaded(), level: level, maxMemoryBytes: maxMemoryBytes)
    }
  }
}
