import Foundation
import Testing

@testable import avrogen

/// Definition folders of the repository, and golden files beside the test.
///
/// `UPDATE_GOLDEN=1 swift test --filter AvrogenEmitTests` writes the golden files anew; read the difference before it is
/// committed.
enum Emitting {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
  static let golden = folder.appending(path: "Golden")
  static let repository = folder.deletingLastPathComponent().deletingLastPathComponent()
  static let updates = ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1"

  static func model(_ folder: URL, modules: [Loader.Module] = []) throws -> Model {
    let inputs = try Files.inputs([folder.path])
    switch Loader.load(inputs, modules: modules) {
    case .good(let model): return model
    case .bad(let lines):
      Issue.record("\(lines.joined(separator: "\n"))")
      return Model()
    }
  }

  static func definitions() throws -> Model { try model(repository.appending(path: "definitions")) }

  static func fixture(_ name: String) throws -> Model {
    try model(repository.appending(path: "Tests/Fixtures/\(name)"))
  }

  /// The fixture that refers to types of two others.
  static func orders() throws -> Model {
    let fixtures = repository.appending(path: "Tests/Fixtures")
    return try model(
      fixtures.appending(path: "Orders"),
      modules: Files.modules([
        Invocation.Module(name: "Money", paths: [fixtures.appending(path: "Money").path]),
        Invocation.Module(name: "UnitsFixture", paths: [fixtures.appending(path: "Units").path]),
      ]))
  }

  /// All that the emitters make of a model.
  static func everything(_ model: Model) -> [GeneratedFile] {
    emitSwift(model) + emitSQL(model) + emitAvsc(model)
      + [GeneratedFile(name: "topology.json", text: emitTopologyJSON(model))]
  }

  /// Compares files with `<name>.golden` in a folder, which has no others.
  static func expect(_ files: [GeneratedFile], in folder: URL) throws {
    if updates {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      for name in try goldenNames(folder) { try FileManager.default.removeItem(at: folder.appending(path: name)) }
      for file in files { try Data(file.text.utf8).write(to: folder.appending(path: file.name + ".golden")) }
    }
    #expect(try goldenNames(folder) == files.map { $0.name + ".golden" }.sorted())
    for file in files {
      let expected = try String(contentsOf: folder.appending(path: file.name + ".golden"), encoding: .utf8)
      #expect(file.text == expected, "\(file.name): UPDATE_GOLDEN=1 writes it anew")
    }
  }

  private static func goldenNames(_ folder: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".golden") }.sorted()
  }
}
