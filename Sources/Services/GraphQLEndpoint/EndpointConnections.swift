import BankSupport
import Foundation
import KafkaRuntime
import PostgresRuntime

/// What an endpoint works with.
package struct EndpointConnections: Sendable {
  package var kafka: KafkaConfiguration
  /// As the role `graphql_endpoint`, in transactiondb.
  package var postgres: PostgresConfiguration
  package var registryURL: String
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
