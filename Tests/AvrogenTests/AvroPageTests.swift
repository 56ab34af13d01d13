import Foundation
import Testing

/// The table of `docs/avro.md`: every test that it names is there, and every row of its features names one.
@Suite struct AvroPageTests {
  private static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  /// Where a row's third column says so itself: what is measured is held by gates, not by a test.
  private static let rowsWithoutTest = ["the figures"]

  @Test func everyTestOfTheTableExists() throws {
    let page = try String(contentsOf: Self.repository.appending(path: "docs/avro.md"), encoding: .utf8)
    let features = try #require(page.split(separator: "\n## ").first { $0.hasPrefix("Features\n") })
    let rows = features.split(separator: "\n").filter { $0.hasPrefix("| ") }
      .filter { !$0.hasPrefix("| feature ") && !$0.hasPrefix("| --- ") }
    #expect(rows.count > 50)
    var known: [String: Set<String>] = [:]
    for row in rows {
      let cells = row.split(separator: " | ")
      let feature = try #require(cells.first).dropFirst(2)
      let named = row.matches(of: /`([A-Za-z]+)\/([A-Za-z0-9]+)\.([A-Za-z0-9]+)`/)
      #expect(!named.isEmpty || Self.rowsWithoutTest.contains(String(feature)), "\(feature): no test")
      for name in named {
        let target = String(name.output.1)
        if known[target] == nil { known[target] = try Self.tests(in: target) }
        let test = "\(name.output.2).\(name.output.3)"
        #expect(known[target]?.contains(test) == true, "\(feature): \(target) has no test \(test)")
      }
    }
  }

  /// Suites and their functions with `@Test`, by what stands in the sources of a test target.
  private static func tests(in target: String) throws -> Set<String> {
    let folder = repository.appending(path: "Tests/\(target)")
    var tests: Set<String> = []
    for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
      guard file.pathExtension == "swift" else { continue }
      var suite = ""
      var isTest = false
      for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
        if let type = line.firstMatch(of: /^(?:@.* )?struct ([A-Za-z0-9]+)/) { suite = String(type.output.1) }
        if line.contains("@Test") { isTest = true }
        if isTest, let function = line.firstMatch(of: /^  .*\bfunc ([A-Za-z0-9]+)\(/) {
          tests.insert("\(suite).\(function.output.1)")
          isTest = false
        }
      }
    }
    return tests
  }
}
