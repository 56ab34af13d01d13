import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import LoadTestService

@Suite(.serialized)
struct GraphQLSocketTests {
  /// One that accepts and is silent is told soon, and Ctrl-C does not wait for it.
  @Test
  func aSilentEndpointEndsTheSetUp() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let server = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
    let port = try #require(server.localAddress?.port)
    let problem = await #expect(throws: LoadTestProblem.self) {
      try await GraphQLSocket.connect(group: group, port: port, subprotocol: .transport, limitSeconds: 0.2)
    }
    #expect(problem?.description.contains("127.0.0.1:\(port) does not answer within 0.2 s") == true)
    let start = ContinuousClock.now
    let task = Task {
      try await GraphQLSocket.connect(group: group, port: port, subprotocol: .legacy, limitSeconds: 60)
    }
    try await Task.sleep(for: .milliseconds(200))
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(start.duration(to: .now) < .seconds(30))
    try await server.close()
    try await group.shutdownGracefully()
  }

  @Test
  func aRefusedConnectionIsToldInWords() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let problem = await #expect(throws: LoadTestProblem.self) {
      try await GraphQLSocket.connect(group: group, port: 1, subprotocol: .transport)
    }
    let words = problem?.description ?? ""
    #expect(
      words.contains("cannot connect to the GraphQL endpoint at 127.0.0.1:1") && words.contains("refused"), "\(words)")
    try await group.shutdownGracefully()
  }
}
