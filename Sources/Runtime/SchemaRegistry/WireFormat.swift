/// The registry's framing of a record's value: a zero byte, the schema id as four bytes big-endian, the Avro bytes.
public enum WireFormat {
  /// Bytes before the Avro bytes.
  public static let headerCount = 5

  /// The schema id in front of `bytes`; the Avro bytes begin at ``headerCount``.
  public static func id(of bytes: some Collection<UInt8>) throws(WireFormatError) -> Int32 {
    var iterator = bytes.makeIterator()
    guard let magic = iterator.next() else { throw .empty }
    guard magic == 0 else { throw .wrongMagicByte(magic) }
    var id: UInt32 = 0
    for count in 1..<headerCount {
      guard let byte = iterator.next() else { throw .truncated(count: count) }
      id = id << 8 | UInt32(byte)
    }
    return Int32(bitPattern: id)
  }

  /// The five bytes that go in front of the Avro bytes.
  public static func header(id: Int32) -> [UInt8] {
    let id = UInt32(bitPattern: id)
    return [0, UInt8(id >> 24), UInt8(id >> 16 & 0xFF), UInt8(id >> 8 & 0xFF), UInt8(id & 0xFF)]
  }

  /// Lends the five bytes.
  static func withHeader(id: Int32, _ body: (UnsafeRawBufferPointer) -> Void) {
    let word = (UInt64(UInt32(bitPattern: id).byteSwapped) << 8).littleEndian
    withUnsafeBytes(of: word) { body(UnsafeRawBufferPointer(rebasing: $0.prefix(headerCount))) }
  }

  /// Header and Avro bytes together.
  public static func frame(id: Int32, _ avroBytes: some Collection<UInt8>) -> [UInt8] {
    var framed = header(id: id)
    framed.reserveCapacity(headerCount + avroBytes.count)
    framed.append(contentsOf: avroBytes)
    return framed
  }
}

/// Why bytes are not in the wire format.
public enum WireFormatError: Error, Hashable, Sendable, CustomStringConvertible {
  case empty
  case wrongMagicByte(UInt8)
  /// `count` bytes are there of the five.
  case truncated(count: Int)

  public var description: String {
    switch self {
    case .empty: "the value is empty"
    case .wrongMagicByte(let byte):
      "the value begins with byte \(byte) and not with 0: it was not written with a schema registry"
    case .truncated(let count):
      "the value has \(count) bytes; five of magic byte and schema id come first"
    }
  }
}
