import Foundation
import KafkaRuntime
import PostgresRuntime

/// What a service with a database works with.
package struct ServiceConnections: Sendable {
  package var kafka: KafkaConfiguration
  /// As the service's own role, in its own database.
  package var postgres: PostgresConfiguration
  package var registryURL: String
  /// Of database and topics.
  package var incarnation: UUID

  package init(
    kafka: KafkaConfiguration, postgres: PostgresConfiguration, registryURL: String, incarnation: UUID
  ) {
    self.kafka = kafka
    self.postgres = postgres
    self.registryURL = registryURL
    self.incarnation = incarnation
  }
}
