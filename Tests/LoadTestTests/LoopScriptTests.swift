import Foundation
import Testing

/// `make loop` with a bank that writes what it is told.
struct LoopScriptTests {
  @Test
  func whatDidNotGoToItsEndIsMadeAgain() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "loop-\(UUID().uuidString)")
    let runs = folder.appending(path: "load-tests")
    try FileManager.default.createDirectory(at: runs, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let bank = folder.appending(path: "bank")
    try Data("#!/bin/sh\necho '{\"new\":1}' > \"$4\"\n".utf8).write(to: bank)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: bank.path)
    func end(_ reason: String) -> String { "{\"a\":1}\n{\"loops\":3,\"reason\":\"\(reason)\",\"type\":\"end\"}\n" }
    let before = [
      end("maxSeconds"), end("stopped"), end("maxTimeOuts"), "{\"reason\":\"maxLoops\"}\ncut o", end("failed"),
    ]
    for (index, text) in before.enumerated() {
      try Data(text.utf8).write(to: runs.appending(path: "x-\(index + 1).jsonl"))
    }
    let process = Process()
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../scripts/loop")
    process.executableURL = root.standardizedFileURL
    process.arguments = [bank.path, "6", "quick", "x"]
    process.currentDirectoryURL = folder
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    func text(_ name: String) -> String? { try? String(contentsOf: runs.appending(path: name), encoding: .utf8) }
    for number in [1, 3] { #expect(text("x-\(number).jsonl") == before[number - 1]) }
    for number in [2, 4, 5] {
      #expect(text("x-\(number).jsonl") == "{\"new\":1}\n" && text("x-\(number).unfinished") == before[number - 1])
    }
    #expect(text("x-6.jsonl") == "{\"new\":1}\n" && text("x-1.unfinished") == nil)
  }
}
