import CCodecs

/// The functions of libz that are used.
struct Zlib: Sendable {
  typealias Stream = UnsafeMutablePointer<codec_zlib_stream>
  let version: @convention(c) @Sendable () -> UnsafePointer<CChar>?
  let inflateInit: @convention(c) @Sendable (Stream, Int32, UnsafePointer<CChar>?, Int32) -> Int32
  let inflate: @convention(c) @Sendable (Stream, Int32) -> Int32
  let inflateReset: @convention(c) @Sendable (Stream) -> Int32
  let inflateEnd: @convention(c) @Sendable (Stream) -> Int32
  let deflateInit:
    @convention(c) @Sendable (Stream, Int32, Int32, Int32, Int32, Int32, UnsafePointer<CChar>?, Int32) -> Int32
  let deflate: @convention(c) @Sendable (Stream, Int32) -> Int32
  let deflateReset: @convention(c) @Sendable (Stream) -> Int32
  let deflateEnd: @convention(c) @Sendable (Stream) -> Int32
  let deflateBound: @convention(c) @Sendable (Stream, UInt) -> UInt

  private static let cache = Loaded<Zlib>()

  static func loaded() throws(CodecFailure) -> Zlib {
    try cache.get { () throws(CodecFailure) in
      let library = try DynamicLibrary("libz.so.1", darwinName: "libz.1.dylib", package: "zlib1g")
      return Zlib(
        version: try library.function("zlibVersion"), inflateInit: try library.function("inflateInit2_"),
        inflate: try library.function("inflate"), inflateReset: try library.function("inflateReset"),
        inflateEnd: try library.function("inflateEnd"), deflateInit: try library.function("deflateInit2_"),
        deflate: try library.function("deflate"), deflateReset: try library.function("deflateReset"),
        deflateEnd: try library.function("deflateEnd"), deflateBound: try library.function("deflateBound"))
    }
  }

  static let ok: Int32 = 0
  static let streamEnd: Int32 = 1
  static let bufferError: Int32 = -5
  static let noFlush: Int32 = 0
  static let finish: Int32 = 4
  static let method: Int32 = 8
  static let memoryLevel: Int32 = 8
  static let defaultLevel: Int32 = -1
  /// The largest window, negative for a stream without header and checksum.
  static let rawWindow: Int32 = -15
}

/// Raw deflate. The two streams are made when they are first needed and used again for each block.
///
/// Unchecked: one reader or writer owns it and calls it from one thread at a time.
final class DeflateCodec: BlockCodec, @unchecked Sendable {
  private let zlib: Zlib
  private let level: Int32
  private var inflater: UnsafeMutablePointer<codec_zlib_stream>?
  private var deflater: UnsafeMutablePointer<codec_zlib_stream>?

  /// How many bytes may follow the end of a block's stream: a zlib checksum is four, and fastavro leaves three of it.
  private static let maxTrailingBytes = 4

  init(_ zlib: Zlib, level: Int?) {
    self.zlib = zlib
    self.level = level.map { Int32($0) } ?? Zlib.defaultLevel
  }

  deinit {
    if let inflater {
      _ = zlib.inflateEnd(inflater)
      inflater.deallocate()
    }
    if let deflater {
      _ = zlib.deflateEnd(deflater)
      deflater.deallocate()
    }
  }

  func compress(_ input: UnsafeRawBufferPointer, to output: inout ByteBuffer) throws(CodecFailure) {
    let stream = try readyDeflater()
    output.reserve(Int(zlib.deflateBound(stream, UInt(input.count))))
    try input.withBytes { (source) throws(CodecFailure) in
      stream.pointee.next_in = source
      stream.pointee.avail_in = UInt32(clamping: input.count)
      stream.pointee.next_out = output.end.assumingMemoryBound(to: UInt8.self)
      let free = UInt32(clamping: output.free)
      stream.pointee.avail_out = free
      guard zlib.deflate(stream, Zlib.finish) == Zlib.streamEnd else { throw .failed("deflate did not finish") }
      output.count += Int(free - stream.pointee.avail_out)
    }
  }

  func uncompress(_ input: UnsafeRawBufferPointer, to output: inout ByteBuffer, limit: Int) throws(CodecFailure) {
    let stream = try readyInflater()
    let start = output.count
    try input.withBytes { (source) throws(CodecFailure) in
      stream.pointee.next_in = source
      stream.pointee.avail_in = UInt32(clamping: input.count)
      while true {
        // One byte past the limit, so that what fits exactly is told from what does not.
        if output.free == 0, !output.grow(maxCapacity: start + limit + 1) { throw .tooLarge }
        let free = UInt32(clamping: output.free)
        stream.pointee.next_out = output.end.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = free
        let status = zlib.inflate(stream, Zlib.noFlush)
        output.count += Int(free - stream.pointee.avail_out)
        if output.count - start > limit { throw .tooLarge }
        if status == Zlib.streamEnd { break }
        if status == Zlib.bufferError || status == Zlib.ok && stream.pointee.avail_in == 0 && output.free > 0 {
          throw .damaged("its deflate stream ends too soon")
        }
        guard status == Zlib.ok else { throw .damaged("its deflate stream is damaged\(reason(stream))") }
      }
    }
    if stream.pointee.avail_in > Self.maxTrailingBytes {
      throw .damaged("\(stream.pointee.avail_in) bytes follow its deflate stream")
    }
  }

  private func reason(_ stream: UnsafeMutablePointer<codec_zlib_stream>) -> String {
    guard let message = stream.pointee.message else { return "" }
    return ": \(String(cString: message))"
  }

  private func readyInflater() throws(CodecFailure) -> UnsafeMutablePointer<codec_zlib_stream> {
    if let inflater {
      guard zlib.inflateReset(inflater) == Zlib.ok else { throw .failed("zlib has no memory") }
      return inflater
    }
    let stream = Self.newStream()
    let size = Int32(MemoryLayout<codec_zlib_stream>.size)
    guard zlib.inflateInit(stream, Zlib.rawWindow, zlib.version(), size) == Zlib.ok else {
      stream.deallocate()
      throw .failed("zlib has no memory or is too old")
    }
    inflater = stream
    return stream
  }

  private func readyDeflater() throws(CodecFailure) -> UnsafeMutablePointer<codec_zlib_stream> {
    if let deflater {
      guard zlib.deflateReset(deflater) == Zlib.ok else { throw .failed("zlib has no memory") }
      return deflater
    }
    let stream = Self.newStream()
    let size = Int32(MemoryLayout<codec_zlib_stream>.size)
    let status = zlib.deflateInit(
      stream, level, Zlib.method, Zlib.rawWindow, Zlib.memoryLevel, 0, zlib.version(), size)
    guard status == Zlib.ok else {
      stream.deallocate()
      throw .failed("zlib has no memory or is too old")
    }
    deflater = stream
    return stream
  }

  private static func newStream() -> UnsafeMutablePointer<codec_zlib_stream> {
    let stream = UnsafeMutablePointer<codec_zlib_stream>.allocate(capacity: 1)
    stream.initialize(to: codec_zlib_stream())
    return stream
  }
}
