import JSONText
import LoadRuns
import Synchronization

/// An interaction between request and row.
final class PendingInteraction: Sendable {
  struct Times: Sendable {
    /// Of the row, or of the refusal; nil: not in time.
    var done: ContinuousClock.Instant?
    var answer: ContinuousClock.Instant?
    var failure: String?
  }

  private struct State {
    var times = Times()
    var row: ContinuousClock.Instant?
    /// Also of one that came too late, or was wrong.
    var hasRow = false
    var isOver = false
    var continuation: CheckedContinuation<Void, Never>?
  }

  private let interaction: Interaction
  private let iban: String
  private let state = Mutex(State())

  init(_ interaction: Interaction, iban: String) {
    self.interaction = interaction
    self.iban = iban
  }

  /// A row came for it.
  var hasRow: Bool { state.withLock { $0.hasRow } }

  /// Waits until answer and row are there, something is wrong, the time is over, or the task is cancelled.
  func result(deadline: ContinuousClock.Instant) async -> Times {
    let timer = Task {
      try await Task.sleep(until: deadline, clock: .continuous)
      update { $0.isOver = true }
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if !state.isOver { state.continuation = continuation }
          return state.isOver
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      update { $0.isOver = true }
    }
    timer.cancel()
    return state.withLock { $0.times }
  }

  func fail(_ problem: String) {
    update { state in
      state.times.failure = problem
      state.isOver = true
    }
  }

  func answered(_ event: GraphQLSocket.Event, uuid: String, at now: ContinuousClock.Instant) {
    switch event {
    case .complete: return
    case .error(let text), .closed(let text): fail("no answer to \(interaction.description): \(text)")
    case .next(let payload):
      // A bank that can't keep up says so: that is a time-out, known early.
      if isBusy(payload) { return }
      let result = payload["data"]?["result"]
      guard result?["uuid"] == .string(uuid), let problem = verdict(on: result) else {
        return fail("an answer that is none: \(payload.text)")
      }
      if !problem.isEmpty { return fail(problem) }
      update { state in
        state.times.answer = now
        if interaction.kind.isRefused { state.row = now }
        finish(&state)
      }
    }
  }

  func row(_ row: JSONValue, at now: ContinuousClock.Instant) {
    state.withLock { $0.hasRow = true }
    let isDeposit = interaction.kind == .deposit
    let wanted: [(String, String)] = [
      ("iban", iban), ("changed_by_cents", String(isDeposit ? interaction.cents : -interaction.cents)),
      ("from_to", isDeposit ? "cash" : Interaction.company), ("direction", isDeposit ? "CREDIT" : "DEBIT"),
    ]
    if interaction.kind.isRefused { return fail("money moved that should not have: \(row.text)") }
    for (name, value) in wanted where row[name] != .string(value) {
      return fail("\(name) should be \(value): \(row.text)")
    }
    update { state in
      state.row = now
      finish(&state)
    }
  }

  /// Answer and row come in any order; the row is what people wait for.
  private func finish(_ state: inout State) {
    guard state.times.answer != nil, let row = state.row else { return }
    state.times.done = row
    state.isOver = true
  }

  /// nil: this is no answer; empty: it is the right one.
  private func verdict(on result: JSONValue?) -> String? {
    guard case .bool(let success)? = result?["success"] else { return nil }
    if let reason = interaction.reason {
      let isRight = !success && result?["reason"] == .string(reason)
      return isRight ? "" : "not refused as \"\(reason)\": \(result?.text ?? "")"
    }
    return success ? "" : "refused: \(result?.text ?? "")"
  }

  private func isBusy(_ payload: JSONValue) -> Bool {
    guard case .array(let errors)? = payload["errors"], !errors.isEmpty else { return false }
    let codes = ["TIMEOUT", "OVERLOADED", "UNAVAILABLE"].map { JSONValue.string($0) }
    return errors.allSatisfy { error in error["extensions"]?["code"].map(codes.contains) ?? false }
  }

  private func update(_ change: (inout State) -> Void) {
    let continuation = state.withLock { state -> CheckedContinuation<Void, Never>? in
      guard !state.isOver else { return nil }
      change(&state)
      guard state.isOver else { return nil }
      defer { state.continuation = nil }
      return state.continuation
    }
    continuation?.resume()
  }
}
