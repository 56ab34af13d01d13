import AvroRuntime
import AvroSchema
import Testing

/// The form for people; dates and times checked with Python's datetime.
@Suite struct JSONPlainTests {
  static func long(_ value: Int64) throws -> [UInt8] { try value.avroBytes() }

  @Test(
    arguments: [
      ("int", "date", 19_782, #""2024-02-29""#),
      ("int", "date", -1, #""1969-12-31""#),
      ("int", "date", -719_529, #""-0001-12-31""#),
      ("int", "date", 2_932_897, #""+10000-01-01""#),
      ("int", "time-millis", 45_296_007, #""12:34:56.007""#),
      ("int", "time-millis", 86_400_000, "86400000"),
      ("long", "time-micros", 86_399_999_999, #""23:59:59.999999""#),
      ("long", "timestamp-millis", 1_709_210_096_007, #""2024-02-29T12:34:56.007Z""#),
      ("long", "timestamp-micros", -1, #""1969-12-31T23:59:59.999999Z""#),
      ("long", "timestamp-nanos", .min, #""1677-09-21T00:12:43.145224192Z""#),
      ("long", "local-timestamp-millis", 0, #""1970-01-01T00:00:00.000""#),
      ("long", "timestamp-millis", .max, #""+292278994-08-17T07:12:55.807Z""#),
    ] as [(String, String, Int64, String)])
  func times(type: String, logicalType: String, value: Int64, expected: String) throws {
    let schema = #"{"type":"\#(type)","logicalType":"\#(logicalType)"}"#
    #expect(try JSONTextTests.text(schema, Self.long(value), style: .plain) == expected)
    #expect(try JSONTextTests.text(schema, Self.long(value)) == String(value))
  }

  @Test(
    arguments: [
      (#"{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}"#, [4, 0x04, 0xD2], #""12.34""#),
      (#"{"type":"bytes","logicalType":"decimal","precision":9,"scale":3}"#, [2, 0xFF], #""-0.001""#),
      (#"{"type":"bytes","logicalType":"decimal","precision":9}"#, [2, 0x80], #""-128""#),
      (#"{"type":"bytes","logicalType":"decimal","precision":9}"#, [0], #""""#),
      (
        #"{"type":"bytes","logicalType":"decimal","precision":60}"#,
        [38, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        #""-2854495385411919762116571938898990272765493248""#
      ),
      (#"{"type":"bytes","logicalType":"big-decimal"}"#, [6, 2, 0x0F, 2], #""1.5""#),
      (#"{"type":"bytes","logicalType":"big-decimal"}"#, [6, 2, 0x0F, 3], #""1500""#),
      (#"{"type":"bytes","logicalType":"big-decimal"}"#, [2, 7], #""07""#),
      (
        #"{"type":"fixed","name":"U","size":16,"logicalType":"uuid"}"#, Array(0...15),
        #""00010203-0405-0607-0809-0a0b0c0d0e0f""#
      ),
      (
        #"{"type":"fixed","name":"D","size":12,"logicalType":"duration"}"#, [1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0x80],
        #"{"months":1,"days":2,"millis":2147483648}"#
      ),
      (#""bytes""#, [4, 0xAB, 1], #""ab01""#),
      (#"["null","string"]"#, [2, 2, 0x78], #""x""#),
      (#"["null","string"]"#, [0], "null"),
    ] as [(String, [UInt8], String)])
  func bytes(schema: String, bytes: [UInt8], expected: String) throws {
    #expect(try JSONTextTests.text(schema, bytes, style: .plain) == expected)
  }

  @Test func typed() throws {
    let address = Address(street: "Dam \"1\"", city: "É")
    #expect(try address.avroJSON() == #"{"street":"Dam \"1\"","city":"É"}"#)
    #expect(try Address(avroJSON: try address.avroJSON(prettyPrinted: true)) == address)
    #expect(throws: AvroJSONError.self) { try Address(avroJSON: "{}") }
    #expect(try Kind.deleted.avroJSON() == #""DELETED""#)
    #expect(try Kind(avroJSON: #""DELETED""#) == .deleted)
  }
}
