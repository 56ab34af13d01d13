import AuditService
import BankSupport
import CommandHandlerService
import Definitions
import EmbeddedBroker
import Foundation
import FreePort
import KafkaRuntime
import PostgresRuntime
import TestBank
import TestPostgres
import Testing

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

@Suite("Handler: as a service")
struct ServiceTests {
  @Test("found by the environment: health, metrics, the audit beside it, and an end when it is asked to")
  func service() async throws {
    let cluster = try await TestPostgres.start()
    var configuration = cluster.configuration(overTCP: true)
    let connection = try await PostgresConnection.connect(configuration)
    try await connection.run { session in try session.script("create database balancedb") }
    configuration.database = "balancedb"
    let bank = try await TestBank.start(database: configuration)
    try await connection.run { session in
      for role in ["command_handler", "audit"] { try session.setPassword("secret", ofRole: role) }
    }
    await connection.close()
    let environment = try BankEnvironment.resolve(
      home: temporaryDirectory().path,
      environment: [
        "KAFKA_BROKERS": bank.broker.bootstrapServers, "SCHEMA_REGISTRY_URL": bank.registryURL,
        "DB_HOSTNAME": "127.0.0.1", "DB_PORT": String(cluster.port), "DB_PASSWORD": "secret",
      ])
    var settings = HandlerSettings()
    settings.port = try freePort()
    let port = settings.port ?? 0
    // With another incarnation than the topic's nothing starts.
    try await bank.writeMeta(incarnation: UUID())
    let early = await Task { [settings] in try await CommandHandlerService.run(environment, settings: settings) }.result
    #expect(throws: SupportError(Incarnation.mismatch)) { try early.get() }
    try await bank.writeMeta(incarnation: bank.incarnation)

    let service = Task { [settings] in try await CommandHandlerService.run(environment, settings: settings) }
    defer { service.cancel() }
    try await eventually("it is well") { try await get(port, "health").status == 200 }
    _ = try await bank.openAccounts(2)
    try await bank.drain()
    let metrics = try await get(port, "metrics").body
    #expect(metrics.contains(#"bank_commands_total{"#) && metrics.contains(#"outcome="confirmed""#))
    #expect(metrics.contains("bank_batch_duration_seconds") && metrics.contains("bank_outbox_rows"))
    #expect(try await AuditService.run(environment).isGood)

    bank.broker.kill()
    try await eventually("it says that the broker is gone") { try await get(port, "health").status == 503 }
    try bank.broker.restart()
    try await eventually("it is well again") { try await get(port, "health").status == 200 }

    let start = ContinuousClock.now
    service.cancel()
    _ = await service.result
    #expect(start.duration(to: .now) < .seconds(9))
    #expect(try await bank.count("select count(*) from partition_lease where expires_at > now()") == 0)
    await cluster.stop()
  }

  private func get(_ port: Int, _ path: String) async throws -> (status: Int, body: String) {
    guard let url = URL(string: "http://127.0.0.1:\(port)/\(path)") else { throw TestBankError("no URL") }
    do {
      let (data, response) = try await URLSession.shared.data(from: url)
      return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
    } catch is URLError {
      // Not listening yet.
      return (0, "")
    }
  }
}

extension TestBank {
  fileprivate func writeMeta(incarnation: UUID) async throws {
    let text = incarnation.text
    try await database { session in
      _ = try session.execute("update meta set value = \(text) where name = 'incarnation'")
    }
  }
}
