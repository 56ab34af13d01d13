import BankSupport
import Foundation
import KafkaRuntime
import PostgresRuntime
import Testing

/// Against the real broker and the real Postgres, as `bank up --infrastructure-only` leaves them.
@Suite("Incarnation", .serialized)
struct IncarnationTests {
  private static let mismatch = SupportError(
    "database and topics are not from the same run: bank clean, or bank adopt")

  @Test("Established once, verified by services, missed when it is gone, adopted on request")
  func life() async throws {
    let bank = try BankProgram()
    try bank.startUp()
    let environment = try BankEnvironment.resolve(home: bank.home, environment: [:])
    let first = try #require(environment.run?.incarnation)
    let databases = BankEnvironment.databaseNames
    #expect(try await Incarnation.verify(environment, database: "balancedb", role: "command_handler") == first)
    #expect(try await Incarnation.verify(environment, database: "transactiondb", role: "graphql_endpoint") == first)
    #expect(try await Incarnation.verify(environment, database: nil, role: "command_generator") == first)
    #expect(try await Incarnation.establish(environment, databases: databases) == first)

    // Set-up that was cut off between topic and last database is completed.
    try await execute(environment, "transactiondb", "update meta set name = 'incarnation_pending'")
    #expect(try await Incarnation.establish(environment, databases: databases) == first)
    #expect(try await Incarnation.verify(environment, database: "transactiondb", role: "audit") == first)

    // Another database than the topics': services and set-up stop.
    try await execute(environment, "balancedb", "update meta set value = gen_random_uuid()::text")
    await #expect(throws: Self.mismatch) {
      try await Incarnation.verify(environment, database: "balancedb", role: "command_handler")
    }
    await #expect(throws: Self.mismatch) { try await Incarnation.establish(environment, databases: databases) }

    let adopted = try bank.run(verb: "adopt")
    #expect(adopted.status == 0, "\(adopted.output)")
    let second = try await Incarnation.verify(environment, database: "balancedb", role: "audit")
    #expect(second != first)
    #expect(adopted.output == "incarnation \(second.text)\n")
    // run.json still has the first one: who has no database goes by that.
    await #expect(throws: Self.mismatch) {
      try await Incarnation.verify(environment, database: nil, role: "command_generator")
    }

    // The broker lost the topic: harmless while nothing was read or sent, a stop afterwards.
    try await emptyTopic(environment)
    await #expect(throws: Self.mismatch) {
      try await Incarnation.verify(environment, database: "balancedb", role: "command_handler")
    }
    #expect(try await Incarnation.establish(environment, databases: databases) == second)
    try await emptyTopic(environment)
    try await execute(environment, "balancedb", "insert into outbox (events) values ('')")
    await #expect(throws: Self.mismatch) { try await Incarnation.establish(environment, databases: databases) }

    #expect(try bank.run(verb: "down").status == 0)
    #expect(try bank.upStatus() == 0)
  }

  private func execute(_ environment: BankEnvironment, _ database: String, _ sql: String) async throws {
    let connection = try await PostgresConnection.connect(
      try environment.postgres(database: database, role: environment.databaseOwner))
    try await connection.run { session in try session.script(SQL(unsafe: sql)) }
    await connection.close()
  }

  private func emptyTopic(_ environment: BankEnvironment) async throws {
    let admin = try KafkaAdmin(try environment.kafka())
    try await admin.deleteTopics([Incarnation.topic])[Incarnation.topic]?.get()
    let topic = NewTopic(name: Incarnation.topic, partitions: 1)
    try await admin.createTopics([topic])[Incarnation.topic]?.get()
    await admin.close()
  }
}
