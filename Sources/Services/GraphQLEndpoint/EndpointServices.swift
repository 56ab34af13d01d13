import BankSupport
import Foundation
import GraphQLRuntime
import KafkaRuntime
import PostgresRuntime
import SchemaRegistry

/// What resolvers work with. It is there from the start; what is not reachable yet shows when it is asked for.
package final class EndpointServices: Sendable {
  package let hub: TransactionHub
  let transactions: TransactionStore
  let transfers: TransferService
  let accounts: AccountService
  /// For reading transactions.
  let reads: PostgresPool
  /// For accounts, transfers and the health, so that no query for transactions stands in their way.
  let pool: PostgresPool
  let waiters: AnswerWaiters
  let sender: CommandSender
  let registry: RegistryClient

  /// - Throws: for settings that librdkafka or the registry's client don't take.
  package init(
    kafka: KafkaConfiguration, postgres: PostgresConfiguration, registryURL: String, settings: EndpointSettings,
    status: ServiceStatus
  ) async throws {
    var registrySettings = RegistryClient.Settings()
    // The readers wait by themselves.
    registrySettings.maxAttempts = 1
    registrySettings.timeoutMillis = 2_000
    registry = try RegistryClient(registryURL, settings: registrySettings)
    var postgres = postgres
    postgres.applicationName += " queries"
    postgres.statementTimeoutMillis = settings.queryTimeoutMillis
    postgres.connectTimeoutSeconds = min(postgres.connectTimeoutSeconds, 3)
    pool = PostgresPool(
      postgres, maxConnections: settings.maxAccountConnections, waitTimeoutMillis: settings.queryTimeoutMillis)
    postgres.statementTimeoutMillis = settings.readTimeoutMillis
    reads = PostgresPool(
      postgres, maxConnections: settings.maxDatabaseConnections, waitTimeoutMillis: settings.readTimeoutMillis)
    hub = TransactionHub(
      .init(
        all: settings.maxSubscribers, perAddress: settings.maxSubscribersPerAddress,
        searchesPerConnection: settings.maxTextSubscriptionsPerConnection, queuedRows: settings.maxQueuedRows),
      metrics: status.metrics)
    waiters = AnswerWaiters(maxWaiting: settings.maxWaiting)
    sender = try CommandSender(
      kafka, registry: registry, timeoutMillis: settings.answerTimeoutMillis, status: status,
      failpoints: settings.failpoints)
    let asker = CommandAsker(sender: sender, waiters: waiters, timeoutMillis: settings.answerTimeoutMillis)
    let queue = PasswordQueue(
      maxRunning: settings.maxHashing, maxWaiting: settings.maxHashesWaiting,
      maxPerAddress: settings.maxHashesPerAddress)
    let logCost = settings.scryptLogCost
    let nobody = try await queue.run { try PasswordHash(UUID().uuidString, logCost: logCost) }
    let rightTokens = RightTokens(maxCount: settings.maxWrongRemembered)
    transactions = TransactionStore(pool: reads)
    transfers = TransferService(
      pool: pool, asker: asker, guesses: Self.guesses("tokens", settings, status.metrics), rightTokens: rightTokens)
    accounts = AccountService(
      store: AccountStore(pool: pool), asker: asker, guesses: Self.guesses("passwords", settings, status.metrics),
      rightTokens: rightTokens, queue: queue, logCost: logCost, nobody: nobody, failpoints: settings.failpoints)
  }

  private static func guesses(_ secrets: String, _ settings: EndpointSettings, _ metrics: Metrics) -> GuessLimit {
    func limit(_ capacity: Int) -> RateLimit {
      RateLimit(
        .init(
          capacity: capacity, refillMillis: settings.wrongForgottenMillis, maxKeys: settings.maxWrongRemembered))
    }
    return GuessLimit(
      secrets: secrets, pairs: limit(settings.maxWrongPerAccount),
      accounts: limit(settings.maxWrongPerAccountAnywhere), addresses: limit(settings.maxWrongPerAddress),
      metrics: metrics)
  }

  /// Ends all subscriptions and lets those go who wait for an answer, so that their connections can end.
  func stop() {
    hub.close()
    waiters.close()
  }

  /// As `stop`, and lets go of broker and database.
  func close() async {
    stop()
    await sender.close()
    await reads.close()
    await pool.close()
  }
}
