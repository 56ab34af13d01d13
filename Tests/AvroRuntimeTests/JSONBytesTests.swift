import AvroRuntime
import AvroSchema
import Testing

/// Text to binary: what is taken, and what is refused with which words.
@Suite struct JSONBytesTests {
  static func json(_ schema: String) throws -> AvroJSON { try AvroJSON(try Schema(parsing: schema)) }

  @Test(
    arguments: [
      (#""null""#, " null ", []),
      (#""boolean""#, "true", [1]),
      (#""int""#, "-64", [0x7F]),
      (#""long""#, "9223372036854775807", [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1]),
      (#""long""#, "9007199254740993", [0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20]),
      (#""long""#, "-0", [0]),
      (#""float""#, "0.1", [0xCD, 0xCC, 0xCC, 0x3D]),
      (#""float""#, "1", [0, 0, 0x80, 0x3F]),
      (#""float""#, #""NaN""#, [0, 0, 0xC0, 0x7F]),
      (#""float""#, "-Infinity", [0, 0, 0x80, 0xFF]),
      (#""double""#, #""INF""#, [0, 0, 0, 0, 0, 0, 0xF0, 0x7F]),
      (#""double""#, "NaN", [0, 0, 0, 0, 0, 0, 0xF8, 0x7F]),
      (#""double""#, "1e-400", [0, 0, 0, 0, 0, 0, 0, 0]),
      (#""double""#, "5E-324", [1, 0, 0, 0, 0, 0, 0, 0]),
      (#""string""#, #""\ud83d\ude00\/\u00e9""#, [14, 0xF0, 0x9F, 0x98, 0x80, 0x2F, 0xC3, 0xA9]),
      (#""bytes""#, #""\u0000\u00ffÿA""#, [8, 0, 0xFF, 0xFF, 0x41]),
      (#"{"type":"fixed","name":"F","size":2}"#, #""éA""#, [0xE9, 0x41]),
      (#"{"type":"enum","name":"E","symbols":["A","B"]}"#, #""B""#, [2]),
      (#"{"type":"array","items":"int"}"#, " [ 1 , 2 ] ", [4, 2, 4, 0]),
      (#"{"type":"array","items":{"type":"array","items":"int"}}"#, "[[],[1]]", [4, 0, 2, 2, 0, 0]),
      (#"{"type":"map","values":"int"}"#, #"{"a":1,"a":2}"#, [4, 2, 0x61, 2, 2, 0x61, 4, 0]),
      (#"["int","null"]"#, "null", [2]),
      (#"["null","int"]"#, #" { "int" : 1 } "#, [2, 2]),
      (#"["null",{"type":"fixed","name":"x.F","size":1}]"#, #"{"F":"A"}"#, [2, 0x41]),
      (JSONTextTests.recordSchema, #"{"a":1,"b":{"n.s.E":"Y"},"c":{"k":[2]}}"#, [2, 4, 2, 2, 2, 0x6B, 2, 4, 0, 0]),
      (JSONTextTests.recordSchema, #"{"c":{},"\u0061":1, "b":{"E":"X"}}"#, [2, 4, 0, 0]),
      (JSONTextTests.recordSchema, #"{"b":{"string":"x"},"c":{},"a":-1}"#, [1, 2, 2, 0x78, 0]),
    ] as [(String, String, [UInt8])])
  func bytes(schema: String, text: String, expected: [UInt8]) throws {
    #expect(try Self.json(schema).bytes(of: text) == expected)
  }

  @Test(
    arguments: [
      (#""null""#, "nul", .json(.unexpectedEnd), 3, ""),
      (#""null""#, "null null", .json(.trailingBytes), 5, ""),
      (#""null""#, "", .json(.unexpectedEnd), 0, ""),
      (#""int""#, "2147483648", .numberOutOfRange, 0, ""),
      (#""long""#, "9223372036854775808", .numberOutOfRange, 0, ""),
      (#""long""#, "1.0", .typeMismatch, 0, ""),
      (#""long""#, "01", .json(.invalidNumber), 1, ""),
      (#""float""#, "1e39", .numberOutOfRange, 0, ""),
      (#""double""#, "1e309", .numberOutOfRange, 0, ""),
      (#""double""#, #""1""#, .typeMismatch, 0, ""),
      (#""string""#, "\"\u{1}\"", .json(.controlCharacter), 1, ""),
      (#""string""#, #""\ud800""#, .json(.unpairedSurrogate), 1, ""),
      (#""string""#, #""\ud800\u0041""#, .json(.unpairedSurrogate), 1, ""),
      (#""string""#, #""\x""#, .json(.invalidEscape), 1, ""),
      (#""bytes""#, #""Ā""#, .notLatin1, 0, ""),
      (#"{"type":"fixed","name":"F","size":2}"#, #""A""#, .wrongSize, 0, ""),
      (#"{"type":"enum","name":"E","symbols":["A"]}"#, #""C""#, .unknownSymbol, 0, ""),
      (#"["null","int"]"#, "1", .unknownBranch, 0, ""),
      (#"["null","int"]"#, #"{"long":1}"#, .unknownBranch, 1, ""),
      (#"["null","int"]"#, #"{"null":null}"#, .unknownBranch, 1, ""),
      (#"["null","int"]"#, "{}", .unknownBranch, 1, ""),
      (#"["null","int"]"#, #"{"int":1,"int":2}"#, .unknownBranch, 8, "/int"),
      (#"["int"]"#, "null", .unknownBranch, 0, ""),
      (JSONTextTests.recordSchema, #"{"a":1,"b":null}"#, .missingField, 15, ""),
      (JSONTextTests.recordSchema, #"{"a":1,"x":null}"#, .unknownField, 7, ""),
      (JSONTextTests.recordSchema, #"{"a":1,"b":null,"a":1}"#, .duplicateField, 16, "/b"),
      (JSONTextTests.recordSchema, #"{"a":1,"b":{"string":1}}"#, .typeMismatch, 21, "/b/string"),
      (JSONTextTests.recordSchema, #"{"c":{"a/~b":[1,2,true]}}"#, .typeMismatch, 18, "/c/a~1~0b/2"),
      (JSONTextTests.recordSchema, #"{"a":[]}"#, .typeMismatch, 5, "/a"),
    ] as [(String, String, AvroJSONError.Kind, Int, String)])
  func refuses(schema: String, text: String, kind: AvroJSONError.Kind, offset: Int, path: String) throws {
    let json = try Self.json(schema)
    let error = try #require(throws: AvroJSONError.self) { try json.bytes(of: text) }
    #expect(error.kind == kind)
    #expect(error.offset == offset)
    #expect(error.path == path)
  }

  @Test func saysWhatIsWrong() throws {
    let json = try Self.json(JSONTextTests.recordSchema)
    let missing = try #require(throws: AvroJSONError.self) { try json.bytes(of: #"{"a":1,"b":null}"#) }
    #expect(missing.description == #"Avro JSON, byte 15: record n.s.R lacks the field "c""#)
    let branch = try #require(throws: AvroJSONError.self) { try json.bytes(of: #"{"b":{"E2":"X"}}"#) }
    #expect(
      branch.description == #"Avro JSON, byte 6, /b: the union has no "E2": {"<branch>": …} where the branch is "#
        + "one of: string, n.s.E")
  }
}
