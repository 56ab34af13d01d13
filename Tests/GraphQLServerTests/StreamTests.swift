import Testing

@testable import GraphQLServer

/// Each case is a function of `stream_peer.py`, which asserts what it sees.
@Suite("GraphQL over server-sent events")
struct StreamTests {
  @Test("With a real client", arguments: ["operations", "errors", "going", "generic"])
  func plain(name: String) async throws { try await run(name) }

  @Test("A silent stream gets comments")
  func keepAlive() async throws { try await run("keep_alive") { $0.keepAliveMillis = 100 } }

  @Test("A client that never reads is dropped, the other gets everything")
  func slowReader() async throws { try await run("slow_reader") { $0.maxQueuedMessages = 500 } }

  @Test("A request that does not come to its end is given up, and so is who takes nothing of his answer")
  func deadlines() async throws {
    try await run("deadlines") {
      $0.requestTimeoutMillis = 1_000
      $0.writeTimeoutMillis = 2_000
      $0.maxBodyBytes = 32 << 20
    }
  }

  @Test("HTTP connections have a limit; who keeps one past it open is not waited for")
  func tooManyConnections() async throws {
    try await run("too_many") {
      $0.maxHTTPConnections = 2
      $0.closeTimeoutMillis = 500
    }
  }

  @Test("An event is written as the HTML standard reads it")
  func text() {
    let events: [(ServerSentEvent, String)] = [
      (ServerSentEvent(data: "x"), "data: x\n\n"), (ServerSentEvent(event: "a", data: ""), "event: a\ndata:\n\n"),
      (
        ServerSentEvent(event: "a\nb\r", data: "1\n2\r\n3\r4\n"),
        "event: ab\ndata: 1\ndata: 2\ndata: 3\ndata: 4\ndata: \n\n"
      ),
    ]
    for (event, text) in events { #expect(event.text == text) }
  }

  private func run(_ name: String, change: (inout GraphQLServerLimits) -> Void = { _ in }) async throws {
    var limits = GraphQLServerLimits()
    change(&limits)
    try await TestServer.with(limits: limits) { port in
      let output = try await TestServer.python("stream_peer.py", name, port: port)
      #expect(output == "ok\n")
    }
  }
}
