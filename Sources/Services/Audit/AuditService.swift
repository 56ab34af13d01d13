import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import PostgresRuntime
import SchemaRegistry

/// The auditor: checks the invariants of docs/contracts.md over the database and the topics, beside a running bank or
/// without one. It writes nothing.
public enum AuditService {
  /// The role it reads with.
  public static let role = "audit"
  private static let database = "balancedb"

  /// Audits once.
  ///
  /// Reads one REPEATABLE READ snapshot, page by page, then all records of the bank's topics, batch by batch. In
  /// memory are the outcomes, legs and deliveries of the snapshot: about 500 bytes for each transfer.
  ///
  /// - Throws: when settings are missing, database and topics are not from the same run, or one of them can't be
  ///   read; an invariant that fails is not an error but a part of the report.
  public static func run(_ environment: BankEnvironment) async throws -> AuditReport {
    let incarnation = try await Incarnation.verify(environment, database: database, role: role)
    return try await audit(
      kafka: try environment.kafka(), postgres: try environment.postgres(database: database, role: role),
      registryURL: try environment.registryURL(), incarnation: incarnation)
  }

  /// The same with everything named.
  package static func audit(
    kafka: KafkaConfiguration, postgres: PostgresConfiguration, registryURL: String, incarnation: UUID
  ) async throws -> AuditReport {
    let snapshot = try await snapshot(postgres, incarnation)
    let evidence = Evidence(snapshot, registry: try RegistryClient(registryURL))
    // After the snapshot: whatever it says was delivered is before these ends.
    let reader = TopicReader(kafka: kafka, partitions: try await partitions(kafka))
    let bounds = try await reader.forEachBatch { records in
      for record in records { try await evidence.take(record) }
    }
    evidence.finish(bounds)
    return Audit(evidence: evidence).report()
  }

  private static func snapshot(_ postgres: PostgresConfiguration, _ incarnation: UUID) async throws -> Snapshot {
    let connection = try await PostgresConnection.connect(postgres)
    do {
      let snapshot = try await connection.transaction(isolation: .repeatableRead, readOnly: true) { session in
        var reader = SnapshotReader(session: session, incarnation: incarnation)
        return try reader.read()
      }
      await connection.close()
      return snapshot
    } catch {
      await connection.close()
      throw error
    }
  }

  private static func partitions(_ kafka: KafkaConfiguration) async throws -> [TopicPartition] {
    let admin = try KafkaAdmin(kafka)
    let topics: [TopicMetadata]
    do { topics = try await admin.topics() } catch {
      await admin.close()
      throw error
    }
    await admin.close()
    return try Evidence.topics.flatMap { name in
      guard let topic = topics.first(where: { $0.name == name }) else {
        throw AuditError("there is no topic \(name): run bank synchronize")
      }
      return (0..<Int32(topic.partitions)).map { TopicPartition(topic: name, partition: $0) }
    }
  }
}
