/// The functions of libsnappy that are used. Statuses: 0 good, 1 invalid input, 2 buffer too small.
struct Snappy: Sendable {
  let compress:
    @convention(c) @Sendable (UnsafePointer<UInt8>, Int, UnsafeMutableRawPointer, UnsafeMutablePointer<Int>) -> Int32
  let uncompress:
    @convention(c) @Sendable (UnsafePointer<UInt8>, Int, UnsafeMutableRawPointer, UnsafeMutablePointer<Int>) -> Int32
  let uncompressedLength: @convention(c) @Sendable (UnsafePointer<UInt8>, Int, UnsafeMutablePointer<Int>) -> Int32
  let maxCompressedLength: @convention(c) @Sendable (Int) -> Int

  private static let cache = Loaded<Snappy>()

  static func loaded() throws(CodecFailure) -> Snappy {
    try cache.get { () throws(CodecFailure) in
      let library = try DynamicLibrary("libsnappy.so.1", darwinName: "libsnappy.1.dylib", package: "libsnappy1v5")
      return Snappy(
        compress: try library.function("snappy_compress"), uncompress: try library.function("snappy_uncompress"),
        uncompressedLength: try library.function("snappy_uncompressed_length"),
        maxCompressedLength: try library.function("snappy_max_compressed_length"))
    }
  }
}

/// Snappy's block format and behind it the CRC-32 of the uncompressed bytes, big-endian.
final class SnappyCodec: BlockCodec {
  private let snappy: Snappy

  private static let checksumBytes = 4
  /// Snappy's copies make at most 64 bytes of three: a length past that is not true, and nothing is allocated for it.
  private static let maxRatio = 22

  init(_ snappy: Snappy) { self.snappy = snappy }

  func compress(_ input: UnsafeRawBufferPointer, to output: inout ByteBuffer) throws(CodecFailure) {
    output.reserve(snappy.maxCompressedLength(input.count) + Self.checksumBytes)
    var count = output.free
    let status = input.withBytes { snappy.compress($0, input.count, output.end, &count) }
    guard status == 0 else { throw .failed("snappy did not compress (status \(status))") }
    output.count += count
    withUnsafeBytes(of: CRC32.checksum(of: input).bigEndian) { output.append($0) }
  }

  func uncompress(_ input: UnsafeRawBufferPointer, to output: inout ByteBuffer, limit: Int) throws(CodecFailure) {
    guard input.count > Self.checksumBytes else { throw .damaged("it is too short for snappy and its checksum") }
    let body = UnsafeRawBufferPointer(rebasing: input.dropLast(Self.checksumBytes))
    var length = 0
    guard body.withBytes({ snappy.uncompressedLength($0, body.count, &length) }) == 0 else {
      throw .damaged("its snappy data has no length")
    }
    guard length <= body.count * Self.maxRatio else {
      throw .damaged("its snappy data claims \(length) bytes, more than \(body.count) can hold")
    }
    guard length <= limit else { throw .tooLarge }
    output.reserve(length)
    let target = output.end
    var count = output.free
    guard body.withBytes({ snappy.uncompress($0, body.count, target, &count) }) == 0, count == length else {
      throw .damaged("its snappy data is damaged")
    }
    let stored = UInt32(bigEndian: input.loadUnaligned(fromByteOffset: body.count, as: UInt32.self))
    let computed = CRC32.checksum(of: UnsafeRawBufferPointer(start: target, count: count))
    guard stored == computed else {
      throw .damaged("its checksum is \(hexadecimal(stored)), its bytes have \(hexadecimal(computed))")
    }
    output.count += count
  }
}

func hexadecimal(_ value: UInt32) -> String {
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: 8 - digits.count) + digits
}
