internal import Dispatch
internal import Synchronization

/// What the connection's queue has to know of the call that it serves.
protocol JobState: AnyObject, Sendable {
  /// The caller's task was cancelled.
  var isCancelled: Bool { get }
}

/// One call that waits for a connection's queue, or runs on it.
final class Job<Value: Sendable>: JobState {
  private enum State {
    case new
    case waiting(CheckedContinuation<Value, any Error>)
    case running
    /// Cancelled before it ran, or while it ran.
    case cancelled
    case done
  }

  private let state = Mutex<State>(.new)

  var isCancelled: Bool {
    state.withLock { if case .cancelled = $0 { true } else { false } }
  }

  /// Runs `body` on the queue. A caller that is cancelled before it started leaves at once; one that is cancelled
  /// while it runs signals the pipe and calls `cancel`.
  func value(
    on queue: DispatchQueue, wake: WakePipe, cancel: (@Sendable () -> Void)?,
    _ body: @escaping @Sendable (Job<Value>) throws -> Value
  ) async throws -> Value {
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let isCancelled = state.withLock { state in
          if case .cancelled = state { return true }
          state = .waiting(continuation)
          return false
        }
        if isCancelled {
          continuation.resume(throwing: PostgresError.cancelledCaller)
          return
        }
        queue.async { self.start(body) }
      }
    } onCancel: {
      let (waiting, wasRunning) = state.withLock { state -> (CheckedContinuation<Value, any Error>?, Bool) in
        defer { if case .done = state {} else { state = .cancelled } }
        switch state {
        case .waiting(let continuation): return (continuation, false)
        case .running: return (nil, true)
        case .new, .cancelled, .done: return (nil, false)
        }
      }
      waiting?.resume(throwing: PostgresError.cancelledCaller)
      if wasRunning {
        wake.signal()
        cancel?()
      }
    }
  }

  private func start(_ body: (Job<Value>) throws -> Value) {
    let continuation = state.withLock { state -> CheckedContinuation<Value, any Error>? in
      guard case .waiting(let continuation) = state else { return nil }
      state = .running
      return continuation
    }
    guard let continuation else { return }
    let result = Result { try body(self) }
    state.withLock { $0 = .done }
    continuation.resume(with: result)
  }
}
