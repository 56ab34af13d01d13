import EmbeddedBroker
import Foundation
import FreePort
import KafkaRuntime
import SchemaRegistry
import SchemaRegistryServer
import Synchronization
import SynchronizerService
import Testing
import TopologyModel

/// Against the real broker binary and the embedded registry.
@Suite struct ClusterTests {
  private let declared = TopologyDescription(
    topics: [
      topic("heartbeat", 1, replicas: 3, ["retention.ms": "15m"], subject: "heartbeat-value"),
      topic("transfers", 9, replicas: 3, ["retention.ms": "-1"], subject: "transfers-nl.Record"),
      topic("raw", config: [:]),
    ], unmanaged: ["team-*"])

  @Test func theSecondRunHasNothingToDo() async throws {
    try await withRegistry { registry in
      let broker = try EmbeddedBroker.start()
      let lines = Lines()
      let first = try await synchronizer(broker, registry).run(declared) { lines.add($0) }
      #expect(first.failure == nil)
      #expect(first.exitStatus == 0, "\(first)")
      #expect(
        lines.all == [
          "note: 3 replicas declared, the cluster has 1 broker: 1 used for heartbeat, transfers",
          "+ topic heartbeat: 1 partition, 1 replica, retention.ms=900000", "+ topic raw: 1 partition, 1 replica",
          "+ topic transfers: 9 partitions, 1 replica, retention.ms=-1", "+ schema heartbeat-value: nl.Record",
          "+ schema transfers-nl.Record: nl.Record", "done: 3 topics created, 2 schemas registered",
        ])
      let client = try RegistryClient(registry)
      #expect(try await client.subjects().sorted() == ["heartbeat-value", "transfers-nl.Record"])
      #expect(try await client.latest(subject: "heartbeat-value").schema == text)
      let again = Lines()
      let second = try await synchronizer(broker, registry).run(declared) { again.add($0) }
      #expect(again.all == ["nothing to do"])
      #expect(second.exitStatus == 0)
      #expect(second.applied.isEmpty)
      #expect(second.differences.isEmpty)
    }
  }

  @Test func differencesAreToldAndLeft() async throws {
    try await withRegistry { registry in
      let broker = try EmbeddedBroker.start()
      let admin = try KafkaAdmin(configuration(broker))
      try await create(
        admin,
        [
          NewTopic(name: "heartbeat", partitions: 3, config: ["retention.ms": "1000"]),
          NewTopic(name: "raw", partitions: 1, config: ["segment.bytes": "1048576"]),
          NewTopic(name: "elsewhere", partitions: 1),
        ])
      let lines = Lines()
      let outcome = try await synchronizer(broker, registry).run(declared) { lines.add($0) }
      #expect(outcome.exitStatus == 3)
      #expect(
        outcome.differences.map(\.line) == [
          "~ topic heartbeat: partitions declared 1, 3 on the cluster; left as it is",
          "~ topic heartbeat: retention.ms declared 900000, 1000 on the cluster; left as it is",
          "~ topic raw: segment.bytes is 1048576 on the cluster and not declared; left as it is",
        ])
      #expect(lines.all.contains("note: topic elsewhere is not declared; left alone (--delete deletes it)"))
      #expect(lines.all.last == "done: 1 topic created, 2 schemas registered")
      #expect(try await admin.topics().first { $0.name == "heartbeat" }?.partitions == 3)
      let second = try await synchronizer(broker, registry).run(declared)
      #expect(second.exitStatus == 3)
      #expect(second.plan?.actions == [])
      await admin.close()
    }
  }

  @Test func deletesOnlyWhenTold() async throws {
    try await withRegistry { registry in
      let broker = try EmbeddedBroker.start()
      let admin = try KafkaAdmin(configuration(broker))
      let names = ["old", "team-1", "_schemas", "_confluent-metrics"]
      try await create(admin, names.map { NewTopic(name: $0, partitions: 1) })
      let internals = try await admin.topics().map(\.name).filter { $0.hasPrefix("__") }
      #expect(try await synchronizer(broker, registry).run(declared).exitStatus == 0)
      #expect(try await Set(admin.topics().map(\.name)).isSuperset(of: names))
      let lines = Lines()
      let outcome = try await synchronizer(broker, registry, deletes: true).run(declared) { lines.add($0) }
      #expect(outcome.applied == [.deleteTopic(name: "old")])
      #expect(lines.all == ["- topic old", "done: 1 topic deleted"])
      let left = try await admin.topics().map(\.name)
      #expect(Set(left) == Set(names + internals + ["heartbeat", "raw", "transfers"]).subtracting(["old"]))
      await admin.close()
    }
  }

  @Test func aBrokerThatComesLateIsWaitedFor() async throws {
    try await withRegistry { registry in
      let broker = try EmbeddedBroker.start()
      broker.stop()
      async let outcome = synchronizer(broker, registry).run(declared)
      try await Task.sleep(for: .milliseconds(1500))
      try broker.restart()
      #expect(try await outcome.exitStatus == 0)
      #expect(try await outcome.applied.count == 5)
    }
  }

  @Test func aRunThatWasCutOffIsFinishedByTheNext() async throws {
    try await withRegistry { registry in
      let broker = try EmbeddedBroker.start()
      // Half of it is there: as after a kill between two requests.
      let admin = try KafkaAdmin(configuration(broker))
      try await create(admin, [NewTopic(name: "raw", partitions: 1)])
      await admin.close()
      _ = try await RegistryClient(registry).register(subject: "heartbeat-value", schema: text)
      let outcome = try await synchronizer(broker, registry).run(declared)
      #expect(
        outcome.applied.map(\.line) == [
          "+ topic heartbeat: 1 partition, 1 replica, retention.ms=900000",
          "+ topic transfers: 9 partitions, 1 replica, retention.ms=-1", "+ schema transfers-nl.Record: nl.Record",
        ])
      #expect(outcome.exitStatus == 0)
    }
  }

  @Test func nothingAnswersIsAFailureWithAdvice() async throws {
    var settings = Synchronizer.Settings()
    settings.maxAttempts = 2
    settings.requestTimeoutMillis = 300
    let lines = Lines()
    let nobody = KafkaConfiguration(brokers: "127.0.0.1:\(try freePort())", log: .off)
    let outcome = await Synchronizer(kafka: nobody, registry: nil, settings: settings)
      .run(declared) { lines.add($0) }
    #expect(outcome.exitStatus == 1)
    #expect(outcome.plan == nil)
    #expect(lines.all.count == 1)
    #expect(lines.all.first?.hasPrefix("failed: ") == true)
    #expect(outcome.failure?.contains("bootstrap.servers") == true)
  }

  @Test func aFailureLeavesWhatWasDoneAndSaysSo() async throws {
    let broker = try EmbeddedBroker.start()
    let none = await Synchronizer(kafka: configuration(broker), registry: nil).run(declared)
    #expect(none.exitStatus == 1)
    #expect(none.failure?.contains("SCHEMA_REGISTRY_URL") == true)
    let admin = try KafkaAdmin(configuration(broker))
    #expect(try await !admin.topics().contains { $0.name == "heartbeat" })
    await admin.close()
    try await withRegistry { registry in
      var broken = declared
      broken.topics[1].subjects[0].schemaText = #"{"type":"record"}"#
      // A schema that the registry refuses is seen before anything is done.
      let refused = try await synchronizer(broker, registry).run(broken)
      #expect(refused.exitStatus == 1)
      #expect(refused.applied.isEmpty)
      #expect(refused.failure?.contains("transfers-nl.Record") == true)
      broken = declared
      broken.topics.append(topic("not a name"))
      let lines = Lines()
      let outcome = try await synchronizer(broker, registry).run(broken) { lines.add($0) }
      #expect(outcome.exitStatus == 1)
      #expect(lines.all.contains("done before the failure: 3 topics created"), "\(lines.all)")
      #expect(outcome.failure?.contains("not a name") == true)
    }
  }

  // MARK: Pieces

  private func configuration(_ broker: EmbeddedBroker) -> KafkaConfiguration {
    KafkaConfiguration(brokers: broker.bootstrapServers, log: .off)
  }

  private func synchronizer(_ broker: EmbeddedBroker, _ registry: String, deletes: Bool = false) throws
    -> Synchronizer
  {
    var settings = Synchronizer.Settings()
    settings.deletes = deletes
    settings.requestTimeoutMillis = 1000
    return Synchronizer(
      kafka: configuration(broker), registry: try RegistryClient(registry), settings: settings)
  }

  private func create(_ admin: KafkaAdmin, _ topics: [NewTopic]) async throws {
    for result in try await admin.createTopics(topics).values { try result.get() }
  }

  /// Runs an embedded registry on a free port, with a folder of its own, for as long as `body` takes.
  private func withRegistry(_ body: @escaping @Sendable (_ url: String) async throws -> Void) async throws {
    let directory = try temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: directory) }
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    var registry = EmbeddedRegistry(directory: directory.path, port: 0) { continuation.yield($0) }
    registry.logger.logLevel = .critical
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { [registry] in
        try await registry.run()
        continuation.finish()
      }
      for await port in ports {
        try await body("http://127.0.0.1:\(port)")
        break
      }
      group.cancelAll()
    }
  }
}

final class Lines: Sendable {
  private let lines = Mutex<[String]>([])
  func add(_ line: String) { lines.withLock { $0.append(line) } }
  var all: [String] { lines.withLock { $0 } }
}
