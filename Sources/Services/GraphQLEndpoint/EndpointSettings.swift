import BankSupport
import GraphQLRuntime
import GraphQLServer

/// How the endpoint works; the environment sets each (docs/graphql.md).
public struct EndpointSettings: Sendable {
  /// Of the HTTP server; nil takes the one of the environment.
  public var port: Int?

  /// The most records in one transaction of the projection, and of the answers.
  public var maxBatchRecords = 500
  /// A record of balance_changed whose value is larger is skipped.
  public var maxEventBytes = 900_000
  /// How long an event that leaves a gap in the sequence of its IBAN is held.
  public var gapMillis = 1_000
  /// Events that are held at a time.
  public var maxHeldEvents = 10_000

  /// Subscriptions to transactions that are open at a time.
  public var maxSubscribers = 10_000
  /// Of them from one address.
  public var maxSubscribersPerAddress = 2_500
  /// Of one connection, with a text and without an IBAN.
  public var maxTextSubscriptionsPerConnection = 5
  /// Rows that wait for one subscriber; with one more it is ended.
  public var maxQueuedRows = 1_000

  /// How long the bank's answer is waited for.
  public var answerTimeoutMillis = 10_000
  /// Callers that wait for an answer at a time.
  public var maxWaiting = 1_000

  /// Connections for reading transactions.
  public var maxDatabaseConnections = 8
  /// Of a query for transactions, and of waiting for a connection.
  public var readTimeoutMillis = 2_000
  /// Connections for accounts, transfers and the health, which reading can't take away.
  public var maxAccountConnections = 4
  /// Of their statements, and of waiting for a connection.
  public var queryTimeoutMillis = 5_000

  /// Of scrypt, as the power of two of its cost: 14 takes 16 MB and some 50 ms.
  public var scryptLogCost = 14
  /// Passwords that are hashed at a time.
  public var maxHashing = 2
  /// Passwords that wait to be hashed.
  public var maxHashesWaiting = 100
  /// Passwords of one address that are hashed or wait for it.
  public var maxHashesPerAddress = 20

  /// Wrong passwords in a row for one user name from one address, and wrong tokens for one account.
  public var maxWrongPerAccount = 5
  /// The same from all addresses together.
  public var maxWrongPerAccountAnywhere = 500
  /// Wrong passwords in a row from one address, and wrong tokens.
  public var maxWrongPerAddress = 50
  /// After which one of them is forgotten.
  public var wrongForgottenMillis = 30_000
  /// User names, accounts, addresses, pairs of them, and right tokens that are remembered, each.
  public var maxWrongRemembered = 10_000

  /// Viewers of `/flow` at a time.
  public var maxFlowViewers = 100
  /// Of them from one address.
  public var maxFlowViewersPerAddress = 20
  /// False refuses `__schema` and `__type`.
  public var allowsIntrospection = true
  /// False serves no `/graphiql`.
  public var servesGraphiQL = true
  /// A folder with GraphiQL's own files; without it there is a plain page.
  public var graphiQLAssets: String?
  /// Whose pages may ask besides the endpoint's own, each as `scheme://host:port`; `*` allows all.
  public var allowedOrigins: [String] = []
  public var language = GraphQLLimits()
  public var server = GraphQLServerLimits()
  /// Where a test can interfere.
  public var failpoints = Failpoints<EndpointStep>()

  public init() {}
}
