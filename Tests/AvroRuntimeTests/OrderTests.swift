import AvroRuntime
import AvroSchema
import Testing

/// Binary sort order, against tables made by hand from the specification and from Java's `Float.compare`.
@Suite struct OrderTests {
  static func compare(_ schema: String, _ left: [UInt8], _ right: [UInt8]) throws -> Int {
    try AvroComparator(try Schema(parsing: schema)).compare(left, right)
  }

  /// Both ways, and each with itself.
  @Test(
    arguments: [
      (#""boolean""#, [0], [1]),
      (#""int""#, [1], [0]),
      (#""int""#, [2], [4]),
      (#""long""#, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1], [1]),
      (#""float""#, [0, 0, 0, 0x80], [0, 0, 0, 0]),
      (#""float""#, [0, 0, 0x80, 0x7F], [0, 0, 0xC0, 0x7F]),
      (#""double""#, [0, 0, 0, 0, 0, 0, 0, 0x80], [0, 0, 0, 0, 0, 0, 0, 0]),
      (#""double""#, [0, 0, 0, 0, 0, 0, 0xF0, 0x7F], [1, 0, 0, 0, 0, 0, 0xF8, 0xFF]),
      (#""double""#, [0, 0, 0, 0, 0, 0, 0xF0, 0xFF], [0, 0, 0, 0, 0, 0, 0xF8, 0x7F]),
      (#""string""#, [2, 0x61], [4, 0x61, 0x61]),
      (#""string""#, [0], [2, 0]),
      // U+FFFD is before U+1F600 in UTF-8, and behind it in UTF-16.
      (#""string""#, [6, 0xEF, 0xBF, 0xBD], [8, 0xF0, 0x9F, 0x98, 0x80]),
      (#""bytes""#, [2, 0x7F], [2, 0x80]),
      (#""bytes""#, [4, 0x80, 0], [2, 0x81]),
      (#"{"type":"fixed","name":"F","size":2}"#, [0, 0xFF], [1, 0]),
      (#"{"type":"enum","name":"E","symbols":["Z","A"]}"#, [0], [2]),
      (#"["string","int"]"#, [0, 2, 0x7A], [2, 1]),
      (#"["string","int"]"#, [2, 1], [2, 2]),
      (#"{"type":"array","items":"int"}"#, [0], [2, 1, 0]),
      (#"{"type":"array","items":"int"}"#, [4, 2, 4, 0], [6, 2, 4, 0, 0]),
      (#"{"type":"array","items":"int"}"#, [4, 2, 4, 0], [2, 4, 0]),
      // In blocks of one with their sizes, against one block.
      (#"{"type":"array","items":"int"}"#, [1, 2, 2, 1, 2, 4, 0], [4, 2, 6, 0]),
      (#"{"type":"array","items":"null"}"#, [2, 0], [4, 0]),
      (record("ascending", "ascending"), [2, 2], [2, 4]),
      (record("descending", "ascending"), [4, 0], [2, 2]),
      (record("ignore", "ascending"), [4, 0], [2, 2]),
      (record("ascending", "descending"), [2, 4], [2, 2]),
    ] as [(String, [UInt8], [UInt8])])
  func before(schema: String, left: [UInt8], right: [UInt8]) throws {
    #expect(try Self.compare(schema, left, right) == -1)
    #expect(try Self.compare(schema, right, left) == 1)
    #expect(try Self.compare(schema, left, left) == 0)
    #expect(try Self.compare(schema, right, right) == 0)
  }

  static func record(_ first: String, _ second: String) -> String {
    #"{"type":"record","name":"R","fields":[{"name":"a","type":"int","order":"\#(first)"},"#
      + #"{"name":"b","type":"int","order":"\#(second)"}]}"#
  }

  @Test(
    arguments: [
      (#"{"type":"array","items":"int"}"#, [1, 2, 2, 1, 2, 4, 0], [4, 2, 4, 0]),
      (#""double""#, [0, 0, 0, 0, 0, 0, 0xF8, 0x7F], [1, 0, 0, 0, 0, 0, 0xF8, 0xFF]),
      (record("ignore", "ignore"), [4, 0], [2, 2]),
      // Descending twice is ascending; what is ignored is stepped over, maps too.
      (
        #"{"type":"record","name":"R","fields":[{"name":"m","order":"ignore","type":{"type":"map","values":"#
          + #"{"type":"array","items":"string"}}},{"name":"b","type":"int"}]}"#,
        [2, 2, 0x61, 2, 2, 0x62, 0, 0, 8], [0, 8]
      ),
    ] as [(String, [UInt8], [UInt8])])
  func same(schema: String, left: [UInt8], right: [UInt8]) throws {
    #expect(try Self.compare(schema, left, right) == 0)
    #expect(try Self.compare(schema, right, left) == 0)
  }

  @Test func descendingInsideDescending() throws {
    let schema =
      #"{"type":"record","name":"O","fields":[{"name":"i","order":"descending","type":"#
      + Self.record("descending", "ascending") + "}]}"
    #expect(try Self.compare(schema, [2, 0], [4, 0]) == -1)
    #expect(try Self.compare(schema, [2, 0], [2, 2]) == 1)
  }

  @Test(
    arguments: [
      (#"{"type":"map","values":"int"}"#, [0], [0], .notComparable),
      (#"["null",{"type":"map","values":"int"}]"#, [2, 0], [2, 0], .notComparable),
      (#""int""#, [2], [2, 0], .trailingBytes),
      (#""int""#, [2], [], .truncated),
      (#""string""#, [4, 0x61], [2, 0x61], .truncated),
      (#"{"type":"enum","name":"E","symbols":["Z","A"]}"#, [0], [4], .indexOutOfRange),
      (#"["null","int"]"#, [0], [4], .indexOutOfRange),
      (#"{"type":"array","items":"null"}"#, [0x80, 0x89, 0x7A], [2, 0], .tooManyEmptyItems),
      (record("ignore", "ascending"), [0x80], [2, 2], .truncated),
    ] as [(String, [UInt8], [UInt8], AvroError.Kind)])
  func refuses(schema: String, left: [UInt8], right: [UInt8], kind: AvroError.Kind) throws {
    let error = try #require(throws: AvroError.self) { try Self.compare(schema, left, right) }
    #expect(error.kind == kind)
  }

  /// A map in a branch that neither has, or behind a difference, is no hindrance: as in Java.
  @Test func mapsThatAreNotReached() throws {
    #expect(try Self.compare(#"["null",{"type":"map","values":"int"}]"#, [0], [0]) == 0)
    #expect(try Self.compare(#"["null",{"type":"map","values":"int"}]"#, [0], [2, 0]) == -1)
  }

  @Test func recursionIsBounded() throws {
    let schema = #"{"type":"record","name":"N","fields":[{"name":"next","type":["null","N"]}]}"#
    let comparator = try AvroComparator(try Schema(parsing: schema))
    let deep = [UInt8](repeating: 2, count: 50_000) + [0]
    let error = try #require(throws: AvroError.self) { try comparator.compare(deep, deep) }
    #expect(error.kind == .tooDeep)
    // A limit as high as the data costs memory, not the thread's stack.
    #expect(try comparator.compare(deep, deep, limits: AvroLimits(maxDepth: 2_000_000)) == 0)
  }

  @Test func typed() throws {
    let comparator = try AvroComparator(for: Address.self)
    let first = Address(street: "a", city: "z")
    #expect(try comparator.compare(first, Address(street: "b", city: "a")) == -1)
    #expect(try comparator.compare(first, first) == 0)
  }
}
