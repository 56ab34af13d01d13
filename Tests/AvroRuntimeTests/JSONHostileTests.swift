import AvroRuntime
import AvroSchema
import Testing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Bytes and texts that are not what they should be: errors, never more.
@Suite struct JSONHostileTests {
  static let rounds = ProcessInfo.processInfo.environment["BANK_TEST_LONG"] == nil ? 60 : 6000

  @Test func everyTruncation() throws {
    for seed in 0..<Self.rounds {
      var random = RandomSchema(seed: UInt64(seed))
      let schema = random.schema()
      let bytes = try random.bytes(of: schema, types: NamedTypes(of: schema))
      let json = try AvroJSON(schema)
      let text = Array(try json.text(of: bytes).utf8)
      for count in 0..<min(bytes.count, 300) {
        #expect(throws: AvroError.self) { try json.text(of: Array(bytes.prefix(count))) }
      }
      // A number cut short may be a number.
      let isNumber = UInt8(ascii: "0")...UInt8(ascii: "9") ~= (text.last ?? 0)
      for count in 0..<min(text.count, 300) where !isNumber {
        #expect(throws: AvroJSONError.self) { try json.bytes(of: Array(text.prefix(count))) }
      }
    }
  }

  /// What is taken in spite of a change has a text again that stands for the same bytes.
  @Test func changedTexts() throws {
    var taken = 0
    for seed in 0..<Self.rounds {
      var random = RandomSchema(seed: UInt64(seed) &+ 1_000_000)
      let schema = random.schema()
      let json = try AvroJSON(schema)
      let text = Array(try json.text(of: try random.bytes(of: schema, types: NamedTypes(of: schema))).utf8)
      for _ in 0..<100 {
        var changed = text
        for _ in 0...random.generator.below(3) { Self.change(&changed, &random.generator) }
        guard let bytes = try? json.bytes(of: changed, takesDefaults: random.generator.bool()) else { continue }
        taken += 1
        #expect(try json.bytes(of: try json.text(of: bytes)) == bytes)
      }
    }
    #expect(taken > 0)
  }

  @Test func changedBytes() throws {
    for seed in 0..<Self.rounds {
      var random = RandomSchema(seed: UInt64(seed) &+ 2_000_000)
      let schema = random.schema()
      let bytes = try random.bytes(of: schema, types: NamedTypes(of: schema))
      let json = try AvroJSON(schema)
      let plain = try AvroJSON(schema, style: .plain)
      let comparator = try AvroComparator(schema)
      for _ in 0..<100 where !bytes.isEmpty {
        var changed = bytes
        for _ in 0...random.generator.below(3) {
          changed[random.generator.below(changed.count)] = UInt8(truncatingIfNeeded: random.generator.next())
        }
        let text = try? json.text(of: changed)
        #expect(((try? plain.text(of: changed)) == nil) == (text == nil))
        _ = try? comparator.compare(bytes, changed)
        guard let text else { continue }
        #expect(try json.text(of: try json.bytes(of: text)) == text)
      }
    }
  }

  static func change(_ text: inout [UInt8], _ generator: inout SeededGenerator) {
    let marks = Array("{}[],:\"\\ -+.eE0123456789ntfu\u{0}é".utf8)
    let index = generator.below(text.count + 1)
    switch generator.below(4) {
    case 0: text.insert(marks[generator.below(marks.count)], at: index)
    case 1 where index < text.count: text.remove(at: index)
    case 2 where index < text.count: text[index] = UInt8(truncatingIfNeeded: generator.next())
    default:
      let end = min(index + generator.below(20), text.count)
      text.insert(contentsOf: text[index..<end], at: generator.below(text.count + 1))
    }
  }

