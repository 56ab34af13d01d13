/// Who may do what on the cluster, or may not: one entry of `acls`.
public struct AccessDescription: Sendable, Hashable, Codable {
  public enum Resource: String, Sendable, Hashable, Codable, CaseIterable {
    case topic, group, cluster
  }

  /// Such as `User:alice`.
  public var principal: String
  public var resource: Resource
  /// A name, the beginning of names and `*`, or `*` for all; empty for the cluster.
  public var name: String
  /// `read`, `write`, `describeConfigs` and so on: Kafka's operations in camel case.
  public var operations: [String]
  /// An address, or `*`.
  public var host: String
  /// False denies.
  public var isAllowed: Bool

  public init(
    principal: String, resource: Resource, name: String, operations: [String], host: String = "*",
    isAllowed: Bool = true
  ) {
    self.principal = principal
    self.resource = resource
    self.name = name
    self.operations = operations
    self.host = host
    self.isAllowed = isAllowed
  }

  /// The operations that Kafka knows on a resource.
  public static func operations(on resource: Resource) -> [String] {
    switch resource {
    case .topic:
      ["all", "read", "write", "create", "delete", "alter", "describe", "describeConfigs", "alterConfigs"]
    case .group: ["all", "read", "delete", "describe"]
    case .cluster:
      [
        "all", "create", "alter", "describe", "clusterAction", "describeConfigs", "alterConfigs", "idempotentWrite",
      ]
    }
  }
}
