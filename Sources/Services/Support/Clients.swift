import Definitions
import Foundation
import KafkaRuntime
import PostgresRuntime
import SchemaRegistry

extension BankEnvironment {
  /// How to reach the cluster, with the client settings of `definitions/` and, over those, `RDKAFKA_*`.
  ///
  /// `security.*`, `sasl.*` and `ssl.*` from `definitions/` count for the admin client too.
  public func kafka() throws(SupportError) -> KafkaConfiguration {
    let clients = Topology.description.clients
    let own = kafkaProperties
    return KafkaConfiguration(
      brokers: try brokers(), properties: own,
      producerProperties: (clients["producer"] ?? [:]).merging(own) { $1 },
      consumerProperties: (clients["consumer"] ?? [:]).merging(own) { $1 },
      // The embedded broker answers an empty Fetch at once; without a pause each idle consumer burns half a core.
      fetchPaceMillis: brokerIsEmbedded ? 1 : 0)
  }

  /// `registryURL` without user and password, for run.json: those are looked for in the environment alone.
  public func registryAddress() throws(SupportError) -> String {
    let urls = try registryURL()
    do { return try RegistryClient.withoutCredentials(urls) } catch {
      throw SupportError("SCHEMA_REGISTRY_URL: \(error)")
    }
  }

  /// How to reach a database as a role, one of those in `definitions/` or `databaseOwner`.
  ///
  /// libpq adds what else it finds in `PG*` variables, such as `PGSSLMODE`.
  public func postgres(database: String, role: String) throws(SupportError) -> PostgresConfiguration {
    let access = try databaseAccess(role: role)
    return PostgresConfiguration(
      host: access.host, port: access.port, database: database, user: role, password: access.password,
      applicationName: "bank \(role)")
  }

  /// All roles that `definitions/` names, sorted.
  public static var databaseRoles: [String] {
    Set(Topology.description.databases.flatMap(\.roles)).sorted()
  }

  /// All databases that `definitions/` names.
  public static var databaseNames: [String] { Topology.description.databases.map(\.name) }
}

extension CloudEvent {
  /// The headers as a record takes them.
  public var kafkaHeaders: [KafkaHeader] { headers.map { KafkaHeader(name: $0.name, value: Array($0.value.utf8)) } }
}