  @Test func limits() throws {
    let list = #"{"type":"record","name":"N","fields":[{"name":"next","type":["null","N"]}]}"#
    let json = try AvroJSON(try Schema(parsing: list))
    let deep = [UInt8](repeating: 2, count: 50_000) + [0]
    var error = try #require(throws: AvroError.self) { try json.text(of: deep) }
    #expect(error.kind == .tooDeep)
    #expect(error.path == String(repeating: "/next", count: 100))
    let limits = AvroLimits(maxDepth: 100_000)
    let text = try json.text(of: deep, limits: limits)
    #expect(try json.bytes(of: text, limits: limits) == deep)
    #expect(try #require(throws: AvroJSONError.self) { try json.bytes(of: text) }.kind == .tooDeep)
    error = try #require(throws: AvroError.self) { try json.text(of: deep, limits: limits, maxTextBytes: 1000) }
    #expect(error.kind == .tooLarge)
    #expect(try #require(throws: AvroJSONError.self) { try json.bytes(of: text, maxBytes: 99) }.kind == .tooLarge)
    // Many items of no bytes, and records that multiply.
    let nulls = try AvroJSON(try Schema(parsing: #"{"type":"array","items":"null"}"#))
    error = try #require(throws: AvroError.self) { try nulls.text(of: [0xFE, 0xFF, 0xFF, 0xFF, 0x0F, 0]) }
    #expect(error.kind == .tooManyEmptyItems)
    error = try #require(throws: AvroError.self) {
      try AvroJSON(try Self.doubling(40, isOptional: false)).text(of: [], maxTextBytes: 1 << 20)
    }
    #expect(error.kind == .tooLarge)
  }

  /// Each record has the next one twice.
  static func doubling(_ depth: Int, isOptional: Bool) throws -> Schema {
    var text = #"{"type":"record","name":"R0","fields":[]}"#
    for index in 1...depth {
      let defaultValue = isOptional ? #","default":{}"# : ""
      text =
        #"{"type":"record","name":"R\#(index)","fields":[{"name":"a","type":\#(text)\#(defaultValue)},"#
        + #"{"name":"b","type":"R\#(index - 1)"\#(defaultValue)}]}"#
    }
    return try Schema(parsing: text)
  }

  /// Without defaults a missing field is an error; with them records whose defaults multiply are no danger.
  @Test func defaults() throws {
    let schema = try Schema(
      parsing: #"""
        {"type":"record","name":"R","fields":[{"name":"a","type":["null","int"],"default":null},
        {"name":"b","type":{"type":"record","name":"B","fields":[{"name":"x","type":"int","default":1},
        {"name":"y","type":"bytes"}]},"default":{"y":"\u00ff"}},{"name":"c","type":["string","int"],"default":7},
        {"name":"d","type":"float","default":0.1}]}
        """#)
    let json = try AvroJSON(schema)
    #expect(
      try json.bytes(of: #"{"d":1}"#, takesDefaults: true) == [0, 2, 2, 0xFF, 2, 14, 0, 0, 0x80, 0x3F])
    #expect(
      try json.bytes(of: "{}", takesDefaults: true) == [0, 2, 2, 0xFF, 2, 14, 0xCD, 0xCC, 0xCC, 0x3D])
    let error = try #require(throws: AvroJSONError.self) { try json.bytes(of: "{}") }
    #expect(error.kind == .missingField)
    #expect(try AvroJSON(try Self.doubling(20, isOptional: true)).bytes(of: "{}", takesDefaults: true) == [])
    let endless = try AvroJSON(
      try Schema(parsing: #"{"type":"record","name":"A","fields":[{"name":"a","type":"A","default":{}}]}"#))
    #expect(
      try #require(throws: AvroJSONError.self) { try endless.bytes(of: "{}", takesDefaults: true) }.kind == .tooLarge)
  }

  @Test func namesTheValueAtFault() throws {
    let json = try AvroJSON(try Schema(parsing: JSONTextTests.recordSchema))
    let error = try #require(throws: AvroError.self) {
      try json.text(of: [2, 0, 4, 2, 0x6B, 0, 4, 0x61, 0x7E, 4, 2, 0x80])
    }
    #expect(error.path == "/c/a~0/1")
    #expect(error.offset == 12)
  }
}
