import BankSupport
import Foundation
import KafkaRuntime
import PostgresRuntime
import SchemaRegistry

/// `bank audit`: checks I1 to I4 (docs/contracts.md, "Invariants") over database and topics, beside a running bank.
public enum AuditService {
  /// Reads, and changes nothing.
  public static let role = "audit"
  private static let database = "balancedb"

  /// Takes a snapshot of the database, reads the topics, and compares.
  ///
  /// - Returns: the report; an invariant that does not hold is in it, not an error.
  /// - Throws: when broker, registry or database can't be read, or are not from the same run.
  public static func run(_ environment: BankEnvironment) async throws -> AuditReport {
    let incarnation = try await Incarnation.verify(environment, database: database, role: role)
    return try await audit(
      kafka: try environment.kafka(), postgres: try environment.postgres(database: database, role: role),
      registryURL: try environment.registryURL(), incarnation: incarnation)
  }

  /// The same with everything named, and without asking whether it is from one run.
  package static func audit(
    kafka: KafkaConfiguration, postgres: PostgresConfiguration, registryURL: String, incarnation: UUID
  ) async throws -> AuditReport {
    let start = ContinuousClock.now
    let partitions = try await TopicScan.partitions(kafka, topics: TopicReader.eventTopics)
    // Before the snapshot: what is published by now was committed before it.
    let earlierEnds = try await TopicScan.ends(kafka, partitions)
    let snapshot = try await LedgerSnapshot.read(postgres, incarnation: incarnation, earlierEnds: earlierEnds)
    var reader = TopicReader(auditor: Auditor(snapshot), registry: try RegistryClient(registryURL))
    // After it: what the snapshot knows as published is there by now.
    let ends = try await TopicScan.ends(kafka, partitions)
    _ = try await TopicScan.read(kafka, ends: ends) { try await reader.add($0.map { AuditedEvent($0) }) }
    try await reader.add(snapshot.unsent)
    try await reader.addCommands(kafka, positions: snapshot.positions)
    var report = reader.finish()
    report.elapsedMillis = Int((ContinuousClock.now - start) / .milliseconds(1))
    return report
  }
}
