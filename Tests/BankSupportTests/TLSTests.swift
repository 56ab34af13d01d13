import EmbeddedBroker
import Foundation
import TestPostgres
import Testing

/// Servers that speak TLS or ask for a password, reached by the settings of docs/security.md, and refused where they are
/// not who they should be: through the commands and their environment, as a service has it.
@Suite("TLS and passwords of servers", .serialized)
struct TLSTests {
  private typealias Outcome = (status: Int32, output: String)

  private func expect(_ outcome: Outcome, fails words: [String], hides secret: String) {
    #expect(outcome.status == 1, "\(outcome.output)")
    for word in words { #expect(outcome.output.contains(word), "\(word): \(outcome.output)") }
    #expect(!outcome.output.contains(secret), "\(outcome.output)")
  }

  @Test("Postgres: the right root works, wrong roots, names, modes and passwords are refused and say what to do")
  func postgres() async throws {
    let certificates = try TestCertificates()
    let server = try await TestPostgres.start(tls: certificates.named)
    let bank = try BankProgram()
    func setUp(_ more: [String: String]) throws -> Outcome {
      let environment = [
        "DB_HOSTNAME": "localhost", "DB_PORT": String(server.port), "PGUSER": TestPostgres.owner,
        "DB_PASSWORD": TestPostgres.ownerPassword, "PGSSLMODE": "verify-full", "PGSSLROOTCERT": certificates.root,
      ]
      return try bank.run(["setup-db", "--home", bank.home], environment: environment.merging(more) { $1 })
    }
    let good = try setUp([:])
    #expect(good.status == 0, "\(good.output)")
    #expect(good.output.contains("database balancedb: created, version 1"))
    let byAddress = try setUp(["PGSSLMODE": "verify-ca", "DB_HOSTNAME": "127.0.0.1"])
    #expect(byAddress.status == 0, "\(byAddress.output)")
    for (more, words) in [
      (["PGSSLROOTCERT": certificates.otherRoot], ["certificate verify failed", "set PGSSLROOTCERT"]),
      (
        ["DB_HOSTNAME": "127.0.0.1"],
        ["does not match host name", "connect by a name that the server's certificate has"]
      ),
      (["PGSSLROOTCERT": "/nowhere/root.crt"], ["does not exist", "set PGSSLROOTCERT"]),
      (["PGSSLMODE": "disable"], ["no encryption", "set PGSSLMODE=verify-full"]),
      (["DB_PASSWORD": "a wrong one"], ["password authentication failed"]),
    ] {
      expect(try setUp(more), fails: words, hides: more["DB_PASSWORD"] ?? TestPostgres.ownerPassword)
    }
    await server.stop()
  }

  @Test(
    "Kafka: TLS with SASL works with the right root and password; wrong ones are refused at once and say what to do")
  func kafka() async throws {
    let certificates = try TestCertificates()
    let secret = "the broker's secret"
    let registry = try RunningRegistry()
    let broker = try EmbeddedBroker.start()
    let (certificate, key) = certificates.addressed
    let guarded = try GuardedServer(
      before: broker.port, ["--kafka", "--tls", certificate, key, "--sasl", "bank:\(secret)"])
    let named = try GuardedServer(
      before: broker.port, ["--kafka", "--tls", certificates.named.certificate, certificates.named.key])
    func synchronize(_ more: [String: String]) throws -> Outcome {
      let environment = [
        "KAFKA_BROKERS": "localhost:\(guarded.port)", "SCHEMA_REGISTRY_URL": registry.url,
        "RDKAFKA_SECURITY_PROTOCOL": "sasl_ssl", "RDKAFKA_SSL_CA_LOCATION": certificates.root,
        "RDKAFKA_SASL_MECHANISM": "PLAIN", "RDKAFKA_SASL_USERNAME": "bank", "RDKAFKA_SASL_PASSWORD": secret,
      ]
      return try registry.program.run(
        ["synchronize", "--home", registry.program.home], environment: environment.merging(more) { $1 })
    }
    for (more, words) in [
      (["RDKAFKA_SSL_CA_LOCATION": certificates.otherRoot], ["certificate verify failed", "`ssl.ca.location`"]),
      (["RDKAFKA_SASL_PASSWORD": "a wrong one"], ["wrong user or password", "Check `sasl.username`"]),
      (
        ["KAFKA_BROKERS": "127.0.0.1:\(named.port)", "RDKAFKA_SECURITY_PROTOCOL": "ssl"],
        ["certificate", "a name that the certificate has"]
      ),
      (["RDKAFKA_SSL_CA_LOCATION": "/nowhere/root.crt"], ["ssl.ca.location failed"]),
      (["RDKAFKA_SASL_MECHANISM": "NONSENSE"], ["Unsupported SASL mechanism"]),
    ] {
      let began = ContinuousClock.now
      expect(try synchronize(more), fails: words, hides: more["RDKAFKA_SASL_PASSWORD"] ?? secret)
      // Not the many tries that a broker gets which is away.
      #expect(began.duration(to: .now) < .seconds(30), "\(words)")
    }
    let good = try synchronize([:])
    #expect(good.status != 1 && good.output.contains("balance_changed"), "\(good.output)")
    let again = try synchronize([:])
    #expect(again.status == good.status && !again.output.contains("+"), "\(again.output)")
  }

  @Test(
    "registry: TLS by the system's roots and basic authentication; an unknown root and a wrong password are refused")
  func registry() async throws {
    let certificates = try TestCertificates()
    let registry = try RunningRegistry()
    let secret = "registrysecret"
    let port = try #require(Int(registry.url.split(separator: ":").last ?? ""))
    let (certificate, key) = certificates.named
    let guarded = try GuardedServer(before: port, ["--tls", certificate, key, "--basic", "bank:\(secret)"])
    let plain = try GuardedServer(before: port, ["--basic", "bank:\(secret)"])
    func compat(_ url: String, trusts root: String? = nil) throws -> Outcome {
      let command = ["registry", "compat", "--home", registry.program.home]
      let environment = ["SCHEMA_REGISTRY_URL": url]
      guard let root else { return try registry.program.run(command, environment: environment) }
      return try registry.program.run(command, environment: environment, trusting: root)
    }
    let right = "bank:\(secret)@"
    let accepted = try compat("http://\(right)127.0.0.1:\(plain.port)")
    #expect(accepted.status == 0, "\(accepted.output)")
    #expect(accepted.output.contains("heartbeat-value: not registered yet"))
    for wrong in ["", "bank:other@", "other:\(secret)@"] {
      expect(
        try compat("http://\(wrong)127.0.0.1:\(plain.port)"),
        fails: ["status 401", "put user and password into its URL"],
        hides: secret)
    }
    let untrusted = try compat("https://\(right)localhost:\(guarded.port)")
    expect(untrusted, fails: ["certificate", "update-ca-certificates"], hides: secret)
    let trusted = try compat("https://\(right)localhost:\(guarded.port)", trusts: certificates.root)
    #expect(trusted.status == 0 && trusted.output.contains("heartbeat-value: not registered yet"), "\(trusted.output)")
    let misnamed = try compat("https://\(right)127.0.0.1:\(guarded.port)", trusts: certificates.root)
    expect(misnamed, fails: ["certificate"], hides: secret)
  }
}
