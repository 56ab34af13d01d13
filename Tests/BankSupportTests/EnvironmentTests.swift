import BankSupport
import Foundation
import Testing

@Suite("Where servers are found")
struct EnvironmentTests {
  private let folder = TemporaryFolder()

  private func run() throws -> RunFile {
    RunFile(
      pid: 1, brokers: "127.0.0.1:9192", registry: "http://127.0.0.1:8181",
      database: .init(host: "127.0.0.1", port: 15_532), ports: try Ports(offset: 100), embedded: [.broker, .postgres])
  }

  private func resolve(_ environment: [String: String] = [:]) throws -> BankEnvironment {
    try BankEnvironment.resolve(home: folder.path, environment: environment)
  }

  @Test("Nothing named and nothing running: the error names both places")
  func nothing() throws {
    let environment = try resolve()
    for (variable, key, ask) in [
      ("KAFKA_BROKERS", "brokers", { _ = try environment.brokers() }),
      ("SCHEMA_REGISTRY_URL", "registry", { _ = try environment.registryURL() }),
      ("DB_HOSTNAME", "database", { _ = try environment.databaseAccess(role: "audit") }),
    ] as [(String, String, () throws -> Void)] {
      let error = #expect(throws: SupportError.self) { try ask() }
      #expect(error?.message.contains(variable) == true)
      #expect(error?.message.contains("\(folder.path)/run.json has \"\(key)\"") == true)
    }
  }

  @Test("run.json is used where the environment says nothing, and the environment wins")
  func precedence() throws {
    try run().write(home: folder.path)
    let embedded = try resolve(["KAFKA_BROKERS": ""])
    #expect(try embedded.brokers() == "127.0.0.1:9192")
    #expect(embedded.ports == (try Ports(offset: 100)))
    #expect(embedded.brokerIsEmbedded)
    #expect(embedded.named.isEmpty)
    #expect(try embedded.kafka().fetchPaceMillis == 1)
    let real = try resolve([
      "KAFKA_BROKERS": "kafka:9092", "SCHEMA_REGISTRY_URL": "http://u:p@registry", "RDKAFKA_SASL_USERNAME": "me",
      "RDKAFKA_LINGER_MS": "7",
    ])
    #expect(try real.brokers() == "kafka:9092")
    #expect(try real.registryURL() == "http://u:p@registry")
    #expect(!real.brokerIsEmbedded)
    #expect(real.named == [.broker, .registry])
    #expect(real.kafkaProperties == ["sasl.username": "me", "linger.ms": "7"])
    let kafka = try real.kafka()
    #expect(kafka.fetchPaceMillis == 0)
    #expect(kafka.producerProperties["linger.ms"] == "7")
    #expect(kafka.properties["sasl.username"] == "me")
  }

  @Test("An address and its passwords come from the same place")
  func passwords() throws {
    try run().write(home: folder.path)
    let secrets = try Secrets.establish(home: folder.path, roles: ["audit"])
    let embedded = try resolve(["DB_PASSWORD": "of another server"])
    #expect(try embedded.databaseAccess(role: "audit").password == secrets.values["DB_PASSWORD_AUDIT"])
    #expect(try embedded.databaseAccess(role: "bank_owner").password == secrets.values["DB_PASSWORD"])
    #expect(throws: SupportError.self) { try embedded.databaseAccess(role: "stranger") }
    let real = try resolve([
      "DB_HOSTNAME": "db", "DB_PORT": "6432", "DB_PASSWORD": "all", "DB_PASSWORD_AUDIT": "reads", "PGUSER": "boss",
    ])
    let access = try real.databaseAccess(role: "audit")
    #expect(access.host == "db" && access.port == 6432 && access.password == "reads")
    #expect(try real.databaseAccess(role: "command_handler").password == "all")
    #expect(real.databaseOwner == "boss")
    #expect(try real.databaseAccess(role: "boss").password == "all")
    let libpq = try resolve(["PGHOST": "pg", "PGPASSWORD": "p"])
    let other = try libpq.databaseAccess(role: "audit")
    #expect(other.host == "pg" && other.port == 5432 && other.password == "p")
    let wrong = try resolve(["DB_HOSTNAME": "db", "DB_PORT": "http"])
    #expect(throws: SupportError.self) { try wrong.databaseAccess(role: "audit") }
  }

  @Test("Secrets are made once, for the user alone, and refused when others may read them")
  func secretsFile() throws {
    let first = try Secrets.establish(home: folder.path, roles: ["audit"])
    #expect(Set(first.values.keys) == ["DB_PASSWORD", "DB_PASSWORD_AUDIT"])
    #expect(first.values.values.allSatisfy { $0.count == 32 })
    let more = try Secrets.establish(home: folder.path, roles: ["audit", "command_handler"])
    #expect(more.values["DB_PASSWORD_AUDIT"] == first.values["DB_PASSWORD_AUDIT"])
    #expect(more.values["DB_PASSWORD_COMMAND_HANDLER"] != nil)
    let path = Secrets.path(home: folder.path)
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    #expect(throws: SupportError.self) { try Secrets.read(home: folder.path) }
  }

  @Test("run.json comes back as it was written, and a damaged one is an error")
  func runFile() throws {
    var file = try run()
    file.incarnation = UUID()
    file.services = [.init(name: "broker", pid: 7, started: 1.5, ready: true)]
    try file.write(home: folder.path)
    #expect(try RunFile.read(home: folder.path) == file)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["run.json"])
    try Data("{".utf8).write(to: URL(fileURLWithPath: RunFile.path(home: folder.path)))
    #expect(throws: SupportError.self) { try RunFile.read(home: folder.path) }
  }

  @Test("Ports move together and stay ports", arguments: [-8001, 47_001, .max, .min])
  func ports(offset: Int) throws {
    #expect(throws: SupportError.self) { try Ports(offset: offset) }
    let ports = try Ports(offset: 47_000)
    #expect(ports.broker == 56_092 && ports.commandHandler == 64_890)
  }
}

/// A folder that goes with the test.
final class TemporaryFolder: Sendable {
  let path: String

  init() {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("bank-test-\(UUID().uuidString)").path
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
