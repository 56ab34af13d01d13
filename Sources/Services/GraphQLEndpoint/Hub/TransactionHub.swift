import BankSupport
import GraphQLRuntime
import Synchronization

/// Who subscribes, as far as limits go.
package struct Subscriber: Sendable, Hashable {
  /// Nil when it is not known, and then there is no share.
  package var address: String?
  /// A number of its connection, the same for no other.
  package var connection: Int

  package init(address: String? = nil, connection: Int = 0) {
    self.address = address
    self.connection = connection
  }
}

/// Hands new transactions to those who subscribed to them.
///
/// A subscription with an IBAN is found by it, so that a row costs one look-up however many there are. Each subscriber
/// has a queue of its own with a limit: one that does not keep up ends with an error, and nobody waits for it.
///
/// A subscription that looks for a text in the rows of all accounts costs a search for each row that there is, so a
/// connection has few of them.
package final class TransactionHub: Sendable {
  private struct State {
    var byIBAN: [String: [Int: TransactionSubscription]] = [:]
    var others: [Int: TransactionSubscription] = [:]
    /// By address.
    var places: Shares<String>
    /// Those that look for a text in all rows, by connection.
    var searches: Shares<Int>
    var lastNumber = 0
    var isClosed = false
  }

  /// How many subscriptions there may be.
  package struct Limits: Sendable {
    package var all: Int
    package var perAddress: Int
    /// That look for a text in the rows of all accounts.
    package var searchesPerConnection: Int
    /// Rows that wait for a subscriber; with one more it is too slow.
    package var queuedRows: Int
  }

  private let limits: Limits
  private let metrics: Metrics
  private let state: Mutex<State>

  package init(_ limits: Limits, metrics: Metrics) {
    self.limits = limits
    self.metrics = metrics
    state = Mutex(
      State(
        places: Shares(limit: limits.all, perHolder: limits.perAddress),
        searches: Shares(limit: limits.all, perHolder: limits.searchesPerConnection)))
    metrics.set("bank_subscribers", to: 0)
  }

  package var count: Int { state.withLock { $0.places.count } }

  /// The rows from now on that the filter takes, in their order. The subscription ends when the stream is let go, or
  /// when the task that reads it is cancelled.
  ///
  /// - Throws: `OVERLOADED` when all places or those of the address are taken, `LIMIT` for a text in all rows too many,
  ///   `UNAVAILABLE` when the endpoint stops.
  package func subscribe(
    _ filter: TransactionFilter, by subscriber: Subscriber = Subscriber()
  ) throws(GraphQLError) -> TransactionStream {
    let (subscription, count) = try state.withLock { (state) throws(GraphQLError) in
      if state.isClosed { throw Self.closed }
      try take(filter, subscriber, &state)
      state.lastNumber += 1
      let subscription = TransactionSubscription(
        number: state.lastNumber, filter: filter, subscriber: subscriber, maxQueuedRows: limits.queuedRows)
      if let iban = filter.iban {
        state.byIBAN[iban, default: [:]][subscription.number] = subscription
      } else {
        state.others[subscription.number] = subscription
      }
      return (subscription, state.places.count)
    }
    metrics.set("bank_subscribers", to: count)
    return TransactionStream(registration: .init(subscription: subscription, hub: self))
  }

  private func take(
    _ filter: TransactionFilter, _ subscriber: Subscriber, _ state: inout State
  ) throws(GraphQLError) {
    switch state.places.take(for: subscriber.address) {
    case nil: break
    case .full: throw GraphQLError("\(limits.all) subscriptions are open, which is the most", code: "OVERLOADED")
    case .share:
      throw GraphQLError(
        "\(limits.perAddress) subscriptions are open from this address, which is the most", code: "OVERLOADED")
    }
    guard filter.searchesAllRows, state.searches.take(for: subscriber.connection) != nil else { return }
    state.places.giveBack(for: subscriber.address)
    throw GraphQLError(
      "\(limits.searchesPerConnection) subscriptions of this connection have descr_includes and no iban, which is the "
        + "most: give iban, or take all rows and look for the text yourself", code: "LIMIT")
  }

  private func giveBack(_ subscription: TransactionSubscription, _ state: inout State) {
    state.places.giveBack(for: subscription.subscriber.address)
    if subscription.filter.searchesAllRows { state.searches.giveBack(for: subscription.subscriber.connection) }
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
        state.places.giveBackAll()
        state.searches.giveBackAll()
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
      giveBack(subscription, &state)
      return state.places.count
    }
    if let count { metrics.set("bank_subscribers", to: count) }
  }
}
