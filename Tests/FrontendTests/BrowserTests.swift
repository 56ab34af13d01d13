import Foundation
import PythonPeer
import RunningBank
import Testing

/// The page in a real browser: its modules, its server as a process, and all of it on a bank that runs.
struct BrowserTests {
  /// What a script of this folder says of one of its tests.
  private struct Outcome: Decodable {
    var name: String
    var failure: String?
  }

  /// The page without an endpoint is looked at while the bank starts.
  @Test(.timeLimit(.minutes(12)))
  func thePageAloneAndOfABankThatRuns() async throws {
    try await withFolder { folder in
      let offset = Int.random(in: 1000...20000)
      let bank = try RunningBank(
        home: folder.appending(path: "home"), portOffset: offset,
        arguments: ["--heartbeat-batch", "6", "--heartbeat-millis", "100"])
      try await withFolder { try await thePageAlone(folder: $0, offset: offset + 500) }
      try await bank.wait(for: "the bank", timeoutSeconds: 180) {
        bank.output.contains("ready, Ctrl-C stops") ? true : nil
      }
      #expect(bank.output.contains("page       \(page(offset))"))
      try await run("bank_tests.py", [page(offset), "\(8888 + offset)", bank.home.path, try screenshots().path])
      let status = try await bank.stop(signal: SIGINT, timeoutSeconds: 15)
      #expect(status == 0, "\(bank.output.suffix(3000))")
    }
  }

  /// The server as a process, and the modules in the page that it serves.
  private func thePageAlone(folder: URL, offset: Int) async throws {
    let home = folder.appending(path: "home")
    // Started elsewhere than where it was built: it has to find its files all the same.
    let frontend = try RunningBank("frontend", home: home, portOffset: offset, folder: folder)
    try await frontend.wait(for: "the page", timeoutSeconds: 30) {
      try? await PythonPeer.run([script("reachable.py"), page(offset)])
    }
    try await run("server_tests.py", [page(offset), "\(8888 + offset)"])
    let status = try await frontend.stop(signal: SIGTERM, timeoutSeconds: 10)
    #expect(status == 0, "\(frontend.output)")
  }

  private func page(_ offset: Int) -> String { "http://127.0.0.1:\(8181 + offset)" }

  private func script(_ name: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Browser/\(name)").path
  }

  /// Runs a script whose output is a list of outcomes; each failure is an issue.
  private func run(_ name: String, _ arguments: [String]) async throws {
    let output = try await PythonPeer.run([script(name)] + arguments)
    let outcomes = try JSONDecoder().decode([Outcome].self, from: Data(output.utf8))
    #expect(!outcomes.isEmpty, "\(name) has no tests")
    for outcome in outcomes {
      if let failure = outcome.failure { Issue.record("\(outcome.name)\n\(failure)") }
    }
  }

  /// Where pictures of the views are kept: BANK_SCREENSHOTS, else `.build/screenshots`.
  private func screenshots() throws -> URL {
    let named = ProcessInfo.processInfo.environment["BANK_SCREENSHOTS"] ?? ""
    let folder =
      named.isEmpty ? RunningBank.packageRoot.appending(path: ".build/screenshots") : URL(filePath: named)
    try? FileManager.default.removeItem(at: folder)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  private func withFolder(_ body: (URL) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "frontend-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(folder)
  }
}
