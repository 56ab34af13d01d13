/// How commands are handled (docs/variants.md). All keep the same contracts and pass the same audit.
public enum HandlerStrategy: String, Sendable, CaseIterable {
  /// One transaction for all commands that wait, a thousand at most.
  case batch
  /// One transaction a command.
  case sequential
  /// No database: the topic `journal` is the ledger.
  case memory
  /// As `batch`, by the program in `Examples/python-handler`.
  case python

  /// The environment variable that says it where no option does.
  public static let variable = "BANK_STRATEGY"
}
