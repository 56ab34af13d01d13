import JSONText
import LoadRuns
import Synchronization

/// Which rows of an account are waited for, and what is wrong with those that come.
final class InteractionBook: Sendable {
  /// Interactions that are over and whose row may still come.
  private static let lateLimit = 10_000

  private struct State {
    var waiting: [String: PendingInteraction] = [:]
    var late: Set<String> = []
    var lastBalanceCents: Int?
    /// What was wrong while nobody waited.
    var stray: String?
  }

  private let iban: String
  private let state = Mutex(State())

  init(iban: String) { self.iban = iban }

  func begin(_ interaction: Interaction) -> PendingInteraction {
    let pending = PendingInteraction(interaction, iban: iban)
    let stray = state.withLock { state in
      state.waiting[interaction.description] = pending
      defer { state.stray = nil }
      return state.stray
    }
    if let stray { pending.fail(stray) }
    return pending
  }

  /// Its row may come later, also where its answer was wrong: that is one failure, and the row is none.
  func end(_ interaction: Interaction) {
    state.withLock { state in
      let pending = state.waiting.removeValue(forKey: interaction.description)
      guard let pending, !pending.hasRow, state.late.count < Self.lateLimit else { return }
      state.late.insert(interaction.description)
    }
  }

  func heard(_ row: JSONValue, at now: ContinuousClock.Instant) {
    guard case .string(let words)? = row["descr"] else { return strange("a row that can't be read: \(row.text)") }
    if let problem = balanceProblem(row) { strange(problem) }
    let (pending, isLate) = state.withLock { ($0.waiting[words], $0.late.remove(words) != nil) }
    if let pending { pending.row(row, at: now) } else if !isLate { strange("a row that nobody asked for: \(row.text)") }
  }

  /// Something is wrong that is nobody's: told once, by one of those that wait, or by the next.
  func strange(_ problem: String) {
    let one = state.withLock { state in
      let one = state.waiting.values.first
      if one == nil { state.stray = problem }
      return one
    }
    one?.fail(problem)
  }

  /// No more rows: nobody has to wait any longer.
  func end(_ problem: String) {
    let waiting = state.withLock { state in
      if state.waiting.isEmpty { state.stray = problem }
      return Array(state.waiting.values)
    }
    for pending in waiting { pending.fail(problem) }
  }

  /// Each balance has to follow from the one before.
  private func balanceProblem(_ row: JSONValue) -> String? {
    guard case .string(let balanceText)? = row["new_balance_cents"], let balance = Int(balanceText),
      case .string(let changeText)? = row["changed_by_cents"], let change = Int(changeText)
    else { return "a row without cents: \(row.text)" }
    return state.withLock { state in
      defer { state.lastBalanceCents = balance }
      guard let last = state.lastBalanceCents, last + change != balance else { return nil }
      return "balance \(balance) does not follow from \(last) and \(change)"
    }
  }
}
