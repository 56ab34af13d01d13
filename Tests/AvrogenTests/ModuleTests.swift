import AvroSchema
import Foundation
import Testing

@testable import avrogen

/// Types of modules that the definitions' own depends on.
@Suite struct ModuleTests {
  typealias Workplace = CommandLineTests.Workplace

  private static func inputs(_ files: [String: String]) -> [Loader.Input] {
    files.sorted { $0.key < $1.key }.map { Loader.Input(path: $0.key, bytes: Array($0.value.utf8)) }
  }

  private func model(_ own: [String: String], _ modules: [String: [String: String]]) -> Model? {
    switch load(own, modules) {
    case .good(let model): return model
    case .bad(let lines):
      Issue.record("\(lines.joined(separator: "\n"))")
      return nil
    }
  }

  private func problems(_ own: [String: String], _ modules: [String: [String: String]]) -> [String] {
    if case .bad(let lines) = load(own, modules) { lines } else { [] }
  }

  private func load(_ own: [String: String], _ modules: [String: [String: String]]) -> Loader.Outcome {
    let foreign = modules.sorted { $0.key < $1.key }.map { Loader.Module(name: $0.key, inputs: Self.inputs($0.value)) }
    return Loader.load(Self.inputs(own), modules: foreign)
  }

  private static let money = [
    "money.yaml": """
    namespace: money
    types: { code: string }
    records:
      Line: { fields: [code, { name: next, type: Line? }, { name: rate, type: Rate, default: { of: 2 } }] }
      Rate: [of: int]
    topics: { lines: { value: Line } }
    databases: { d: { tables: { t: { columns: { a: int } } } } }
    """
  ]

