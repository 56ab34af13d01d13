import Foundation
import Testing

@testable import avrogen

@Suite struct CommandLineTests {
  /// A folder that is gone when the test ends.
  final class Workplace {
    let url: URL

    init() throws {
      url = FileManager.default.temporaryDirectory.appending(path: "avrogen-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
      try? FileManager.default.removeItem(at: url)
    }

    func write(_ text: String, to name: String) throws -> String {
      let file = url.appending(path: name)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
      return file.path
    }

    func names(in folder: String) -> [String] {
      ((try? FileManager.default.contentsOfDirectory(atPath: url.appending(path: folder).path)) ?? []).sorted()
    }

    func path(_ name: String) -> String { url.appending(path: name).path }
  }

  private static let good = "namespace: a\nrecords:\n  A: [x: int]\ntopics:\n  t: { value: A }\n"

  @Test(arguments: [
    (["check"], Invocation(verb: .check, definitions: ["definitions"], output: nil)),
    (["sql", "--definitions", "a", "b"], Invocation(verb: .sql, definitions: ["a", "b"], output: nil)),
    (["--output", "o", "avsc", "x.yaml"], Invocation(verb: .avsc, definitions: ["x.yaml"], output: "o")),
    (["generate", "--output=o", "--definitions=d"], Invocation(verb: .generate, definitions: ["d"], output: "o")),
    (["topology", "--json", "-"], Invocation(verb: .topology, definitions: ["-"], output: nil)),
    (["check", "--", "--odd.yaml"], Invocation(verb: .check, definitions: ["--odd.yaml"], output: nil)),
  ])
  func argumentsAreUnderstood(arguments: [String], invocation: Invocation) throws {
    #expect(try Invocation.parse(arguments) == .run(invocation))
  }

  @Test(arguments: [
    ([], "a verb is missing: one of generate, check, compat, record-history, sql, avsc, topology, import, tojson"),
    (["generat"], "unknown verb \"generat\"; did you mean \"generate\"?"),
    (["check", "--outptu", "x"], "unknown option \"--outptu\"; did you mean \"--output\"?"),
    (["generate", "--output"], "--output needs a value"),
    (["generate", "--output", "--definitions"], "--output needs a value"),
    (["generate", "--output", "a", "--output", "b"], "--output is given twice"),
    (["check", "--output", "a"], "check writes nothing: leave --output out"),
    (["topology"], "topology is written as JSON only: add --json"),
    (["compat", "--output", "a"], "compat writes nothing: leave --output out"),
    (["sql", "--history", "a"], "sql reads no history: leave --history out"),
    (["compat", "--force"], "--force belongs to record-history"),
    (["record-history", "--history", "a", "--history", "b"], "record-history takes one --history, a folder"),
    (["record-history", "--output", "a"], "record-history writes to history: --history says where, not --output"),
    (["sql", "--json"], "--json belongs to topology"),
    (["sql", "--version=3"], "--version takes no value, got \"3\""),
  ])
  func wrongUsageIsTwo(arguments: [String], message: String) {
    let result = Program.run(arguments)
    #expect(result == Program.Result(status: 2, messages: "avrogen: \(message)\nSee avrogen --help.\n"))
  }

  @Test func helpAndVersion() {
    #expect(Program.run(["--help"]) == Program.Result(status: 0, output: Invocation.help))
    #expect(Program.run(["generate", "-h"]).status == 0)
    #expect(Program.run(["--version"]).output == "avrogen \(Invocation.version)\n")
    for verb in Invocation.Verb.allCases { #expect(Invocation.help.contains(verb.rawValue)) }
  }

  @Test func checkSaysWhatThereIs() throws {
    let place = try Workplace()
    let file = try place.write(Self.good, to: "a.yaml")
    #expect(
      Program.run(["check", file]).output == "1 file, 1 type, 1 topic, 0 services, 0 databases: good\n")
  }

  @Test func generateWritesOneFileForEachInputAndTheIndex() throws {
    let place = try Workplace()
    _ = try place.write(Self.good, to: "in/a.yaml")
    _ = try place.write("unmanaged: [x]\n", to: "in/b.yml")
    _ = try place.write("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]}", to: "in/c.d.avsc")
    _ = try place.write("not read", to: "in/.hidden.yaml")
    _ = try place.write("not read", to: "in/readme.md")
    let result = Program.run(["generate", "--definitions", place.path("in"), "--output", place.path("out/deep")])
    #expect(result == Program.Result(status: 0))
    #expect(place.names(in: "out/deep") == ["AvrogenIndex.swift", "a.swift", "b.swift", "c.d.swift"])
  }

