import GraphQLRuntime
import Synchronization

/// The rows of one subscription. Rows that came together are taken together: only the first of them is waited for.
package struct TransactionStream: AsyncSequence, Sendable {
  package typealias Element = Transaction

  /// Ends the subscription when nobody holds it any more.
  final class Registration: Sendable {
    let subscription: TransactionSubscription
    private let hub: TransactionHub

    init(subscription: TransactionSubscription, hub: TransactionHub) {
      self.subscription = subscription
      self.hub = hub
    }

    deinit { end() }

    func end() {
      hub.remove(subscription)
      subscription.end()
    }
  }

  let registration: Registration

  package struct AsyncIterator: AsyncIteratorProtocol {
    let registration: Registration
    private var taken: [Transaction] = []
    private var index = 0

    init(registration: Registration) { self.registration = registration }

    package mutating func next() async throws -> Transaction? { try await next(isolation: nil) }

    /// - Throws: `GraphQLError` with code `SLOW_SUBSCRIBER` when too many rows waited, `UNAVAILABLE` when the endpoint
    ///   stops.
    package mutating func next(isolation actor: isolated (any Actor)?) async throws -> Transaction? {
      if index == taken.count {
        let registration = registration
        taken = try await withTaskCancellationHandler {
          try await registration.subscription.take()
        } onCancel: {
          registration.end()
        }
        index = 0
        if taken.isEmpty { return nil }
      }
      defer { index += 1 }
      return taken[index]
    }
  }

  package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(registration: registration) }
}

/// What waits for one subscriber. Read by one task.
final class TransactionSubscription: Sendable {
  private enum Phase {
    case open, ended
    case failed(GraphQLError)
  }

  private typealias Waiter = CheckedContinuation<[Transaction], any Error>

  private struct State {
    var phase = Phase.open
    var queue: [Transaction] = []
    var waiter: Waiter?
  }

  let number: Int
  let filter: TransactionFilter
  let subscriber: Subscriber
  private let maxQueuedRows: Int
  private let state = Mutex(State())

  init(number: Int, filter: TransactionFilter, subscriber: Subscriber, maxQueuedRows: Int) {
    self.number = number
    self.filter = filter
    self.subscriber = subscriber
    self.maxQueuedRows = maxQueuedRows
  }

  /// Queues those rows that the filter takes. Texts are looked at by who takes the rows, not here: all subscribers
  /// would wait for it.
  ///
  /// - Returns: false when they are too many, which ends the subscription. Those that came at once are never too many
  ///   for who has taken all before them.
  func offer(_ rows: [Transaction]) -> Bool {
    let rows = rows.filter(filter.takesButForText)
    if rows.isEmpty { return true }
    let (waiter, isKept) = state.withLock { state -> (Waiter?, Bool) in
      guard case .open = state.phase else { return (nil, true) }
      if let waiter = state.waiter {
        state.waiter = nil
        return (waiter, true)
      }
      if !state.queue.isEmpty, state.queue.count + rows.count > maxQueuedRows {
        state.queue = []
        state.phase = .failed(
          GraphQLError(
            "\(maxQueuedRows) transactions waited to be read, which is the most: subscribe again and read faster, or "
              + "ask for less", code: "SLOW_SUBSCRIBER"))
        return (nil, false)
      }
      state.queue += rows
      return (nil, true)
    }
    waiter?.resume(returning: rows)
    return isKept
  }

  func end() {
    let waiter = state.withLock { state -> Waiter? in
      if case .open = state.phase { state.phase = .ended }
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume(returning: [])
  }

  /// Breaks off: what is queued is given, then the error.
  func fail(_ error: GraphQLError) {
    let waiter = state.withLock { state -> Waiter? in
      guard case .open = state.phase else { return nil }
      defer { state.waiter = nil }
      // Told once, to who waits or to who asks next.
      state.phase = state.waiter == nil ? .failed(error) : .ended
      return state.waiter
    }
    waiter?.resume(throwing: error)
  }

  /// All rows that wait, at least one; none when the subscription has ended.
  func take() async throws -> [Transaction] {
    while true {
      let rows = try await takeAll()
      let taken = rows.filter(filter.takesText)
      if rows.isEmpty || !taken.isEmpty { return taken }
    }
  }

  private func takeAll() async throws -> [Transaction] {
    try await withCheckedThrowingContinuation { (continuation: Waiter) in
      let answer = state.withLock { state -> Result<[Transaction], any Error>? in
        if !state.queue.isEmpty {
          defer { state.queue = [] }
          return .success(state.queue)
        }
        switch state.phase {
        case .ended: return .success([])
        case .failed(let error):
          // Told once; whoever asks again finds the end.
          state.phase = .ended
          return .failure(error)
        case .open:
          state.waiter = continuation
          return nil
        }
      }
      if let answer { continuation.resume(with: answer) }
    }
  }
}
