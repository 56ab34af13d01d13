import Foundation
import Testing

@testable import avrogen

/// The samples of the reference are read as they stand there, all of them together.
@Suite struct DocumentationTests {
  @Test func samplesAreValid() throws {
    let page = Fixtures.definitions.deletingLastPathComponent().appending(path: "docs/definitions.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    let samples = text.split(separator: "```yaml\n").dropFirst().compactMap { $0.split(separator: "```").first }
    #expect(samples.count >= 8)
    let inputs = samples.enumerated().map { number, sample in
      Loader.Input(path: "sample\(number + 1).yaml", bytes: Array(sample.utf8))
    }
    if case .bad(let lines) = Loader.load(inputs) {
      Issue.record("\(lines.joined(separator: "\n"))")
    }
  }

  @Test func everySectionIsDescribed() throws {
    let page = Fixtures.definitions.deletingLastPathComponent().appending(path: "docs/definitions.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    for section in DefinitionReader.sections { #expect(text.contains("`\(section)`")) }
    for type in ColumnType.allCases { #expect(text.contains("`\(type.rawValue)`")) }
    for strategy in SubjectStrategy.allCases { #expect(text.contains("`\(strategy.rawValue)`")) }
  }
}
