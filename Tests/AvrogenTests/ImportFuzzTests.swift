import AvroSchema
import Foundation
import Testing

@testable import avrogen

/// Whatever an `.avdl`, `.avpr` or `.avsc` file holds: definitions or lines, never a crash, and never for long.
@Suite struct ImportFuzzTests {
  static let sample = """
    /** Doc. */
    @namespace("a.b") protocol P {
      import schema "s.avsc";
      /** One
       *  two */
      @aliases(["Old", "x.Old"]) enum E { A, `enum`, C } = C;
      @logicalType("decimal") @precision(9) @scale(2) fixed F(0x10);
      error Oops { string message = "\\u00e9\\101\\n"; }
      record R {
        /** All. */ string @order("ignore") @aliases(["q"]) name = "x", /** Own. */ other;
        union { null, E, array<map<int?>> } u = null; // comment
        decimal(4, 2)? d; uuid? id; R? next; c.Later later; map<long> m = {"a": 1, "b": -0x1fL};
        @x-y({"a": [1, 2.5e3, null, true]}) long /* in between */ ts; double dd = .5d;
      }
      record c.Later { a.b.F hash; time_ms t; local_timestamp_ms l; bytes b = "\\u00ff"; }
      void ping(int a = 3, /** d */ string b) oneway;
      R get(@x("y") int a) throws Oops;
    }

    """

  private static let schema =
    #"{"type":"record","name":"S","k":1,"fields":[{"name":"a","type":["null",{"type":"int","logicalType":"date"}],"#
    + #""default":null},{"name":"b","type":{"type":"enum","name":"x.E","symbols":["A"]},"default":"A"}]}"#

  private static let rpc =
    #"{"protocol":"P","namespace":"n","types":[\#(schema),{"type":"error","name":"O","fields":[]}],"#
    + #""messages":{"m":{"request":[],"response":"null"}}}"#

  private static let pieces = [
    "{", "}", "<", ">", "(", ")", "[", "]", "@", "=", ";", ",", "?", "`", "\"", "\\", "\\u", "/*", "/**", "*/", "//",
    "\n",
    "record ", "error ", "enum ", "fixed ", "union ", "array<", "map<", "decimal(", "import idl ", "protocol ",
    "schema ",
    "namespace ", "void ", "throws ", "oneway ", "null", "-", "0x", "1e999", "99999999999999999999", "NaN", "\u{1a}",
    "\u{0}", "😀", "é", "\r", "\r\n", "\u{2028}", ".", "`a`.`b`", "a-b", "@order(\"", "@namespace(\"", "\"type\":",
    "date",
  ]

  private static let factor = ProcessInfo.processInfo.environment["BANK_TEST_LONG"] == "1" ? 20 : 1

  /// True when there was something wrong with it.
  @discardableResult
  private func isBad(_ bytes: [UInt8], _ kind: ImportKind) -> Bool {
    let source = Importer.Source(kind: kind, input: Loader.Input(path: "input" + kind.suffix, bytes: bytes))
    let outcome = Importer.run([source]) { path, _, kind in
      Importer.Source(kind: kind, input: Loader.Input(path: path, bytes: Array(Self.schema.utf8)))
    }
    switch outcome {
    case .good(let files, let types, _):
      #expect(!files.isEmpty)
      #expect(Importer.differences(files, types) == [])
      return false
    case .bad(let lines):
      #expect(!lines.isEmpty)
      for line in lines {
        #expect(!line.contains("\n"))
        #expect(!line.hasPrefix("avrogen: error:"), "\(line): \(String(decoding: bytes, as: UTF8.self))")
      }
      return true
    }
  }

  private static let samples: [(ImportKind, String)] = [(.idl, sample), (.schema, schema), (.protocol, rpc)]

