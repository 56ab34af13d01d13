/// The loopback ports of one run (docs/contracts.md, "Ports"). `--port-offset` moves all of them, so that several
/// runs fit beside each other.
public struct Ports: Sendable, Hashable, Codable {
  /// Embedded broker.
  public var broker: Int
  /// Embedded Postgres.
  public var postgres: Int
  /// Embedded schema registry.
  public var registry: Int
  /// The page.
  public var page: Int
  /// GraphQL over HTTP and WebSocket.
  public var graphQL: Int
  /// Heartbeat: control, health and metrics.
  public var heartbeat: Int
  /// Command generator: health and metrics.
  public var commandGenerator: Int
  /// Command handler: health and metrics.
  public var commandHandler: Int

  /// The ports of the contract, each moved up by `offset`.
  /// - Throws: `SupportError` when a port would leave 1 … 65535.
  public init(offset: Int = 0) throws(SupportError) {
    guard (-8000...47_000).contains(offset) else {
      throw SupportError("--port-offset \(offset) moves a port out of 1 … 65535: choose one from -8000 to 47000")
    }
    broker = 9092 + offset
    postgres = 15_432 + offset
    registry = 8081 + offset
    page = 8181 + offset
    graphQL = 8888 + offset
    heartbeat = 17_888 + offset
    commandGenerator = 17_889 + offset
    commandHandler = 17_890 + offset
  }
}
