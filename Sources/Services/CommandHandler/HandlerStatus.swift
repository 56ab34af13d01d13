import BankSupport
import Foundation
import Synchronization

/// What the handler shows of itself: metrics, health, and a line on standard error when something changes.
package final class HandlerStatus: Sendable {
  /// What has to work for the handler to be well. The raw value is the label `target` of `bank_retries_total`.
  enum Part: String, Sendable, CaseIterable {
    case kafka, postgres, registry, outbox, lease
  }

  package let metrics: Metrics
  package let health: Health
  private let state = Mutex(State())

  private struct State {
    var problems: [Part: String] = [:]
    var isStarted = false
  }

  package init(metrics: Metrics, health: Health) {
    self.metrics = metrics
    self.health = health
  }

  /// From now on the handler is well unless a part is not.
  func started() {
    state.withLock { state in
      state.isStarted = true
      show(state)
    }
  }

  func works(_ part: Part) {
    let wasBroken = state.withLock { state in
      guard state.problems.removeValue(forKey: part) != nil else { return false }
      show(state)
      return true
    }
    if wasBroken { log("\(part.rawValue) works again") }
  }

  /// Counts a retry and turns the health red until `works`.
  func fails(_ part: Part, _ why: String) {
    metrics.add(to: "bank_retries_total", ["target": part.rawValue])
    let isNew = state.withLock { state in
      let isNew = state.problems.updateValue(why, forKey: part) == nil
      show(state)
      return isNew
    }
    // The first time only: what goes on is on the health page.
    if isNew { log("\(part.rawValue): \(why)") }
  }

  func log(_ text: String) {
    FileHandle.standardError.write(Data("command-handler: \(text)\n".utf8))
  }

  private func show(_ state: borrowing State) {
    guard state.isStarted else { return }
    let problems = state.problems.sorted { $0.key.rawValue < $1.key.rawValue }
    if problems.isEmpty {
      health.ready()
    } else {
      health.fail(problems.map { "\($0.key.rawValue): \($0.value)" }.joined(separator: "; "))
    }
  }
}
