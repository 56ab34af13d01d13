import AvroRuntime
import AvroSchema
import Testing

/// Binary to text, against tables made by hand from the specification.
@Suite struct JSONTextTests {
  static func text(
    _ schema: String, _ bytes: [UInt8], style: AvroJSON.Style = .specification, pretty: Bool = false
  ) throws -> String {
    try AvroJSON(try Schema(parsing: schema), style: style).text(of: bytes, prettyPrinted: pretty)
  }

  static let recordSchema = #"""
    {"type":"record","name":"R","namespace":"n.s","fields":[{"name":"a","type":"long"},
    {"name":"b","type":["null","string",{"type":"enum","name":"E","symbols":["X","Y"]}]},
    {"name":"c","type":{"type":"map","values":{"type":"array","items":"int"}}}]}
    """#

  @Test(
    arguments: [
      (#""null""#, [], "null"),
      (#""boolean""#, [1], "true"),
      (#""boolean""#, [0], "false"),
      (#""int""#, [0x7F], "-64"),
      (#""long""#, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1], "-9223372036854775808"),
      (#""long""#, [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1], "9223372036854775807"),
      (#""float""#, [0xCD, 0xCC, 0xCC, 0x3D], "0.1"),
      (#""double""#, [0, 0, 0, 0, 0, 0, 0, 0x80], "-0.0"),
      (#""double""#, [1, 0, 0, 0, 0, 0, 0, 0], "5e-324"),
      (#""double""#, [0, 0, 0, 0, 0, 0, 0xF8, 0x7F], #""NaN""#),
      (#""float""#, [0, 0, 0x80, 0x7F], #""Infinity""#),
      (#""float""#, [0, 0, 0x80, 0xFF], #""-Infinity""#),
      (#""string""#, [6, 0x22, 0x5C, 0x01], #""\"\\\u0001""#),
      (#""string""#, [10, 8, 9, 10, 12, 13], #""\b\t\n\f\r""#),
      (#""string""#, [14, 0xC3, 0xA9, 0xF0, 0x9F, 0x98, 0x80, 0x7F], "\"é😀\u{7F}\""),
      (#""bytes""#, [8, 0, 0x41, 0x80, 0xFF], "\"\\u0000A\u{80}ÿ\""),
      (#"{"type":"fixed","name":"F","size":2}"#, [0xE9, 0x22], #""é\"""#),
      (#"{"type":"enum","name":"E","symbols":["A","B"]}"#, [2], #""B""#),
      (#"{"type":"array","items":"int"}"#, [0], "[]"),
      (#"{"type":"array","items":"int"}"#, [4, 2, 4, 1, 2, 6, 0], "[1,2,3]"),
      (#"{"type":"map","values":"int"}"#, [4, 2, 0x61, 2, 2, 0x61, 4, 0], #"{"a":1,"a":2}"#),
      (#"["null","int"]"#, [0], "null"),
      (#"["null","int"]"#, [2, 2], #"{"int":1}"#),
      (#"[{"type":"fixed","name":"x.F","size":1},{"type":"map","values":"null"}]"#, [0, 0x41], #"{"x.F":"A"}"#),
      (#"[{"type":"fixed","name":"x.F","size":1},{"type":"map","values":"null"}]"#, [2, 0], #"{"map":{}}"#),
      (recordSchema, [2, 4, 2, 2, 2, 0x6B, 2, 4, 0, 0], #"{"a":1,"b":{"n.s.E":"Y"},"c":{"k":[2]}}"#),
      (#"{"type":"record","name":"R","fields":[]}"#, [], "{}"),
    ] as [(String, [UInt8], String)])
  func text(schema: String, bytes: [UInt8], expected: String) throws {
    #expect(try Self.text(schema, bytes) == expected)
  }

  @Test func onLines() throws {
    let expected = """
      {
        "a": 1,
        "b": {"n.s.E": "Y"},
        "c": {
          "k": [
            2,
            3
          ],
          "l": []
        }
      }
      """
    let bytes: [UInt8] = [2, 4, 2, 4, 2, 0x6B, 4, 4, 6, 0, 2, 0x6C, 0, 0]
    #expect(try Self.text(Self.recordSchema, bytes, pretty: true) == expected)
  }
}
