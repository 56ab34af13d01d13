import Definitions

/// Which topics the answers to commands go to (docs/variants.md, "Topics"). Whoever reads answers reads them from all, so
/// that a bank can change from one to the other.
public enum FeedbackTopics: String, Sendable, CaseIterable {
  /// One of each event: `account_creation_confirmed`, `account_creation_failed` …
  case separate
  /// One of each command, with both of its answers: `account_feedback`, `transfer_feedback`.
  case shared

  /// The environment variable that says it.
  static let variable = "BANK_FEEDBACK"

  /// All topics that have answers.
  public static let names = [
    Topics.accountCreationConfirmed.name, Topics.accountCreationFailed.name, Topics.accountFeedback.name,
    Topics.moneyTransferConfirmed.name, Topics.moneyTransferFailed.name, Topics.transferFeedback.name,
  ]

  /// What the environment says, else `separate`.
  ///
  /// - Throws: `SupportError` for a value that is none.
  public init(_ environment: BankEnvironment) throws(SupportError) {
    guard let text = environment.variable(Self.variable) else {
      self = .separate
      return
    }
    guard let named = Self(rawValue: text) else {
      let all = Self.allCases.map(\.rawValue).joined(separator: " or ")
      throw SupportError("\(Self.variable) is \"\(text)\": it must be \(all)")
    }
    self = named
  }
}
