import AvroSchema
import Testing

@testable import avrogen

@Suite struct EmitterTests {
  private func record(_ name: String, _ fields: [(String, Schema)]) -> TypeDefinition {
    let fields = fields.map { RecordSchema.Field(name: $0.0, type: $0.1) }
    return TypeDefinition(
      schema: .record(RecordSchema(name: FullName(name), fields: fields)), file: 0, isPlain: false, isUUID: false)
  }

  private func boxed(_ types: [TypeDefinition]) -> [String] {
    let recursion = Recursion(Model(files: [DefinitionFile(path: "a.yaml", stem: "a")], types: types))
    return recursion.boxed.map { "\($0.record).\($0.field)\($0.branch.map { "/\($0)" } ?? "")" }.sorted()
  }

  // MARK: recursion

  @Test func onlyWhatLeadsBackIsBoxed() {
    let null = Schema.primitive(.null)
    let list = record("List", [("value", .primitive(.long)), ("next", .union([null, .reference(FullName("List"))]))])
    #expect(boxed([list]) == ["List.1"])
    let tree = record("Tree", [("children", .array(items: .reference(FullName("Tree"))))])
    #expect(boxed([tree]).isEmpty)
    let ping = record("Ping", [("pong", .union([null, .reference(FullName("Pong"))]))])
    let pong = record("Pong", [("ping", .union([.reference(FullName("Ping")), null]))])
    #expect(boxed([ping, pong]) == ["Pong.0"])
    #expect(boxed([pong, ping]) == ["Ping.0"])
    let formula = record("Formula", [("of", .union([.primitive(.int), .reference(FullName("Formula")), null]))])
    #expect(boxed([formula]) == ["Formula.0/1"])
    let user = record("User", [("list", .reference(FullName("List"))), ("again", .reference(FullName("List")))])
    #expect(boxed([user, list]) == ["List.1"])
  }

  // MARK: text

  @Test func commentsAreWrappedAndCleaned() {
    var writer = SourceWriter()
    writer.doc("one\u{7}two\n\n" + String(repeating: "word ", count: 40) + "\n\n")
    let lines = writer.text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.prefix(2) == ["/// one two", "///"])
    #expect(lines.allSatisfy { $0.count <= 120 })
    var empty = SourceWriter()
    empty.doc(" \n ")
    #expect(empty.text.isEmpty)
  }

  @Test(arguments: [
    ("plain", #""plain""#), ("a\"b\\c", #""a\"b\\c""#), ("\n\t\r", #""\n\t\r""#),
    ("\u{0}\u{2028}", #""\u{0}\u{2028}""#),
    ("\\(x)", #""\\(x)""#), ("é€", #""é€""#),
  ])
  func swiftLiterals(text: String, expected: String) { #expect(swiftLiteral(text) == expected) }

  @Test(arguments: [(0, "0"), (-999_999, "-999999"), (1_234_567, "1_234_567"), (-12_345_678, "-12_345_678")])
  func integersAreGrouped(value: Int, expected: String) { #expect(swiftInteger(value) == expected) }

  @Test func longConstantsKeepEveryCharacter() throws {
    // A doc that looks like the end of the literal, and like an interpolation in it.
    let doc = String(repeating: "\\#(x) \"\"\"# , ", count: 30)
    let type = TypeDefinition(
      schema: .record(RecordSchema(name: FullName("a.B"), doc: doc, fields: [])), file: 0, isPlain: false, isUUID: false
    )
    var writer = SourceWriter()
    writer.constant("let text", text: type.schema.text())
    #expect(writer.text.contains("##\"\"\""))
    #expect(writer.text.split(separator: "\n").allSatisfy { $0.count <= 120 })
  }

  // MARK: SQL

  @Test(arguments: [
    ("balance", "balance"), ("order", "\"order\""), ("Order", "\"Order\""), ("a\"b", "\"a\"\"b\""), ("1a", "\"1a\""),
    ("partition", "partition"), ("user", "\"user\""), ("", "\"\""),
  ])
  func sqlNames(name: String, expected: String) { #expect(sqlName(name) == expected) }

  @Test(arguments: [("it's", "'it''s'"), ("a\\b", "E'a\\\\b'"), ("", "''"), ("'\\'", "E'''\\\\'''")])
  func sqlLiterals(text: String, expected: String) { #expect(sqlLiteral(text) == expected) }

  @Test func longIndexNamesStayApart() {
    let long = String(repeating: "x", count: 70)
    let names = [sqlShortened(long + "a", suffix: "_idx"), sqlShortened(long + "b", suffix: "_idx")]
    #expect(Set(names).count == 2)
    #expect(names.allSatisfy { $0.utf8.count <= 63 && $0.hasSuffix("_idx") })
    #expect(sqlShortened("short", suffix: "_idx") == "short_idx")
  }

  @Test func checksumFollowsTheText() throws {
    let model = try Emitting.definitions()
    let first = try #require(model.databases.first)
    var other = first
    other.tables[0].columns[0].doc = "Another word."
    #expect(first.checksum.count == 16)
    #expect(first.checksum != other.checksum)
    #expect(first.checksum == first.checksum)
  }
}
