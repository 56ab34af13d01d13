/// Joins callers that ask for the same thing at the same time: one asks, all get the answer.
///
/// A caller that is cancelled leaves at once; when the last has left, the work is cancelled too.
actor SingleFlight<Key: Hashable & Sendable, Value: Sendable> {
  typealias Outcome = Result<Value, RegistryError>

  private struct Flight {
    var number: Int
    var task: Task<Void, Never>?
    var waiters: [Int: CheckedContinuation<Outcome, Never>] = [:]
  }

  private var flights: [Key: Flight] = [:]
  private var lastNumber = 0

  func run(
    _ key: Key, _ work: @escaping @Sendable () async -> Outcome
  ) async throws(RegistryError) -> Value {
    lastNumber += 1
    let waiter = lastNumber
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        join(key, waiter: waiter, continuation: continuation, work)
      }
    } onCancel: {
      Task { await self.leave(key, waiter: waiter) }
    }
    return try outcome.get()
  }

  private func join(
    _ key: Key, waiter: Int, continuation: CheckedContinuation<Outcome, Never>,
    _ work: @escaping @Sendable () async -> Outcome
  ) {
    if Task.isCancelled {
      continuation.resume(returning: .failure(.cancelled))
      return
    }
    if flights[key] != nil {
      flights[key]?.waiters[waiter] = continuation
      return
    }
    flights[key] = Flight(number: waiter, waiters: [waiter: continuation])
    flights[key]?.task = Task {
      let outcome = await work()
      self.land(key, number: waiter, outcome)
    }
  }

  private func land(_ key: Key, number: Int, _ outcome: Outcome) {
    guard let flight = flights[key], flight.number == number else { return }
    flights[key] = nil
    for continuation in flight.waiters.values { continuation.resume(returning: outcome) }
  }

  private func leave(_ key: Key, waiter: Int) {
    guard let continuation = flights[key]?.waiters.removeValue(forKey: waiter) else { return }
    continuation.resume(returning: .failure(.cancelled))
    if let flight = flights[key], flight.waiters.isEmpty {
      flight.task?.cancel()
      flights[key] = nil
    }
  }
}
