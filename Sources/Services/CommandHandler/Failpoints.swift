import Synchronization

/// The steps of the handler between which a test can interfere.
public enum Step: String, Sendable, CaseIterable {
  case batchRead, idsRead, balancesLocked, decided, balancesWritten, outcomesWritten, outboxWritten, offsetsMoved
  case committed, publishing, published, markedSent
}

#if DEBUG
  /// What tests put between the steps; compiled in only for them.
  public final class Failpoints: Sendable {
    private let actions = Mutex<[Step: @Sendable () throws -> Void]>([:])

    public init() {}

    /// Runs `action` each time the handler reaches the step, until it is set again; nil removes it.
    public func set(_ step: Step, _ action: (@Sendable () throws -> Void)?) {
      actions.withLock { $0[step] = action }
    }

    func reach(_ step: Step) throws {
      let action = actions.withLock { $0[step] }
      try action?()
    }
  }
#endif

extension HandlerSettings {
  /// Nothing at all outside of debug builds.
  @inline(__always)
  func reach(_ step: Step) throws {
    #if DEBUG
      try failpoints.reach(step)
    #endif
  }
}
