extension [UInt8] {
  /// `value` as longs, lengths, counts and indexes are written: zigzag, in a variable number of bytes.
  init(long value: Int64) {
    self = []
    appendLong(value)
  }

  /// As ``init(long:)``.
  mutating func appendLong(_ value: Int64) {
    var rest = AvroWriter.zigzag(value)
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(truncatingIfNeeded: rest))
  }

  /// One byte for each code point of `text`, which is UTF-8; nil when one is above 255.
  init?(latin1 text: [UInt8]) {
    self = []
    reserveCapacity(text.count)
    var lead: UInt8?
    for byte in text {
      if let first = lead {
        append(first << 6 | byte & 0x3F)
        lead = nil
      } else if byte < 0x80 {
        append(byte)
      } else if byte <= 0xC3 {
        lead = byte
      } else {
        return nil
      }
    }
  }
}
