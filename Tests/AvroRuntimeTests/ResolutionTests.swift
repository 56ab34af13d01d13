import AvroRuntime
import AvroSchema
import Testing

/// Each rule of the specification's "Schema Resolution", byte for byte.
@Suite struct ResolutionTests {
  static func plan(_ writer: String, _ reader: String) throws -> ResolutionPlan {
    try ResolutionPlan(writer: Schema(parsing: writer), reader: Schema(parsing: reader))
  }

  static func resolve(
    _ bytes: [UInt8], _ plan: ResolutionPlan, _ limits: AvroLimits = AvroLimits()
  ) throws(AvroError) -> [UInt8] {
    var output = AvroWriter()
    try bytes.withUnsafeBufferPointer { (buffer) throws(AvroError) in
      try plan.resolve(UnsafeRawBufferPointer(buffer), limits: limits, into: &output)
    }
    return try output.bytes()
  }

  /// A record `R` with these fields, each a JSON object's inside.
  static func record(_ fields: String...) -> String {
    "{\"type\":\"record\",\"name\":\"R\",\"fields\":[\(fields.map { "{\($0)}" }.joined(separator: ","))]}"
  }

  static func bits(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }

  struct Case: CustomTestStringConvertible {
    var writer: String
    var reader: String
    var bytes: [UInt8]
    /// Nil where there is no plan.
    var expected: [UInt8]?
    var isIdentity = false
    var testDescription: String { "\(writer) as \(reader)" }

    init(_ writer: String, _ reader: String, _ bytes: [UInt8], _ expected: [UInt8]?, isIdentity: Bool = false) {
      (self.writer, self.reader, self.bytes, self.expected, self.isIdentity) =
        (writer, reader, bytes, expected, isIdentity)
    }
  }

  static let promotions: [Case] = {
    let values: [(String, [UInt8])] = [
      ("null", []), ("boolean", [1]), ("int", [0xAC, 0x02]), ("long", [0xAC, 0x02]),
      ("float", bits(Float(1.5).bitPattern)),
      ("double", bits(1.5.bitPattern)), ("bytes", [2, 0x61]), ("string", [2, 0x61]),
    ]
    let changes: [String: [UInt8]] = [
      "int long": [0xAC, 0x02], "int float": bits(Float(150).bitPattern), "int double": bits(150.0.bitPattern),
      "long float": bits(Float(150).bitPattern), "long double": bits(150.0.bitPattern),
      "float double": bits(1.5.bitPattern), "string bytes": [2, 0x61], "bytes string": [2, 0x61],
    ]
    var cases: [Case] = []
    for (writer, bytes) in values {
      for (reader, _) in values {
        let expected = writer == reader ? bytes : changes["\(writer) \(reader)"]
        cases.append(
          Case(
            "\"\(writer)\"", "\"\(reader)\"", bytes, expected,
            isIdentity: writer == reader || (writer, reader) == ("bytes", "string")))
      }
    }
    return cases
  }()

