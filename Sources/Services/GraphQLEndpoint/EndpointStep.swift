/// The steps of the endpoint between which a test can interfere, named after what has just been done.
public enum EndpointStep: String, Sendable, CaseIterable {
  /// Of the projection.
  case eventsRead, sequencesRead, rowsInserted, rowPositionsMoved, rowsCommitted, rowsDelivered
  /// Of the bank's answers.
  case answersRead, answersWritten, answerPositionsMoved, answersCommitted
  /// Of an account's creation.
  case usernameFree, passwordHashed, usernameInserted, commandSent, accountAnswered
}
