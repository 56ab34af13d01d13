import Foundation
import PostgresRuntime
import Synchronization

/// What a service shows of itself: metrics, health, and a line on standard error when something changes.
package final class ServiceStatus: Sendable {
  /// What has to work for a service to be well. The raw value is the label `target` of `bank_retries_total`.
  package enum Part: String, Sendable, CaseIterable {
    case kafka, postgres, registry
    /// What waits on the topics, which is asked for every few seconds.
    case lag
    /// Of the command handler.
    case outbox, lease
    /// Of the GraphQL endpoint.
    case projection
    case catchUp = "catch-up"
    case answersCatchUp = "answers-catch-up"
    case answers, commands
  }

  package let name: String
  package let metrics: Metrics
  package let health: Health
  private let state = Mutex(State())

  private struct State {
    var problems: [Part: String] = [:]
    var isStarted = false
  }

  /// - Parameter name: of the service; what is logged begins with it.
  package init(name: String, metrics: Metrics, health: Health) {
    self.name = name
    self.metrics = metrics
    self.health = health
  }

  /// From now on the service is well unless a part is not.
  package func started() {
    state.withLock { state in
      state.isStarted = true
      show(state)
    }
  }

  /// The part is not there yet: the health is red until `works`, and nothing is counted or logged.
  package func waits(_ part: Part, _ why: String) {
    state.withLock { state in
      state.problems[part] = why
      show(state)
    }
  }

  package func works(_ part: Part) {
    let wasBroken = state.withLock { state in
      guard state.problems.removeValue(forKey: part) != nil else { return false }
      show(state)
      return true
    }
    if wasBroken { log("\(part.rawValue) works") }
  }

  /// Counts a retry and turns the health red until `works`.
  package func fails(_ part: Part, _ why: String) { fails(part, shown: why, logged: why) }

  /// The same. Anybody sees the health, so of the database's errors it has the message only; the log has the statement.
  package func fails(_ part: Part, _ error: any Error) {
    fails(part, shown: Self.shown(error), logged: "\(error)")
  }

  static func shown(_ error: any Error) -> String { (error as? PostgresError)?.message ?? "\(error)" }

  private func fails(_ part: Part, shown: String, logged: String) {
    metrics.add(to: "bank_retries_total", ["target": part.rawValue])
    let isNew = state.withLock { state in
      let isNew = state.problems.updateValue(shown, forKey: part) == nil
      show(state)
      return isNew
    }
    // The first time only: what goes on is on the health page.
    if isNew { log("\(part.rawValue): \(logged)") }
  }

  package func log(_ text: String) {
    FileHandle.standardError.write(Data("\(name): \(text)\n".utf8))
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
