import Foundation
import Testing

/// Both plugins as a package that depends on this one sees them. The package is built once and then changed, because
/// building avrogen takes most of the time.
@Suite(.serialized) struct PluginTests {
  private static let first = """
    namespace: client
    records:
      First: [name: string]

    """

  /// Each step builds; those that avrogen's own tests show too are left to the long form.
  private static let isLong = ProcessInfo.processInfo.environment["BANK_TEST_LONG"] != nil

  @Test(.timeLimit(.minutes(20))) func buildsWhatChangedAndNothingElse() async throws {
    let package = try ClientPackage()
    defer { package.remove() }
    try package.write("// The rest is generated.\n", to: "Events.swift")
    try package.write(Self.first, to: "first.yaml")
    try await builds(package)
    #expect(try package.text(of: "first.swift").contains("public struct First: AvroRecord"))
    // SwiftPM links the tool once more in the second build after a clean one.
    try await builds(package)

    try await unchanged(package)
    try await edited(package)
    try await added(package)
    try await removed(package)
    try await broken(package)
    if Self.isLong { try await collision(package) }
    try await history(package)
    try await command(package)
    try await modules(package)
  }

  private func builds(_ package: ClientPackage) async throws {
    let outcome = try await package.build()
    try #require(outcome.status == 0, "\(outcome.output.suffix(4000))")
  }

  private func unchanged(_ package: ClientPackage) async throws {
    let index = package.generated.appending(path: "AvrogenIndex.swift").path
    let before = try FileManager.default.attributesOfItem(atPath: index)[.modificationDate] as? Date
    let outcome = try await package.build()
    #expect(outcome.status == 0)
    #expect(!outcome.output.contains("avrogen Events"), "\(outcome.output)")
    #expect(!outcome.output.contains("Compiling Events"), "\(outcome.output)")
    #expect(!outcome.output.contains("Emitting"), "\(outcome.output)")
    let after = try FileManager.default.attributesOfItem(atPath: index)[.modificationDate] as? Date
    #expect(before != nil && before == after)
  }

  private func edited(_ package: ClientPackage) async throws {
    try package.write(Self.first + "  Another: [First: First]\n", to: "first.yaml")
    try await builds(package)
    #expect(try package.text(of: "first.swift").contains("public struct Another: AvroRecord"))
    // Compiled as well: a use of it builds.
    try package.write("public let another = Another(first: First(name: \"x\"))\n", to: "Events.swift")
    try await builds(package)
  }

  private func added(_ package: ClientPackage) async throws {
    try package.write("records:\n  Second: { fields: [first: client.First] }\n", to: "deeper/second.yml")
    try package.write("public let second = Second(first: First(name: \"x\"))\n", to: "Events.swift")
    try await builds(package)
    #expect(try package.text(of: "AvrogenIndex.swift").contains("Second.self"))
  }

  private func removed(_ package: ClientPackage) async throws {
    try package.remove("deeper/second.yml")
    let outcome = try await package.build()
    #expect(outcome.status != 0)
    #expect(outcome.output.contains("cannot find 'Second' in scope"), "\(outcome.output.suffix(2000))")
    try package.write("public let first = First(name: \"x\")\n", to: "Events.swift")
    try await builds(package)
    #expect(try !package.text(of: "AvrogenIndex.swift").contains("Second.self"))
  }

  private func broken(_ package: ClientPackage) async throws {
    try package.write(Self.first + "  Wrong: [field: strnig]\n", to: "first.yaml")
    let outcome = try await package.build()
    #expect(outcome.status != 0)
    let place = package.target.appending(path: "first.yaml").path + ":4:18: error: "
    #expect(outcome.output.contains(place), "\(outcome.output.suffix(2000))")
    // What was there before stays.
    #expect(try package.text(of: "first.swift").contains("public struct First: AvroRecord"))
    try package.write(Self.first, to: "first.yaml")
    try await builds(package)
  }

