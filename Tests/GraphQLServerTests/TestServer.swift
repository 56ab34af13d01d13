import Foundation
import GraphQLRuntime
import GraphQLServer
import Hummingbird
import Logging
import PythonPeer

/// A server on a free port for the time of a test.
enum TestServer {
  static func with(
    limits: GraphQLServerLimits = GraphQLServerLimits(), origins: AllowedOrigins = .only(["https://bank.example"]),
    graphiQL: GraphiQLPage = .off, _ body: @escaping @Sendable (_ port: Int) async throws -> Void
  ) async throws {
    let (stops, stop) = AsyncStream.makeStream(of: Void.self)
    let service = TestService { stop.finish() }
    let server = GraphQLServer(
      service: service, limits: limits, origins: origins, graphiQL: graphiQL, hooks: service.hooks
    ) { $0 }
    service.counters.prepareToStop.withLock { $0 = { server.prepareToStop() } }
    try await serve(server, until: stops, body)
  }

  /// Serves until the body has returned.
  ///
  /// - Parameter stops: ends when the server is to stop before that.
  static func serve<Service: GraphQLService>(
    _ server: GraphQLServer<Service>, until stops: AsyncStream<Void>,
    _ body: @escaping @Sendable (_ port: Int) async throws -> Void
  ) async throws {
    let router = Router()
    router.get("/health") { _, _ in "well" }
    server.mount(on: router)
    router.get("/events") { _, _ in server.eventStream(Numbers()) }
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let application = Application(
      router: router, server: server.server, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { channel in port.yield(channel.localAddress?.port ?? 0) }, logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        // As a service does it: the task that runs the application is cancelled.
        try await withThrowingTaskGroup(of: Void.self) { inner in
          inner.addTask { try await application.run() }
          inner.addTask { for await _ in stops {} }
          try await inner.next()
          inner.cancelAll()
        }
      }
      for await number in ports {
        try await body(number)
        break
      }
      group.cancelAll()
    }
  }

  /// Runs a case of a Python script beside this file, which asserts what it sees.
  static func python(_ script: String, _ name: String, port: Int, _ more: [String] = []) async throws -> String {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Python")
    return try await PythonPeer.run([folder.appendingPathComponent(script).path, String(port), name] + more)
  }
}

/// An event each 10 ms, for ever.
private struct Numbers: AsyncSequence, AsyncIteratorProtocol, Sendable {
  var count = 0

  mutating func next() async throws -> ServerSentEvent? {
    try await Task.sleep(for: .milliseconds(10))
    count += 1
    return ServerSentEvent(event: "number", data: "\(count)\nof many")
  }

  func makeAsyncIterator() -> Numbers { self }
}
