import Synchronization

/// Tells a service's tasks to end after what they have begun. A cancelled task would cut off a transaction.
package final class StopFlag: Sendable {
  private struct State {
    var isSet = false
    /// Those who wait; few, as a service has few tasks.
    var sleepers: [Int: Task<Void, any Error>] = [:]
    var lastSleeper = 0
  }

  private let state = Mutex(State())

  package init() {}

  package var isSet: Bool { state.withLock { $0.isSet } }

  package func set() {
    let sleepers = state.withLock { state in
      state.isSet = true
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