  private func collision(_ package: ClientPackage) async throws {
    try package.write("namespace: other\n", to: "deeper/first.yml")
    let outcome = try await package.build()
    #expect(outcome.status != 0)
    #expect(outcome.output.contains("would both be first.swift in one module"), "\(outcome.output.suffix(2000))")
    try package.remove("deeper/first.yml")
  }

  /// What is below `history` is no definition: the definitions are compared with it.
  private func history(_ package: ClientPackage) async throws {
    let shipped = #"{"type":"record","name":"First","namespace":"client","fields":[{"name":"name","type":"string"}]}"#
    try package.write(shipped, to: "history/client.First.1.avsc")
    let outcome = try await package.build()
    #expect(outcome.status == 0, "\(outcome.output.suffix(2000))")
    #expect(!outcome.output.contains("unhandled"), "\(outcome.output)")
    #expect(!FileManager.default.fileExists(atPath: package.generated.appending(path: "client.First.1.swift").path))

    // A broken contract does not compile, and says where it was broken.
    try package.write(Self.first.replacing("[name: string]", with: "[name: string, age: int]"), to: "first.yaml")
    try await breaks(package, at: "first.yaml:3:25", "READER_FIELD_MISSING_DEFAULT_VALUE at /fields/1")
    let compat = try await package.swift(Self.allowed + ["compat", "--definitions", "Events"])
    #expect(compat.status != 0)
    #expect(compat.output.contains("Events/first.yaml:3:25: error: "), "\(compat.output.suffix(2000))")
    if Self.isLong { try await changedHistory(package, shipped) }
    try package.remove("history")
    try package.write(Self.first, to: "first.yaml")
    try package.write("public let first = First(name: \"x\")\n", to: "Events.swift")
    let fresh = try await package.swift(Self.allowed + ["record-history", "--definitions", "Events"])
    #expect(fresh.status == 0)
    #expect(fresh.output.contains("Events/history/client.First.1.avsc"), "\(fresh.output.suffix(2000))")
    try await builds(package)
  }

  private static let allowed = ["package", "--allow-writing-to-package-directory", "avrogen"]

