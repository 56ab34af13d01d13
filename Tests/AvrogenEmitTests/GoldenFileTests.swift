import AvroSchema
import Foundation
import JSONText
import Testing

@testable import avrogen

/// What each emitter writes, to the byte.
@Suite struct GoldenFileTests {
  @Test func oneOfEverything() throws {
    let folder = Emitting.golden.appending(path: "shop")
    try Emitting.expect(Emitting.everything(Emitting.model(folder)), in: folder)
  }

  @Test func theBanksDefinitions() throws {
    let files = Emitting.everything(try Emitting.definitions())
    try Emitting.expect(files, in: Emitting.golden.appending(path: "bank"))
  }

  /// Types of other modules are referred to, by names that nothing can hide; nothing is made of them.
  @Test func typesOfOtherModules() throws {
    let files = Emitting.everything(try Emitting.orders())
    try Emitting.expect(files, in: Emitting.golden.appending(path: "orders"))
    let own: Set = ["orders.Line", "orders.Defaults", "money.other.OnlyInDefault", "money.Refund"]
    #expect(Set(files.map(\.name).filter { $0.hasSuffix(".avsc") }) == Set(own.map { "\($0).avsc" }))
    for file in files where file.name.hasSuffix(".avsc") {
      #expect(throws: Never.self) { try Schema(parsing: file.text) }
    }
  }

  /// The names that a module's own run decides on.
  @Test func namesAreThoseOfTheOtherModule() throws {
    let names = SwiftNames(try Emitting.orders())
    for (folder, module) in [("Units", "UnitsFixture"), ("Money", "Money")] {
      let model =
        folder == "Units"
        ? try Emitting.fixture(folder)
        : try Emitting.model(
          Emitting.repository.appending(path: "Tests/Fixtures/Money"),
          modules: Files.modules([
            Invocation.Module(
              name: "UnitsFixture", paths: [Emitting.repository.appending(path: "Tests/Fixtures/Units").path])
          ]))
      for (name, index) in swiftTypeNames(model) {
        #expect(names[model.types[index].name] == "\(module)::\(name)")
      }
    }
    #expect(names[FullName("money.line")] == "Money::Line_")
  }

  @Test(arguments: ["AllTypes", "NastyNames"])
  func theSameModelGivesTheSameBytes(name: String) throws {
    #expect(try Emitting.everything(Emitting.fixture(name)) == Emitting.everything(Emitting.fixture(name)))
  }

  /// What the build plugin has declared before avrogen runs.
  @Test(arguments: ["AllTypes", "NastyNames"])
  func swiftFilesAreThoseOfTheInputs(name: String) throws {
    let model = try Emitting.fixture(name)
    #expect(emitSwift(model).map(\.name) == model.files.map { "\($0.stem).swift" } + ["AvrogenIndex.swift"])
  }

  @Test func noDefinitionsMakeAnIndexOfNothing() {
    let files = emitSwift(Model())
    #expect(files.map(\.name) == ["AvrogenIndex.swift"])
    #expect(files.first?.text.split(separator: "\n").count == 1)
    #expect(emitSQL(Model()).isEmpty)
    #expect(emitAvsc(Model()).isEmpty)
  }

  /// An .avsc file stands alone, and means what is registered.
  @Test(arguments: ["AllTypes", "NastyNames"])
  func avscFilesStandAlone(name: String) throws {
    let model = try Emitting.fixture(name)
    let types = NamedTypes(of: model.types.map(\.schema))
    for (file, type) in zip(emitAvsc(model), model.types) {
      let parsed = try Schema(parsing: file.text)
      #expect(parsed.text(type.textStyle) == type.schema.text(type.textStyle, types: types), "\(file.name)")
      #expect(parsed.canonicalForm() == type.schema.canonicalForm(types: types), "\(file.name)")
    }
  }

  @Test func plainTextCarriesNoDocAndNoLogicalType() throws {
    for file in emitAvsc(try Emitting.definitions()) where file.name.hasPrefix("nl.openweb.data.") {
      #expect(!file.text.contains("\"doc\""))
      #expect(!file.text.contains("logicalType"))
    }
  }

  @Test func topologyIsJSON() throws {
    let value = try JSONValue(parsing: emitTopologyJSON(try Emitting.definitions()))
    guard case .array(let topics)? = value["topics"] else {
      Issue.record("no topics")
      return
    }
    #expect(topics.compactMap { $0["name"] }.first == .string("heartbeat"))
    #expect(value["services"]?.text.contains("command_handler") == true)
  }

  /// The handler in Python works on files that avrogen wrote: those that it would write now.
  @Test func filesOfThePythonHandler() throws {
    let folder = Emitting.repository.appending(path: "Examples/python-handler/generated")
    let files = Dictionary(
      Emitting.everything(try Emitting.definitions()).map { ($0.name, $0.text) }, uniquingKeysWith: { $1 })
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(names.contains("topology.json") && names.count > 1)
    for name in names {
      let text = try #require(files[name], "avrogen makes no \(name)")
      let file = folder.appending(path: name)
      if Emitting.updates { try Data(text.utf8).write(to: file) }
      #expect(try String(contentsOf: file, encoding: .utf8) == text, "\(name): UPDATE_GOLDEN=1 writes it anew")
    }
  }

  /// Generated Swift passes without an ignore line.
  @Test func formatterHasNothingToSay() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "avrogen-lint-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let models = [
      "all": try Emitting.fixture("AllTypes"), "nasty": try Emitting.fixture("NastyNames"),
      "bank": try Emitting.definitions(), "shop": try Emitting.model(Emitting.golden.appending(path: "shop")),
      "orders": try Emitting.orders(),
    ]
    for (name, model) in models {
      let target = folder.appending(path: name)
      try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
      for file in emitSwift(model) { try Data(file.text.utf8).write(to: target.appending(path: file.name)) }
    }
    let configuration = Emitting.repository.appending(path: ".swift-format").path
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "swift", "format", "lint", "--strict", "--recursive", "--configuration", configuration, folder.path,
    ]
    let output = Pipe()
    process.standardError = output
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(text.prefix(4000))")
  }
}
