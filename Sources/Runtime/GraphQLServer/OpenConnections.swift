import Synchronization

/// Counts connections against their limit: one of these counts WebSockets and streams, another HTTP connections.
final class OpenConnections: Sendable {
  /// Holds a place; it is free again when the last reference is gone, so no way out can forget it.
  final class Place: Sendable {
    private let connections: OpenConnections
    private let transport: ClientInfo.Transport

    fileprivate init(_ connections: OpenConnections, _ transport: ClientInfo.Transport) {
      self.connections = connections
      self.transport = transport
      connections.hooks.connectionsChanged(transport, 1)
    }

    deinit {
      connections.count.subtract(1, ordering: .relaxed)
      connections.hooks.connectionsChanged(transport, -1)
    }
  }

  fileprivate let count = Atomic(0)
  fileprivate let hooks: GraphQLServerHooks
  private let limit: Int
  private let stopping = Atomic(false)

  init(limit: Int, hooks: GraphQLServerHooks) {
    self.limit = limit
    self.hooks = hooks
  }

  /// The server ends.
  var isStopping: Bool { stopping.load(ordering: .acquiring) }
  func stop() { stopping.store(true, ordering: .releasing) }

  /// Nil when all places are taken.
  func take(_ transport: ClientInfo.Transport) -> Place? {
    guard count.add(1, ordering: .relaxed).newValue <= limit else {
      count.subtract(1, ordering: .relaxed)
      return nil
    }
    return Place(self, transport)
  }
}
