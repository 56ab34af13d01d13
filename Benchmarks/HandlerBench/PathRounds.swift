import BenchSupport
import Definitions
import Foundation
import KafkaRuntime
import PostgresRuntime
import SchemaRegistry

/// The handler as its own process: commands that are in Kafka, to events that are published and marked.
struct PathRounds {
  private static let database = "balancedb"
  private static let creations = Topics.confirmAccountCreation.name

  private let cluster: Cluster
  private let options: Options
  private let kafka: KafkaConfiguration
  private let handler: Child
  private let records: [KafkaRecord]

  private var bench: Infrastructure { cluster.bench }

  /// Starts the handler and lets it open the accounts.
  init(_ cluster: Cluster, _ options: Options) async throws {
    self.cluster = cluster
    self.options = options
    let bench = cluster.bench
    kafka = KafkaConfiguration(
      brokers: bench.run.brokers, producerProperties: Topology.description.clients["producer"] ?? [:], log: .off)
    handler = try Child(
      [bench.bank, "command-handler", "--home", bench.home], log: "\(bench.home)/handler.log",
      healthPort: bench.run.ports.commandHandler)
    do {
      let codec = TopicCodec(Topics.confirmAccountCreation, registry: try RegistryClient(bench.run.registry))
      try await codec.prepare()
      let openings = try (0..<options.accounts).map { _ in
        let command = ConfirmAccountCreation(id: UUID(), aType: .auto)
        return Transfers.record(
          Self.creations, command.id, try codec.encode(command), "nl.openweb.data.ConfirmAccountCreation")
      }
      try await Self.send(openings, kafka)
      try await Self.drain(cluster, Self.creations, openings.count)
      let accounts = try await cluster.run(Self.database) { session in
        try session.script("analyze")
        return try session.query(
          "select iban, token from balance where balance_id <> 0", as: String.self, String.self)
      }
      records = try await Transfers(registry: bench.run.registry).records(
        options.transfers, accounts.map { Transfers.Account(iban: $0.0, token: $0.1) })
    } catch {
      handler.stop()
      throw error
    }
  }

  /// Ends the handler, and has everything audited.
  func measure(_ pair: Int) async throws -> Round {
    do {
      let round = try await timed(pair)
      handler.stop()
      try audit()
      return round
    } catch {
      kill(handler.processID, SIGCONT)
      handler.stop()
      throw error
    }
  }

  private func timed(_ pair: Int) async throws -> Round {
    try await cluster.settle()
    let stages = try stages()
    // Held up, for less time than a lease, while the commands are put where it will find them.
    kill(handler.processID, SIGSTOP)
    try await Self.send(records, kafka)
    let before = try await Sample(cluster, handler)
    let start = Date()
    kill(handler.processID, SIGCONT)
    try await Self.drain(cluster, Transfers.topic, records.count)
    let after = try await Sample(cluster, handler)
    let end = try await cluster.run(Self.database) { session in
      try session.first("select extract(epoch from max(sent_at))::float8 from outbox", as: Double.self)
    }
    guard let end else { throw BenchError("nothing was published") }
    return Round(
      pair: pair, part: .path, transfers: options.transfers, seconds: end - start.timeIntervalSince1970,
      cpuSeconds: after.since(before), stages: try self.stages().since(stages))
  }

  /// The handler's own clocks.
  private func stages() throws -> Stages {
    let url = "http://127.0.0.1:\(bench.run.ports.commandHandler)/metrics"
    guard let text = Machine.text(of: ["curl", "-s", "-m", "2", url]) else {
      throw BenchError("\(url) does not answer")
    }
    return Stages(text)
  }

  private static func send(_ records: [KafkaRecord], _ kafka: KafkaConfiguration) async throws {
    let producer = try KafkaProducer(kafka)
    let results = await producer.send(records)
    await producer.close()
    for result in results { _ = try result.get() }
  }

  /// Waits until all commands of a topic are handled and all events published.
  private static func drain(_ cluster: Cluster, _ topic: String, _ count: Int) async throws {
    let connection = try await PostgresConnection.connect(try cluster.configuration(database))
    let deadline = Date().addingTimeInterval(120)
    while true {
      let left = try await connection.run { session in
        try session.first(
          """
          select \(count) - coalesce(sum(next_offset), 0)::bigint
            + (select count(*) from outbox where sent_at is null)
          from consumed_offset where topic = \(topic)
          """, as: Int64.self)
      }
      if left == 0 { break }
      guard Date() < deadline else { throw BenchError("\(left ?? -1) commands or events of \(topic) are left") }
      try await Task.sleep(for: .milliseconds(50))
    }
    await connection.close()
  }

  private func audit() throws {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: bench.bank)
    process.arguments = ["audit", "--home", bench.home]
    process.standardOutput = pipe
    try process.run()
    let report = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw BenchError("the audit is not good:\n\(report)") }
  }
}

/// Processor time of the parties.
private struct Sample {
  let cpuSeconds: [String: Double]

  init(_ cluster: Cluster, _ handler: Child) async throws {
    var seconds: [String: Double] = [
      "handler": ProcessUsage(own: handler.processID).cpuSeconds,
      "broker": ProcessUsage(roots: [try cluster.bench.processID(of: "broker")]).cpuSeconds,
      "postgres": try cluster.cpuSeconds(),
    ]
    for (name, pid) in try await cluster.backends("balancedb") where name.hasPrefix("bank command_handler ") {
      seconds["postgres: \(name.dropFirst("bank command_handler ".count))"] = ProcessUsage(own: pid).cpuSeconds
    }
    for (name, used) in ProcessUsage.threads(of: handler.processID) { seconds["handler: \(name)"] = used }
    cpuSeconds = seconds
  }

  func since(_ before: Sample) -> [String: Double] {
    cpuSeconds.reduce(into: [:]) { $0[$1.key] = $1.value - before.cpuSeconds[$1.key, default: 0] }
  }
}
