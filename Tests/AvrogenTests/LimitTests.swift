import Testing

@testable import avrogen

/// Inputs too large to keep as files.
@Suite struct LimitTests {
  private func lines(_ text: String, path: String = "input.yaml") -> [String] {
    lines(Array(text.utf8), path: path)
  }

  private func lines(_ bytes: [UInt8], path: String = "input.yaml") -> [String] {
    switch Loader.load([Loader.Input(path: path, bytes: bytes)]) {
    case .good: []
    case .bad(let lines): lines
    }
  }

  @Test(arguments: [
    ("[", 101), ("{a: ", 401), ("- ", 201), ("? ", 201), ("{? ", 301), ("[{", 101), ("&a [", 401), ("- - - ", 201),
  ])
  func hundredThousandLevelsEndAtOnce(opening: String, column: Int) {
    let found = lines(String(repeating: opening, count: 100_000))
    #expect(found == ["input.yaml:1:\(column): error: nested deeper than 100 levels"])
  }

  @Test func hundredThousandLevelsOfJSONEndAtOnce() {
    let found = lines(String(repeating: "[", count: 100_000), path: "a.avsc")
    #expect(found == ["a.avsc:1:101: error: nested deeper than 100 levels"])
  }

  @Test func hundredLevelsAreRead() {
    // The root is one level, so 99 brackets are the deepest that passes.
    let text = "x: " + String(repeating: "[", count: 99) + String(repeating: "]", count: 99)
    #expect(lines(text) == ["input.yaml:1:1: error: unknown key \"x\" in a definitions file"])
    let deeper = "x: " + String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
    #expect(lines(deeper) == ["input.yaml:1:103: error: nested deeper than 100 levels"])
  }

  @Test(arguments: ["namespace: ", "namespace: \"", "records: { A: { fields: [], doc: ", "# c\n? ", "x: |\n  "])
  func megabyteScalarIsRefused(before: String) {
    let found = lines(before + String(repeating: "x", count: 1 << 20))
    #expect(found.count == 1)
    #expect(found.allSatisfy { $0.utf8.count < 300 })
  }

  @Test func megabyteScalarSaysSo() {
    let found = lines("namespace: " + String(repeating: "x", count: 1 << 20) + "\nrecords: {}\n")
    #expect(found == ["input.yaml:1:12: error: a scalar of 1048576 bytes; the limit is 65536"])
    let json = "{\"type\": \"" + String(repeating: "x", count: 1 << 20) + "\"}"
    #expect(lines(json, path: "a.avsc") == ["a.avsc:1:10: error: a scalar of 1048576 bytes; the limit is 65536"])
  }

  @Test func longNamesAreCutInMessages() {
    let found = lines("namespace: \"" + String(repeating: "-", count: 60_000) + "\"\n")
    #expect(found.count == 1)
    #expect(found.allSatisfy { $0.utf8.count < 200 })
  }

  @Test func fileSizeIsLimited() {
    let found = lines([UInt8](repeating: 0x20, count: InputLimits.fileBytes + 1))
    #expect(found == ["input.yaml:1:1: error: the file has more than 4194304 bytes; split it"])
  }

  @Test func nodesAreLimited() {
    let text = "unmanaged: [" + String(repeating: "a,", count: 600_000) + "]"
    let found = lines(text)
    #expect(found == ["input.yaml:1:1000007: error: more than 500000 values in one file, counting what aliases repeat"])
    let json = "[" + String(repeating: "1,", count: 600_000) + "1]"
    #expect(lines(json, path: "a.avsc") == ["a.avsc:1:1000000: error: more than 500000 values in one file"])
  }

  @Test func printedProblemsAreLimited() {
    let text = (0..<3_000).map { "k\($0): 1\n" }.joined()
    let found = lines(text)
    #expect(found.count == Diagnostics.printedLimit + 1)
    #expect(found.last == "avrogen: 2000 more problems are not shown")
  }

  @Test func manyUnknownNamesEnd() {
    let fields = (0..<30_000).map { "\n  - f\($0): unknowntype\($0)" }.joined()
    let types = (0..<20_000).map { "  t\($0): int\n" }.joined()
    #expect(lines("types:\n\(types)records:\n  R:\(fields)\n").count == Diagnostics.printedLimit + 1)
  }

  @Test func manyRecordsThatReferToEachOtherEnd() {
    let records = (0..<2_000).map { "  R\($0): [a: R\(($0 + 1) % 2_000)?, b: { array: R\(($0 * 7) % 2_000) }]\n" }
    let found = lines("records:\n\(records.joined())")
    #expect(found.count == 1)
  }

  @Test func unionsOfRecordsInDefaultsEnd() {
    let opening = String(repeating: "{f: ", count: 60)
    let closing = String(repeating: "}", count: 60)
    let text = """
      records:
        A: [f: ["null", A, B]]
        B: [f: ["null", B, A]]
        C: [c: { type: A, default: \(opening)5\(closing) }]
      """
    let found = lines(text)
    #expect(found.count == 1)
    #expect(found.first?.contains("no type found that fits in 100000 steps") == true)
  }

  @Test func markAtTheBeginningIsSkipped() {
    #expect(lines([0xEF, 0xBB, 0xBF] + Array("namespace: a.b\n".utf8)).isEmpty)
    let json = [0xEF, 0xBB, 0xBF] + Array("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"]}".utf8)
    #expect(lines(json, path: "a.avsc").isEmpty)
  }
}
