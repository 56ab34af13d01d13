import Dispatch
import Synchronization

/// Runs asynchronous work from the main thread, which `bank up` keeps for itself, and waits for it.
///
/// - Parameter isInterrupted: looked at every 50 ms; when true the work is cancelled and `Interrupted` thrown once it
///   has ended, or after two seconds.
func waitFor<Value: Sendable>(
  isInterrupted: () -> Bool, _ work: @escaping @Sendable () async throws -> Value
) throws -> Value {
  let done = DispatchSemaphore(value: 0)
  let outcome = Outcome<Value>()
  let task = Task {
    let result: Result<Value, any Error>
    do { result = .success(try await work()) } catch { result = .failure(error) }
    outcome.result.withLock { $0 = result }
    done.signal()
  }
  while done.wait(timeout: .now() + .milliseconds(50)) == .timedOut {
    guard isInterrupted() else { continue }
    task.cancel()
    _ = done.wait(timeout: .now() + .seconds(2))
    throw Interrupted()
  }
  guard let result = outcome.result.withLock({ $0 }) else { throw Interrupted() }
  return try result.get()
}

private final class Outcome<Value: Sendable>: Sendable {
  let result = Mutex<Result<Value, any Error>?>(nil)
}
