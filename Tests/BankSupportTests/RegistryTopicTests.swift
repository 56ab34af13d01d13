import EmbeddedBroker
import Foundation
import PythonPeer
import Testing

/// `bank registry export-topic` and `import-topic` on a real broker, with another Kafka client in between.
@Suite struct RegistryTopicTests {
  /// What Python finds in the topic, and what it writes there.
  private static func python(_ broker: EmbeddedBroker, _ arguments: String...) async throws -> String {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Python/schemas_topic.py")
    return try await PythonPeer.run([script.path, broker.bootstrapServers] + arguments)
  }

  @Test func movesARegistryThroughATopic() async throws {
    let broker = try EmbeddedBroker.start()
    let environment = ["KAFKA_BROKERS": broker.bootstrapServers]
    let source = try RunningRegistry()
    for (subject, schema) in [("a-value", "\"int\""), ("b-value", "\"long\""), ("c-value", "\"int\"")] {
      _ = try await source.client.register(subject: subject, schema: schema)
    }
    try await source.client.setConfig(.full, subject: "a-value")
    let folder = source.folder.path
    // While it runs.
    let exported = try source.program.run(
      ["registry", "export-topic", "--directory", "\(folder)/registry"], environment: environment)
    #expect(exported.status == 0 && exported.output.contains("3 subjects, 2 schemas"), "\(exported.output)")
    let again = try source.program.run(
      ["registry", "export-topic", "--directory", "\(folder)/registry"], environment: environment)
    #expect(again.status == 1 && again.output.contains("--append"), "\(again.output)")
    #expect(try await Self.python(broker, "read") == Self.exported)

    // Another registry goes on with the topic.
    _ = try await Self.python(broker, "write")
    let imported = try source.program.run(
      ["registry", "import-topic", "--directory", "\(folder)/moved"], environment: environment)
    #expect(imported.status == 0 && imported.output.contains("4 subjects, 3 schemas"), "\(imported.output)")
    let running = try source.program.run(
      ["registry", "import-topic", "--directory", "\(folder)/registry"], environment: environment)
    #expect(running.status == 1 && running.output.contains("in use"), "\(running.output)")
    let moved = try RunningRegistry(directory: "\(folder)/moved")
    #expect(try await moved.client.subjects() == ["a-value", "c-value", "d-value"])
    #expect(try await moved.client.schema(id: 7) == "\"bytes\"")
    #expect(try await moved.client.schema(id: 2) == "\"long\"", "deleted, and records on topics have its id")
    #expect(try await moved.client.config(subject: "a-value") == .full)
    #expect(try await moved.client.register(subject: "e-value", schema: "\"float\"") == 8)
  }

  @Test func saysWhatIsWrongWithATopic() async throws {
    let broker = try EmbeddedBroker.start()
    let environment = ["KAFKA_BROKERS": broker.bootstrapServers]
    let program = try BankProgram()
    let folder = TemporaryFolder()
    let missing = try program.run(
      ["registry", "import-topic", "--directory", folder.path + "/r"], environment: environment)
    #expect(missing.status == 1 && missing.output.contains("--topic"), "\(missing.output)")
    _ = try await Self.python(broker, "write")
    _ = try await Self.python(broker, "spoil")
    let spoilt = try program.run(
      ["registry", "import-topic", "--directory", folder.path + "/r"], environment: environment)
    #expect(spoilt.status == 1 && spoilt.output.contains("none was"), "\(spoilt.output)")
    let skipped = try program.run(
      ["registry", "import-topic", "--directory", folder.path + "/r", "--skip-problems"], environment: environment)
    #expect(skipped.status == 1 && skipped.output.contains("1 schemas"), "\(skipped.output)")
  }

  /// Keys and values as Confluent's registry writes them, a line each.
  private static let exported = """
    {"keytype":"SCHEMA","subject":"a-value","version":1,"magic":1} {"subject":"a-value","version":1,"id":1,"schema":"\\"int\\"","deleted":false}
    {"keytype":"SCHEMA","subject":"c-value","version":1,"magic":1} {"subject":"c-value","version":1,"id":1,"schema":"\\"int\\"","deleted":false}
    {"keytype":"SCHEMA","subject":"b-value","version":1,"magic":1} {"subject":"b-value","version":1,"id":2,"schema":"\\"long\\"","deleted":false}
    {"keytype":"CONFIG","subject":"a-value","magic":0} {"subject":"a-value","compatibilityLevel":"FULL"}

    """
}
