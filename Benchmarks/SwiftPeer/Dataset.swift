import Foundation

/// The records of a file: u32 count, then per record u32 length and the Avro datum; little-endian.
final class Dataset {
  /// Lies still for as long as the process runs.
  let records: [UnsafeRawBufferPointer]
  let totalBytes: Int

  init(file: String) throws {
    let data = try Data(contentsOf: URL(filePath: file))
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: data.count, alignment: 16)
    data.copyBytes(to: bytes)
    func number(at offset: Int) throws -> Int {
      guard offset + 4 <= bytes.count else { throw PeerError("\(file) is cut off") }
      return Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
    }
    var records: [UnsafeRawBufferPointer] = []
    var offset = 4
    for _ in 0..<(try number(at: 0)) {
      let length = try number(at: offset)
      guard offset + 4 + length <= bytes.count else { throw PeerError("\(file) is cut off") }
      records.append(UnsafeRawBufferPointer(rebasing: bytes[offset + 4..<offset + 4 + length]))
      offset += 4 + length
    }
    self.records = records
    totalBytes = records.reduce(0) { $0 + $1.count }
  }
}

/// Said to the benchmark, which stops.
struct PeerError: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}
