import AvroSchema
import Foundation
import Testing

@testable import avrogen

/// Types written as YAML and read again are the same types.
@Suite struct ImportDefinitionsTextTests {
  /// The full text of each type of `files`, by name.
  private func texts(_ files: [DefinitionsText.File]) -> [String: String] {
    switch Loader.load(files.map { Loader.Input(path: $0.name, bytes: Array($0.text.utf8)) }) {
    case .good(let model): return texts(model.types.map(\.schema))
    case .bad(let lines):
      Issue.record("\(lines.joined(separator: "\n"))\n\(files.map(\.text).joined(separator: "\n"))")
      return [:]
    }
  }

  private func texts(_ schemas: [Schema]) -> [String: String] {
    let types = NamedTypes(of: schemas)
    var texts: [String: String] = [:]
    for name in types.names { texts[name.description] = types[name]?.text(.full, types: types) }
    return texts
  }

  @Test(arguments: [UInt64](1...400))
  func randomTypesComeBack(seed: UInt64) throws {
    let schemas = ImportRandomTypes(seed: seed).types
    let expected = texts(schemas)
    let one = try DefinitionsText.yaml(of: schemas)
    #expect(texts([DefinitionsText.File(name: "all.yaml", text: one)]) == expected)
    #expect(texts(try DefinitionsText.files(of: schemas)) == expected)
  }
}
