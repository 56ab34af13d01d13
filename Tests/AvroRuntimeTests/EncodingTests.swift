import AvroRuntime
import Testing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What the specification gives as examples in "Binary Encoding", and what follows from its sentences.
@Suite struct EncodingTests {
  func bytes(_ write: (inout AvroWriter) -> Void) throws -> [UInt8] {
    var writer = AvroWriter()
    write(&writer)
    return try writer.bytes()
  }

  func read<Value>(
    _ bytes: [UInt8], _ read: (inout AvroReader) throws(AvroError) -> Value
  ) throws(AvroError) -> Value {
    try bytes.withUnsafeBufferPointer { (buffer) throws(AvroError) in
      var reader = AvroReader(UnsafeRawBufferPointer(buffer))
      let value = try read(&reader)
      guard reader.isAtEnd else { throw reader.error(.trailingBytes) }
      return value
    }
  }

  static let numbers: [(Int64, [UInt8])] = [
    (0, [0x00]), (-1, [0x01]), (1, [0x02]), (-2, [0x03]), (2, [0x04]), (-64, [0x7F]), (64, [0x80, 0x01]),
    (8192, [0x80, 0x80, 0x01]), (-8193, [0x81, 0x80, 0x01]),
    (Int64(Int32.max), [0xFE, 0xFF, 0xFF, 0xFF, 0x0F]), (Int64(Int32.min), [0xFF, 0xFF, 0xFF, 0xFF, 0x0F]),
    (.max, [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]),
    (.min, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]),
  ]

  @Test(arguments: numbers) func zigzag(number: Int64, expected: [UInt8]) throws {
    #expect(try number.avroBytes() == expected)
    #expect(try Int64(avroBytes: expected) == number)
    if let int = Int32(exactly: number) {
      #expect(try int.avroBytes() == expected)
      #expect(try Int32(avroBytes: expected) == int)
    } else {
      #expect(throws: AvroError(.intOutOfRange, offset: expected.count)) { try Int32(avroBytes: expected) }
    }
    // The paths for arrays, alone and with neighbours on both sides.
    for items in [[number], [1, number, 1_000_000, number, number, -3, 0, 77, 1, 2, 3, 4]] {
      let array = try bytes { $0.writeLongs(items) }
      #expect(try read(array) { (reader) throws(AvroError) in try reader.readLongs() } == items)
      #expect(
        try array
          == bytes {
            $0.writeBlockCount(items.count)
            for item in items { $0.writeLong(item) }
            $0.writeBlockCount(0)
          })
    }
  }

  @Test func primitives() throws {
    #expect(try "foo".avroBytes() == [0x06, 0x66, 0x6F, 0x6F])
    #expect(try true.avroBytes() == [1])
    #expect(try false.avroBytes() == [0])
    #expect(try Float(1).avroBytes() == [0, 0, 0x80, 0x3F])
    #expect(try Double(-2).avroBytes() == [0, 0, 0, 0, 0, 0, 0, 0xC0])
    #expect(try bytes { $0.writeBytes([1, 2, 3]) } == [6, 1, 2, 3])
    #expect(try AvroNull().avroBytes() == [])
    #expect(try AvroNull(avroBytes: []) == AvroNull())
  }

  /// The specification's record {a: long, b: string} = {27, "foo"}, array [3, 27] and union ["null", "string"].
  @Test func complexTypes() throws {
    #expect(
      try bytes {
        $0.writeLong(27)
        $0.writeString("foo")
      } == [0x36, 0x06, 0x66, 0x6F, 0x6F])
    #expect(try bytes { $0.writeLongs([3, 27]) } == [0x04, 0x06, 0x36, 0x00])
    #expect(try bytes { $0.writeLongs([]) } == [0])
    #expect(try bytes { $0.writeOptional(nil as String?, valueIndex: 1) } == [0x00])
    #expect(try bytes { $0.writeOptional("a", valueIndex: 1) } == [0x02, 0x02, 0x61])
    #expect(try bytes { $0.writeOptional(nil as String?, valueIndex: 0) } == [0x02])
    #expect(try bytes { $0.writeOptional("a", valueIndex: 0) } == [0x00, 0x02, 0x61])
    #expect(try bytes { $0.writeMap(["a": Int64(3)]) } == [0x02, 0x02, 0x61, 0x06, 0x00])
    #expect(try Kind.deleted.avroBytes() == [0x04])
    #expect(Kind(symbol: "DELETED") == .deleted)
    #expect(Kind(symbol: "deleted") == nil)
    #expect(Kind.archived.symbol == "ARCHIVED")
  }

  /// Items in several blocks, with and without the blocks' sizes.
  @Test func blocks() throws {
    let array: [UInt8] = [0x02, 0x06, 0x03, 0x04, 0x36, 0x38, 0x01, 0x02, 0x02, 0x00]
    #expect(try read(array) { (reader) throws(AvroError) in try reader.readLongs() } == [3, 27, 28, 1])
    #expect(try read(array) { (reader) throws(AvroError) in try reader.readArray(of: Int64.self) } == [3, 27, 28, 1])
    #expect(try read(array) { (reader) throws(AvroError) in try reader.readInts() } == [3, 27, 28, 1])
    let map: [UInt8] = [0x01, 0x06, 0x02, 0x61, 0x06, 0x02, 0x02, 0x62, 0x08, 0x00]
    let pairs = try read(map) { (reader) throws(AvroError) in try reader.readMap(of: Int64.self) }
    #expect(pairs == ["b": 4, "a": 3])
    let one: [UInt8] = [0, 0, 0, 0, 0, 0, 0xF0, 0x3F]
    let doubles = [0x02] + one + [0x03, 0x20] + one + one + [0x00]
    #expect(try read(doubles) { (reader) throws(AvroError) in try reader.readDoubles() } == [1, 1, 1])
    let floats: [UInt8] = [0x02, 0, 0, 0x80, 0x3F, 0x01, 0x08, 0, 0, 0, 0x40, 0x00]
    #expect(try read(floats) { (reader) throws(AvroError) in try reader.readFloats() } == [1, 2])
  }

  @Test func decimals() throws {
    let cases: [(Int128, [UInt8])] = [
      (0, [0]), (1, [1]), (-1, [0xFF]), (127, [0x7F]), (128, [0, 0x80]), (-128, [0x80]), (-129, [0xFF, 0x7F]),
      (.max, [0x7F] + [UInt8](repeating: 0xFF, count: 15)), (.min, [0x80] + [UInt8](repeating: 0, count: 15)),
    ]
    for (unscaled, encoded) in cases {
      let value = AvroDecimal<2>(unscaled: unscaled)
      let bytes = try bytes { $0.writeDecimal(value, precision: 39) }
      #expect(bytes == [UInt8(encoded.count * 2)] + encoded)
      #expect(try read(bytes) { (reader) throws(AvroError) in try reader.readDecimal() } == value)
      let wide = try self.bytes { $0.writeDecimal(value, precision: 39, fixedSize: 20) }
      #expect(wide.count == 20)
      #expect(try read(wide) { (reader) throws(AvroError) in try reader.readDecimal(fixedSize: 20) } == value)
      let big = AvroBigDecimal(unscaled: unscaled, scale: -7)
      #expect(try AvroBigDecimal(avroBytes: big.avroBytes()) == big)
      #expect(big.unscaled == unscaled)
    }
    #expect(AvroDecimal<2>(unscaled: -5).description == "-0.05")
    #expect(AvroDecimal<0>(unscaled: 12).description == "12")
    #expect(AvroDecimal<3>(unscaled: 1_234_567).description == "1234.567")
    #expect(AvroBigDecimal(unscaled: 5, scale: -2).description == "500")
    // The scale 2 and the bytes 0x0539 of 13.37, both counted, counted again.
    #expect(try AvroBigDecimal(unscaled: 1337, scale: 2).avroBytes() == [0x08, 0x04, 0x05, 0x39, 0x04])
  }

  @Test func decimalThatDoesNotFit() {
    var writer = AvroWriter()
    writer.writeInt(1)
    writer.writeDecimal(AvroDecimal<2>(unscaled: 1000), precision: 3)
    writer.writeDecimal(AvroDecimal<2>(unscaled: 128), precision: 3, fixedSize: 1)
    #expect(writer.failure == AvroError(.decimalDoesNotFit, offset: 1))
    #expect(throws: AvroError(.decimalDoesNotFit, offset: 1)) { try writer.bytes() }
    writer.reset()
    #expect(writer.failure == nil)
    writer.writeDecimal(AvroDecimal<2>(unscaled: -999), precision: 3)
    writer.writeDecimal(AvroDecimal<2>(unscaled: -128), precision: 3, fixedSize: 1)
    #expect(writer.failure == nil)
  }

  @Test func uuids() throws {
    let uuid = UUID(uuid: (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xA, 0xB, 0xC, 0xD, 0xE, 0xFF))
    #expect(try bytes { $0.writeUUID(uuid) } == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xA, 0xB, 0xC, 0xD, 0xE, 0xFF])
    let text = try bytes { $0.writeUUIDText(uuid) }
    #expect(String(decoding: text.dropFirst(), as: UTF8.self) == "00010203-0405-0607-0809-0a0b0c0d0eff")
    #expect(text.first == 72)
    #expect(try read(text) { (reader) throws(AvroError) in try reader.readUUIDText() } == uuid)
    let upper = try "00010203-0405-0607-0809-0A0B0C0D0EFF".avroBytes()
    #expect(try read(upper) { (reader) throws(AvroError) in try reader.readUUIDText() } == uuid)
    for wrong in ["", "00010203-0405-0607-0809-0a0b0c0d0ef", "00010203-0405-0607-0809+0a0b0c0d0eff", "x"] {
      let encoded = try wrong.avroBytes()
      #expect(throws: AvroError(.invalidUUID, offset: 0)) {
        try read(encoded) { (reader) throws(AvroError) in try reader.readUUIDText() }
      }
    }
  }

  @Test func collections() {
    let map: AvroMap<Int64> = ["a": 1, "b": 2]
    #expect(map == AvroMap(pairs: [("b", 2), ("a", 1)]))
    #expect(map.hashValue == AvroMap(pairs: [("b", 2), ("a", 1)]).hashValue)
    #expect(map != ["a": 1])
    #expect(AvroMap<Int64>(pairs: [("a", 1), ("a", 2)]) == ["a": 2])
    var changed = map
    changed["a"] = nil
    changed["c"] = 3
    #expect(changed == ["b": 2, "c": 3])
    #expect(map["a"] == 1 && changed["a"] == nil)
    let box = AvroBox(map)
    var other = box
    other.value["z"] = 26
    #expect(box.value == map && other != box)
    #expect(AvroFixedBytes<2>([1]) == nil)
    #expect(AvroFixedBytes<2>([1, 0xAB])?.description == "01ab")
    #expect(AvroFixedBytes<0>([]) == AvroFixedBytes<0>())
  }
}
