import CCodecs

/// The functions of liblzma that are used.
struct XZ: Sendable {
  typealias Stream = UnsafeMutablePointer<codec_lzma_stream>
  let preset: @convention(c) @Sendable (UnsafeMutablePointer<codec_lzma_options>, UInt32) -> UInt8
  let encoder: @convention(c) @Sendable (Stream, UnsafePointer<codec_lzma_filter>, Int32) -> Int32
  let bound: @convention(c) @Sendable (Int) -> Int
  let decoder: @convention(c) @Sendable (Stream, UInt64, UInt32) -> Int32
  let code: @convention(c) @Sendable (Stream, Int32) -> Int32
  let end: @convention(c) @Sendable (Stream) -> Void

  private static let cache = Loaded<XZ>()

  static func loaded() throws(CodecFailure) -> XZ {
    try cache.get { () throws(CodecFailure) in
      let library = try DynamicLibrary("liblzma.so.5", darwinName: "liblzma.5.dylib", package: "liblzma5")
      return XZ(
        preset: try library.function("lzma_lzma_preset"), encoder: try library.function("lzma_stream_encoder"),
        bound: try library.function("lzma_stream_buffer_bound"),
        decoder: try library.function("lzma_stream_decoder"), code: try library.function("lzma_code"),
        end: try library.function("lzma_end"))
    }
  }

  static let ok: Int32 = 0
  static let streamEnd: Int32 = 1
  static let memoryError: Int32 = 5
  static let memoryLimitError: Int32 = 6
  static let bufferError: Int32 = 10
  static let finish: Int32 = 3
  static let concatenated: UInt32 = 0x08
  static let crc64: Int32 = 4
  static let lzma2: UInt64 = 0x21
  static let noFilter = UInt64.max
  static let minDictionaryBytes = 4096
  static let defaultLevel = 6
}

/// The xz format. The stream's memory is used again for each block.
///
/// Unchecked: one reader or writer owns it and calls it from one thread at a time.
final class XZCodec: BlockCodec, @unchecked Sendable {
  private let xz: XZ
  private let level: UInt32
  private let maxMemoryBytes: Int
  private let stream: UnsafeMutablePointer<codec_lzma_stream>

  init(_ xz: XZ, level: Int?, maxMemoryBytes: Int) {
    self.xz = xz
    self.level = UInt32(level ?? XZ.defaultLevel)
    self.maxMemoryBytes = maxMemoryBytes
    stream = .allocate(capacity: 1)
    stream.initialize(to: codec_lzma_stream())
  }

  deinit {
    xz.end(stream)
    stream.deallocate()
  }

  func compress(_ input: UnsafeRawBufferPointer, to output: inout ByteBuffer) throws(CodecFailure) {
    var options = codec_lzma_options()
    guard xz.preset(&options, level) == 0 else { throw .failed("liblzma has no level \(level)") }
    // A dictionary larger than the block helps nobody and costs tens of megabytes, also of whoever reads it.
    let useful = max(UInt32(clamping: input.count), UInt32(XZ.minDictionaryBytes))
    options.dictionary_bytes = min(options.dictionary_bytes, useful)
    let status = withUnsafeMutablePointer(to: &options) { options in
      let filters = [
        codec_lzma_filter(id: XZ.lzma2, options: options), codec_lzma_filter(id: XZ.noFilter, options: nil),
      ]
      return xz.encoder(stream, filters, XZ.crc64)
    }
    guard status == XZ.ok else { throw .failed("liblzma did not start (status \(status))") }
    output.reserve(xz.bound(input.count))
    try input.withBytes { (source) throws(CodecFailure) in
      stream.pointee.next_in = source
      stream.pointee.avail_in = input.count
      while true {
        if output.free == 0 { output.reserve(64 << 10) }
        let status = step(&output)
        if status == XZ.streamEnd { return }
        guard status == XZ.ok else { throw .failed("liblzma did not finish (status \(status))") }
      }
    }
  }

  func uncompress(_ input: UnsafeRawBufferPointer, to output: inout ByteBuffer, limit: Int) throws(CodecFailure) {
    guard xz.decoder(stream, UInt64(max(maxMemoryBytes, 1)), XZ.concatenated) == XZ.ok else {
      throw .failed("liblzma has no memory")
    }
    let start = output.count
    try input.withBytes { (source) throws(CodecFailure) in
      stream.pointee.next_in = source
      stream.pointee.avail_in = input.count
      while true {
        // One byte past the limit, so that what fits exactly is told from what does not.
        if output.free == 0, !output.grow(maxCapacity: start + limit + 1) { throw .tooLarge }
        let status = step(&output)
        if output.count - start > limit { throw .tooLarge }
        switch status {
        case XZ.ok: continue
        case XZ.streamEnd: return
        case XZ.bufferError: throw .damaged("its xz stream ends too soon")
        case XZ.memoryLimitError: throw .needsMemory("its xz dictionary takes over \(maxMemoryBytes) bytes")
        case XZ.memoryError: throw .failed("liblzma has no memory")
        default: throw .damaged("its xz stream is damaged (status \(status))")
        }
      }
    }
  }

  private func step(_ output: inout ByteBuffer) -> Int32 {
    let free = output.free
    stream.pointee.next_out = output.end.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = free
    let status = xz.code(stream, XZ.finish)
    output.count += free - stream.pointee.avail_out
    return status
  }
}
