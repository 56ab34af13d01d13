/// What the server tells whoever counts. Closures are called from any thread and have to be quick.
public struct GraphQLServerHooks: Sendable {
  /// A WebSocket, stream or HTTP connection opened (+1) or ended (-1); an HTTP connection ends when it becomes a WebSocket.
  public var connectionsChanged: @Sendable (_ transport: ClientInfo.Transport, _ by: Int) -> Void
  /// An operation over a WebSocket or stream began (+1) or ended (-1).
  public var subscriptionsChanged: @Sendable (_ by: Int) -> Void
  /// A client's queue was full, so its connection is closed.
  public var slowClientDropped: @Sendable (_ transport: ClientInfo.Transport) -> Void
  /// An HTTP request was answered: also one that became a stream (200) or WebSocket (101).
  public var requestAnswered: @Sendable (_ transport: ClientInfo.Transport, _ status: Int) -> Void

  public init(
    connectionsChanged: @escaping @Sendable (_ transport: ClientInfo.Transport, _ by: Int) -> Void = { _, _ in },
    subscriptionsChanged: @escaping @Sendable (_ by: Int) -> Void = { _ in },
    slowClientDropped: @escaping @Sendable (_ transport: ClientInfo.Transport) -> Void = { _ in },
    requestAnswered: @escaping @Sendable (_ transport: ClientInfo.Transport, _ status: Int) -> Void = { _, _ in }
  ) {
    self.connectionsChanged = connectionsChanged
    self.subscriptionsChanged = subscriptionsChanged
    self.slowClientDropped = slowClientDropped
    self.requestAnswered = requestAnswered
  }
}
