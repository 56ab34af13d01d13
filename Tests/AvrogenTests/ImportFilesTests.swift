import AvroSchema
import Foundation
import Testing

@testable import avrogen

/// `avrogen import` with files: several kinds, each other's imports, what is written and what is refused.
@Suite struct ImportFilesTests {
  typealias Workplace = CommandLineTests.Workplace

  private static let order = """
    @namespace("shop") protocol Orders {
      import idl "parts/line.avdl";
      import protocol "parts/state.avpr";
      import schema "parts/id.avsc";
      record Order { OrderId id; State state = "NEW"; array<Line> lines = []; }
    }
    """
  private static let line = """
    namespace shop;
    import idl "../order.avdl";
    record Line { string sku; Order? order; }
    """
  private static let state =
    #"{"protocol":"States","namespace":"shop","types":[{"type":"enum","name":"State","symbols":["NEW","PAID"]}],"#
    + #""messages":{"get":{"request":[],"response":"State"}}}"#
  private static let id = #"{"type":"fixed","name":"OrderId","namespace":"shop","size":16}"#

  private func shop(_ place: Workplace) throws {
    _ = try place.write(Self.order, to: "in/order.avdl")
    _ = try place.write(Self.line, to: "in/parts/line.avdl")
    _ = try place.write(Self.state, to: "in/parts/state.avpr")
    _ = try place.write(Self.id, to: "in/parts/id.avsc")
  }

  private static let shopYAML = """
    namespace: shop
    types:
      State: { type: enum, symbols: [NEW, PAID] }
      OrderId: { type: fixed, size: 16 }
    records:
      Order:
        - id: OrderId
        - state: { type: State, default: NEW }
        - lines: { array: Line, default: [] }
      Line:
        - sku: string
        - order: Order?

    """

