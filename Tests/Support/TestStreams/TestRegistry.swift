import EmbeddedBroker
import Foundation
import FreePort
import Logging
import SchemaRegistry
import SchemaRegistryServer
import Synchronization

/// A schema registry inside of this process, with data of its own, that can be stopped and started again.
public final class TestRegistry: Sendable {
  public let url: String
  public let client: RegistryClient
  public let port: Int
  private let directory: URL
  private let task: Mutex<Task<Void, any Error>?>

  public static func start() async throws -> TestRegistry {
    let directory = try temporaryDirectory()
    let (task, port) = try await serve(directory, port: freePort())
    return try TestRegistry(directory: directory, port: port, task: task)
  }

  private init(directory: URL, port: Int, task: Task<Void, any Error>) throws {
    url = "http://127.0.0.1:\(port)"
    client = try RegistryClient(url)
    self.port = port
    self.directory = directory
    self.task = Mutex(task)
  }

  deinit {
    task.withLock { $0?.cancel() }
    try? FileManager.default.removeItem(at: directory)
  }

  public func stop() async {
    let task = task.withLock { task in
      defer { task = nil }
      return task
    }
    task?.cancel()
    _ = await task?.result
  }

  /// On the same port with the same data, after `stop`.
  public func restart() async throws {
    let (task, _) = try await Self.serve(directory, port: port)
    self.task.withLock { $0 = task }
  }

  private static func serve(
    _ directory: URL, port: Int
  ) async throws -> (task: Task<Void, any Error>, port: Int) {
    let (ports, ready) = AsyncStream<Int>.makeStream()
    var logger = Logger(label: "schema-registry")
    logger.logLevel = .critical
    let server = EmbeddedRegistry(directory: directory.path, port: port, logger: logger) { port in ready.yield(port) }
    let task = Task {
      defer { ready.finish() }
      try await server.run()
    }
    var iterator = ports.makeAsyncIterator()
    guard let port = await iterator.next() else {
      try await task.value
      throw TestStreamsError("the registry did not start")
    }
    return (task, port)
  }
}
