import EmbeddedBroker
import Foundation
import KafkaRuntime
import SchemaRegistry
import SchemaRegistryServer
import Synchronization
import SynchronizerService
import Testing
import TopologyModel

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// The real broker binary and the embedded registry, for one test.
struct Servers: Sendable {
  let broker: EmbeddedBroker
  /// Its URL.
  let registry: String

  /// Runs both for as long as `body` takes; the registry on a free port, with a folder of its own.
  static func with(_ body: @escaping @Sendable (Servers) async throws -> Void) async throws {
    let directory = try temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: directory) }
    let broker = try EmbeddedBroker.start()
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    var registry = EmbeddedRegistry(directory: directory.path, port: 0) { continuation.yield($0) }
    registry.logger.logLevel = .critical
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { [registry] in
        try await registry.run()
        continuation.finish()
      }
      for await port in ports {
        try await body(Servers(broker: broker, registry: "http://127.0.0.1:\(port)"))
        break
      }
      group.cancelAll()
    }
  }

  var configuration: KafkaConfiguration { KafkaConfiguration(brokers: broker.bootstrapServers, log: .off) }

  func client() throws -> RegistryClient { try RegistryClient(registry) }

  func synchronizer(_ options: PlanOptions = PlanOptions()) throws -> Synchronizer {
    var settings = Synchronizer.Settings()
    settings.options = options
    settings.requestTimeoutMillis = 2000
    return Synchronizer(kafka: configuration, registry: try client(), settings: settings)
  }

  /// Sends what the registry's client has no call for; its answer has to be a 200.
  func put(_ path: String, _ body: String) async throws { try await send("PUT", path, body) }

  func post(_ path: String, _ body: String) async throws { try await send("POST", path, body) }

  private func send(_ method: String, _ path: String, _ body: String) async throws {
    guard let url = URL(string: registry + path) else { throw URLError(.badURL) }
    var request = URLRequest(url: url)
    request.httpMethod = method
    request.httpBody = Data(body.utf8)
    request.setValue("application/json", forHTTPHeaderField: "Content-Type")
    let (data, response) = try await URLSession.shared.data(for: request)
    #expect((response as? HTTPURLResponse)?.statusCode == 200, "\(String(decoding: data, as: UTF8.self))")
  }

  func withAdmin<R: Sendable>(_ body: (KafkaAdmin) async throws -> R) async throws -> R {
    let admin = try KafkaAdmin(configuration)
    do {
      let result = try await body(admin)
      await admin.close()
      return result
    } catch {
      await admin.close()
      throw error
    }
  }

  func create(_ topics: NewTopic...) async throws {
    try await withAdmin { admin in
      for result in try await admin.createTopics(topics).values { try result.get() }
    }
  }

  func topics() async throws -> [String: Int] {
    try await withAdmin { admin in
      try await admin.topics().reduce(into: [:]) { if !$1.name.hasPrefix("__") { $0[$1.name] = $1.partitions } }
    }
  }

  /// The topic's own settings.
  func config(_ topic: String) async throws -> [String: String] {
    try await withAdmin { admin in
      try await admin.describeConfigs(topic: topic).filter { $0.source == .topic }
        .reduce(into: [:]) { $0[$1.name] = $1.value }
    }
  }

  func send(_ topic: String) async throws {
    let producer = try KafkaProducer(configuration)
    _ = try await producer.send(KafkaRecord(topic: topic, key: nil, value: Array("x".utf8)))
    await producer.close()
  }
}

final class Lines: Sendable {
  private let lines = Mutex<[String]>([])
  func add(_ line: String) { lines.withLock { $0.append(line) } }
  var all: [String] { lines.withLock { $0 } }
}
