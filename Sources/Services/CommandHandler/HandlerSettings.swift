import BankSupport

/// How the handler works; the defaults are the contract's.
public struct HandlerSettings: Sendable {
  /// Of the HTTP server; nil takes the one of the environment.
  public var port: Int?
  /// The most commands in one transaction.
  public var maxBatchCommands = 1000
  /// A command whose value is larger goes to the dead letters: its events could be past the broker's limit.
  public var maxCommandBytes = 900_000
  /// How long a lease holds without being renewed, by the database's clock.
  public var leaseSeconds = 5
  public var leaseRenewalMillis = 1_000
  /// How long sent rows of the outbox are kept.
  public var outboxRetentionHours = 24
  /// A batch that met another transaction is tried again this often at once; then the pauses grow.
  public var maxQuickRetries = 5
  public var maxRetryPauseMillis = 5_000
  /// Committed batches that are kept in memory for the publisher; it reads what is past this from the outbox.
  public var maxCachedBatches = 32
  public var maxCachedBytes = 64 << 20
  /// After SIGTERM what is committed is published for this long; the rest stays in the outbox.
  public var drainMillis = 4_000
  /// From the stored timestamp back to where a partition is replayed that lost records.
  public var replayMillis: Int64 = 60_000
  /// Of the strategy `memory`: an entry of the journal, which the broker has to take as one record.
  public var maxJournalEntryBytes = 3_000_000
  /// Of the same: outcomes that are held, about 150 bytes each; the handler ends with an error at that many.
  public var maxOutcomes = 5_000_000
  /// Of the same: events that wait to be published; no command is read above it.
  public var maxUnpublishedBytes = 64 << 20
  /// Where answers go.
  public var feedback = FeedbackTopics.separate
  /// Draws IBAN and token of a new account.
  public var accountNumbers: @Sendable () -> AccountNumbers = { .random() }
  /// Where a test can interfere.
  public var failpoints = Failpoints<HandlerStep>()

  public init() {}
}
