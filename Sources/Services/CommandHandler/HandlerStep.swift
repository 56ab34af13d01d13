/// The steps of the handler between which a test can interfere, named after what has just been done.
public enum HandlerStep: String, Sendable, CaseIterable {
  case leasesTaken
  case reading, batchRead, idsRead, balancesLocked, decided
  case balancesUpdated, accountsInserted, balancesWritten, transfersInserted, outcomesWritten, outboxWritten
  case offsetsMoved, committed
  case publishing, published, markWritten, markedSent
}

extension HandlerSettings {
  /// Nothing at all outside of debug builds.
  @inline(__always)
  func reach(_ step: HandlerStep) throws { try failpoints.reach(step) }
}
