import BankSupport
import GraphQLRuntime
import Synchronization

/// Hands new transactions to those who subscribed to them.
///
/// A subscription with an IBAN is found by it, so that a row costs one look-up however many there are. Each subscriber
/// has a queue of its own with a limit: one that does not keep up ends with an error, and nobody waits for it.
package final class TransactionHub: Sendable {
  private struct State {
    var byIBAN: [String: [Int: TransactionSubscription]] = [:]
    var others: [Int: TransactionSubscription] = [:]
    var count = 0
    var lastNumber = 0
    var isClosed = false
  }

  private let maxSubscribers: Int
  private let maxQueuedRows: Int
  private let metrics: Metrics
  private let state = Mutex(State())

  /// - Parameter maxQueuedRows: rows that wait for a subscriber; with one more it is too slow.
  package init(maxSubscribers: Int, maxQueuedRows: Int, metrics: Metrics) {
    self.maxSubscribers = maxSubscribers
    self.maxQueuedRows = maxQueuedRows
    self.metrics = metrics
    metrics.set("bank_subscribers", to: 0)
  }

  package var count: Int { state.withLock { $0.count } }

  /// The rows from now on that the filter takes, in their order. The subscription ends when the stream is let go, or
  /// when the task that reads it is cancelled.
  package func subscribe(_ filter: TransactionFilter) throws(GraphQLError) -> TransactionStream {
    let (subscription, count) = try state.withLock { (state) throws(GraphQLError) in
      if state.isClosed { throw Self.closed }
      guard state.count < maxSubscribers else {
        throw GraphQLError("\(maxSubscribers) subscriptions are open, which is the most", code: "OVERLOADED")
      }
      state.lastNumber += 1
      state.count += 1
      let subscription = TransactionSubscription(
        number: state.lastNumber, filter: filter, maxQueuedRows: maxQueuedRows)
      if let iban = filter.iban {
        state.byIBAN[iban, default: [:]][subscription.number] = subscription
      } else {
        state.others[subscription.number] = subscription
      }
      return (subscription, state.count)
    }
    metrics.set("bank_subscribers", to: count)
    return TransactionStream(registration: .init(subscription: subscription, hub: self))
  }

  /// Hands rows over. Called by one task, in the order that subscribers are to see.
  package func publish(_ rows: [Transaction]) {
    var due: [(TransactionSubscription, [Transaction])] = []
    state.withLock { state in
      for subscription in state.others.values { due.append((subscription, rows)) }
      guard !state.byIBAN.isEmpty else { return }
      for (iban, rows) in Dictionary(grouping: rows, by: \.iban) {
        guard let subscriptions = state.byIBAN[iban] else { continue }
        for subscription in subscriptions.values { due.append((subscription, rows)) }
      }
    }
    for (subscription, rows) in due where !subscription.offer(rows) {
      metrics.add(to: "bank_slow_subscribers_total")
      remove(subscription)
    }
  }

  private static let closed = GraphQLError(
    "the endpoint is stopping: subscribe again soon", code: "UNAVAILABLE")

  /// Breaks all subscriptions off with `UNAVAILABLE`, and takes no more: one that ended would not be begun again.
  package func close() {
    let all = state.withLock { state in
      defer {
        state.byIBAN = [:]
        state.others = [:]
        state.count = 0
        state.isClosed = true
      }
      return Array(state.others.values) + state.byIBAN.values.flatMap(\.values)
    }
    for subscription in all { subscription.fail(Self.closed) }
    metrics.set("bank_subscribers", to: 0)
  }

  func remove(_ subscription: TransactionSubscription) {
    let count = state.withLock { state -> Int? in
      let removed =
        if let iban = subscription.filter.iban {
          state.byIBAN[iban]?.removeValue(forKey: subscription.number)
        } else {
          state.others.removeValue(forKey: subscription.number)
        }
      guard removed != nil else { return nil }
      if let iban = subscription.filter.iban, state.byIBAN[iban]?.isEmpty == true { state.byIBAN[iban] = nil }
      state.count -= 1
      return state.count
    }
    if let count { metrics.set("bank_subscribers", to: count) }
  }
}
