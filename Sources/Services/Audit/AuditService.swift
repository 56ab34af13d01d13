import BankSupport
import Foundation
import KafkaRuntime
import PostgresRuntime
import SchemaRegistry

/// `bank audit`: checks I1 to I4 (docs/contracts.md, "Invariants") over ledger and topics, beside a running bank. The
/// ledger is the topic `journal` where that has records, else balancedb.
public enum AuditService {
  /// Reads, and changes nothing.
  public static let role = "audit"
  private static let database = "balancedb"

  /// Takes a snapshot of the database, reads the topics, and compares.
  ///
  /// - Returns: the report; an invariant that does not hold is in it, not an error.
  /// - Throws: when broker, registry or database can't be read, or are not from the same run.
  public static func run(_ environment: BankEnvironment) async throws -> AuditReport {
    let kafka = try environment.kafka()
    let hasDatabase = try await kafka.journalEnd() == 0
    let incarnation = try await Incarnation.verify(environment, database: hasDatabase ? database : nil, role: role)
    return try await audit(
      kafka: kafka, postgres: hasDatabase ? try environment.postgres(database: database, role: role) : nil,
      registryURL: try environment.registryURL(), incarnation: incarnation)
  }

  /// The same with everything named, and without asking whether it is from one run.
  ///
  /// - Parameter postgres: not used where the journal has records.
  package static func audit(
    kafka: KafkaConfiguration, postgres: PostgresConfiguration?, registryURL: String, incarnation: UUID
  ) async throws -> AuditReport {
    let start = ContinuousClock.now
    let partitions = try await TopicScan.partitions(kafka, topics: TopicReader.eventTopics)
    // Before the snapshot: what is published by now was committed before it.
    let earlierEnds = try await TopicScan.ends(kafka, partitions)
    let registry = try RegistryClient(registryURL)
    let journalEnd = try await kafka.journalEnd()
    let snapshot: LedgerSnapshot
    if journalEnd > 0 {
      snapshot = try await LedgerSnapshot.read(kafka, registry, journalEnd: journalEnd, earlierEnds: earlierEnds)
    } else if let postgres {
      snapshot = try await LedgerSnapshot.read(postgres, incarnation: incarnation, earlierEnds: earlierEnds)
    } else {
      throw SupportError("the topic journal had records a moment ago and has none now: the broker lost them")
    }
    var reader = TopicReader(auditor: Auditor(snapshot), registry: registry)
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
