import AvroRuntime
import Testing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Bytes that fastavro 1.13.1, an implementation not ours, wrote with `schemaless_writer` for the schemas that the
/// records of these tests stand for.
@Suite struct ForeignBytesTests {
  static let wide =
    "069a9999999999b9bf0000c03f01ffffffff0f021253747261c39f6520310ce6bca2e5ad970204026102620008f09f988000"
    + "040278feffffffffffffffff010279010002026b0400ff0004066f6e654461206c6162656c206f66206d6f7265207468616e"
    + "206669667465656e206279746573000a027302630a00020004ffffffffffffffffff01060000000000000440080274000e00"
    + "7f8001d804808080808080808001808080808080808002ffffffffffffffff7f00060201feffffff0f00040000803e000060"
    + "c000049c7500883ce4377e00000000000000800004010000060004020400020600000401020600"

  static let logical =
    "00112233445566778899aabbccddeeff4830303131323233332d343435352d363637372d383839392d616162626363646465"
    + "65666606ed29790000000005e30a788cb502f8bbc60388e3c3de1b8ad8e2cbbe63fd887a8ad8e2cbbe63"

  func bytes(_ hex: String) -> [UInt8] {
    let digits = hex.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
  }

  @Test func wideEvent() throws {
    let expected = WideEvent(
      kind: .archived, score: -0.1, ratio: 1.5, active: true, count: .min,
      owner: Address(street: "Straße 1", city: "漢字"), note: nil,
      places: [Address(street: "a", city: "b"), Address(street: "", city: "😀")], counters: ["x": .max, "y": -1],
      blobs: ["k": [0, 0xFF]], labels: ["one", "a label of more than fifteen bytes"],
      outcome: .address(Address(street: "s", city: "c")),
      outcomes: [.null, .boolean(false), .long(.min), .double(2.5), .string("t")],
      longs: [0, -64, 64, 300, 1 << 55, 1 << 56, -1 << 62], ints: [1, -1, .max], floats: [0.25, -3.5],
      doubles: [1e300, -0.0], flags: [true, false], matrix: [[], [1, 2], [3]], payload: [1, 2],
      nothing: [AvroNull(), AvroNull(), AvroNull()])
    #expect(try WideEvent(avroBytes: bytes(Self.wide)) == expected)
    #expect(try expected.avroBytes() == bytes(Self.wide))
  }

  @Test func logicalTypes() throws {
    let uuid = UUID(
      uuid: (0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF))
    let noon: Int64 = 1_709_208_000_005
    let source = bytes(Self.logical)
    var writer = AvroWriter()
    try source.withUnsafeBufferPointer { (buffer) throws(AvroError) in
      var reader = AvroReader(UnsafeRawBufferPointer(buffer))
      #expect(try reader.readUUID() == uuid)
      #expect(try reader.readUUIDText() == uuid)
      #expect(try reader.readDecimal() == AvroDecimal<2>(unscaled: -1_234_567))
      #expect(try reader.readDecimal(fixedSize: 8) == AvroDecimal<3>(unscaled: 98_765_432))
      #expect(try AvroDate.decode(from: &reader) == AvroDate(daysSinceEpoch: 19782))
      #expect(try AvroTimeMillis.decode(from: &reader) == AvroTimeMillis(millisSinceMidnight: 3_723_004))
      #expect(try AvroTimeMicros.decode(from: &reader) == AvroTimeMicros(microsSinceMidnight: 3_723_000_004))
      #expect(try AvroTimestampMillis.decode(from: &reader) == AvroTimestampMillis(millisSinceEpoch: noon))
      #expect(try AvroTimestampMicros.decode(from: &reader) == AvroTimestampMicros(microsSinceEpoch: -999_999))
      #expect(
        try AvroLocalTimestampMillis.decode(from: &reader) == AvroLocalTimestampMillis(millisSinceLocalEpoch: noon))
      let isAtEnd = reader.isAtEnd
      #expect(isAtEnd)
    }
    writer.writeUUID(uuid)
    writer.writeUUIDText(uuid)
    writer.writeDecimal(AvroDecimal<2>(unscaled: -1_234_567), precision: 10)
    writer.writeDecimal(AvroDecimal<3>(unscaled: 98_765_432), precision: 18, fixedSize: 8)
    AvroDate(daysSinceEpoch: 19782).encode(to: &writer)
    AvroTimeMillis(millisSinceMidnight: 3_723_004).encode(to: &writer)
    AvroTimeMicros(microsSinceMidnight: 3_723_000_004).encode(to: &writer)
    AvroTimestampMillis(millisSinceEpoch: noon).encode(to: &writer)
    AvroTimestampMicros(microsSinceEpoch: -999_999).encode(to: &writer)
    AvroLocalTimestampMillis(millisSinceLocalEpoch: noon).encode(to: &writer)
    #expect(try writer.bytes() == source)
  }
}