  static let named: [Case] = [
    // Full name, unqualified name, alias, none.
    Case(
      #"{"type":"fixed","name":"a.F","size":2}"#, #"{"type":"fixed","name":"a.F","size":2}"#, [1, 2], [1, 2],
      isIdentity: true),
    Case(
      #"{"type":"fixed","name":"a.F","size":2}"#, #"{"type":"fixed","name":"b.F","size":2}"#, [1, 2], [1, 2],
      isIdentity: true),
    Case(
      #"{"type":"fixed","name":"a.F","size":2}"#, #"{"type":"fixed","name":"b.G","size":2,"aliases":["a.F"]}"#, [1, 2],
      [1, 2], isIdentity: true),
    Case(
      #"{"type":"fixed","name":"a.F","size":2}"#, #"{"type":"fixed","name":"b.G","size":2,"aliases":["F"]}"#, [1, 2],
      nil),
    Case(#"{"type":"fixed","name":"F","size":2}"#, #"{"type":"fixed","name":"F","size":3}"#, [1, 2], nil),
    Case(#"{"type":"fixed","name":"F","size":2}"#, #""bytes""#, [1, 2], nil),
    // Symbols: moved, added, gone with and without a default symbol.
    Case(
      #"{"type":"enum","name":"E","symbols":["A","B"]}"#, #"{"type":"enum","name":"E","symbols":["B","A"]}"#, [0], [2]),
    Case(
      #"{"type":"enum","name":"E","symbols":["A","B"]}"#, #"{"type":"enum","name":"E","symbols":["A","B","C"]}"#, [2],
      [2]),
    Case(
      #"{"type":"enum","name":"E","symbols":["A","B"]}"#,
      #"{"type":"enum","name":"E","symbols":["C","A"],"default":"C"}"#, [2], [0]),
    Case(
      #"{"type":"enum","name":"E","symbols":["A","B"]}"#, #"{"type":"enum","name":"E","symbols":["A"]}"#, [0], [0]),
    Case(#"{"type":"enum","name":"E","symbols":["B"]}"#, #"{"type":"enum","name":"E","symbols":["A"]}"#, [0], nil),
    // Decimals.
    Case(
      #"{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}"#,
      #"{"type":"bytes","logicalType":"decimal","precision":6,"scale":2}"#, [2, 7], [2, 7], isIdentity: true),
    Case(
      #"{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}"#,
      #"{"type":"bytes","logicalType":"decimal","precision":6,"scale":1}"#, [2, 7], nil),
    Case(
      #"{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}"#,
      #"{"type":"bytes","logicalType":"decimal","precision":3,"scale":2}"#, [2, 7], nil),
    Case(
      #"{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}"#, #""bytes""#, [2, 7], [2, 7],
      isIdentity: true),
  ]

  static let records: [Case] = [
    // A field that is gone, in front, between and behind.
    Case(
      record(#""name":"a","type":"int""#, #""name":"b","type":"string""#), record(#""name":"b","type":"string""#),
      [4, 2, 0x78], [2, 0x78]),
    Case(
      record(#""name":"a","type":"int""#, #""name":"b","type":"string""#, #""name":"c","type":"int""#),
      record(#""name":"a","type":"int""#, #""name":"c","type":"int""#), [4, 2, 0x78, 6], [4, 6]),
    Case(
      record(#""name":"a","type":"int""#, #""name":"b","type":{"type":"array","items":"int"}"#),
      record(#""name":"a","type":"int""#), [4, 3, 4, 2, 4, 2, 6, 0], [4]),
    Case(record(#""name":"a","type":"int""#), record(), [4], []),
    // Order.
    Case(
      record(#""name":"a","type":"int""#, #""name":"b","type":"string""#),
      record(#""name":"b","type":"string""#, #""name":"a","type":"int""#), [4, 2, 0x78], [2, 0x78, 4]),
    Case(
      record(#""name":"a","type":"int""#, #""name":"b","type":"int""#, #""name":"c","type":"int""#),
      record(#""name":"c","type":"int""#, #""name":"a","type":"double""#, #""name":"b","type":"int""#), [2, 4, 6],
      [6] + bits(1.0.bitPattern) + [4]),
    // Aliases of fields; one field may become two.
    Case(
      record(#""name":"a","type":"int""#), record(#""name":"b","type":"int","aliases":["z","a"]"#), [4], [4],
      isIdentity: true),
    Case(
      record(#""name":"a","type":"int""#, #""name":"z","type":"null""#),
      record(
        #""name":"a","type":"int""#, #""name":"b","type":"double","aliases":["a"]"#,
        #""name":"c","type":"long","aliases":["a"]"#), [4], [4] + bits(2.0.bitPattern) + [4]),
    // A field that is new, with and without a default.
    Case(record(), record(#""name":"a","type":"int""#), [], nil),
    Case(
      record(#""name":"a","type":"int""#),
      record(#""name":"n","type":"string","default":"hi""#, #""name":"a","type":"int""#), [4], [4, 0x68, 0x69, 4]),
    // Inside itself.
    Case(
      #"{"type":"record","name":"N","fields":[{"name":"v","type":"int"},{"name":"next","type":["null","N"]}]}"#,
      #"{"type":"record","name":"N","fields":[{"name":"next","type":["N","null"]},{"name":"v","type":"long"}]}"#,
      [2, 2, 4, 2, 6, 0], [0, 0, 2, 6, 4, 2]),
  ]

  static let defaults: [(String, String, [UInt8])] = [
    (#""null""#, "null", []), (#""boolean""#, "true", [1]), (#""int""#, "-1", [1]), (#""long""#, "150", [0xAC, 2]),
    (#""float""#, "1", bits(Float(1).bitPattern)), (#""double""#, "0.5", bits(0.5.bitPattern)),
    (#""bytes""#, #""\u00ffa""#, [4, 0xFF, 0x61]), (#""string""#, #""é""#, [4, 0xC3, 0xA9]),
    (#"{"type":"array","items":"int"}"#, "[1,2]", [4, 2, 4, 0]), (#"{"type":"array","items":"int"}"#, "[]", [0]),
    (#"{"type":"map","values":"int"}"#, #"{"k":1}"#, [2, 2, 0x6B, 2, 0]), (#"["null","int"]"#, "null", [0]),
    (#"["int","null"]"#, "3", [0, 6]), (#"["null","int"]"#, "3", [2, 6]),
    (#"{"type":"enum","name":"E","symbols":["A","B"]}"#, #""B""#, [2]),
    (#"{"type":"fixed","name":"F","size":2}"#, #""\u0000\u0080""#, [0, 0x80]),
    (
      #"{"type":"record","name":"I","fields":[{"name":"x","type":"int"},{"name":"y","type":"int","default":7}]}"#,
      #"{"x":1}"#, [2, 14]
    ),
  ]

  static let unions: [Case] = [
    Case(#""int""#, #"["null","int"]"#, [4], [2, 4]),
    Case(#"["null","int"]"#, #""int""#, [2, 4], [4]),
    Case(#"["null","int"]"#, #"["int","null"]"#, [2, 4], [0, 4]),
    Case(#"["null","int"]"#, #"["int","null"]"#, [0], [2]),
    Case(#"["null","int"]"#, #"["null","int"]"#, [2, 4], [2, 4], isIdentity: true),
    Case(#"["null","int"]"#, #"["null","int","string"]"#, [2, 4], [2, 4]),
    // The same type before one that it can be promoted to, wherever it stands.
    Case(#""int""#, #"["double","long","int"]"#, [4], [4, 4]),
    Case(#""int""#, #"["string","double","long"]"#, [4], [2] + bits(2.0.bitPattern)),
    Case(#""string""#, #"["null","bytes"]"#, [2, 0x61], [2, 2, 0x61]),
    Case(#"["int","string"]"#, #"["bytes","double"]"#, [0, 4], [2] + bits(2.0.bitPattern)),
    Case(#"["int","string"]"#, #"["bytes","double"]"#, [2, 2, 0x61], [0, 2, 0x61]),
    // The full name before an alias before the name alone.
    Case(
      #"{"type":"fixed","name":"a.F","size":1}"#,
      #"[{"type":"fixed","name":"b.F","size":1},{"type":"fixed","name":"c.G","size":1,"aliases":["a.F"]},{"type":"fixed","name":"a.F","size":1}]"#,
      [9], [4, 9]),
    Case(
      #"{"type":"fixed","name":"a.F","size":1}"#,
      #"[{"type":"fixed","name":"b.F","size":1},{"type":"fixed","name":"c.G","size":1,"aliases":["a.F"]}]"#, [9],
      [2, 9]
    ),
    // A branch of the name that can't be read does not stand in the way of one that can.
    Case(
      #"{"type":"fixed","name":"a.F","size":1}"#,
      #"[{"type":"fixed","name":"a.F","size":2},{"type":"fixed","name":"b.F","size":1}]"#, [9], [2, 9]),
    Case(#""int""#, #"["null","string"]"#, [4], nil),
    Case(#"["int","null"]"#, #""string""#, [0, 4], nil),
  ]

  static let containers: [Case] = [
    Case(
      #"{"type":"array","items":"int"}"#, #"{"type":"array","items":"long"}"#, [2, 2, 3, 4, 4, 6, 0],
      [2, 2, 3, 4, 4, 6, 0]),
    Case(
      #"{"type":"array","items":"int"}"#, #"{"type":"array","items":"double"}"#, [2, 2, 3, 4, 4, 6, 0],
      [2] + bits(1.0.bitPattern) + [4] + bits(2.0.bitPattern) + bits(3.0.bitPattern) + [0]),
    Case(
      #"{"type":"map","values":"int"}"#, #"{"type":"map","values":["null","int"]}"#, [1, 6, 2, 0x6B, 2, 0],
      [2, 2, 0x6B, 2, 2, 0]),
    Case(#"{"type":"map","values":"int"}"#, #"{"type":"map","values":"string"}"#, [0], nil),
    Case(#"{"type":"map","values":"int"}"#, #"{"type":"array","items":"int"}"#, [0], nil),
  ]

  @Test(arguments: promotions + named + records + unions + containers)
  func resolves(_ each: Case) throws {
    let writer = try Schema(parsing: each.writer)
    let reader = try Schema(parsing: each.reader)
    guard let expected = each.expected else {
      let error = #expect(throws: ResolutionError.self) { try ResolutionPlan(writer: writer, reader: reader) }
      let first = try #require(reader.incompatibilities(readingDataOf: writer).first)
      #expect(error == .incompatible(first))
      return
    }
    let plan = try ResolutionPlan(writer: writer, reader: reader)
    #expect(try Self.resolve(each.bytes, plan) == expected)
    #expect(plan.isIdentity == each.isIdentity)
    #expect(plan.unresolvable.isEmpty == reader.canRead(writer))
    // Inside of other types, and behind and before others.
    let deep = try Self.plan(
      "{\"type\":\"array\",\"items\":{\"type\":\"map\",\"values\":\(each.writer)}}",
      "{\"type\":\"array\",\"items\":{\"type\":\"map\",\"values\":\(each.reader)}}")
    #expect(try Self.resolve([2, 2, 0] + each.bytes + [0, 0], deep) == [2, 2, 0] + expected + [0, 0])
    for count in each.bytes.indices {
      #expect(throws: AvroError.self) { try Self.resolve(Array(each.bytes.prefix(count)), plan) }
    }
    let trailing = #expect(throws: AvroError.self) { try Self.resolve(each.bytes + [0], plan) }
    #expect(trailing == AvroError(.trailingBytes, offset: each.bytes.count))
  }

  @Test(arguments: defaults.indices) func writesDefaults(_ index: Int) throws {
    let (type, value, bytes) = Self.defaults[index]
    let plan = try Self.plan(
      Self.record(#""name":"a","type":"int""#),
      Self.record(
        "\"name\":\"n\",\"type\":\(type),\"default\":\(value)", #""name":"a","type":"int""#,
        #""name":"z","type":"boolean","default":true"#))
    #expect(try Self.resolve([4], plan) == bytes + [4, 1])
  }

  /// What the writer has and the reader lacks is an error only when it is met.
  @Test func failsWhenItIsMet() throws {
    let symbols = try Self.plan(
      #"{"type":"enum","name":"E","symbols":["A","B"]}"#, #"{"type":"enum","name":"E","symbols":["A"]}"#)
    #expect(symbols.unresolvable.map(\.reason) == [.missingEnumSymbols])
    #expect(throws: AvroError(.unresolvable, offset: 0)) { try Self.resolve([2], symbols) }
    let branches = try Self.plan(
      Self.record(#""name":"a","type":["null","int",{"type":"array","items":"int"}]"#),
      Self.record(#""name":"a","type":["null","int"]"#))
    #expect(try Self.resolve([2, 8], branches) == [2, 8])
    #expect(branches.unresolvable.map(\.pointer) == ["/fields/0/type/2"])
    let bytes: [UInt8] = [4, 0]
    #expect(throws: AvroError(.unresolvable, offset: 0)) { try Self.resolve(bytes, branches) }
    #expect(bytes.withUnsafeBytes { branches.incompatibility(of: $0) } == branches.unresolvable.first)
    let good: [UInt8] = [0]
    #expect(good.withUnsafeBytes { branches.incompatibility(of: $0) } == nil)
  }

  /// What is malformed for the writer does not become a value of the reader's.
  @Test func checksWhatTheReaderCanNot() throws {
    let wider = try Self.plan(#""int""#, #""long""#)
    #expect(throws: AvroError.self) { try Self.resolve(try Int64.max.avroBytes(), wider) }
    let text = try Self.plan(#""string""#, #""bytes""#)
    #expect(throws: AvroError.self) { try Self.resolve([2, 0xFF], text) }
    let branches = try Self.plan(#"["null","int"]"#, #"["null","int","string"]"#)
    #expect(throws: AvroError.self) { try Self.resolve([4, 0], branches) }
    let symbols = try Self.plan(
      #"{"type":"enum","name":"E","symbols":["A"]}"#, #"{"type":"enum","name":"E","symbols":["A","B"]}"#)
    #expect(throws: AvroError.self) { try Self.resolve([2], symbols) }
  }

  /// Items of no size that become items of any size end at the limits.
  @Test func limitsWhatComesOut() throws {
    let text = String(repeating: "x", count: 1000)
    let plan = try Self.plan(
      #"{"type":"array","items":{"type":"record","name":"R","fields":[]}}"#,
      "{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"string\",\"default\":\"\(text)\"}]}}"
    )
    let count = try Int64(50_000).avroBytes()
    #expect(try Self.resolve(count + [0], plan).count == 50_000 * 1002 + 4)
    var limits = AvroLimits(maxResolvedBytes: 1_000_000)
    #expect(throws: AvroError(.tooLarge, offset: 3)) { try Self.resolve(count + [0], plan, limits) }
    limits.maxEmptyItems = 49_999
    #expect(throws: AvroError(.tooManyEmptyItems, offset: 3)) { try Self.resolve(count + [0], plan, limits) }
    let most = AvroLimits(maxResolvedBytes: 1002 + 2)
    #expect(try Self.resolve([2, 0], plan, most).count == 1004)
    #expect(throws: AvroError.self) { try Self.resolve([2, 0], plan, AvroLimits(maxResolvedBytes: 1003)) }
  }

  @Test func limitsDepth() throws {
    let node = #"{"type":"record","name":"N","fields":[{"name":"v","type":"int"},{"name":"next","type":["null","N"]}]}"#
    let wider = node.replacing("\"int\"", with: "\"double\"")
    let plan = try Self.plan(node, wider)
    func chain(_ count: Int) -> [UInt8] { (0..<count).flatMap { _ in [2, 2] as [UInt8] } + [2, 0] }
    #expect(try Self.resolve(chain(99), plan).count == 100 * 9)
    let error = #expect(throws: AvroError.self) { try Self.resolve(chain(100), plan) }
    #expect(error?.kind == .tooDeep)
    let dropped = try Self.plan(
      "[\"null\",{\"type\":\"record\",\"name\":\"O\",\"fields\":[{\"name\":\"n\",\"type\":\(node)}]}]",
      #"["null",{"type":"record","name":"O","fields":[]}]"#)
    #expect(try Self.resolve([2] + chain(90), dropped) == [2])
    #expect(throws: AvroError.self) { try Self.resolve([2] + chain(1000), dropped) }
  }

  /// Schemas that double at every level, and defaults that don't end.
  @Test func limitsPlans() throws {
    var text = #"{"type":"record","name":"R0","fields":[{"name":"a","type":"int"}]}"#
    for level in 1...40 {
      text =
        "{\"type\":\"record\",\"name\":\"R\(level)\",\"fields\":[{\"name\":\"a\",\"type\":\(text)},{\"name\":\"b\",\"type\":\"R\(level - 1)\"}]}"
    }
    let writer = try Schema(parsing: text)
    let reader = try Schema(parsing: text.replacing("\"int\"", with: "\"double\""))
    _ = try ResolutionPlan(writer: writer, reader: reader)
    _ = try ResolutionPlan(writer: writer, reader: writer)
    _ = try SchemaSkipper(writer)
    let endless = #"{"type":"record","name":"R","fields":[{"name":"r","type":"R","default":{}}]}"#
    let error = #expect(throws: ResolutionError.self) {
      try Self.plan(#"{"type":"record","name":"R","fields":[]}"#, endless)
    }
    if case .tooLarge = error {} else { Issue.record("\(String(describing: error))") }
    let open = try Schema(
      parsing: #"{"type":"array","items":"Gone"}"#, options: SchemaOptions(requiresDefinitions: false))
    #expect(throws: ResolutionError.unknownType(FullName("Gone"))) { try ResolutionPlan(writer: open, reader: open) }
  }
}