  @Test func ownTypesAreAloneInTheModel() throws {
    let own = ["a.yaml": "namespace: a\nrecords: { A: [line: money.Line] }\ntopics: { t: { value: money.Rate } }\n"]
    let model = try #require(self.model(own, ["Money": Self.money]))
    #expect(model.files.map(\.path) == ["a.yaml"] && model.types.map(\.name.description) == ["a.A"])
    #expect(model.topics.map(\.name) == ["t"] && model.databases.isEmpty)
    #expect(emitSwift(model).map(\.name) == ["a.swift", "AvrogenIndex.swift"])
    #expect(emitAvsc(model).map(\.name) == ["a.A.avsc"])
    #expect(emitSQL(model).isEmpty)
    let schema = try Schema(parsing: try #require(emitAvsc(model).first).text)
    #expect(NamedTypes(of: schema).names.map(\.description).sorted() == ["a.A", "money.Line", "money.Rate"])
    #expect(emitTopologyJSON(model).contains("\"money.Rate\""))
  }

  /// As if everything stood in one module.
  @Test func schemasAreThoseOfOneModule() throws {
    let own = [
      "a.yaml": "namespace: a\nrecords: { A: [lines: { array: money.Line }, m: { map: [int, money.Rate] }] }\n"
    ]
    let apart = try #require(self.model(own, ["Money": Self.money]))
    let together = try #require(model(own.merging(Self.money) { first, _ in first }, [:]))
    let type = try #require(apart.types.first)
    let same = try #require(together.types.first { $0.name == type.name })
    #expect(type.schema.text(.full, types: apart.namedTypes) == same.schema.text(.full, types: together.namedTypes))
    #expect(type.schema.canonicalForm(types: apart.namedTypes) == same.schema.canonicalForm(types: together.namedTypes))
  }

  @Test(arguments: [
    ("namespace: money\nrecords: { A: [line: Line] }", []),
    ("namespace: a\nrecords: { A: [line: money.Line] }", []),
    (
      "namespace: a\nrecords: { A: [line: Line] }",
      [
        "a.yaml:2:22: error: unknown type \"Line\"; another module has money.Line (module Money): write the full name"
      ]
    ),
    (
      "namespace: a\nrecords: { A: [line: other.Line] }",
      [
        "a.yaml:2:22: error: unknown type \"other.Line\"; if another module has it, add that module to the "
          + "dependencies of this target"
      ]
    ),
    (
      "namespace: a\nrecords: { A: [line: other.Thing] }",
      [
        "a.yaml:2:22: error: unknown type \"other.Thing\"; if another module has it, add that module to the "
          + "dependencies of this target"
      ]
    ),
    (
      "namespace: a\nrecords: { A: [line: money.Lien] }",
      ["a.yaml:2:22: error: unknown type \"money.Lien\"; did you mean \"money.Line\"?"]
    ),
    ("namespace: a\nrecords: { A: [code] }", ["a.yaml:2:16: error: unknown type \"code\""]),
    // Its own shared types have the names that they like.
    ("namespace: a\ntypes: { code: long }\nrecords: { A: [code, { line: money.Line }] }", []),
    (
      "namespace: money\nrecords: { A: [line: Line], other.Line: [x: int] }",
      ["a.yaml:2:22: error: \"Line\" may be any of money.Line, other.Line; write the full name"]
    ),
    (
      "namespace: money\nrecords: { Line: [x: int] }",
      [
        "a.yaml:2:12: error: duplicate type \"money.Line\"; module Money has it at money.yaml:4: use that one, or rename "
          + "this"
      ]
    ),
  ])
  func namesAreFull(own: String, expected: [String]) {
    #expect(problems(["a.yaml": own], ["Money": Self.money]) == expected)
  }

  /// A dependency cannot know who depends on it.
  @Test func noModuleSeesTheOneThatIsMade() {
    let money = ["money.yaml": "namespace: money\nrecords: { Line: [own: a.A] }\n"]
    let own = ["a.yaml": "namespace: a\nrecords: { A: [x: int], B: [line: money.Line] }\n"]
    #expect(problems(own, ["Money": money]) == ["money.yaml:2:24: error: unknown type \"a.A\""])
  }

  /// What a name in a module means does not depend on what else is seen here.
  @Test func namesOfAModuleStayItsOwn() throws {
    let money = ["money.yaml": "namespace: money\nrecords: { Line: [of: Rate], other.Rate: [x: int] }\n"]
    let more = ["more.yaml": "namespace: money\nrecords: { Rate: [x: long] }\n"]
    let own = ["a.yaml": "namespace: a\nrecords: { A: [line: money.Line] }\n"]
    let model = try #require(self.model(own, ["Money": money, "More": more]))
    let text = try #require(model.types.first).schema.text(.full, types: model.namedTypes)
    #expect(text.contains("other") && !text.contains("long"))
  }

  @Test func twoModulesWithOneTypeMatterToWhoUsesIt() {
    let twice = ["Money": Self.money, "Other": ["other.yaml": "namespace: money\nrecords: { Rate: [of: int] }\n"]]
    #expect(problems(["a.yaml": "namespace: a\nrecords: { A: [x: int] }\n"], twice).isEmpty)
    #expect(
      problems(["a.yaml": "namespace: a\nrecords: { A: [line: money.Line] }\n"], twice) == [
        "money.yaml:5:3: error: modules Money and Other both define money.Rate, here and at other.yaml:2: it can't be "
          + "used where both are seen"
      ])
  }

  /// YAML that is no definitions, and definitions that are wrong: their own build says so.
  @Test(arguments: [
    "openapi: 3.0.0\npaths: {}\n", "- a\n- b\n", "services: { web: { image: x } }\nversion: 3\n", "{", "\u{0}",
    "records: [a, b]\ntypes: 5\n", "records: { X: [y: Nothing] }\n", "",
  ])
  func whatIsNotUsedIsNotMinded(text: String) throws {
    let own = ["a.yaml": "namespace: a\nrecords: { A: [line: money.Line] }\n"]
    _ = try #require(self.model(own, ["Lib": ["lib.yaml": text], "Money": Self.money]))
  }

