import CCodecs

/// The functions of libbz2 that are used.
struct Bzip2: Sendable {
  typealias Stream = UnsafeMutablePointer<codec_bzip2_stream>
  let compressInit: @convention(c) @Sendable (Stream, Int32, Int32, Int32) -> Int32
  let compress: @convention(c) @Sendable (Stream, Int32) -> Int32
  let compressEnd: @convention(c) @Sendable (Stream) -> Int32
  let decompressInit: @convention(c) @Sendable (Stream, Int32, Int32) -> Int32
  let decompress: @convention(c) @Sendable (Stream) -> Int32
  let decompressEnd: @convention(c) @Sendable (Stream) -> Int32

  private static let cache = Loaded<Bzip2>()

  static func loaded() throws(CodecFailure) -> Bzip2 {
    try cache.get { () throws(CodecFailure) in
      let library = try DynamicLibrary("libbz2.so.1.0", darwinName: "libbz2.1.0.dylib", package: "libbz2-1.0")
      return Bzip2(
        compressInit: try library.function("BZ2_bzCompressInit"), compress: try library.function("BZ2_bzCompress"),
        compressEnd: try library.function("BZ2_bzCompressEnd"),
        decompressInit: try library.function("BZ2_bzDecompressInit"),
        decompress: try library.function("BZ2_bzDecompress"),
        decompressEnd: try library.function("BZ2_bzDecompressEnd"))
    }
  }

  static let ok: Int32 = 0
  static let streamEnd: Int32 = 4
  static let finishOk: Int32 = 3
  static let finish: Int32 = 2
  /// In hundreds of thousands of bytes: the library's best.
  static let defaultLevel = 9
}

/// bzip2 streams, one or more in a block. libbz2 can't use a stream's state again, so each block has its own.
final class Bzip2Codec: BlockCodec {
  private let bzip2: Bzip2
  private let level: Int32

  init(_ bzip2: Bzip2, level: Int?) {
    self.bzip2 = bzip2
    self.level = Int32(level ?? Bzip2.defaultLevel)
  }

  func compress(_ input: UnsafeRawBufferPointer, to output: inout ByteBuffer) throws(CodecFailure) {
    // What the library's manual gives as enough for any input.
    output.reserve(input.count + input.count / 100 + 600)
    var stream = codec_bzip2_stream()
    guard bzip2.compressInit(&stream, level, 0, 0) == Bzip2.ok else { throw .failed("bzip2 has no memory") }
    defer { _ = bzip2.compressEnd(&stream) }
    try input.withBytes { (source) throws(CodecFailure) in
      stream.next_in = Self.characters(source)
      stream.avail_in = UInt32(clamping: input.count)
      let free = UInt32(clamping: output.free)
      stream.next_out = output.end.assumingMemoryBound(to: CChar.self)
      stream.avail_out = free
      guard bzip2.compress(&stream, Bzip2.finish) == Bzip2.streamEnd else { throw .failed("bzip2 did not finish") }
      output.count += Int(free - stream.avail_out)
    }
  }

  func uncompress(_ input: UnsafeRawBufferPointer, to output: inout ByteBuffer, limit: Int) throws(CodecFailure) {
    let start = output.count
    try input.withBytes { (source) throws(CodecFailure) in
      var used = 0
      repeat {
        let bytes = UnsafeBufferPointer(start: source + used, count: input.count - used)
        used += try uncompressStream(bytes, to: &output, maxCount: start + limit)
      } while used < input.count
    }
  }

  /// - Returns: how many bytes the stream took.
  private func uncompressStream(
    _ input: UnsafeBufferPointer<UInt8>, to output: inout ByteBuffer, maxCount: Int
  ) throws(CodecFailure) -> Int {
    var stream = codec_bzip2_stream()
    guard bzip2.decompressInit(&stream, 0, 0) == Bzip2.ok else { throw .failed("bzip2 has no memory") }
    defer { _ = bzip2.decompressEnd(&stream) }
    stream.next_in = input.baseAddress.map(Self.characters)
    stream.avail_in = UInt32(clamping: input.count)
    while true {
      // One byte past the limit, so that what fits exactly is told from what does not.
      if output.free == 0, !output.grow(maxCapacity: maxCount + 1) { throw .tooLarge }
      let free = UInt32(clamping: output.free)
      let before = stream.avail_in
      stream.next_out = output.end.assumingMemoryBound(to: CChar.self)
      stream.avail_out = free
      let status = bzip2.decompress(&stream)
      let made = free - stream.avail_out
      output.count += Int(made)
      if output.count > maxCount { throw .tooLarge }
      if status == Bzip2.streamEnd { return input.count - Int(stream.avail_in) }
      guard status == Bzip2.ok else { throw .damaged("its bzip2 stream is damaged (status \(status))") }
      if made == 0, stream.avail_in == before { throw .damaged("its bzip2 stream ends too soon") }
    }
  }

  /// The library's interface has no const, and does not write there.
  private static func characters(_ bytes: UnsafePointer<UInt8>) -> UnsafeMutablePointer<CChar> {
    UnsafeMutableRawPointer(mutating: UnsafeRawPointer(bytes)).assumingMemoryBound(to: CChar.self)
  }
}
