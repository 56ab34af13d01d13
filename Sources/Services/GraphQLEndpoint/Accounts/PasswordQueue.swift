import Dispatch
import GraphQLRuntime
import Synchronization

/// Runs what takes long and needs the processor, some at a time, away from the threads of Swift's concurrency.
///
/// Whoever comes from one address gets no more than its share of the places, and one who goes leaves its place at once.
final class PasswordQueue: Sendable {
  private struct Job {
    let number: Int
    let run: @Sendable () -> Void
    let cancel: @Sendable () -> Void
  }

  private struct State {
    var running = 0
    var waiting: [Job] = []
    /// What runs and waits, by address.
    var places: Shares<String>
    var lastNumber = 0
  }

  private let threads = DispatchQueue(label: "passwords", attributes: .concurrent)
  private let maxRunning: Int
  private let state: Mutex<State>

  /// - Parameters:
  ///   - maxRunning: at a time.
  ///   - maxWaiting: past it the next one is refused.
  ///   - maxPerAddress: that run and wait for one address.
  init(maxRunning: Int, maxWaiting: Int, maxPerAddress: Int) {
    self.maxRunning = maxRunning
    state = Mutex(State(places: Shares(limit: maxRunning + maxWaiting, perHolder: maxPerAddress)))
  }

  /// What runs and waits.
  var count: Int { state.withLock { $0.places.count } }

  /// - Parameter address: of who asks; nil when it is not known, and then there is no share.
  /// - Throws: what `body` throws; `GraphQLError` with code `OVERLOADED` when too many wait; `CancellationError` when the
  ///   task was cancelled before it was its turn.
  func run<Value: Sendable>(
    for address: String? = nil, _ body: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    let number = try enter(address)
    defer { leave(address) }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Value, any Error>) in
        begin(
          Job(number: number, run: { continuation.resume(with: Result { try body() }) }) {
            continuation.resume(throwing: CancellationError())
          })
      }
    } onCancel: {
      cancel(number)
    }
  }

  private func enter(_ address: String?) throws(GraphQLError) -> Int {
    try state.withLock { (state) throws(GraphQLError) in
      guard state.places.take(for: address) == nil else {
        throw GraphQLError("too many people log in at once: try again soon", code: "OVERLOADED")
      }
      state.lastNumber += 1
      return state.lastNumber
    }
  }

  private func leave(_ address: String?) {
    state.withLock { $0.places.giveBack(for: address) }
  }

  private func begin(_ job: Job) {
    let (isRunning, isCancelled) = state.withLock { state in
      // A cancellation that is not seen here finds the job among those that wait.
      if Task.isCancelled { return (false, true) }
      guard state.running < maxRunning else {
        state.waiting.append(job)
        return (false, false)
      }
      state.running += 1
      return (true, false)
    }
    if isCancelled { job.cancel() }
    if isRunning { threads.async { self.work(job) } }
  }

  /// Runs the job and, on the same thread, those that wait.
  private func work(_ job: Job) {
    var next: Job? = job
    while let job = next {
      job.run()
      next = state.withLock { state in
        if !state.waiting.isEmpty { return state.waiting.removeFirst() }
        state.running -= 1
        return nil
      }
    }
  }

  private func cancel(_ number: Int) {
    let job = state.withLock { state in
      state.waiting.firstIndex { $0.number == number }.map { state.waiting.remove(at: $0) }
    }
    job?.cancel()
  }
}
