import GraphQLServer
import Testing

/// Each case is a function of `websocket_peer.py`, which asserts what it sees.
@Suite("GraphQL over WebSocket")
struct WebSocketTests {
  @Test(
    "With a real client",
    arguments: [
      "operations", "errors", "completing", "pings", "close_codes", "sub_protocols", "refused", "frames", "vanishing",
      "legacy", "gql_library",
    ])
  func plain(name: String) async throws { try await run(name) }

  @Test("Stopping the server ends WebSockets with 1001, and streams")
  func shutdown() async throws { try await run("shutdown") { $0.connectionInitTimeoutMillis = 60_000 } }

  @Test("connection_init has to come in time, with 4408 otherwise")
  func initTimeout() async throws { try await run("init_timeout") { $0.connectionInitTimeoutMillis = 400 } }

  @Test("A subscription too many is an error of its own, the connection stays")
  func tooManySubscriptions() async throws {
    try await run("too_many_subscriptions") { $0.maxSubscriptionsPerConnection = 2 }
  }

  @Test("WebSockets and streams count against one limit")
  func tooManyConnections() async throws { try await run("too_many_connections") { $0.maxConnections = 2 } }

  @Test("What breaks RFC 6455 or a limit is told by the close code")
  func brokenFrames() async throws { try await run("broken_frames") { $0.maxMessageBytes = 10_000 } }

  @Test("A client that answers no ping is given up, one that does is kept")
  func halfOpen() async throws { try await run("half_open") { $0.keepAliveMillis = 500 } }

  @Test("The legacy protocol has a keep-alive message of its own")
  func legacyKeepAlive() async throws { try await run("legacy_keep_alive") { $0.keepAliveMillis = 200 } }

  @Test("Of 1,000 subscribers one never reads: it alone is dropped")
  func slowReader() async throws {
    try await run("slow_reader", "999", "40", "2500") {
      $0.maxQueuedMessages = 500
      $0.closeTimeoutMillis = 500
      // A client that does not read answers no ping either: what is tested has to come first.
      $0.keepAliveMillis = 600_000
      $0.connectionInitTimeoutMillis = 60_000
    }
  }

  @Test("A slow client that reads again finds whole messages and the code 1013")
  func slowCode() async throws {
    try await run("slow_code") {
      $0.closeTimeoutMillis = 60_000
      $0.keepAliveMillis = 600_000
    }
  }

  @Test("Pings without end are no way to fill the memory")
  func pingFlood() async throws {
    try await run("ping_flood") {
      $0.maxQueuedMessages = 500
      $0.closeTimeoutMillis = 500
      $0.keepAliveMillis = 600_000
    }
  }

  private func run(
    _ name: String, _ more: String..., change: (inout GraphQLServerLimits) -> Void = { _ in }
  ) async throws {
    var limits = GraphQLServerLimits()
    change(&limits)
    try await TestServer.with(limits: limits) { port in
      let output = try await TestServer.python("websocket_peer.py", name, port: port, more)
      #expect(output == "ok\n")
    }
  }
}
