/// CRC-32 as zlib and IEEE 802.3 have it, which the snappy codec puts behind each block.
enum CRC32 {
  /// Eight tables: the last one for the byte that is one place behind, and so on (slicing by eight).
  private static let tables: [[UInt32]] = {
    let first: [UInt32] = (0..<256).map { index in
      var value = UInt32(index)
      for _ in 0..<8 { value = (value >> 1) ^ (0xEDB8_8320 & (0 &- (value & 1))) }
      return value
    }
    var tables = [first]
    for _ in 1..<8 {
      let last = tables[tables.count - 1]
      tables.append(last.map { ($0 >> 8) ^ first[Int($0 & 0xFF)] })
    }
    return tables
  }()

  private static let flat: [UInt32] = tables.flatMap { $0 }

  static func checksum(of bytes: UnsafeRawBufferPointer) -> UInt32 {
    flat.withUnsafeBufferPointer { table in
      var value: UInt32 = 0xFFFF_FFFF
      var index = 0
      while index + 8 <= bytes.count {
        let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)) ^ UInt64(value)
        value = 0
        for place in 0..<8 {
          let byte = Int(truncatingIfNeeded: word >> UInt64(8 * place)) & 0xFF
          value ^= table[(7 - place) * 256 + byte]
        }
        index += 8
      }
      while index < bytes.count {
        value = (value >> 8) ^ table[Int((value ^ UInt32(bytes[index])) & 0xFF)]
        index += 1
      }
      return ~value
    }
  }
}
