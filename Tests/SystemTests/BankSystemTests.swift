import Foundation
import RunningBank
import Testing

/// The whole bank as a newcomer runs it, through its commands: real broker, real Postgres, a program in another
/// language beside it, and kill -9 in the middle.
@Suite(.serialized)
struct BankSystemTests {
  @Test(.timeLimit(.minutes(8)))
  func moneyMovesSurvivesKillAndIsReadByAnotherLanguage() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "bank-system-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let home = folder.appending(path: "home")
    let offset = Int.random(in: 1000...20000)
    let pace = ["--heartbeat-batch", "60", "--heartbeat-millis", "100"]

    let first = try RunningBank(home: home, portOffset: offset, arguments: pace)
    let before = try await audit(first, handledAtLeast: 10_000)
    #expect(before.status == 0, "\(before.output)\(before.errors)")
    try await talkFromPython(first, folder: folder)
    try await SecretsOfABank(first).stayWhereTheyBelong(beside: before.output + before.errors)

    // kill -9 of everything at once: nobody gets to save or to say goodbye.
    for line in first.processes() {
      if let pid = line.split(separator: " ").first.flatMap({ Int32($0) }) { kill(pid, SIGKILL) }
    }
    try await until("the killed tree is gone", timeoutSeconds: 15) { first.processes().isEmpty && !first.isRunning }

    let second = try RunningBank(home: home, portOffset: offset, arguments: pace)
    let handled = try #require(before.handled)
    let after = try await audit(second, handledAtLeast: handled + 500)
    #expect(after.status == 0, "\(after.output)\(after.errors)")
    try await talkFromPython(second, folder: folder)

    let status = try await second.stop(signal: SIGINT, timeoutSeconds: 12)
    #expect(status == 0, "bank up ends with 0 within 10 s of Ctrl-C: \(second.output.suffix(2000))")
    try await until("no process is left", timeoutSeconds: 5) { second.processes().isEmpty }
  }

  private struct Audited {
    var status: Int32
    var output: String
    var errors: String
    var handled: Int?
  }

  /// Runs `bank audit --json` beside the bank until enough transfers were handled; the last run is the answer.
  private func audit(_ bank: RunningBank, handledAtLeast minimum: Int) async throws -> Audited {
    try await bank.wait(for: "\(minimum) handled transfers", timeoutSeconds: 240) {
      guard bank.output.contains("transfers/s") else { return nil }
      let result = try await bank.run("audit", "--json")
      let figures = try? JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
      let audited = Audited(
        status: result.status, output: result.output, errors: result.errors, handled: figures?["handled"] as? Int)
      // A finding is an answer too: waiting for it to go away would hide it.
      guard result.status != 0 || (audited.handled ?? 0) >= minimum else { return nil }
      return audited
    }
  }

  private func talkFromPython(_ bank: RunningBank, folder: URL) async throws {
    let avsc = folder.appending(path: "avsc")
    let written = try await RunningBank.run(
      RunningBank.avrogen,
      [
        "avsc", "--definitions", RunningBank.packageRoot.appending(path: "definitions").path, "--output", avsc.path,
      ])
    #expect(written.status == 0, "\(written.errors)")
    let python = RunningBank.packageRoot.appending(path: ".venv/bin/python")
    let script = RunningBank.packageRoot.appending(path: "Tests/SystemTests/Python/other_language.py")
    let result = try await RunningBank.run(
      python,
      [
        script.path, "127.0.0.1:\(9092 + bank.portOffset)", "http://127.0.0.1:\(8081 + bank.portOffset)", avsc.path,
      ])
    #expect(result.status == 0, "\(result.output)\(result.errors)")
  }

  private func until(_ what: String, timeoutSeconds: Double, _ holds: () -> Bool) async throws {
    let deadline = Date().addingTimeInterval(timeoutSeconds)
    while !holds() {
      guard Date() < deadline else {
        Issue.record("not in time: \(what)")
        return
      }
      try await Task.sleep(for: .milliseconds(100))
    }
  }
}
