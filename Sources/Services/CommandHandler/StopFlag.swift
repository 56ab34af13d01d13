import Synchronization

/// Tells the handler's tasks to end after what they have begun. A cancelled task would cut off a transaction.
package final class StopFlag: Sendable {
  private let flag = Atomic(false)
  private static let lookEveryMillis = 50

  package init() {}

  package var isSet: Bool { flag.load(ordering: .acquiring) }

  package func set() { flag.store(true, ordering: .releasing) }

  /// Waits; ends early when the flag is set.
  func sleep(millis: Int) async {
    let end = ContinuousClock.now + .milliseconds(millis)
    while !isSet, ContinuousClock.now < end {
      let left = end - .now
      try? await Task.sleep(for: min(left, .milliseconds(Self.lookEveryMillis)))
    }
  }
}
