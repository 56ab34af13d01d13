import AvroSchema
import Foundation
import Testing

@Suite struct CompatibilityTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var reader, writer: String
    /// "REASON pointer" each.
    var findings: [String]
    var testDescription: String { "\(reader) reads \(writer)" }

    init(_ reader: String, _ writer: String, _ findings: String...) {
      (self.reader, self.writer, self.findings) = (reader, writer, findings)
    }
  }

  static let list = #"{"type":"record","name":"L","fields":[{"name":"n","type":["null","L"]},{"name":"v","type":"X"}]}"#
  static let cases = [
    Case(#""long""#, #""int""#), Case(#""float""#, #""long""#), Case(#""double""#, #""float""#),
    Case(#""string""#, #""bytes""#), Case(#""bytes""#, #""string""#), Case(#"["null","long"]"#, #""int""#),
    Case(#""int""#, #""long""#, "TYPE_MISMATCH /"), Case(#""int""#, #"["int","long"]"#, "TYPE_MISMATCH /"),
    Case(#"["int"]"#, #"["int","string"]"#, "MISSING_UNION_BRANCH /1"),
    Case(#"["int","null"]"#, #""string""#, "MISSING_UNION_BRANCH /"),
    Case(fixed("A", 4), fixed("A", 8), "FIXED_SIZE_MISMATCH /size"),
    Case(fixed("n.A", 4), fixed("m.A", 4)), Case(fixed("B", 4), fixed("A", 4), "NAME_MISMATCH /name"),
    Case(#"{"type":"fixed","name":"B","size":4,"aliases":["A"]}"#, fixed("A", 4)),
    Case(enumeration("a"), enumeration("a", "b"), "MISSING_ENUM_SYMBOLS /symbols"),
    Case(#"{"type":"enum","name":"E","symbols":["a"],"default":"a"}"#, enumeration("a", "b")),
    Case(record(#"{"name":"x","type":"int"}"#), record(), "READER_FIELD_MISSING_DEFAULT_VALUE /fields/0"),
    Case(record(#"{"name":"x","type":"int","default":1}"#), record()),
    Case(record(#"{"name":"x","type":"int","aliases":["y"]}"#), record(#"{"name":"y","type":"int"}"#)),
    Case(
      record(#"{"name":"x","type":{"type":"array","items":{"type":"map","values":"int"}}}"#),
      record(#"{"name":"x","type":{"type":"array","items":{"type":"map","values":"string"}}}"#),
      "TYPE_MISMATCH /fields/0/type/items/values"),
    Case(list.replacing("\"X\"", with: "\"long\""), list.replacing("\"X\"", with: "\"int\"")),
    Case(decimal(9, 2), decimal(8, 2)), Case(decimal(8, 2), decimal(9, 2), "TYPE_MISMATCH /"),
    Case(decimal(9, 3), decimal(9, 2), "TYPE_MISMATCH /"), Case(decimal(9, 3), #""bytes""#),
  ]

  @Test(arguments: cases) func reasonAndPlace(_ test: Case) throws {
    let (reader, writer) = (try Schema(parsing: test.reader), try Schema(parsing: test.writer))
    let found = reader.incompatibilities(readingDataOf: writer)
    #expect(found.map { "\($0.reason.rawValue) \($0.pointer)" } == test.findings, "\(found)")
    #expect(reader.canRead(writer) == test.findings.isEmpty)
    #expect(found.allSatisfy { !$0.message.isEmpty && !$0.readerRemedy.isEmpty && !$0.writerRemedy.isEmpty })
  }

  /// What Java's checker (avro 1.11.3) said about random pairs: reader, writer, then `reason|pointer|message` each.
  @Test func agreesWithJava() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("java_compatibility.txt")
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 300)
    for line in lines {
      let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      let found = try Schema(parsing: parts[0]).incompatibilities(readingDataOf: try Schema(parsing: parts[1]))
      let texts = Set(found.map { "\($0.reason.rawValue)|\($0.pointer)|\($0.detail)" })
      #expect(texts == Set(parts[2...].filter { !$0.isEmpty }), "\(parts[0]) reads \(parts[1])")
    }
  }

  /// Every schema of the table reads itself; with one more field that has a default it reads and is read by the old.
  @Test func whatIsAlwaysLegal() throws {
    for text in Self.cases.flatMap({ [$0.reader, $0.writer] }) {
      let schema = try Schema(parsing: text)
      for mode in CompatibilityMode.allCases { #expect(mode.findings(for: schema, against: [schema]).isEmpty) }
      guard case .record(var record) = schema else { continue }
      record.fields.append(.init(name: "added", type: .primitive(.long), defaultValue: .integer(0)))
      #expect(CompatibilityMode.fullTransitive.findings(for: .record(record), against: [schema]).isEmpty, "\(text)")
    }
  }

  @Test func modesLookBothWaysAndBack() throws {
    let old = try Schema(parsing: Self.record(#"{"name":"x","type":"int"}"#))
    let middle = try Schema(parsing: Self.record())
    let new = try Schema(parsing: Self.record(#"{"name":"x","type":"string","default":""}"#))
    func found(_ mode: CompatibilityMode) -> [String] {
      mode.findings(for: new, against: [old, middle]).map { "\($0.versionIndex) \($0.isReadByOld)" }
    }
    #expect(found(.none) == [] && found(.backward) == [] && found(.forward) == [] && found(.full) == [])
    #expect(found(.backwardTransitive) == ["0 false"] && found(.forwardTransitive) == ["0 true"])
    #expect(found(.fullTransitive) == ["0 false", "0 true"])
    let dropped = CompatibilityMode.forward.findings(for: middle, against: [old])
    #expect(dropped.first?.remedy == "keep the field \"x\"")
    #expect(
      CompatibilityMode.backward.findings(for: old, against: [middle]).first?.remedy.contains("a default") == true)
  }

  /// Types that mention each other in every branch, incompatible at the bottom: the work must not double at each level.
  @Test func staysBoundedWhereTypesMultiply() throws {
    func tower(_ bottom: String) -> String {
      (0..<22).reduce("\"\(bottom)\"") { inner, level in
        let next = level == 0 ? inner : "\"R\(level - 1)\""
        return #"{"type":"record","name":"R\#(level)","fields":[{"name":"a","type":["null",\#(inner)]},"#
          + #"{"name":"b","type":["null",\#(next)]},{"name":"c","type":{"type":"array","items":["R\#(level)","null"]}}]}"#
      }
    }
    let (reader, writer) = (try Schema(parsing: tower("int")), try Schema(parsing: tower("string")))
    let start = ContinuousClock.now
    #expect(!reader.incompatibilities(readingDataOf: writer).isEmpty)
    #expect(ContinuousClock.now - start < .seconds(5))
    #expect(reader.canRead(reader))
    var limits = CompatibilityLimits(maxDepth: 3)
    #expect(!reader.incompatibilities(readingDataOf: reader, limits: limits).isEmpty, "never taken for compatible")
    limits = CompatibilityLimits(maxComparisons: 5)
    #expect(!reader.incompatibilities(readingDataOf: reader, limits: limits).isEmpty)
  }

  /// Two unions have as many pairs as the product of their branches: past the limit the rest is not even counted.
  @Test func wideUnionsTakeBoundedTime() throws {
    func union(_ prefix: String) throws -> Schema {
      let branches = (0..<8_000).map { #"{"type":"fixed","size":1,"name":"\#(prefix)\#($0)"}"# }
      return try Schema(parsing: "[\(branches.joined(separator: ","))]")
    }
    let (reader, writer) = (try union("R"), try union("W"))
    let start = ContinuousClock.now
    let found = reader.incompatibilities(
      readingDataOf: writer, limits: CompatibilityLimits(maxComparisons: 1_000, maxFindings: 10))
    #expect(!found.isEmpty)
    #expect(ContinuousClock.now - start < .seconds(10))
  }

  private static func fixed(_ name: String, _ size: Int) -> String {
    #"{"type":"fixed","name":"\#(name)","size":\#(size)}"#
  }
  private static func enumeration(_ symbols: String...) -> String {
    #"{"type":"enum","name":"E","symbols":[\#(symbols.map { "\"\($0)\"" }.joined(separator: ","))]}"#
  }
  private static func record(_ fields: String...) -> String {
    #"{"type":"record","name":"R","fields":[\#(fields.joined(separator: ","))]}"#
  }
  private static func decimal(_ precision: Int, _ scale: Int) -> String {
    #"{"type":"bytes","logicalType":"decimal","precision":\#(precision),"scale":\#(scale)}"#
  }
}
