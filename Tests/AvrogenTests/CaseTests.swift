import Foundation
import Testing

@testable import avrogen

/// Folders of this test target, found from the source so that they are read as they are in the checkout.
enum Fixtures {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
  static let cases = folder.appending(path: "Cases")
  static let definitions = folder.deletingLastPathComponent().deletingLastPathComponent().appending(
    path: "definitions")

  /// Definition files of a folder, by name; paths are the names alone, so that messages are the same everywhere.
  static func inputs(_ folder: URL) throws -> [Loader.Input] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { isDefinition($0) }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      .map { Loader.Input(path: $0, bytes: Array(try Data(contentsOf: folder.appending(path: $0)))) }
  }

  /// What is below `history` of a folder; paths are those from the folder on.
  static func history(_ folder: URL) throws -> [Loader.Input] {
    let history = folder.appending(path: "history")
    return try (FileManager.default.subpaths(atPath: history.path) ?? [])
      .filter { isDefinition($0) }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      .map {
        Loader.Input(path: "history/\($0)", bytes: Array(try Data(contentsOf: history.appending(path: $0))))
      }
  }

  private static func isDefinition(_ name: String) -> Bool {
    [".yaml", ".yml", ".avsc"].contains { name.hasSuffix($0) }
  }

  static let caseNames: [String] =
    ((try? FileManager.default.contentsOfDirectory(atPath: cases.path)) ?? []).filter { !$0.hasPrefix(".") }.sorted()

  /// With AVROGEN_RECORD=1 expected files are written instead of compared.
  static let isRecording = ProcessInfo.processInfo.environment["AVROGEN_RECORD"] == "1"

  static func expect(_ text: String, equals name: String, in folder: URL) throws {
    let file = folder.appending(path: name)
    if isRecording { try Data(text.utf8).write(to: file) }
    let expected = try String(contentsOf: file, encoding: .utf8)
    #expect(text == expected, "\(folder.lastPathComponent)/\(name)")
  }
}

/// One folder a case: the files in it, and in `expected.txt` exactly what is printed about them.
@Suite struct CaseTests {
  @Test func allCasesAreFound() {
    #expect(Fixtures.caseNames.count >= 45)
  }

  @Test(arguments: Fixtures.caseNames)
  func printsWhatIsExpected(name: String) throws {
    let folder = Fixtures.cases.appending(path: name)
    let outcome = Loader.load(try Fixtures.inputs(folder), history: try Fixtures.history(folder))
    guard case .bad(let lines) = outcome else {
      Issue.record("no problem found in \(name)")
      return
    }
    try Fixtures.expect(lines.joined(separator: "\n") + "\n", equals: "expected.txt", in: folder)
    for line in lines {
      #expect(line.wholeMatch(of: /[^:]+:[1-9][0-9]*:[1-9][0-9]*: error: [^\n]+/) != nil, "\(line)")
    }
  }

  @Test(arguments: Fixtures.caseNames)
  func saysTheSameTwice(name: String) throws {
    let folder = Fixtures.cases.appending(path: name)
    let (inputs, history) = (try Fixtures.inputs(folder), try Fixtures.history(folder))
    guard case .bad(let first) = Loader.load(inputs, history: history),
      case .bad(let second) = Loader.load(inputs, history: history)
    else {
      Issue.record("no problem found in \(name)")
      return
    }
    #expect(first == second)
  }
}
