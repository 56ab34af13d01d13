import CCodecs

/// The functions of libzstd that are used.
struct Zstandard: Sendable {
  typealias Input = UnsafeMutablePointer<codec_zstd_input>
  typealias Output = UnsafeMutablePointer<codec_zstd_output>
  let createCompressor: @convention(c) @Sendable () -> OpaquePointer?
  let freeCompressor: @convention(c) @Sendable (OpaquePointer?) -> Int
  let compress:
    @convention(c) @Sendable (OpaquePointer, UnsafeMutableRawPointer, Int, UnsafePointer<UInt8>, Int, Int32) -> Int
  let bound: @convention(c) @Sendable (Int) -> Int
  let createDecompressor: @convention(c) @Sendable () -> OpaquePointer?
  let freeDecompressor: @convention(c) @Sendable (OpaquePointer?) -> Int
  let setParameter: @convention(c) @Sendable (OpaquePointer, Int32, Int32) -> Int
  let reset: @convention(c) @Sendable (OpaquePointer, Int32) -> Int
  let decompress: @convention(c) @Sendable (OpaquePointer, Output, Input) -> Int
  let isError: @convention(c) @Sendable (Int) -> UInt32
  let errorName: @convention(c) @Sendable (Int) -> UnsafePointer<CChar>?

  private static let cache = Loaded<Zstandard>()

  static func loaded() throws(CodecFailure) -> Zstandard {
    try cache.get { () throws(CodecFailure) in
      let library = try DynamicLibrary("libzstd.so.1", darwinName: "libzstd.1.dylib", package: "libzstd1")
      return Zstandard(
        createCompressor: try library.function("ZSTD_createCCtx"),
        freeCompressor: try library.function("ZSTD_freeCCtx"),
        compress: try library.function("ZSTD_compressCCtx"), bound: try library.function("ZSTD_compressBound"),
        createDecompressor: try library.function("ZSTD_createDCtx"),
        freeDecompressor: try library.function("ZSTD_freeDCtx"),
        setParameter: try library.function("ZSTD_DCtx_setParameter"),
        reset: try library.function("ZSTD_DCtx_reset"), decompress: try library.function("ZSTD_decompressStream"),
        isError: try library.function("ZSTD_isError"), errorName: try library.function("ZSTD_getErrorName"))
    }
  }

  static let defaultLevel = 3
  /// ZSTD_d_windowLogMax, and what it can be.
  static let windowLogMax: Int32 = 100
  static let windowLogs = 10...30
  /// ZSTD_reset_session_only.
  static let resetSession: Int32 = 1
}

/// Zstandard frames. The contexts are made when they are first needed and used again for each block.
///
/// Unchecked: one reader or writer owns it and calls it from one thread at a time.
final class ZstandardCodec: BlockCodec, @unchecked Sendable {
  private let zstd: Zstandard
  private let level: Int32
  private let windowLog: Int
  private var compressor: OpaquePointer?
  private var decompressor: OpaquePointer?

  init(_ zstd: Zstandard, level: Int?, maxMemoryBytes: Int) throws(CodecFailure) {
    self.zstd = zstd
    self.level = Int32(level ?? Zstandard.defaultLevel)
    let log = Int.bitWidth - 1 - max(maxMemoryBytes, 1).leadingZeroBitCount
    windowLog = min(max(log, Zstandard.windowLogs.lowerBound), Zstandard.windowLogs.upperBound)
  }

  deinit {
    if let compressor { _ = zstd.freeCompressor(compressor) }
    if let decompressor { _ = zstd.freeDecompressor(decompressor) }
  }

  func compress(_ input: UnsafeRawBufferPointer, to output: inout ByteBuffer) throws(CodecFailure) {
    guard let context = compressor ?? zstd.createCompressor() else { throw .failed("zstd has no memory") }
    compressor = context
    output.reserve(zstd.bound(input.count))
    let written = input.withBytes { zstd.compress(context, output.end, output.free, $0, input.count, level) }
    guard zstd.isError(written) == 0 else { throw .failed("zstd did not compress: \(name(written))") }
    output.count += written
  }

  func uncompress(_ input: UnsafeRawBufferPointer, to output: inout ByteBuffer, limit: Int) throws(CodecFailure) {
    let context = try readyDecompressor()
    let start = output.count
    try input.withBytes { (source) throws(CodecFailure) in
      var from = codec_zstd_input(source: source, size: input.count, position: 0)
      // What is left to do in a frame; 0 between two. A block without any frame is cut off too.
      var left = 1
      while left != 0 || from.position < from.size {
        // One byte past the limit, so that what fits exactly is told from what does not.
        if output.free == 0, !output.grow(maxCapacity: start + limit + 1) { throw .tooLarge }
        var to = codec_zstd_output(target: output.end, size: output.free, position: 0)
        let before = from.position
        left = zstd.decompress(context, &to, &from)
        output.count += to.position
        guard zstd.isError(left) == 0 else { throw failure(left) }
        if output.count - start > limit { throw .tooLarge }
        if left != 0, from.position == before, to.position == 0 { throw .damaged("its zstandard frame ends too soon") }
      }
    }
  }

  private func readyDecompressor() throws(CodecFailure) -> OpaquePointer {
    if let decompressor {
      _ = zstd.reset(decompressor, Zstandard.resetSession)
      return decompressor
    }
    guard let context = zstd.createDecompressor() else { throw .failed("zstd has no memory") }
    decompressor = context
    let status = zstd.setParameter(context, Zstandard.windowLogMax, Int32(windowLog))
    guard zstd.isError(status) == 0 else { throw .failed("zstd refused a bound on its memory: \(name(status))") }
    return context
  }

  private func failure(_ status: Int) -> CodecFailure {
    // ZSTD_error_frameParameter_windowTooLarge, which comes as a negative number.
    if status == -16 { return .needsMemory("its zstandard window is over \(1 << windowLog) bytes") }
    return .damaged("its zstandard data is damaged: \(name(status))")
  }

  private func name(_ status: Int) -> String {
    guard let text = zstd.errorName(status) else { return "status \(status)" }
    return String(cString: text)
  }
}
