import Synchronization

/// Tells a service's tasks to end after what they have begun. A cancelled task would cut off a transaction.
package final class StopFlag: Sendable {
  private struct State {
    var isSet = false
    var failure: (any Error)?
    /// Those who wait; few, as a service has few tasks.
    var sleepers: [Int: Task<Void, any Error>] = [:]
    var lastSleeper = 0
  }

  private let state = Mutex(State())

  package init() {}

  package var isSet: Bool { state.withLock { $0.isSet } }

  /// Why it was set, where that is a failure.
  package var failure: (any Error)? { state.withLock { $0.failure } }

  package func set() { set(nil) }

  /// Sets it because going on would do harm; who runs the tasks throws the first such failure when they have ended.
  package func fail(_ failure: any Error) { set(failure) }

  private func set(_ failure: (any Error)?) {
    let sleepers = state.withLock { state in
      state.isSet = true
      state.failure = state.failure ?? failure
      return state.sleepers.values
    }
    for sleeper in sleepers { sleeper.cancel() }
  }

  /// Waits; ends early when the flag is set.
  package func sleep(millis: Int) async {
    let sleeper = Task { try await Task.sleep(for: .milliseconds(millis)) }
    let number = state.withLock { state in
      if state.isSet { sleeper.cancel() }
      state.lastSleeper += 1
      state.sleepers[state.lastSleeper] = sleeper
      return state.lastSleeper
    }
    _ = await sleeper.result
    state.withLock { $0.sleepers[number] = nil }
  }
}
