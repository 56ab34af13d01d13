import AvroRuntime
import AvroSchema
import Testing

/// Where a value that can't be read stands.
@Suite struct ErrorPathTests {
  struct Tree: AvroRecord {
    var bytes: [UInt8]
    static let schemaName = "T"
    static let schemaText =
      #"{"type":"record","name":"T","fields":[{"name":"id","type":"int"},{"name":"items","type":{"type":"array","items":{"type":"record","name":"I","fields":[{"name":"price","type":["null","int"]},{"name":"notes","type":{"type":"map","values":"string"}}]}}}]}"#

    static func decode(from reader: inout AvroReader) throws(AvroError) -> Self {
      _ = try reader.readInt()
      _ = try reader.readArray { (reader) throws(AvroError) -> Int32? in
        let price = try reader.readOptional(Int32.self, valueIndex: 1)
        _ = try reader.readMap(of: String.self)
        return price
      }
      return Self(bytes: [])
    }

    func encode(to writer: inout AvroWriter) { writer.writeRaw(bytes) }
  }

  static let cases: [([UInt8], AvroError)] = [
    ([], AvroError(.truncated, offset: 0, path: "/id")),
    ([0xFE, 0xFF, 0xFF, 0xFF, 0x7F], AvroError(.intOutOfRange, offset: 5, path: "/id")),
    ([2, 4, 0, 0, 4], AvroError(.indexOutOfRange, offset: 5, path: "/items/1/price")),
    ([2, 4, 0, 0, 2], AvroError(.truncated, offset: 5, path: "/items/1/price")),
    ([2, 2, 0, 2, 6, 0x61, 0x2F, 0x7E, 2, 0xFF], AvroError(.invalidUTF8, offset: 9, path: "/items/0/notes/a~1~0")),
    ([2, 0x80, 0x80], AvroError(.truncated, offset: 3, path: "/items")),
    ([2, 0, 0], AvroError(.trailingBytes, offset: 2)),
  ]

  @Test(arguments: cases.indices) func namesThePath(_ index: Int) throws {
    let (bytes, expected) = Self.cases[index]
    #expect(throws: expected) { try Tree(avroBytes: bytes) }
    #expect(throws: expected) { try Tree(avroBytes: bytes) }
  }

  /// The offset is that of the writer's bytes, the path that of the reader's schema when its decoder found out.
  @Test func placesBehindResolution() throws {
    let writer = try Schema(
      parsing:
        #"{"type":"record","name":"T","fields":[{"name":"old","type":"string"},{"name":"items","type":{"type":"array","items":{"type":"record","name":"I","fields":[{"name":"cost","type":"int"},{"name":"notes","type":{"type":"map","values":"bytes"}}]}}},{"name":"id","type":"int"}]}"#
    )
    let reader = try Schema(
      parsing: Tree.schemaText.replacing(#""name":"price""#, with: #""name":"price","aliases":["cost"]"#))
    let plan = try ResolutionPlan(writer: writer, reader: reader)
    #expect(throws: AvroError(.invalidUTF8, offset: 8, path: "/items/0/notes/k")) {
      try Tree(avroBytes: [2, 0x78, 2, 8, 2, 2, 0x6B, 4, 0x61, 0xFF, 0, 0, 6], resolvedBy: plan)
    }
    #expect(throws: AvroError(.truncated, offset: 5, path: "/items")) {
      try Tree(avroBytes: [2, 0x78, 2, 8, 0], resolvedBy: plan)
    }
    #expect(throws: AvroError(.truncated, offset: 6, path: "/id")) {
      try Tree(avroBytes: [2, 0x78, 2, 8, 0, 0], resolvedBy: plan)
    }
    #expect(try Tree(avroBytes: [2, 0x78, 2, 8, 0, 0, 6], resolvedBy: plan) == Tree(bytes: []))
    #expect(throws: AvroError(.trailingBytes, offset: 7)) {
      try Tree(avroBytes: [2, 0x78, 2, 8, 0, 0, 6, 0], resolvedBy: plan)
    }
  }

  @Test func describesItself() {
    #expect(
      AvroError(.truncated, offset: 7, path: "/a/0").description == "Avro, byte 7, /a/0: the bytes end inside a value")
    #expect(AvroError(.truncated, offset: 7).description == "Avro, byte 7: the bytes end inside a value")
  }
}
