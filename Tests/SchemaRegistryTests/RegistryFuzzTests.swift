import Foundation
import PythonPeer
import Testing

/// Whatever is sent, the answer is JSON with a message and no server's error, and the registry goes on.
@Suite struct RegistryFuzzTests {
  private static let pieces = [
    "{", "}", "[", "]", ":", ",", "\"schema\"", "\"", "\\", "\\u0000", "\\ud800", "null", "1e999", "-", "\u{0}",
    "{\"schema\":\"", "\"type\":\"record\"", "\"fields\":[", "\"name\":", "\u{FFFD}", "9999999999999999999999",
    "true", "\"references\":[", "\"metadata\":{", "\"ruleSet\":{\"domainRules\":[", "\"subject\":", "\"version\":-1",
    "\"id\":", "\"compatibility\":\"NONE\"", "\"mode\":\"IMPORT\"", "\"alias\":\"a\"", "\"normalize\":",
  ]

  private static func body(_ random: inout SeededGenerator) -> Data {
    let kind = Int.random(in: 0..<3, using: &random)
    if kind == 0 {
      return Data((0..<Int.random(in: 0...400, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) })
    }
    let count = Int.random(in: 1...40, using: &random)
    let text = (0..<count).compactMap { _ in pieces.randomElement(using: &random) }.joined()
    return kind == 1 ? Data(text.utf8) : (try? JSONEncoder().encode(["schema": text])) ?? Data()
  }

  @Test func bodies() async throws {
    var random = SeededGenerator(seed: 20_260_101)
    let inputs = (0..<300).map { _ in Self.body(&random) }
    let deep = String(repeating: "[", count: 100_000)
    try await withDirectory { directory in
      try await withRegistry(directory: directory) { registry async throws in
        for input in inputs + [Data(deep.utf8), try JSONEncoder().encode(["schema": deep])] {
          for path in ["/subjects/fuzz/versions", "/subjects/fuzz", "/compatibility/subjects/fuzz/versions"] {
            let answer = try await registry.send("POST", path, body: input)
            #expect((400..<500).contains(answer.status), "\(Array(input.prefix(80))): \(answer.text)")
            #expect(answer.errorCode != nil && !answer.message.isEmpty)
          }
        }
        #expect(try await registry.get("/subjects").text == "[]")
      }
    }
  }

  @Test(arguments: [5, 6])
  func methodsPathsAndQueries(seed: Int) async throws {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("rest_fuzz.py")
    try await withDirectory { directory in
      let before = try await withRegistry(directory: directory) { registry async throws in
        #expect(try await registry.post("/subjects/a/versions", schema: "\"int\"").id == 1)
        _ = try await PythonPeer.run([script.path, registry.url, "\(seed)", "1500"])
        #expect(try await registry.get("/health").status == 200)
        return try await registry.everything()
      }
      try await withRegistry(directory: directory) { registry async throws in
        #expect(try await registry.everything() == before)
      }
    }
  }
}
