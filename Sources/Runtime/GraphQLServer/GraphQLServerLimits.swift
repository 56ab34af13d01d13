/// What a connection may cost at most; what a document may is in `GraphQLLimits`.
public struct GraphQLServerLimits: Hashable, Sendable {
  /// Of an HTTP request's body.
  public var maxBodyBytes = 1 << 20
  /// Requests in one HTTP request with an array as its body.
  public var maxBatch = 10
  /// Of a WebSocket message.
  public var maxMessageBytes = 1 << 20
  /// Subscriptions that a WebSocket may have open at a time, queries and mutations counted.
  public var maxSubscriptionsPerConnection = 100
  /// WebSockets and streams that are open at a time.
  public var maxConnections = 10_000
  /// HTTP connections that are open at a time, those of streams counted; one more gets 503. A WebSocket counts until it
  /// is open.
  public var maxHTTPConnections = 10_000
  /// From the opening of a connection to the head of its first request, and from the head of a request to its end.
  public var requestTimeoutMillis = 30_000
  /// How long a client may take none of the bytes of an answer that wait for it; then its connection is closed.
  public var writeTimeoutMillis = 30_000
  /// Messages that wait for a client that reads slowly; then its connection is closed.
  public var maxQueuedMessages = 1_000
  /// The same in bytes.
  public var maxQueuedBytes = 4 << 20
  /// From the opening of a WebSocket to `connection_init`.
  public var connectionInitTimeoutMillis = 3_000
  /// How often an open WebSocket is pinged and a stream gets a comment. A WebSocket that is silent from one ping to
  /// the next is closed.
  public var keepAliveMillis = 15_000
  /// From the first part of a closing handshake to the hard end of the connection.
  public var closeTimeoutMillis = 2_000

  public init() {}
}
