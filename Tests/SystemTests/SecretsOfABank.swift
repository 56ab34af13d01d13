import Foundation
import RunningBank
import Testing

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// The passwords and tokens of a bank that runs, and all that others may see of it.
struct SecretsOfABank {
  private let bank: RunningBank
  private let values: [String]
  private var home: String { bank.home.path }

  init(_ bank: RunningBank) throws {
    self.bank = bank
    let text = try String(contentsOf: bank.home.appending(path: "secrets"), encoding: .utf8)
    let passwords = text.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap { line in
      line.firstIndex(of: "=").map { String(line[line.index(after: $0)...]) }
    }
    #expect(passwords.count == 4 && passwords.allSatisfy { $0.count == 32 }, "the owner's and one a role")
    values = passwords
  }

  /// - Parameter output: of other commands that were run on the bank.
  func stayWhereTheyBelong(beside output: String) async throws {
    let lines = bank.processes()
    #expect(lines.count >= 8, "processes: \(lines)")
    for line in lines { check(line, "the command line of a process") }
    check(bank.output + output, "what commands print")
    for name in ["run.json"] + logs().map({ "logs/\($0)" }) {
      let content = try String(decoding: Data(contentsOf: bank.home.appending(path: name)), as: UTF8.self)
      check(content, name)
    }
    #expect(logs().count >= 7, "\(logs())")
    for port in [8181, 8888, 17_888, 17_889, 17_890] {
      for path in ["metrics", "health"] {
        let url = try #require(URL(string: "http://127.0.0.1:\(port + bank.portOffset)/\(path)"))
        check(String(decoding: try await URLSession.shared.data(from: url).0, as: UTF8.self), "\(port)/\(path)")
      }
    }
    try checkModes()
  }

  private func check(_ text: String, _ place: String) {
    for value in values where text.contains(value) { Issue.record("a password is in \(place)") }
    // The company's token is twenty zeros and no secret; others are as long, and so is no other number that is written.
    let tokens = text.split { !$0.isNumber }.filter { $0.count == 20 && $0.contains { $0 != "0" } }
    #expect(tokens.isEmpty, "a token is in \(place)")
  }

  private func logs() -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "\(home)/logs")) ?? []).sorted()
  }

  /// The home is its user's alone, and so is each file in it that has secrets or tells of them.
  private func checkModes() throws {
    for (name, mode) in [("", 0o700), ("/secrets", 0o600), ("/run.json", 0o600), ("/logs", 0o700)]
      + logs().map({ ("/logs/\($0)", 0o600) })
    {
      let found = try FileManager.default.attributesOfItem(atPath: home + name)[.posixPermissions] as? Int
      #expect(found == mode, "\(home + name) has mode \(String(found ?? 0, radix: 8))")
    }
    #expect(!FileManager.default.fileExists(atPath: "\(home)/postgres.password"), "the file for initdb is left")
  }
}
