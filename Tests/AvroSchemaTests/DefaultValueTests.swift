import AvroSchema
import Testing

@Suite struct DefaultValueTests {
  static let point = #"""
    {"type":"record","name":"Point","fields":[{"name":"x","type":"int"},{"name":"y","type":"int","default":0},
    {"name":"next","type":["null","Point"],"default":null}]}
    """#

  static let good: [(String, String)] = [
    (#""null""#, "null"), (#""boolean""#, "true"), (#""int""#, "-2147483648"), (#""long""#, "9223372036854775807"),
    (#""float""#, "1"), (#""float""#, "1.5e10"), (#""double""#, "1e300"), (#""string""#, #""é""#),
    (#""bytes""#, #""\u0000\u00ff""#), (#"{"type":"fixed","name":"F","size":2}"#, #""\u0000\u00ff""#),
    (#"{"type":"enum","name":"E","symbols":["A","B"]}"#, #""B""#),
    (#"{"type":"array","items":"int"}"#, "[1,2]"), (#"{"type":"map","values":"int"}"#, #"{"a":1}"#),
    (#"["null","int"]"#, "null"), (#"["null","int"]"#, "5"), (#"["null","int","string"]"#, #""a""#),
    (point, #"{"x":1}"#), (point, #"{"x":1,"y":2,"next":{"x":3}}"#),
    (#"{"type":"int","logicalType":"date"}"#, "1"),
  ]

  @Test(arguments: good) func accepted(schema: String, value: String) throws {
    try Schema(parsing: schema).checkDefault(JSONValue(parsing: value))
  }

  static let bad: [(String, String, String)] = [
    (#""null""#, "0", ""), (#""boolean""#, "0", ""), (#""int""#, "2147483648", ""), (#""int""#, "1.0", ""),
    (#""long""#, "9223372036854775808", ""), (#""long""#, #""1""#, ""), (#""float""#, "1e300", ""),
    (#""double""#, #""NaN""#, ""), (#""string""#, "1", ""), (#""bytes""#, #""Ā""#, ""), (#""bytes""#, "[1]", ""),
    (#"{"type":"fixed","name":"F","size":2}"#, #""a""#, ""), (#"{"type":"fixed","name":"F","size":2}"#, #""aĀ""#, ""),
    (#"{"type":"enum","name":"E","symbols":["A","B"]}"#, #""C""#, ""),
    (#"{"type":"array","items":"int"}"#, #"[1,"a"]"#, "/1"), (#"{"type":"array","items":"int"}"#, "{}", ""),
    (#"{"type":"map","values":"int"}"#, #"{"a":1,"b/c":null}"#, "/b~1c"),
    (#"["null","int"]"#, #""a""#, ""), (#"["int"]"#, "null", ""),
    (point, "{}", ""), (point, "[]", ""), (point, #"{"x":"a"}"#, "/x"), (point, #"{"x":1,"next":{"x":1.5}}"#, "/next"),
  ]

  @Test(arguments: bad) func refused(schema: String, value: String, path: String) throws {
    let schema = try Schema(parsing: schema)
    let value = try JSONValue(parsing: value)
    let error = #expect(throws: SchemaError.self) { try schema.checkDefault(value) }
    #expect(error?.kind == .invalidDefault)
    #expect(error?.path == path)
  }

  @Test func unknownReference() {
    let error = #expect(throws: SchemaError.self) { try Schema.reference(FullName("a.B")).checkDefault(.null) }
    #expect(error?.kind == .unknownType)
  }

  /// A default of a type that is still being defined, and one that would never end if it were followed.
  @Test func recursive() throws {
    _ = try Schema(
      parsing: #"{"type":"record","name":"R","fields":[{"name":"r","type":"R","default":{}},"#
        + #"{"name":"i","type":"int","default":1}]}"#)
    let error = #expect(throws: SchemaError.self) {
      try Schema(
        parsing: #"{"type":"record","name":"R","fields":[{"name":"r","type":"R","default":{}},"#
          + #"{"name":"i","type":"int"}]}"#)
    }
    #expect(error?.path == "/fields/0/default")
  }
}
