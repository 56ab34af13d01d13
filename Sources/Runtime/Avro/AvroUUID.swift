#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

// `uuid` on a fixed of 16 bytes, and on a string (specification 1.12, "UUID"). UUID itself is no AvroValue: the schema
// says which of the two it is.

extension AvroReader {
  /// Sixteen bytes, most significant first.
  @inlinable @inline(__always) public mutating func readUUID() throws(AvroError) -> UUID {
    UUID(uuid: try take(16).loadUnaligned(as: uuid_t.self))
  }

  /// A string in the form 8-4-4-4-12, upper or lower case.
  public mutating func readUUIDText() throws(AvroError) -> UUID {
    let start = offset
    let count = try readLength()
    let text = UnsafeRawBufferPointer(start: try take(count), count: count)
    guard let uuid = Self.parseUUID(text) else { throw AvroError(.invalidUUID, offset: start) }
    return uuid
  }

  private static func parseUUID(_ text: UnsafeRawBufferPointer) -> UUID? {
    guard text.count == 36 else { return nil }
    var bytes: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    let isValid = withUnsafeMutableBytes(of: &bytes) { target in
      var nibbles = 0
      for (index, character) in text.enumerated() {
        if index == 8 || index == 13 || index == 18 || index == 23 {
          guard character == UInt8(ascii: "-") else { return false }
          continue
        }
        guard let digit = hexDigit(character) else { return false }
        target[nibbles / 2] = target[nibbles / 2] << 4 | digit
        nibbles += 1
      }
      return true
    }
    return isValid ? UUID(uuid: bytes) : nil
  }

  private static func hexDigit(_ character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

extension AvroWriter {
  /// Sixteen bytes, most significant first.
  @inlinable @inline(__always) public mutating func writeUUID(_ value: UUID) {
    reserve(16)
    position.storeBytes(of: value.uuid, as: uuid_t.self)
    position += 16
  }

  /// A string in the form 8-4-4-4-12, lower case.
  public mutating func writeUUIDText(_ value: UUID) {
    reserve(37)
    // Zigzag of 36.
    writeByte(72)
    withUnsafeBytes(of: value.uuid) { bytes in
      for (index, byte) in bytes.enumerated() {
        if index == 4 || index == 6 || index == 8 || index == 10 { writeByte(UInt8(ascii: "-")) }
        writeByte(Self.hexDigit(byte >> 4))
        writeByte(Self.hexDigit(byte & 15))
      }
    }
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }
}
