import BankSupport
import Foundation
import Testing

/// What errors, files and command lines tell of secrets.
@Suite("Secrets")
struct SecretTests {
  /// Servers that nobody runs, each with a password.
  private static let environment = [
    "KAFKA_BROKERS": "127.0.0.1:1", "RDKAFKA_SASL_PASSWORD": "brokersecret", "RDKAFKA_SASL_USERNAME": "bank",
    "SCHEMA_REGISTRY_URL": "http://bank:registrysecret@127.0.0.1:1", "DB_HOSTNAME": "127.0.0.1", "DB_PORT": "1",
    "DB_PASSWORD": "ownersecret", "DB_PASSWORD_AUDIT": "auditsecret", "RDKAFKA_SOCKET_TIMEOUT_MS": "1000",
  ]
  private static let secrets = ["brokersecret", "registrysecret", "ownersecret", "auditsecret"]

  @Test("bank up with servers that are named and away: run.json has where they are, and no password")
  func runFile() throws {
    let bank = try BankProgram()
    let outcome = try bank.run(
      ["up", "--home", bank.home, "--port-offset", String(bank.portOffset), "--infrastructure-only"],
      environment: Self.environment)
    #expect(outcome.status == 1 && outcome.output.contains("127.0.0.1:1"), "\(outcome.output)")
    let path = RunFile.path(home: bank.home)
    let run = try #require(try RunFile.read(home: bank.home))
    #expect(run.registry == "http://127.0.0.1:1" && run.database.host == "127.0.0.1" && run.brokers == "127.0.0.1:1")
    let written = try String(contentsOfFile: path, encoding: .utf8)
    for secret in Self.secrets {
      #expect(!written.contains(secret) && !outcome.output.contains(secret), "\(secret)")
    }
    #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
  }

  @Test(
    "commands whose server is away, or whose setting is wrong, name the server and the setting, and no password",
    arguments: [
      (["setup-db"], [:], "127.0.0.1:1"), (["registry", "compat"], [:], "http://127.0.0.1:1"),
      (["audit"], [:], "127.0.0.1:1"),
      (
        ["synchronize"], ["RDKAFKA_SASL_MECHANISM": "NONSENSE", "RDKAFKA_SECURITY_PROTOCOL": "sasl_plaintext"],
        "Unsupported SASL mechanism"
      ),
      (
        ["registry", "compat"], ["SCHEMA_REGISTRY_URL": "bank:registrysecret@registry"],
        "not the URL of a schema registry"
      ),
      (
        ["registry", "compat"], ["SCHEMA_REGISTRY_URL": "http://bank:registrysecret@"],
        "not the URL of a schema registry"
      ),
    ] as [([String], [String: String], String)])
  func errors(command: [String], more: [String: String], word: String) throws {
    let bank = try BankProgram()
    let outcome = try bank.run(
      command + ["--home", bank.home], environment: Self.environment.merging(more) { $1 })
    #expect(outcome.status == 1 && outcome.output.contains(word), "\(outcome.status): \(outcome.output)")
    for secret in Self.secrets { #expect(!outcome.output.contains(secret), "\(outcome.output)") }
  }

  @Test("a password on a command line is refused, and not repeated", arguments: ["compat", "import"])
  func commandLine(verb: String) throws {
    let bank = try BankProgram()
    let more = verb == "import" ? ["--output", bank.home + "/definitions"] : []
    let outcome = try bank.run(["registry", verb, "--registry", "http://bank:registrysecret@127.0.0.1:1"] + more)
    #expect(outcome.status == 2 && outcome.output.contains("use SCHEMA_REGISTRY_URL instead"), "\(outcome.output)")
    #expect(!outcome.output.contains("registrysecret"))
  }

  @Test("no option of any command takes a password")
  func options() throws {
    let bank = try BankProgram()
    for verb in [
      ["up"], ["setup"], ["setup-db"], ["synchronize"], ["heartbeat"], ["command-generator"], ["command-handler"],
      ["graphql-endpoint"], ["frontend"], ["registry"], ["registry", "compat"], ["registry", "import"], ["audit"],
      ["adopt"], ["down"], ["clean"],
    ] {
      let help = try bank.run(["help"] + verb)
      #expect(help.status == 0 && help.output.contains("USAGE"), "\(verb)")
      let options = help.output.split(separator: "\n").filter { $0.contains("--") }.joined().lowercased()
      for word in ["password", "secret", "token", "credential"] { #expect(!options.contains("--\(word)"), "\(verb)") }
    }
  }

  @Test("secrets are the same when all bytes are, whatever they are")
  func comparison() {
    for (own, given, isSame) in [
      ("", "", true), ("a", "a", true), ("a", "b", false), ("a", "", false), ("", "a", false), ("aa", "a", false),
      ("12345678901234567890", "12345678901234567890", true), ("12345678901234567890", "12345678901234567891", false),
      ("02345678901234567890", "12345678901234567890", false), ("\u{E9}", "e\u{301}", false), ("\0a", "\0b", false),
    ] {
      #expect(isSameSecret(own.utf8, given.utf8) == isSame, "\(own) \(given)")
    }
  }

  @Test("nothing but isSameSecret compares tokens and passwords where they are decided on")
  func comparisonsInTheSources() throws {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { root.deleteLastPathComponent() }
    var uses: [String] = []
    var files = 0
    for folder in ["CommandHandler", "GraphQLEndpoint", "Support"] {
      let path = root.appending(path: "Sources/Services/\(folder)").path
      let names = try #require(FileManager.default.enumerator(atPath: path))
      while let name = names.nextObject() as? String {
        guard name.hasSuffix(".swift") else { continue }
        files += 1
        let lines = try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8).split(separator: "\n")
        for line in lines where line.contains("isSameSecret(") || line.contains("==") || line.contains("!=") {
          if line.drop(while: \.isWhitespace).hasPrefix("//") { continue }
          if line.contains("isSameSecret(") { uses.append(name) }
          #expect(
            !line.contains(#/(?i)\b(\w+\.)?(\w*token|\w*password|\w*secret)(\.utf8)?\s*[!=]=(?!\s*nil)/#),
            "\(name): \(line)")
          #expect(!line.contains(#/(?i)[!=]=\s*(\w+\.)?(token|password|secret)\b/#), "\(name): \(line)")
        }
      }
    }
    #expect(files > 80)
    #expect(
      uses.sorted() == ["Accounts/PasswordHash.swift", "Decide/Decide.swift", "SecretComparison.swift"], "\(uses)")
  }
}
