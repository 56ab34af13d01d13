import BankSupport
import Foundation
import KafkaRuntime
import PostgresRuntime

/// The command handler: answers account creations and transfers, so that money stays exact whatever dies.
public enum CommandHandlerService {
  /// The name of the service in run.json, logs and metrics.
  public static let name = "command-handler"
  /// The database it writes to, and the role it has there.
  public static let database = "balancedb"
  public static let role = "command_handler"

  /// Why a handler with a database does not begin.
  static let otherLedger =
    "the ledger of this bank is in the topic journal: start the handler with --strategy memory, or bank clean"

  /// Handles commands until SIGTERM or SIGINT; serves `/health` and `/metrics` meanwhile.
  ///
  /// - Throws: `SupportError` when a setting is missing, database and topics are not from the same run, or the ledger is
  ///   not where the strategy has it; what the HTTP server throws.
  public static func run(
    _ environment: BankEnvironment, strategy: HandlerStrategy = .batch, settings: HandlerSettings = HandlerSettings()
  ) async throws {
    let settings = settings.of(strategy)
    let host = ServiceHost(
      name: name, address: environment.bindAddress, port: settings.port ?? environment.ports.commandHandler)
    let kafka = try environment.kafka()
    let postgres = strategy == .memory ? nil : try environment.postgres(database: database, role: role)
    let registryURL = try environment.registryURL()
    try settings.failpoints.arm(environment)
    let status = ServiceStatus(name: name, metrics: host.metrics, health: host.health)
    try await host.run {
      let stop = StopFlag()
      // The tasks end by the flag, not by cancellation: that would cut off a transaction.
      let work = Task {
        let incarnation = try await Incarnation.wait(
          environment, database: postgres.map { _ in database }, role: role, status: status, stop: stop)
        guard let incarnation else { return }
        guard let postgres else {
          return try await MemoryHandler(
            kafka, registryURL: registryURL, incarnation: incarnation, settings: settings, status: status
          ).run(until: stop)
        }
        let start = Start(status: status, stop: stop, maxPauseMillis: settings.maxRetryPauseMillis)
        guard let journalEnd = try await start.until(.kafka, { try await kafka.journalEnd() }) else { return }
        guard journalEnd == 0 else { throw SupportError(Self.otherLedger) }
        let connections = ServiceConnections(
          kafka: kafka, postgres: postgres, registryURL: registryURL, incarnation: incarnation)
        try await CommandHandler(connections, settings: settings, status: status).run(until: stop)
      }
      try await withTaskCancellationHandler {
        try await work.value
      } onCancel: {
        stop.set()
      }
    }
  }
}

extension HandlerSettings {
  /// One command a transaction for `sequential`.
  func of(_ strategy: HandlerStrategy) -> HandlerSettings {
    var settings = self
    if strategy == .sequential { settings.maxBatchCommands = 1 }
    return settings
  }
}