  @Test func otherVerbsWriteTheirFiles() throws {
    let place = try Workplace()
    let file = try place.write(
      Self.good + "databases: { d: { tables: { t: { columns: [a: int] } } } }\n", to: "a.yaml")
    for verb in [["avsc"], ["sql"], ["topology", "--json"]] {
      #expect(Program.run(verb + [file, "--output", place.path("out")]).status == 0)
      #expect(Program.run(verb + [file]).output.isEmpty == false)
    }
    #expect(place.names(in: "out") == ["a.A.avsc", "d.sql", "topology.json"])
  }

  @Test func whatIsUnchangedIsNotWrittenAgain() throws {
    let place = try Workplace()
    let file = try place.write(Self.good, to: "a.yaml")
    let arguments = ["avsc", file, "--output", place.path("out")]
    #expect(Program.run(arguments).status == 0)
    let output = place.path("out/a.A.avsc")
    let old = Date(timeIntervalSince1970: 1_000_000)
    try FileManager.default.setAttributes([.modificationDate: old], ofItemAtPath: output)
    #expect(Program.run(arguments).status == 0)
    #expect(try FileManager.default.attributesOfItem(atPath: output)[.modificationDate] as? Date == old)
    _ = try place.write(Self.good.replacing("x: int", with: "x: long"), to: "a.yaml")
    #expect(Program.run(arguments).status == 0)
    #expect(try FileManager.default.attributesOfItem(atPath: output)[.modificationDate] as? Date != old)
    #expect(place.names(in: "out") == ["a.A.avsc"])
  }

  @Test func nothingIsWrittenWhenSomethingIsWrong() throws {
    let place = try Workplace()
    let good = try place.write(Self.good, to: "a.yaml")
    let bad = try place.write("records: { B: [x: lnog] }\n", to: "b.yaml")
    let result = Program.run(["generate", good, bad, "--output", place.path("out")])
    #expect(
      result
        == Program.Result(
          status: 1, messages: "\(bad):1:19: error: unknown type \"lnog\"; did you mean \"long\"?\n"))
    #expect(place.names(in: ".").sorted() == ["a.yaml", "b.yaml"])
  }

  @Test func aFailureToWriteLeavesNothingBehind() throws {
    let place = try Workplace()
    let file = try place.write(Self.good, to: "a.yaml")
    try FileManager.default.createDirectory(
      at: place.url.appending(path: "out/a.A.avsc/in-the-way"), withIntermediateDirectories: true)
    let result = Program.run(["avsc", file, "--output", place.path("out")])
    #expect(result.status == 1)
    #expect(result.messages.hasPrefix("avrogen: error: cannot write \(place.path("out/a.A.avsc")): "))
    #expect(place.names(in: "out") == ["a.A.avsc"])
    let blocked = Program.run(["avsc", file, "--output", file])
    #expect(blocked.status == 1)
    #expect(blocked.messages.contains("is not a folder"))
  }

  @Test func inputsThatCannotBeReadAreNamed() throws {
    let place = try Workplace()
    let missing = place.path("missing.yaml")
    let good = try place.write("topics: { t: { partitions: 0 } }\n", to: "a.yaml")
    let result = Program.run(["check", missing, good])
    #expect(
      result.messages == """
        \(missing):1:1: error: cannot be read: No such file or directory
        \(good):1:28: error: partitions must be at least 1, this is 0

        """)
    #expect(Program.run(["check", "/dev/zero"]).messages.contains("cannot be read: not a regular file"))
    try FileManager.default.createDirectory(at: place.url.appending(path: "empty"), withIntermediateDirectories: true)
    let empty = Program.run(["check", place.path("empty")])
    #expect(empty.status == 1)
    #expect(empty.messages == "avrogen: error: no .yaml, .yml or .avsc file in \(place.path("empty"))\n")
  }

  @Test func theSameFileTwiceIsReadOnce() throws {
    let place = try Workplace()
    let file = try place.write(Self.good, to: "a.yaml")
    #expect(Program.run(["check", file, file]).status == 0)
  }
}
