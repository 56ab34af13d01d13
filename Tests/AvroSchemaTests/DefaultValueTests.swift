import AvroSchema
import JSONText
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

  /// Each level can be an A or a B, and only the innermost value tells that it is neither: 2^levels ways to try.
  static func ambiguous(levels: Int, innermost: String) -> (schema: String, value: String) {
    let schema = #"""
      [{"type":"record","name":"A","fields":[{"name":"x","type":["int",
      "A",{"type":"record","name":"B","fields":[{"name":"x","type":["int","A","B"]}]}]}]},"B"]
      """#
    let value = String(repeating: #"{"x":"#, count: levels) + innermost + String(repeating: "}", count: levels)
    return (schema, value)
  }

  @Test func unionsInUnionsEnd() throws {
    let (schema, value) = Self.ambiguous(levels: 60, innermost: "null")
    let clock = ContinuousClock()
    let start = clock.now
    let error = #expect(throws: SchemaError.self) {
      try Schema(parsing: schema).checkDefault(JSONValue(parsing: value))
    }
    #expect(error?.kind == .tooManySteps)
    #expect(error?.message.contains("262144 steps") == true)
    // Without a limit this takes longer than the universe is old.
    #expect(clock.now - start < .seconds(60))
  }

  /// As above in the text of a schema, where a registry meets it; and many of them count together.
  @Test func hostileSchemasEnd() throws {
    let (schema, value) = Self.ambiguous(levels: 10, innermost: "null")
    let (_, good) = Self.ambiguous(levels: 10, innermost: "1")
    func text(_ default: String, count: Int) -> String {
      let fields = (1..<count).map { #"{"name":"f\#($0)","type":["A","B"],"default":\#(`default`)}"# }
      let first = #"{"name":"f0","type":\#(schema),"default":\#(`default`)}"#
      return #"{"type":"record","name":"R","fields":[\#(([first] + fields).joined(separator: ","))]}"#
    }
    let refused = #expect(throws: SchemaError.self) { try Schema(parsing: text(value, count: 1)) }
    #expect(refused?.kind == .invalidDefault)
    #expect(refused?.path == "/fields/0/default")
    _ = try Schema(parsing: text(good, count: 10))
    let error = #expect(throws: SchemaError.self) {
      try Schema(parsing: text(good, count: 10), options: SchemaOptions(maxDefaultSteps: 500))
    }
    #expect(error?.kind == .tooManySteps)
    #expect(error?.path.hasPrefix("/fields/") == true)
  }

  /// Long texts and many symbols are no cheap steps.
  @Test func largeValuesCountMore() throws {
    let branches = (0..<50).map { #"{"type":"fixed","name":"F\#($0)","size":\#($0)}"# }.joined(separator: ",")
    let schema = try Schema(parsing: "[\(branches)]")
    let text = JSONValue.string(String(repeating: "a", count: 64_000))
    let error = #expect(throws: SchemaError.self) { try schema.checkDefault(text, maxSteps: 10_000) }
    #expect(error?.kind == .tooManySteps)
    let other = #expect(throws: SchemaError.self) { try schema.checkDefault(text) }
    #expect(other?.kind == .invalidDefault)
    #expect(other?.message.utf8.count ?? 0 < 600)
  }
}
