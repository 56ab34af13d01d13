import BenchSupport
import Foundation
import KafkaRuntime
import NIOPosix
import SchemaRegistry

/// What the command line asks for.
struct Options {
  var bank = "../.build/release/bank"
  var eventsPerSecond = 1_000
  var own = 1_000
  var unfiltered = [10, 20, 40, 80, 160, 320]
  var seconds = 20
  var servers = Server.allCases

  static let help = """
    usage: subscriber-bench [--rate N] [--own N] [--unfiltered N,N,…] [--seconds N] [--servers bank,python] [--bank FILE]
    Runs in Benchmarks/. For each server and number of unfiltered subscribers, least first, until one is too much.
      --rate N          events a second; by default 1000
      --own N           subscribers, each on an IBAN of its own; by default 1000
      --unfiltered N,…  subscribers of everything; by default 10,20,40,80,160,320
      --seconds N       that are measured a step, after 3 that are not; by default 20
    """

  init(_ arguments: [String]) throws {
    var rest = arguments[...]
    func numbers(_ option: String, _ limit: Int) throws -> [Int] {
      let numbers = (rest.popFirst() ?? "").split(separator: ",").compactMap { Int($0) }
      guard !numbers.isEmpty, numbers.allSatisfy((1...limit).contains) else {
        throw BenchError("\(option) takes numbers from 1 to \(limit)\n\(Self.help)")
      }
      return numbers
    }
    while let option = rest.popFirst() {
      switch option {
      case "--rate": eventsPerSecond = try numbers(option, 20_000)[0]
      case "--own": own = try numbers(option, 5_000)[0]
      case "--unfiltered": unfiltered = try numbers(option, 5_000)
      case "--seconds": seconds = try numbers(option, 600)[0]
      case "--bank": bank = rest.popFirst() ?? bank
      case "--servers":
        servers = (rest.popFirst() ?? "").split(separator: ",").compactMap { Server(rawValue: String($0)) }
        guard !servers.isEmpty else { throw BenchError(Self.help) }
      default: throw BenchError(Self.help)
      }
    }
  }
}

@main
struct SubscriberBench {
  static func main() async {
    signal(SIGPIPE, SIG_IGN)
    do {
      try await run(try Options(Array(CommandLine.arguments.dropFirst())))
    } catch {
      FileHandle.standardError.write(Data("subscriber-bench: \(error)\n".utf8))
      exit(2)
    }
  }

  private static func run(_ options: Options) async throws {
    let machine = Machine(started: Date())
    let log = try JSONLines(folder: ".results", name: "subscribers", machine: machine)
    try log.write(machine)
    say(Step.header)
    var best: [Server: Step] = [:]
    for server in options.servers {
      for unfiltered in options.unfiltered {
        // Anew for each step: the broker slows with what it keeps, and nobody inherits a backlog.
        let step = try await measure(server, unfiltered: unfiltered, options)
        try log.write(step)
        say(step.row)
        guard step.held else { break }
        best[server] = step
      }
    }
    if let own = best[.bank], let peer = best[.python] {
      say(
        "the bank's highest over the peer's: \(String(format: "%.1f", own.deliveriesPerSecond / peer.deliveriesPerSecond))x"
          + " the deliveries; processor time a delivery "
          + String(format: "%.2fx", own.microsPerDelivery / peer.microsPerDelivery))
    }
    say("raw values: \(log.file.path)")
  }

  /// Seen as it comes, also through a pipe.
  private static func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

  private static func measure(_ server: Server, unfiltered: Int, _ options: Options) async throws -> Step {
    let infrastructure = try Infrastructure(bank: options.bank, name: "subscriber-bench")
    defer { infrastructure.stop() }
    let child = try server.start(infrastructure)
    defer { child.stop() }
    var source = try await EventSource(
      kafka: KafkaConfiguration(brokers: infrastructure.run.brokers),
      registry: RegistryClient(infrastructure.run.registry), accounts: options.own)
    let tally = Tally()
    let subscribers = try await Subscribers(
      port: infrastructure.run.ports.graphQL, ibans: source.ibans, unfiltered: unfiltered, tally: tally)
    _ = try await source.send(eventsPerSecond: options.eventsPerSecond, seconds: 3)
    try await Task.sleep(for: .seconds(1))
    tally.restart()
    let before = Usage(child, infrastructure)
    let sent = try await source.send(eventsPerSecond: options.eventsPerSecond, seconds: options.seconds)
    let after = Usage(child, infrastructure)
    try await Task.sleep(for: .seconds(2))
    let figures = tally.now
    await subscribers.close()
    await source.producer.close()
    return Step(
      server: server, own: options.own, unfiltered: unfiltered, seconds: options.seconds,
      offered: options.eventsPerSecond * options.seconds, sent: sent, figures: figures, before: before, after: after)
  }
}

/// Processor and memory of the three parties.
struct Usage {
  let server: ProcessUsage
  let infrastructure: ProcessUsage
  let clients: ProcessUsage

  init(_ child: Child, _ infrastructure: Infrastructure) {
    server = ProcessUsage(roots: [child.processID])
    self.infrastructure = ProcessUsage(roots: [infrastructure.processID])
    clients = ProcessUsage(own: getpid())
  }
}

/// All connections of a step.
struct Subscribers {
  private static let connectAtATime = 50
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

  /// Returns when all have subscribed.
  init(port: Int, ibans: [String], unfiltered: Int, tally: Tally) async throws {
    let fields = "{ event_id iban new_balance changed_by from_to direction descr }"
    let queries =
      Array(repeating: "subscription { stream_transactions \(fields) }", count: unfiltered)
      + ibans.map { #"subscription { stream_transactions(iban: \"\#($0)\") \#(fields) }"# }
    var start = 0
    while start < queries.count {
      let end = min(start + Self.connectAtATime, queries.count)
      let connections = queries[start..<end].map { query in
        ClientBootstrap(group: group).channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(Subscriber(path: "/graphql", query: query, tally: tally))
          }
        }.connect(host: "127.0.0.1", port: port)
      }
      for connection in connections { _ = try await connection.get() }
      start = end
    }
    let deadline = ContinuousClock.now + .seconds(30)
    while tally.now.subscribed < queries.count {
      guard ContinuousClock.now < deadline, tally.now.dropped == 0 else {
        throw BenchError("\(tally.now.subscribed) of \(queries.count) subscribers, \(tally.now.dropped) refused")
      }
      try await Task.sleep(for: .milliseconds(50))
    }
    try await Task.sleep(for: .seconds(1))
  }

  func close() async { try? await group.shutdownGracefully() }
}