  @Test func samplesAreGood() {
    for (kind, text) in Self.samples { #expect(!isBad(Array(text.utf8), kind), "\(kind)") }
  }

  @Test func cutAtEveryByte() {
    for (kind, text) in Self.samples {
      let bytes = Array(text.trimmingCharacters(in: .newlines).utf8)
      for count in 0..<bytes.count { #expect(isBad(Array(bytes[..<count]), kind), "\(kind) cut at \(count)") }
    }
  }

  @Test func everyByteLeftOut() {
    for (kind, text) in Self.samples {
      let bytes = Array(text.utf8)
      for index in bytes.indices { isBad(Array(bytes[..<index] + bytes[(index + 1)...]), kind) }
    }
  }

  @Test(arguments: [UInt64](1...8))
  func mutated(seed: UInt64) {
    var generator = SeededGenerator(seed: seed &* 104_729)
    var bad = 0
    for round in 0..<(150 * Self.factor) {
      let (kind, text) = Self.samples[round.isMultiple(of: 3) ? round % 9 / 3 : 0]
      var bytes = Array(text.utf8)
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        let place = Int.random(in: 0...bytes.count, using: &generator)
        let end = min(bytes.count, place + Int.random(in: 0...30, using: &generator))
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: bytes.removeSubrange(place..<end)
        case 1: bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: 0...bytes.count, using: &generator))
        case 2 where place < bytes.count: bytes[place] = UInt8.random(in: 0...255, using: &generator)
        default: bytes.insert(contentsOf: Array((Self.pieces.randomElement(using: &generator) ?? "").utf8), at: place)
        }
      }
      if isBad(bytes, kind) { bad += 1 }
    }
    #expect(bad > 75 * Self.factor)
  }

  @Test(arguments: [UInt64](1...4))
  func pieces(seed: UInt64) {
    var generator = SeededGenerator(seed: seed &* 15_485_863)
    for _ in 0..<(150 * Self.factor) {
      let count = Int.random(in: 1...60, using: &generator)
      let text = (0..<count).map { _ in Self.pieces.randomElement(using: &generator) ?? "" }.joined(separator: " ")
      isBad(Array(text.utf8), .idl)
    }
  }

  @Test(arguments: [
    "array<", "map<", "union {", "@a([", "record R { array<", "record R { int a = [", "{", "(", "@a({\"b\":",
  ])
  func twentyThousandLevelsEnd(opening: String) {
    #expect(isBad(Array(("record A { " + String(repeating: opening, count: 20_000)).utf8), .idl))
    #expect(isBad(Array(String(repeating: opening, count: 20_000).utf8), .idl))
  }

  @Test func levelsAreLimited() {
    func lines(_ count: Int) -> [String] {
      let type = String(repeating: "array<", count: count) + "int" + String(repeating: ">", count: count)
      return ImportIDLTests.idl("record R { \(type) a; }").problems
    }
    #expect(lines(80) == [])
    #expect(lines(98).first?.contains("more than 100 levels inside each other") == true)
    #expect(lines(120).first?.contains("types nest deeper than 100 levels") == true)
    let values = String(repeating: "[", count: 120) + String(repeating: "]", count: 120)
    #expect(
      ImportIDLTests.idl("record R { @a(\(values)) int a; }").problems.first?.contains("values nest deeper") == true)
  }

  @Test func sizesAreLimited() {
    let problems = ImportIDLTests.idl(String(repeating: ";", count: 1_100_000)).problems
    #expect(problems.contains { $0.contains("more than 1000000 words and signs in one file") })
    let text = "record R { string a = \"" + String(repeating: "x", count: 70_000) + "\"; }"
    #expect(ImportIDLTests.idl(text).problems == ["a.avdl:1:23: error: a text of 70000 bytes; the limit is 65536"])
    let doc = "/** " + String(repeating: "x", count: 70_000) + " */ record R {}"
    #expect(ImportIDLTests.idl(doc).problems.first?.contains("the doc has 70000 bytes") == true)
    let many = (0..<20_000).map { "record R\($0) { int; R\($0)? a; }\n" }.joined()
    let mistakes = ImportIDLTests.idl(many).problems
    #expect(mistakes.count == IDLParser.mistakeLimit + 1)
    #expect(mistakes.last?.hasSuffix("too many mistakes; the rest of this file is not read") == true)
  }
}
