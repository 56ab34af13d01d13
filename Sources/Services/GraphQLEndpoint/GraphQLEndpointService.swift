import BankSupport

/// The GraphQL endpoint: what a client sees of the bank.
public enum GraphQLEndpointService {
  /// The name of the service in run.json, logs and metrics.
  public static let name = "graphql-endpoint"
  /// The database that it writes to, and the role it has there.
  public static let database = "transactiondb"
  public static let role = "graphql_endpoint"
}