  private func changedHistory(_ package: ClientPackage, _ shipped: String) async throws {
    try package.write(
      "compatibility: NONE\n" + Self.first.replacing("[name: string]", with: "[name: string, age: int]"),
      to: "first.yaml")
    try package.write("public let first = First(name: \"x\", age: 1)\n", to: "Events.swift")
    try await builds(package)

    // Another file of the history, an edited one and one that is gone: each is looked at without any other change.
    try package.write(Self.first.replacing("[name: string]", with: "[name: string, age: int]"), to: "first.yaml")
    try package.write(
      shipped.replacing(#"string"}"#, with: #"string"},{"name":"age","type":"int"}"#),
      to: "history/client.First.2.avsc")
    try await builds(package)
    try package.write(shipped, to: "history/client.First.2.avsc")
    try await breaks(package, at: "first.yaml:3:25", "can't read what version 2 wrote")
    try package.write(
      shipped.replacing(#"string"}"#, with: #"string"},{"name":"age","type":"int"}"#),
      to: "history/client.First.2.avsc")
    try await builds(package)
    try package.remove("history/client.First.2.avsc")
    try await breaks(package, at: "first.yaml:3:25", "can't read what version 1 wrote")
    try package.write("{", to: "history/client.First.2.avsc")
    try await breaks(package, at: "history/client.First.2.avsc:1:2", "not JSON")

    let recorded = try await package.swift(Self.allowed + ["record-history", "--definitions", "Events"])
    #expect(recorded.status != 0)
  }

  private func breaks(_ package: ClientPackage, at place: String, _ reason: String) async throws {
    let outcome = try await package.build()
    #expect(outcome.status != 0)
    let path = package.target.appending(path: place).path + ": error: "
    #expect(outcome.output.contains(path), "\(outcome.output.suffix(2000))")
    #expect(outcome.output.contains(reason), "\(outcome.output.suffix(2000))")
  }

  /// Types of the modules that the target depends on, directly or not; YAML of other dependencies is left alone.
  private func modules(_ package: ClientPackage) async throws {
    try package.writeManifest(
      dependencies: ["\"Money\"", "\"Library\""],
      targets: """
        ,
        .target(name: "Units", dependencies: [avro], path: "Units", plugins: [avrogen]),
        .target(name: "Money", dependencies: [avro, "Units"], path: "Money", plugins: [avrogen]),
        .target(name: "Library", dependencies: [avro], path: "Library", resources: [.copy("openapi.yaml")])
        """)
    try package.write("// No Swift of its own.\n", to: "../Units/Empty.swift")
    try package.write(
      "namespace: u\ntypes: { unit: { name: Unit, type: enum, symbols: [ONE, TWO] } }\n", to: "../Units/u.yml")
    try package.write("// No Swift of its own.\n", to: "../Money/Empty.swift")
    let money = "namespace: m\nrecords:\n  Money: [cents: long]\n  Line: [unit: u.Unit]\n"
    try package.write(money, to: "../Money/deeper/m.yaml")
    try package.write("public let library = 1\n", to: "../Library/Library.swift")
    try package.write("openapi: 3.1.0\nrecords: [1, 2]\n", to: "../Library/openapi.yaml")
    try package.write(
      Self.first + "  Use: [lines: { array: m.Line }, either: [int, m.Money], maybe: u.Unit?]\n", to: "first.yaml")
    try package.write(
      "import Money\npublic let use = Use(lines: [Line(unit: .two)], either: .money(Money::Money(cents: 1)), maybe: .one)\n",
      to: "Events.swift")
    try await builds(package)
    let text = try package.text(of: "first.swift")
    #expect(text.contains("public import Money\npublic import Units\n") && text.contains("[Money::Line]"))
    #expect(!text.contains("struct Money"))

    // A change there is a change here.
    try package.write(money.replacing("Line: [unit", with: "Line: [id: long, unit"), to: "../Money/deeper/m.yaml")
    try package.write(
      "import Money\npublic let use = Use(lines: [Line(id: 1, unit: .two)], either: .int(1), maybe: nil)\n",
      to: "Events.swift")
    try await builds(package)
    #expect(try package.text(of: "first.swift").contains(#""name":"id","type":"long""#))

    try package.writeManifest(dependencies: [], targets: "")
    let outcome = try await package.build()
    #expect(outcome.status != 0)
    #expect(
      outcome.output.contains("unknown type \"m.Line\"; if another module has it, add that module to the dependencies"),
      "\(outcome.output.suffix(2000))")
  }

  private func command(_ package: ClientPackage) async throws {
    let arguments = ["avsc", "--definitions", "Events", "--output", "Generated/avsc"]
    let avsc = try await package.swift(Self.allowed + arguments)
    #expect(avsc.status == 0, "\(avsc.output.suffix(2000))")
    let written = package.folder.appending(path: "Generated/avsc/client.First.avsc")
    #expect(try String(contentsOf: written, encoding: .utf8).contains("\"namespace\": \"client\""))
    let swift = try await package.swift(
      Self.allowed + ["generate", "--definitions", "Events", "--output", "Generated/swift"])
    #expect(swift.status == 0, "\(swift.output.suffix(2000))")
    let names = try FileManager.default.contentsOfDirectory(
      atPath: package.folder.appending(path: "Generated/swift").path)
    #expect(names.sorted() == ["AvrogenIndex.swift", "first.swift"])
    let wrong = try await package.swift(Self.allowed + ["genrate"])
    #expect(wrong.status != 0)
    #expect(wrong.output.contains("unknown verb \"genrate\""), "\(wrong.output.suffix(2000))")
  }
}
