import Foundation
import Testing

/// Confluent's own Java client and serializer, unchanged, against the embedded registry. Needs a JDK and the jars that
/// scripts/registry-peer fetches, so only `make test-long` runs it.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["BANK_TEST_LONG"] != nil, "part of make test-long"))
struct JavaTests {
  private static let expected = """
    bytes: 0000000001ac02
    strict: 0000000001ac02
    latest: 0000000001ac02
    read: {"beat": 150}
    compatible: true false
    why not: true
    incompatible: 409 409
    second: true
    versions: [1, 2]
    latest version: 2
    version of: 1
    subjects: [java-value]
    level: FULL FULL
    mode: READONLY READONLY
    read-only: 422 42205
    references: 1 Heartbeat
    referenced: 422 42206
    all of id: [java-top] 1
    deleted: [1] [1]
    unknown: 404 40401, 404 40403
    deleted again: 404 40405

    """

  @Test func confluentsSerializerWorksUnchanged() async throws {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { root.deleteLastPathComponent() }
    let script = root.appendingPathComponent("scripts/registry-peer").path
    try await withDirectory { directory in
      try await withRegistry(directory: directory, level: .backward) { registry async throws in
        // A file, not a pipe: nothing has to be read while the process runs.
        let file = directory + "/output"
        _ = FileManager.default.createFile(atPath: file, contents: nil)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = [script, "run", registry.url]
        process.standardOutput = FileHandle(forWritingAtPath: file)
        process.standardInput = FileHandle.nullDevice
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
          process.terminationHandler = { _ in continuation.resume() }
          do {
            try process.run()
          } catch {
            process.terminationHandler = nil
            continuation.resume(throwing: error)
          }
        }
        #expect(process.terminationStatus == 0)
        #expect(try String(contentsOfFile: file, encoding: .utf8) == Self.expected)
      }
    }
  }
}