  @Test func whatIsWrongInWhatIsUsedIsSaid() {
    let money = ["money.yaml": "namespace: money\nrecords: { Line: [code: Nothing] }\n", "x.yaml": "types: { a: b }\n"]
    let own = ["a.yaml": "namespace: a\nrecords: { A: [line: { array: money.Line }] }\n"]
    #expect(
      problems(own, ["Money": money]) == [
        "money.yaml:2:25: error: unknown type \"Nothing\"", "x.yaml:1:13: error: unknown type \"b\"",
      ])
    // The file that can't be read may be the one that has it.
    let broken = ["money.yaml": "namespace: money\nrecords: {\n"]
    let lines = problems(own, ["Money": broken])
    #expect(lines.count == 2 && lines.first?.contains("unknown type \"money.Line\"") == true, "\(lines)")
    #expect(lines.last?.hasPrefix("money.yaml:") == true, "\(lines)")
  }

  @Test func verbsTakeModules() throws {
    let place = try Workplace()
    let own = try place.write("namespace: a\nrecords: { A: [line: money.Line] }\n", to: "own/a.yaml")
    _ = try place.write(try #require(Self.money["money.yaml"]), to: "money/money.yaml")
    let module = ["--module", "Money=\(place.path("money"))", "--definitions", place.path("own")]
    for verb in [["check"], ["compat"], ["generate"], ["sql"], ["avsc"], ["topology", "--json"]] {
      let result = Program.run(verb + module)
      #expect(result.status == 0 && result.messages.isEmpty, "\(verb): \(result.messages)")
    }
    #expect(Program.run(["check"] + module).output == "1 file, 1 type, 0 topics, 0 services, 0 databases: good\n")
    #expect(Program.run(["generate"] + module).output.contains("public var line: Money::Line\n"))
    #expect(Program.run(["check", own]).status == 1)
    for (argument, message) in [
      ("Money", "--module takes NAME=PATH, got \"Money\""), ("a b=c", "\"a b\" is no name of a module"),
      ("Money=", "--module takes NAME=PATH, got \"Money=\""),
    ] {
      #expect(
        Program.run(["check", "--module", argument]).messages == "avrogen: \(message)\nSee avrogen --help.\n")
    }
    #expect(
      try Invocation.parse(["check", "--module=A=x", "--module", "B=y=z", "--module", "A=w"])
        == .run(
          Invocation(
            verb: .check, definitions: ["definitions"], output: nil,
            modules: [
              Invocation.Module(name: "A", paths: ["x", "w"]), Invocation.Module(name: "B", paths: ["y=z"]),
            ])))
  }

  /// A promise of this module covers what other modules put into it, and a topic's covers a record that is not its own.
  @Test func historyLooksIntoOtherModules() throws {
    let place = try Workplace()
    _ = try place.write("namespace: a\nrecords: { A: [line: money.Line] }\n", to: "own/a.yaml")
    let text = try #require(Self.money["money.yaml"])
    let money = try place.write(text, to: "money/money.yaml")
    let rest = ["--module", "Money=\(place.path("money"))", "--definitions", place.path("own")]
    #expect(Program.run(["record-history"] + rest).output == place.path("own/history/a.A.1.avsc") + "\n")
    _ = try place.write(
      text.replacing("fields: [code,", with: "fields: [code, { name: x, type: int },"), to: "money/money.yaml")
    let broken = Program.run(["check"] + rest)
    #expect(broken.status == 1)
    #expect(
      broken.messages.hasPrefix("\(money):4:34: error: a.A can't read what version 1 wrote"), "\(broken.messages)")
    _ = try place.write(text, to: "money/money.yaml")

    _ = try place.write(
      "namespace: a\nrecords: { A: [line: money.Line] }\ntopics: { t: { value: money.Rate } }\n", to: "own/a.yaml")
    #expect(Program.run(["record-history"] + rest).output == place.path("own/history/money.Rate.1.avsc") + "\n")
    _ = try place.write("namespace: a\nrecords: { A: [line: money.Line] }\n", to: "own/a.yaml")
    let moved = Program.run(["check"] + rest).messages
    #expect(moved.contains("money.Rate is of module Money and on no topic here: move its versions to"), "\(moved)")
  }
}
