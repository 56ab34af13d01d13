import AvroSchema
import Foundation
import Testing

@testable import avrogen

/// The verbs `record-history` and `compat`, and `generate` where there is a history.
@Suite struct HistoryTests {
  typealias Workplace = CommandLineTests.Workplace

  private static func definitions(_ fields: String, mode: String = "") -> String {
    mode + "namespace: n\nrecords:\n  A: { doc: What A is., fields: [\(fields)] }\n"
  }

  private func run(_ verb: String, _ place: Workplace, _ rest: String...) -> Program.Result {
    Program.run([verb, "--definitions", place.path("d")] + rest)
  }

  @Test func recordsWhatIsNewAndNothingTwice() throws {
    let place = try Workplace()
    _ = try place.write(Self.definitions("x: int"), to: "d/a.yaml")
    #expect(run("compat", place).output == "n.A: BACKWARD, not in history yet\n")
    let path = place.path("d/history/n.A.1.avsc")
    #expect(run("record-history", place) == Program.Result(status: 0, output: path + "\n"))
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(
      try Schema(parsing: text).text() == #"{"type":"record","name":"A","namespace":"n","doc":"What A is.","#
        + #""fields":[{"name":"x","type":"int"}]}"#)
    let again = Program.Result(status: 0, output: "nothing to record: 1 record is as in history\n")
    #expect(run("record-history", place) == again)
    // A comment for people is no new version; a default is.
    _ = try place.write(
      Self.definitions("x: { type: int, doc: A number. }").replacing("What A is", with: "Other"), to: "d/a.yaml")
    #expect(run("record-history", place) == again)
    _ = try place.write(Self.definitions("x: { type: int, default: 1 }"), to: "d/a.yaml")
    #expect(run("compat", place).output == "n.A: BACKWARD, changed since version 1\n")
    #expect(run("record-history", place).output == place.path("d/history/n.A.2.avsc") + "\n")
    #expect(place.names(in: "d/history") == ["n.A.1.avsc", "n.A.2.avsc"])
    #expect(run("compat", place).output == "n.A: BACKWARD, as in version 2\n")
  }

  @Test func aBreakIsRefusedUnlessForced() throws {
    let place = try Workplace()
    let file = try place.write(Self.definitions("x: int"), to: "d/a.yaml")
    #expect(run("record-history", place).status == 0)
    _ = try place.write(Self.definitions("x: int, y: string"), to: "d/a.yaml")
    let message = """
      n.A can't read what version 1 wrote, which BACKWARD asks for: the field "y" of n.A is not in the data and has no \
      default (READER_FIELD_MISSING_DEFAULT_VALUE at /fields/1); give the field a default, or name as its alias the \
      field of n.A that it was, or declare compatibility: FORWARD at the top of the file
      """
    let line = "\(file):3:42: error: \(message)\n"
    #expect(run("compat", place) == Program.Result(status: 1, messages: line))
    #expect(run("check", place) == Program.Result(status: 1, messages: line))
    #expect(run("generate", place, "--output", place.path("out")) == Program.Result(status: 1, messages: line))
    #expect(place.names(in: "out").isEmpty)
    #expect(
      run("record-history", place)
        == Program.Result(
          status: 1, messages: line + "avrogen: nothing is recorded; --force records it all the same\n"))
    #expect(place.names(in: "d/history") == ["n.A.1.avsc"])
    let forced = run("record-history", place, "--force")
    #expect(forced.status == 0)
    #expect(forced.output == place.path("d/history/n.A.2.avsc") + "\n")
    #expect(
      forced.messages == "\(file):3:42: warning: \(message)\navrogen: recorded all the same, by --force\n")
    #expect(run("compat", place).status == 0)
  }

  @Test func theModeThatIsProposedIsLegal() throws {
    let place = try Workplace()
    _ = try place.write(Self.definitions("x: int"), to: "d/a.yaml")
    #expect(run("record-history", place).status == 0)
    for mode in CompatibilityMode.allCases {
      _ = try place.write(
        Self.definitions("x: int, y: string", mode: "compatibility: \(mode.rawValue)\n"), to: "d/a.yaml")
      let isLegal = [.none, .forward, .forwardTransitive].contains(mode)
      #expect(run("compat", place).status == (isLegal ? 0 : 1), "\(mode)")
    }
  }

  @Test func numbersGoOnAfterARename() throws {
    let place = try Workplace()
    _ = try place.write(Self.definitions("x: int"), to: "d/a.yaml")
    #expect(run("record-history", place).status == 0)
    _ = try place.write("namespace: n\nrecords:\n  B: { aliases: [A], fields: [x: int] }\n", to: "d/a.yaml")
    #expect(run("record-history", place).output == place.path("d/history/n.B.2.avsc") + "\n")
    #expect(run("compat", place).output == "n.B: BACKWARD, as in version 2\n")
    _ = try place.write("namespace: n\nrecords:\n  B: { fields: [x: int] }\n", to: "d/a.yaml")
    let gone = run("compat", place)
    #expect(gone.status == 1)
    #expect(
      gone.messages.hasPrefix(
        "\(place.path("d/history/n.A.1.avsc")):1:1: error: n.A shipped and is gone from the definitions: "))
    // No force makes up for a record that is gone.
    #expect(run("record-history", place, "--force").status == 1)
  }

  @Test func onlyWhatShipsIsRecorded() throws {
    let place = try Workplace()
    let records =
      "namespace: n\nrecords:\n  A: [b: B]\n  B: [x: int]\n  C: []\ntypes:\n  P: { type: record, fields: [] }\n"
    _ = try place.write(records, to: "d/a.yaml")
    #expect(run("compat", place).output.split(separator: "\n").map { $0.prefix(3) } == ["n.A", "n.B", "n.C"])
    _ = try place.write(records + "topics: { t: { value: A } }\n", to: "d/a.yaml")
    #expect(run("compat", place).output == "n.A: BACKWARD, not in history yet\n")
    _ = try place.write("compatibility: FULL\nrecords: { D: [] }\n", to: "d/b.yaml")
    #expect(
      run("compat", place).output == "n.A: BACKWARD, not in history yet\nD: FULL, not in history yet\n")
    _ = try place.write("unmanaged: [x]\n", to: "e/a.yaml")
    #expect(Program.run(["compat", place.path("e")]).output == "no record to compare\n")
    #expect(Program.run(["record-history", place.path("e")]).output == "no record to keep\n")
    #expect(place.names(in: "e") == ["a.yaml"])
  }

  @Test func historyMayBeElsewhere() throws {
    let place = try Workplace()
    let file = try place.write(Self.definitions("x: int"), to: "d/a.yaml")
    let refused = Program.run(["record-history", file])
    #expect(refused.status == 1)
    #expect(refused.messages.contains("say with --history where the history is"))
    #expect(
      Program.run(["record-history", file, "--history", place.path("h")]).output
        == place.path("h/n.A.1.avsc") + "\n")
    #expect(Program.run(["record-history", file, "--history", file]).messages.contains("is not a folder"))
    _ = try place.write(Self.definitions("x: string"), to: "d/a.yaml")
    #expect(run("compat", place).output == "n.A: BACKWARD, not in history yet\n")
    #expect(run("compat", place, "--history", place.path("h")).status == 1)
    #expect(run("generate", place, "--history", place.path("h/n.A.1.avsc")).status == 1)
    #expect(run("compat", place, "--history", place.path("none")).messages.contains("No such file or directory"))
    // A folder for each record does as well; other files and hidden ones don't count.
    _ = try place.write(
      try String(contentsOfFile: place.path("h/n.A.1.avsc"), encoding: .utf8), to: "d/history/A/n.A.1.avsc")
    _ = try place.write("see A", to: "d/history/README.md")
    _ = try place.write("x", to: "d/history/.n.A.2.avsc")
    #expect(run("compat", place).status == 1)
    _ = try place.write(Self.definitions("x: long"), to: "d/a.yaml")
    #expect(run("record-history", place).output == place.path("d/history/A/n.A.2.avsc") + "\n")
  }

  /// Only the folder counts, not a file that is called so.
  @Test func aFileMayBeCalledHistory() throws {
    let place = try Workplace()
    _ = try place.write(Self.definitions("x: int"), to: "history/history.yaml")
    #expect(Program.run(["compat", place.path("history")]).output == "n.A: BACKWARD, not in history yet\n")
  }

  @Test func failingToWriteLeavesNothingBehind() throws {
    let place = try Workplace()
    _ = try place.write(Self.definitions("x: int") + "  B: []\n", to: "d/a.yaml")
    _ = try place.write("x", to: "d/history")
    let result = run("record-history", place)
    #expect(result.status == 1)
    #expect(result.messages.contains("is not a folder"))
    #expect(place.names(in: "d") == ["a.yaml", "history"])
  }

  /// The bank's own contract: what ships is recorded, and nothing breaks it.
  @Test func theBanksHistoryIsComplete() throws {
    let result = Program.run(["compat", "--definitions", Fixtures.definitions.path])
    #expect(result.status == 0, "\(result.messages)")
    let lines = result.output.split(separator: "\n")
    #expect(lines.count == 22)
    for line in lines { #expect(line.contains(": BACKWARD_TRANSITIVE, as in version "), "\(line)") }
  }
}
