/// `decimal` of a precision up to 38: `unscaled` * 10^-`scale`.
@frozen public struct AvroDecimal<let scale: Int>: Sendable, Hashable, Comparable {
  public var unscaled: Int128

  @inlinable public init(unscaled: Int128) { self.unscaled = unscaled }

  @inlinable public static func < (left: Self, right: Self) -> Bool { left.unscaled < right.unscaled }
}

extension AvroDecimal: CustomStringConvertible {
  /// In plain notation, with all digits of the scale.
  public var description: String { decimalText(unscaled, scale: scale) }
}

/// `big-decimal`: a decimal that carries its own scale. Any number of digits.
@frozen public struct AvroBigDecimal: AvroValue {
  /// Two's complement, big-endian, at least one byte.
  public let unscaledBytes: [UInt8]
  public let scale: Int32

  public init(unscaled: Int128, scale: Int32) {
    unscaledBytes = unscaled.shortestBytes
    self.scale = scale
  }

  /// `bytes` in two's complement, big-endian; needless ones at the front are dropped. No bytes are 0.
  public init(unscaledBytes bytes: some Collection<UInt8>, scale: Int32) {
    var shortest = bytes[...]
    while shortest.count > 1, let first = shortest.first, let second = shortest.dropFirst().first,
      first == 0 && second < 0x80 || first == 0xFF && second >= 0x80
    {
      shortest = shortest.dropFirst()
    }
    unscaledBytes = shortest.isEmpty ? [0] : Array(shortest)
    self.scale = scale
  }

  /// Nil when it has more than 128 bits.
  public var unscaled: Int128? {
    unscaledBytes.withUnsafeBytes { Int128(bigEndianBytes: $0) }
  }

  /// The specification has the unscaled bytes and the scale encoded as Avro bytes and int, inside of Avro bytes.
  public static func decode(from reader: inout AvroReader) throws(AvroError) -> AvroBigDecimal {
    let count = try reader.readLength()
    let end = reader.position + count
    let unscaled = try reader.readBytes()
    let scale = try reader.readInt()
    guard reader.position == end, !unscaled.isEmpty else { throw reader.error(.invalidDecimal) }
    return AvroBigDecimal(unscaledBytes: unscaled, scale: scale)
  }

  public func encode(to writer: inout AvroWriter) {
    var inner = AvroWriter(capacity: unscaledBytes.count + 20)
    inner.writeBytes(unscaledBytes)
    inner.writeInt(scale)
    inner.withBytes { writer.writeCounted($0.assumingMemoryBound(to: UInt8.self)) }
  }
}

extension AvroBigDecimal: CustomStringConvertible {
  public var description: String {
    if let unscaled, -1000...1000 ~= scale { return decimalText(unscaled, scale: Int(scale)) }
    let digits = unscaledBytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    return "0x\(digits)e\(-Int64(scale))"
  }
}

extension AvroReader {
  /// `decimal` on bytes.
  public mutating func readDecimal<let scale: Int>() throws(AvroError) -> AvroDecimal<scale> {
    try readDecimal(fixedSize: try readLength())
  }

  /// `decimal` on a fixed of `fixedSize` bytes.
  public mutating func readDecimal<let scale: Int>(fixedSize: Int) throws(AvroError) -> AvroDecimal<scale> {
    let start = offset
    let bytes = UnsafeRawBufferPointer(start: try take(fixedSize), count: fixedSize)
    guard let unscaled = Int128(bigEndianBytes: bytes) else { throw AvroError(.invalidDecimal, offset: start) }
    return AvroDecimal(unscaled: unscaled)
  }
}

extension AvroWriter {
  /// `decimal` on bytes, in as few as possible; more digits than `precision` are a failure.
  public mutating func writeDecimal<let scale: Int>(_ value: AvroDecimal<scale>, precision: Int) {
    checkDigits(of: value.unscaled, precision)
    writeBytes(value.unscaled.shortestBytes)
  }

  /// `decimal` on a fixed of `fixedSize` bytes; more digits than `precision`, or than fit, are a failure.
  public mutating func writeDecimal<let scale: Int>(
    _ value: AvroDecimal<scale>, precision: Int, fixedSize: Int
  ) {
    checkDigits(of: value.unscaled, precision)
    let bytes = value.unscaled.shortestBytes
    guard bytes.count <= fixedSize else { return fail(.decimalDoesNotFit) }
    writeRaw([UInt8](repeating: value.unscaled < 0 ? 0xFF : 0, count: fixedSize - bytes.count) + bytes)
  }

  private mutating func checkDigits(of unscaled: Int128, _ precision: Int) {
    // Int128 has at most 39 digits, so nothing is over a precision of 39.
    guard precision < 39 else { return }
    var bound: UInt128 = 1
    for _ in 0..<max(precision, 0) { bound *= 10 }
    if unscaled.magnitude >= bound { fail(.decimalDoesNotFit) }
  }
}

extension Int128 {
  /// Two's complement, big-endian; nil for no bytes and for what needs more than 128 bits.
  init?(bigEndianBytes bytes: UnsafeRawBufferPointer) {
    guard let first = bytes.first else { return nil }
    var value: Int128 = first >= 0x80 ? -1 : 0
    let fill: UInt8 = first >= 0x80 ? 0xFF : 0
    let surplus = Swift.max(bytes.count - 16, 0)
    for byte in bytes.prefix(surplus) where byte != fill { return nil }
    for byte in bytes.dropFirst(surplus) { value = value &<< 8 | Int128(byte) }
    guard (value < 0) == (first >= 0x80) else { return nil }
    self = value
  }

  /// Two's complement, big-endian, without needless bytes at the front.
  var shortestBytes: [UInt8] {
    var bytes: [UInt8] = []
    var rest = self
    repeat {
      bytes.append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    } while !(rest == 0 && (bytes.last ?? 0) < 0x80 || rest == -1 && (bytes.last ?? 0) >= 0x80)
    return bytes.reversed()
  }
}

private func decimalText(_ unscaled: Int128, scale: Int) -> String {
  var digits = String(unscaled.magnitude)
  if scale > 0 {
    digits = String(repeating: "0", count: Swift.max(scale + 1 - digits.count, 0)) + digits
    digits.insert(".", at: digits.index(digits.endIndex, offsetBy: -scale))
  } else if unscaled != 0 {
    digits += String(repeating: "0", count: -scale)
  }
  return unscaled < 0 ? "-" + digits : digits
}
