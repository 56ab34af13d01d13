import EmbeddedBroker
import Foundation
import KafkaRuntime
import RunningBank
import SynchronizerService
import Testing
import TopologyModel

@testable import avrogen

/// `bank synchronize` as a process: exit status, what goes to which output, and its sudden end.
@Suite struct CommandTests {
  /// Enough steps that a kill falls between two of them.
  private static let yaml = """
    namespace: many
    compatibility: FULL
    records: { Tick: [beat: long] }
    topics: { \((1...60).map { "t\($0): { value: Tick, replicas: 3 }" }.joined(separator: ", ")) }
    """

  private func withTopology(
    _ yaml: String, _ body: @escaping @Sendable (Servers, Command) async throws -> Void
  ) async throws {
    let folder = try temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: folder) }
    guard case .good(let model) = Loader.load([Loader.Input(path: "a.yaml", bytes: Array(yaml.utf8))]) else {
      Issue.record("the definitions are wrong")
      return
    }
    let file = folder.appending(path: "topology.json")
    try Data(emitTopologyJSON(model).utf8).write(to: file)
    try await Servers.with { servers in
      try await body(servers, Command(servers: servers, folder: folder, topology: file.path))
    }
  }

  @Test func planAndApply() async throws {
    try await withTopology("topics: { a: { partitions: 2 }, b: {} }") { servers, command in
      let plan = try await command.run("plan")
      #expect(plan.status == 3, "\(plan.errors)")
      #expect(
        plan.output == """
          + topic a: 2 partitions, 1 replica (declared, not there)
          + topic b: 1 partition, 1 replica (declared, not there)

          """)
      #expect(plan.errors == "plan: 2 to create\n")
      let json = try await command.run("plan", "--json")
      #expect(json.status == 3)
      let file = command.folder.appending(path: "plan.json")
      try Data(json.output.utf8).write(to: file)
      #expect(try SynchronizerPlan(json: Array(json.output.utf8)).changes.map(\.target) == ["a", "b"])
      try await servers.create(NewTopic(name: "a", partitions: 1))
      let moved = try await command.run("apply", "--plan", file.path)
      #expect(moved.status == 1)
      #expect(moved.output.contains("is not as the plan saw it"))
      #expect(try await servers.topics() == ["a": 1])
      let apply = try await command.run("apply", "--json")
      #expect(apply.status == 0)
      struct Outcome: Decodable { var applied: [PlannedChange] }
      let outcome = try JSONDecoder().decode(Outcome.self, from: Data(apply.output.utf8))
      #expect(outcome.applied.map(\.action) == [.createTopic, .addPartitions])
      #expect(apply.errors.contains("[1/2] create topic b\n[2/2] add partitions a\n"), "\(apply.errors)")
      #expect(apply.errors.contains("done: 1 topic created, 1 topic enlarged"))
      let again = try await command.run("plan")
      #expect(again.status == 0)
      #expect(again.output == "nothing to do\n")
      // Without a verb.
      #expect(try await command.run().status == 0)
      let dump = try await RunningBank.run(try command.environment, ["synchronize", "dump", "--home", command.home])
      #expect(dump.status == 0)
      #expect(try definitions(dump.output).topics.map(\.name) == ["a", "b"])
    }
  }

  @Test(arguments: [
    ["plan", "--delete-non-empty"], ["plan", "--max-deletes", "-1"], ["apply", "--plan", "x", "--delete"],
    ["nothing"], ["plan", "--delete", "yes"],
  ]) func wrongUsage(arguments: [String]) async throws {
    let result = try await RunningBank.run(RunningBank.bank, ["synchronize"] + arguments)
    #expect(result.status == 2, "\(result)")
    #expect(result.output.isEmpty)
  }

  @Test func killedInTheMiddleTheNextRunFinishes() async throws {
    try await withTopology(Self.yaml) { servers, command in
      let status = try await command.kill(afterStep: 70)
      #expect(status == SIGKILL)
      #expect(try await servers.topics().count == 60)
      let left = try await command.run("plan")
      #expect(left.status == 3)
      #expect(try await command.run("apply").status == 0)
      #expect(try await servers.client().subjects().count == 60)
      #expect(try await servers.client().config(subject: "t60-value") == .full)
      #expect(try await command.run("plan").status == 0)
    }
  }
}

/// Runs `bank synchronize` against servers.
private struct Command: Sendable {
  let servers: Servers
  let folder: URL
  let topology: String

  var home: String { folder.appending(path: "home").path }

  /// A script that sets where the servers are, and becomes the bank.
  var environment: URL {
    get throws {
      let script = folder.appending(path: "bank.sh")
      let text = """
        #!/bin/sh
        KAFKA_BROKERS='\(servers.broker.bootstrapServers)' SCHEMA_REGISTRY_URL='\(servers.registry)' \\
          exec '\(RunningBank.bank.path)' "$@"

        """
      try Data(text.utf8).write(to: script)
      try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: script.path)
      return script
    }
  }

  private func arguments(_ verb: [String]) -> [String] {
    ["synchronize"] + verb.prefix(1) + ["--home", home, "--topology", topology] + verb.dropFirst()
  }

  func run(_ verb: String...) async throws -> RunningBank.Result {
    try await RunningBank.run(try environment, arguments(verb))
  }

  /// Starts `apply` and sends it SIGKILL as soon as it has told of a step.
  ///
  /// - Returns: the signal that ended it; 0 when it had ended by itself.
  func kill(afterStep step: Int) async throws -> Int32 {
    let process = Process()
    process.executableURL = try environment
    process.arguments = arguments(["apply"])
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    let log = folder.appending(path: "apply.log")
    _ = FileManager.default.createFile(atPath: log.path, contents: nil)
    process.standardError = try FileHandle(forWritingTo: log)
    try process.run()
    while process.isRunning {
      if try String(contentsOf: log, encoding: .utf8).contains("[\(step)/") {
        Foundation.kill(process.processIdentifier, SIGKILL)
      }
      try await Task.sleep(for: .milliseconds(2))
    }
    return process.terminationReason == .uncaughtSignal ? process.terminationStatus : 0
  }
}
