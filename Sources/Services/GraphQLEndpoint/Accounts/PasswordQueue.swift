import Foundation
import GraphQLRuntime
import Synchronization

/// Runs what takes long and needs the processor, some at a time, away from the threads of Swift's concurrency.
final class PasswordQueue: Sendable {
  private let queue: OperationQueue
  private let limit: Int
  private let pending = Mutex(0)

  /// - Parameters:
  ///   - maxRunning: at a time.
  ///   - maxWaiting: past it the next one is refused.
  init(maxRunning: Int, maxWaiting: Int) {
    queue = OperationQueue()
    queue.name = "passwords"
    queue.maxConcurrentOperationCount = maxRunning
    limit = maxRunning + maxWaiting
  }

  /// What runs and waits.
  var count: Int { pending.withLock { $0 } }

  /// - Throws: what `body` throws; `GraphQLError` with code `OVERLOADED` when too many wait.
  func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    let isTaken = pending.withLock { pending in
      guard pending < limit else { return false }
      pending += 1
      return true
    }
    guard isTaken else { throw GraphQLError("too many people log in at once: try again soon", code: "OVERLOADED") }
    defer { pending.withLock { $0 -= 1 } }
    return try await withCheckedThrowingContinuation { continuation in
      queue.addOperation { continuation.resume(with: Result { try body() }) }
    }
  }
}
