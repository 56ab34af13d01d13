import AvroSchema
import JSONText
import Testing

@Suite struct SchemaParserTests {
  @Test func everyAttribute() throws {
    let text = #"""
      {"type":"record","name":"Order","namespace":"shop.v1","doc":"An order.","fields":[
        {"name":"id","type":{"type":"string","logicalType":"uuid"},"doc":"Who."},
        {"name":"price","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2},"default":"\u0001ÿ"},
        {"name":"state","type":{"type":"enum","name":"State","doc":"Where.","symbols":["A","B"],"default":"A",
          "aliases":["OldState"]},"default":"B","order":"descending","aliases":["status"]},
        {"name":"lines","type":{"type":"array","items":{"type":"map","values":["null","long"]}},"default":[]},
        {"name":"parent","type":["null","Order"],"default":null},
        {"name":"hash","type":{"type":"fixed","name":"other.Hash","size":16,"aliases":["x.Y"]}}],
       "aliases":["shop.v0.Order","Purchase"]}
      """#
    guard case .record(let record) = try Schema(parsing: text) else {
      Issue.record("not a record")
      return
    }
    #expect(record.name == FullName(namespace: "shop.v1", name: "Order"))
    #expect(record.doc == "An order.")
    #expect(record.aliases.map(\.description) == ["shop.v0.Order", "shop.v1.Purchase"])
    #expect(record.fields.map(\.name) == ["id", "price", "state", "lines", "parent", "hash"])
    #expect(record.fields[0].type == .primitive(.string, logicalType: .uuid))
    #expect(record.fields[0].doc == "Who.")
    #expect(record.fields[1].type == .primitive(.bytes, logicalType: .decimal(precision: 9, scale: 2)))
    #expect(record.fields[1].defaultValue == .string("\u{1}\u{FF}"))
    #expect(record.fields[2].order == .descending)
    #expect(record.fields[2].aliases == ["status"])
    #expect(
      record.fields[2].type
        == .enumeration(
          EnumSchema(
            name: FullName("shop.v1.State"), doc: "Where.", aliases: [FullName("shop.v1.OldState")],
            symbols: ["A", "B"], defaultSymbol: "A")))
    #expect(record.fields[3].type == .array(items: .map(values: .union([.primitive(.null), .primitive(.long)]))))
    #expect(record.fields[4].type == .union([.primitive(.null), .reference(record.name)]))
    #expect(record.fields[4].defaultValue == .null)
    // Nothing is lost on the way through text.
    let schema = Schema.record(record)
    #expect(try Schema(parsing: schema.text()) == schema)
  }

  static let logicalTypes: [(String, LogicalType?)] = [
    (#"{"type":"int","logicalType":"date"}"#, .date),
    (#"{"type":"int","logicalType":"time-millis"}"#, .timeMillis),
    (#"{"type":"long","logicalType":"time-micros"}"#, .timeMicros),
    (#"{"type":"long","logicalType":"timestamp-millis"}"#, .timestampMillis),
    (#"{"type":"long","logicalType":"timestamp-micros"}"#, .timestampMicros),
    (#"{"type":"long","logicalType":"timestamp-nanos"}"#, .timestampNanos),
    (#"{"type":"long","logicalType":"local-timestamp-millis"}"#, .localTimestampMillis),
    (#"{"type":"long","logicalType":"local-timestamp-micros"}"#, .localTimestampMicros),
    (#"{"type":"long","logicalType":"local-timestamp-nanos"}"#, .localTimestampNanos),
    (#"{"type":"bytes","logicalType":"decimal","precision":4}"#, .decimal(precision: 4, scale: 0)),
    (#"{"type":"bytes","logicalType":"big-decimal"}"#, .bigDecimal),
    (#"{"type":"string","logicalType":"uuid"}"#, .uuid),
    (#"{"type":"fixed","name":"F","size":16,"logicalType":"uuid"}"#, .uuid),
    (#"{"type":"fixed","name":"F","size":12,"logicalType":"duration"}"#, .duration),
    (
      #"{"type":"fixed","name":"F","size":4,"logicalType":"decimal","precision":9,"scale":9}"#,
      .decimal(precision: 9, scale: 9)
    ),
    // Unknown or malformed: as if there were none.
    (#"{"type":"fixed","name":"F","size":4,"logicalType":"decimal","precision":10}"#, nil),
    (#"{"type":"fixed","name":"F","size":15,"logicalType":"uuid"}"#, nil),
    (#"{"type":"fixed","name":"F","size":16,"logicalType":"duration"}"#, nil),
    (#"{"type":"long","logicalType":"date"}"#, nil),
    (#"{"type":"int","logicalType":"timestamp-millis"}"#, nil),
    (#"{"type":"string","logicalType":"shoe-size"}"#, nil),
    (#"{"type":"string","logicalType":17}"#, nil),
    (#"{"type":"bytes","logicalType":"decimal"}"#, nil),
    (#"{"type":"bytes","logicalType":"decimal","precision":0}"#, nil),
    (#"{"type":"bytes","logicalType":"decimal","precision":"4"}"#, nil),
    (#"{"type":"bytes","logicalType":"decimal","precision":4,"scale":5}"#, nil),
    (#"{"type":"bytes","logicalType":"decimal","precision":4,"scale":-1}"#, nil),
    (#"{"type":"bytes","logicalType":"decimal","precision":4,"scale":1.5}"#, nil),
  ]

  /// Wherever a type may stand; what is beneath stays.
  @Test func misfitsInsideOthersAreIgnored() throws {
    let misfits = [
      #"{"type":"string","logicalType":"decimal","precision":3}"#, #"{"type":"int","logicalType":"uuid"}"#,
      #"{"type":"bytes","logicalType":"decimal"}"#, #"{"type":"int","logicalType":"timestamp-millis"}"#,
      #"{"type":"bytes","logicalType":"decimal","precision":4,"scale":5}"#, #"{"type":"long","logicalType":"made-up"}"#,
    ]
    for (misfit, plain) in zip(misfits, [Schema.Primitive.string, .int, .bytes, .int, .bytes, .long]) {
      let type = Schema.primitive(plain)
      #expect(try Schema(parsing: misfit) == type)
      #expect(try Schema(parsing: #"["null",\#(misfit)]"#) == .union([.primitive(.null), type]))
      #expect(try Schema(parsing: #"{"type":"array","items":\#(misfit)}"#) == .array(items: type))
      #expect(try Schema(parsing: #"{"type":"map","values":\#(misfit)}"#) == .map(values: type))
      let record = try Schema(
        parsing: #"{"type":"record","name":"R","fields":[{"name":"a","type":["null",\#(misfit)]}]}"#)
      #expect(record.children == [.union([.primitive(.null), type])])
    }
  }

  @Test(arguments: logicalTypes) func logicalType(text: String, expected: LogicalType?) throws {
    let schema = try Schema(parsing: text)
    switch schema {
    case .primitive(_, let logicalType): #expect(logicalType == expected)
    case .fixed(let fixed): #expect(fixed.logicalType == expected)
    default: Issue.record("\(schema)")
    }
    #expect(try Schema(parsing: schema.text()) == schema)
  }

  @Test func digitsOfFixed() {
    let digits = [0, 2, 4, 6, 9, 11, 14, 16, 18, 21, 23, 26, 28, 31, 33, 35, 38]
    #expect((0...16).map(LogicalType.maxPrecision(ofFixedSize:)) == digits)
  }

  static let wrong: [(text: String, kind: SchemaError.Kind, path: String)] = [
    ("17", .malformed, ""),
    ("{}", .malformed, ""),
    (#""strin""#, .unknownType, ""),
    (#""1x""#, .invalidName, ""),
    (#"{"type":"array"}"#, .malformed, ""),
    (#"{"type":"array","items":"in"}"#, .unknownType, "/items"),
    (#"{"type":"map","values":null}"#, .malformed, "/values"),
    (#"[]"#, .invalidUnion, ""),
    (#"["null","null"]"#, .invalidUnion, "/1"),
    (#"["int",{"type":"int","logicalType":"date"}]"#, .invalidUnion, "/1"),
    (#"["null",["int"]]"#, .invalidUnion, "/1"),
    (#"[{"type":"map","values":"int"},{"type":"map","values":"long"}]"#, .invalidUnion, "/1"),
    (#"[{"type":"fixed","name":"F","size":1},"F"]"#, .invalidUnion, "/1"),
    (#"{"type":"fixed","name":"F"}"#, .malformed, ""),
    (#"{"type":"fixed","name":"F","size":-1}"#, .invalidSize, ""),
    (#"{"type":"fixed","name":"F","size":1e3}"#, .invalidSize, ""),
    (#"{"type":"fixed","name":"F","size":99999999999}"#, .invalidSize, ""),
    (#"{"type":"fixed","size":1}"#, .malformed, ""),
    (#"{"type":"fixed","name":"int","size":1}"#, .invalidName, ""),
    (#"{"type":"fixed","name":"a..F","size":1}"#, .invalidName, ""),
    (#"{"type":"fixed","name":"F","namespace":"é","size":1}"#, .invalidName, ""),
    (#"{"type":"fixed","name":"F","aliases":["-"],"size":1}"#, .invalidName, ""),
    (#"{"type":"fixed","name":"F","doc":1,"size":1}"#, .malformed, ""),
    (#"{"type":"enum","name":"E"}"#, .malformed, ""),
    (#"{"type":"enum","name":"E","symbols":[]}"#, .malformed, ""),
    (#"{"type":"enum","name":"E","symbols":[1]}"#, .malformed, ""),
    (#"{"type":"enum","name":"E","symbols":["A","A"]}"#, .duplicateSymbol, ""),
    (#"{"type":"enum","name":"E","symbols":["A-B"]}"#, .invalidName, ""),
    (#"{"type":"enum","name":"E","symbols":["A"],"default":"B"}"#, .invalidDefault, ""),
    (#"{"type":"record","name":"R"}"#, .malformed, ""),
    (#"{"type":"record","name":"R","fields":{}}"#, .malformed, "/fields"),
    (#"{"type":"record","name":"R","fields":[1]}"#, .malformed, "/fields/0"),
    (#"{"type":"record","name":"R","fields":[{"name":"a"}]}"#, .malformed, "/fields/0"),
    (#"{"type":"record","name":"R","fields":[{"type":"int"}]}"#, .malformed, "/fields/0"),
    (#"{"type":"record","name":"R","fields":[{"name":"a b","type":"int"}]}"#, .invalidName, "/fields/0"),
    (
      #"{"type":"record","name":"R","fields":[{"name":"a","type":"int"},{"name":"a","type":"int"}]}"#, .duplicateField,
      "/fields/1"
    ),
    (
      #"{"type":"record","name":"R","fields":[{"name":"a","type":"int","order":"up"}]}"#, .malformed, "/fields/0"
    ),
    (
      #"{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"array","items":"S"}}]}"#, .unknownType,
      "/fields/0/type/items"
    ),
    (
      #"{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"fixed","name":"R","size":1}}]}"#,
      .duplicateName, "/fields/0/type"
    ),
    (
      #"{"type":"record","name":"R","fields":[{"name":"a","type":"int","default":"x"}]}"#, .invalidDefault,
      "/fields/0/default"
    ),
  ]

  @Test(arguments: wrong) func errors(testCase: (text: String, kind: SchemaError.Kind, path: String)) {
    do throws(SchemaError) {
      let schema = try Schema(parsing: testCase.text)
      Issue.record("taken for \(schema)")
    } catch {
      #expect(error.kind == testCase.kind)
      #expect(error.path == testCase.path)
      #expect(!error.message.isEmpty)
    }
  }

  @Test func notJSON() {
    let error = #expect(throws: SchemaError.self) { try Schema(parsing: "{\"type\":}") }
    #expect(error?.kind == .json(JSONError(.unexpectedByte, offset: 8)))
  }

  @Test func namespaces() throws {
    let text = #"""
      {"type":"record","name":"a.R","fields":[
        {"name":"e","type":{"type":"fixed","name":"E","namespace":"","size":1}},
        {"name":"f","type":{"type":"record","name":"b.S","fields":[
          {"name":"g","type":{"type":"fixed","name":"G","size":2}},{"name":"r","type":["null","a.R"]}]}},
        {"name":"h","type":"b.G"},{"name":"i","type":"E"}]}
      """#
    let schema = try Schema(parsing: text)
    #expect(NamedTypes(of: schema).names.map(\.description) == ["E", "a.R", "b.G", "b.S"])
    #expect(try Schema(parsing: schema.text()) == schema)
    // The neighbour of the same name comes first.
    let both = #"""
      {"type":"record","name":"a.R","fields":[
        {"name":"e","type":{"type":"fixed","name":"E","namespace":"","size":1}},
        {"name":"f","type":{"type":"fixed","name":"E","size":2}},
        {"name":"g","type":"E"},{"name":"h","type":".E"}]}
      """#
    guard case .record(let record) = try Schema(parsing: both) else { return }
    #expect(record.fields[2].type == .reference(FullName("a.E")))
    #expect(record.fields[3].type == .reference(FullName("E")))
    #expect(try Schema(parsing: Schema.record(record).text()) == .record(record))
  }

  @Test func typesFromElsewhere() throws {
    let id = try Schema(parsing: #"{"type":"fixed","name":"n.Id","size":2}"#)
    let types = NamedTypes(of: id)
    let text = #"{"type":"record","name":"n.R","fields":[{"name":"id","type":"Id","default":"ab"}]}"#
    let schema = try Schema(parsing: text, types: types)
    #expect(schema.canonicalForm(types: types).contains(#""type":"fixed","size":2"#))
    #expect(throws: SchemaError.self) { try Schema(parsing: text) }
    #expect(try Schema(parsing: text, options: SchemaOptions(requiresDefinitions: false)) == schema)
    #expect(throws: SchemaError.self) {
      try Schema(parsing: text.replacing("\"ab\"", with: "\"abc\""), types: types)
    }
    #expect(throws: SchemaError.self) { try Schema(parsing: #"{"type":"fixed","name":"n.Id","size":3}"#, types: types) }
  }

  /// Depth ends in an error, in JSON and in schemas, also when the limit on JSON lets it pass.
  @Test(arguments: ["[", #"{"type":"#, #"{"type":"array","items":"#])
  func depth(opening: String) {
    for count in [101, 500, 100_000] {
      let error = #expect(throws: SchemaError.self) { try Schema(parsing: String(repeating: opening, count: count)) }
      guard case .json(let json) = error?.kind else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(json.kind == .tooDeep || count < 100_000 && json.kind == .unexpectedEnd)
    }
  }

  @Test func nestedTo() throws {
    let array = { (count: Int) in
      String(repeating: #"{"type":"array","items":"#, count: count) + #""int""# + String(repeating: "}", count: count)
    }
    _ = try Schema(parsing: array(99))
    let error = #expect(throws: SchemaError.self) { try Schema(parsing: array(100)) }
    #expect(error?.kind == .tooDeep)
    #expect(error?.path == String(repeating: "/items", count: 100))
    let deep = try Schema(parsing: array(150), options: SchemaOptions(maxDepth: 200))
    #expect(deep.text() == array(150))
    #expect(throws: SchemaError.self) { try Schema(parsing: "\"int\"", options: SchemaOptions(maxBytes: 4)) }
  }
}