  @Test func importsAreFollowedAndMayBeCircles() throws {
    let place = try Workplace()
    try shop(place)
    let result = Program.run(["import", place.path("in/order.avdl")])
    #expect(result.status == 0)
    #expect(result.output == Self.shopYAML)
    #expect(
      result.messages
        == "\(place.path("in/parts/state.avpr")):1:118: note: a message of this protocol is not imported: "
        + "definitions hold types only\n")
  }

  @Test func foldersAreWalkedAndWrittenByNamespace() throws {
    let place = try Workplace()
    try shop(place)
    _ = try place.write(
      #"[{"type":"record","name":"B","fields":[]},{"type":"record","name":"x.y.C","fields":[]}]"#, to: "in/z/b.avsc")
    _ = try place.write("not read", to: "in/z/.hidden.avsc")
    _ = try place.write("not read", to: "in/z/readme.md")
    let result = Program.run(["import", place.path("in"), "--output", place.path("out")])
    #expect(result.status == 0, "\(result.messages)")
    #expect(place.names(in: "out") == ["no-namespace.yaml", "shop.yaml", "x.y.yaml"])
    #expect(
      try String(contentsOfFile: place.path("out/no-namespace.yaml"), encoding: .utf8)
        == "# Imported from order.avdl, id.avsc, line.avdl, state.avpr, b.avsc.\nrecords:\n  B: []\n")
    // What is written is what generate takes.
    #expect(Program.run(["check", place.path("out")]).output.hasPrefix("3 files, 6 types"))
  }

  /// Two versions of a type in one import would be a type that is there twice.
  @Test func historyIsNotImportedWithWhatItIsOf() throws {
    let place = try Workplace()
    let now = #"{"type":"record","name":"shop.A","fields":[{"name":"a","type":"int"}]}"#
    let before = #"{"type":"record","name":"shop.A","fields":[]}"#
    _ = try place.write(now, to: "in/A.avsc")
    _ = try place.write(before, to: "in/history/shop.A.1.avsc")
    _ = try place.write(now, to: "in/history/shop.A.2.avsc")
    _ = try place.write(before, to: "in/b/history/shop.A.1.avsc")
    let result = Program.run(["import", place.path("in")])
    #expect(result.status == 0)
    #expect(result.output == "namespace: shop\nrecords:\n  A:\n    - a: int\n")
    let note = ": note: not imported: a folder of this name holds versions that shipped; to import it, name it\n"
    #expect(result.messages == place.path("in/b/history") + note + place.path("in/history") + note)

    let named = Program.run(["import", place.path("in/b/history")])
    #expect(named.output == "namespace: shop\nrecords:\n  A: []\n")
    #expect(named.messages.isEmpty)
    let empty = Program.run(["import", place.path("in/b")])
    #expect(empty.status == 1)
    #expect(
      empty.messages.hasSuffix(
        "no .avsc, .avdl or .avpr file in \(place.path("in/b")) or below but for folders called history\n"))
  }

  /// The schemas that come out of the YAML are those that went in.
  @Test func exportOfWhatWasImportedIsTheSame() throws {
    let place = try Workplace()
    let fixture = Fixtures.folder.deletingLastPathComponent().appending(path: "Fixtures/AllTypes/plain.avsc")
    let texts = [Self.id, try String(contentsOf: fixture, encoding: .utf8)]
    for (index, text) in texts.enumerated() {
      _ = try place.write(text, to: "in\(index)/a.avsc")
      let result = Program.run(["import", place.path("in\(index)"), "--output=\(place.path("yaml\(index)"))"])
      #expect(result.status == 0, "\(result.messages)")
      #expect(Program.run(["avsc", place.path("yaml\(index)"), "--output", place.path("out\(index)")]).status == 0)
      #expect(Program.run(["avsc", place.path("in\(index)"), "--output", place.path("want\(index)")]).status == 0)
      let names = place.names(in: "want\(index)")
      #expect(!names.isEmpty && place.names(in: "out\(index)") == names)
      for name in names {
        let want = try Schema(parsing: String(contentsOfFile: place.path("want\(index)/\(name)"), encoding: .utf8))
        let out = try Schema(parsing: String(contentsOfFile: place.path("out\(index)/\(name)"), encoding: .utf8))
        #expect(out == want)
        #expect(out.canonicalForm() == want.canonicalForm())
      }
    }
  }

  @Test func theSameTypeInSeveralFilesIsOne() throws {
    let place = try Workplace()
    let inner = #"{"type":"enum","name":"E","symbols":["A"]}"#
    for name in ["A", "B"] {
      _ = try place.write(
        #"{"type":"record","name":"\#(name)","namespace":"m","fields":[{"name":"e","type":\#(inner)}]}"#,
        to: "in/\(name).avsc")
    }
    _ = try place.write(#"{"type":"enum","name":"m.E","symbols":["A"],"mark":1}"#, to: "in/C.avsc")
    let result = Program.run(["import", place.path("in")])
    #expect(
      result.output
        == "namespace: m\ntypes:\n  E: { type: enum, symbols: [A] }\nrecords:\n  A:\n    - e: E\n  B:\n    - e: E\n")
    _ = try place.write(#"{"type":"enum","name":"m.E","symbols":["A","B"]}"#, to: "in/D.avsc")
    let clash = Program.run(["import", place.path("in")])
    #expect(clash.status == 1)
    #expect(
      clash.messages
        == "\(place.path("in/D.avsc")):1:23: error: duplicate type \"m.E\"; "
        + "the first is at \(place.path("in/A.avsc")):1\n"
    )
  }

  @Test func typesInsideWhatIsNoDefinitionAreKept() {
    let outcome = ImportIDLTests.outcome([
      ("a.avsc", #"["null",{"type":"array","items":{"type":"record","name":"R","fields":[]}},"string"]"#)
    ])
    #expect(outcome.schemas.keys.sorted() == ["R"])
    #expect(outcome.notes.count == 3)
    #expect(ImportIDLTests.outcome([("a.avsc", "\"string\"")]).problems.count == 1)
  }

  @Test(arguments: [
    ("[1]", ["1:1: error: not a protocol: that is an object with the key \"protocol\""]),
    (#"{"protocol":"P","types":{}}"#, ["1:25: error: \"types\" must be a list, this is a mapping"]),
    (#"{"protocol":"P"}"#, ["1:1: error: no record, enum or fixed in what is imported"]),
    (#"{"protocol":"P","namespace":"1","types":[]}"#, ["1:1: error: \"1\" is not a valid namespace"]),
    (#"{"protocol":"P","types":[{"type":"enum","name":"E"}]}"#, ["1:26: error: an enum needs the key \"symbols\""]),
    ("{", ["1:2: error: not JSON: a key in quotes expected, but the file ends here"]),
  ])
  func badProtocols(text: String, problems: [String]) {
    #expect(ImportIDLTests.outcome([("a.avpr", text)]).problems == problems.map { "a.avpr:\($0)" })
  }

  @Test func protocolsInJSON() {
    let outcome = ImportIDLTests.outcome([
      (
        "a.avpr",
        #"{"protocol":"n.P","namespace":"no","doc":"d","types":[{"type":"error","name":"E","doc":"x","fields":["#
          + #"{"name":"a","type":"F","default":"\u00ff","order":"ignore"}]},{"type":"fixed","name":"F","size":1}]}"#
      )
    ])
    #expect(outcome.problems == [])
    #expect(outcome.notes == ["a.avpr:1:36: note: the property \"doc\" of the protocol is not kept"])
    #expect(
      outcome.schemas["n.E"]
        == "{\"type\":\"record\",\"name\":\"E\",\"namespace\":\"n\",\"doc\":\"x\",\"fields\":[{\"name\":\"a\","
        + "\"type\":\"F\",\"default\":\"\u{ff}\",\"order\":\"ignore\"}]}")
    #expect(outcome.schemas["n.F"] == #"{"type":"fixed","name":"F","namespace":"n","size":1}"#)
  }

  // MARK: What is refused

  @Test func importsStayInTheirFolders() throws {
    let place = try Workplace()
    _ = try place.write("record Secret {}", to: "secret.avdl")
    let file = try place.write("import idl \"../secret.avdl\"; record R {}", to: "in/a.avdl")
    let refused = Program.run(["import", file, "--output", place.path("out")])
    #expect(refused.status == 1)
    #expect(
      refused.messages
        == "\(file):1:12: error: cannot import \"../secret.avdl\": it is outside of the folders that are imported; "
        + "name its folder too\n")
    #expect(place.names(in: ".") == ["in", "secret.avdl"])
    try FileManager.default.createSymbolicLink(
      atPath: place.path("in/link.avdl"), withDestinationPath: place.path("secret.avdl"))
    let link = try place.write("import idl \"link.avdl\"; record R {}", to: "in/b.avdl")
    #expect(Program.run(["import", link]).messages.contains("outside of the folders"))
    #expect(Program.run(["import", file, place.path("secret.avdl")]).output == "records:\n  R: []\n  Secret: []\n")
  }

  @Test func onePlaceInTwoKindsIsAMistake() throws {
    let place = try Workplace()
    _ = try place.write("record B {}", to: "b.avdl")
    let file = try place.write("import schema \"b.avdl\"; import idl \"b.avdl\"; record A {}", to: "a.avdl")
    let messages = Program.run(["import", file]).messages
    #expect(messages.contains("a.avdl:1:36: error: \(place.path("b.avdl")) is read as schema already\n"))
    #expect(messages.contains("b.avdl:1:1: error: not JSON"))
  }

  @Test func nothingIsWrittenWhenSomethingIsWrong() throws {
    let place = try Workplace()
    try shop(place)
    _ = try place.write("record Bad { lnog a; }", to: "in/bad.avdl")
    _ = try place.write("{", to: "in/worse.avsc")
    let result = Program.run(["import", place.path("in"), "--output", place.path("out")])
    #expect(result.status == 1)
    // A file that can't be read may define what is missing elsewhere.
    #expect(
      result.messages
        == "\(place.path("in/worse.avsc")):1:2: error: not JSON: a key in quotes expected, but the file ends here\n")
    #expect(place.names(in: ".") == ["in"])
  }

  @Test func linksToFoldersAreNotFollowed() throws {
    let place = try Workplace()
    try shop(place)
    try FileManager.default.createSymbolicLink(atPath: place.path("in/loop"), withDestinationPath: place.path("in"))
    #expect(Program.run(["import", place.path("in")]).status == 0)
  }

  @Test(arguments: [
    (["import"], "import needs a folder or file to read"),
    (["import", "-"], "import reads files and folders: of standard input it can't tell the kind"),
    (["import", "a", "--output"], "--output needs a value"),
    (["import", "--output", "a", "--output=b"], "--output is given twice"),
    (["import", "--outptu"], "unknown option \"--outptu\"; did you mean \"--output\"?"),
  ])
  func wrongUsageIsTwo(arguments: [String], message: String) {
    #expect(
      Program.run(arguments) == Program.Result(status: 2, messages: "avrogen: \(message)\nSee avrogen --help.\n"))
  }

  @Test func inputsThatAreNone() throws {
    let place = try Workplace()
    #expect(Program.run(["import", place.path("a.yaml")]).messages.contains("is no .avsc, .avdl or .avpr file"))
    #expect(Program.run(["import", place.path("no.avdl")]).messages.contains("no.avdl:1:1: error: cannot be read"))
    #expect(Program.run(["import", place.url.path]).messages.contains("no .avsc, .avdl or .avpr file in"))
    #expect(Program.run(["import", "--help"]).output == Invocation.help)
    #expect(Invocation.help.contains("\n  import "))
  }
}
