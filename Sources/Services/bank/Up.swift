import ArgumentParser
import BankSupport
import CommandHandlerService
import Definitions
import Foundation
import FrontendService
import GraphQLEndpointService
import Synchronization

struct Up: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Start everything and show the money move; Ctrl-C stops it.",
    discussion: """
      Broker, schema registry and Postgres are started under the home unless KAFKA_BROKERS, SCHEMA_REGISTRY_URL or \
      DB_HOSTNAME name real ones.
      """)

  @OptionGroup var options: HomeOptions

  @Option(help: "How many heartbeats at a time; each makes the generator send a command.")
  var heartbeatBatch = 20

  @Option(help: "Milliseconds between batches of heartbeats.")
  var heartbeatMillis = 100

  @OptionGroup var strategy: StrategyOption

  @Option(
    help: "How long the producers of handler and endpoint wait for more to send with it; the definitions' without.")
  var lingerMillis: Int?

  @Flag(help: "Start broker, registry and Postgres, with databases and topics, and no service.")
  var infrastructureOnly = false

  @Flag(help: "Print the figures as JSON, one object a second.")
  var json = false

  func validate() throws {
    _ = try HeartbeatVerb.pace(batchSize: heartbeatBatch, sleepMillis: heartbeatMillis)
    if let lingerMillis, !(0...900_000).contains(lingerMillis) {
      throw ValidationError("--linger-millis must be from 0 to 900000")
    }
    if try strategy.chosen() == .python {
      do { try PythonHandler.check() } catch { throw ValidationError("\(error)") }
    }
  }

  func run() throws {
    let stop = StopFlag()
    var start = try UpStart(self, stop: stop)
    do {
      try start.everything()
      try LiveView(start, json: json).show()
    } catch is Interrupted {
      // Stopping before all had started is as good as after.
    } catch {
      start.stop()
      throw error
    }
    start.stop()
  }
}

/// Lines that come from another thread.
private final class Lines: Sendable {
  private let lines = Mutex<[String]>([])
  var all: [String] { lines.withLock { $0 } }
  func add(_ line: String) { lines.withLock { $0.append(line) } }
}

/// Set by SIGTERM, SIGINT or SIGHUP.
final class StopFlag: Sendable {
  private let flag = Atomic(false)
  private let signals = StopSignals()

  init() {
    let signals = signals
    Task { [weak self] in
      await signals.wait()
      self?.flag.store(true, ordering: .releasing)
    }
  }

  var isSet: Bool { flag.load(ordering: .acquiring) }
}

/// The steps of a start, each waited for.
struct UpStart {
  /// Who feeds the others stops first; what the others need stops last.
  static let stopOrder = [
    FrontendService.name, "heartbeat", "command-generator", "command-handler", GraphQLEndpointService.name, "registry",
    EmbeddedPostgres.name, EmbeddedBroker.name,
  ]

  let command: Up
  let stopFlag: StopFlag
  let terminal: Terminal
  let home: String
  let supervisor: Supervisor
  private(set) var environment: BankEnvironment
  private let lock: HomeLock
  private let ports: Ports

  init(_ command: Up, stop: StopFlag) throws {
    self.command = command
    stopFlag = stop
    terminal = Terminal(json: command.json)
    home = command.options.homePath
    ports = try Ports(offset: command.options.portOffset)
    lock = try HomeLock(home: home)
    for note in try Leftovers.clean(home: home) { terminal.line(note) }
    environment = try BankEnvironment.resolve(home: home)
    let embedded = Set(RunFile.Embedded.allCases).subtracting(environment.named)
    try Self.checkPorts(ports, embedded: embedded, services: !command.infrastructureOnly)
    if embedded.contains(.postgres) {
      _ = try Secrets.establish(home: home, roles: BankEnvironment.databaseRoles)
    }
    _ = try FeedbackTopics(environment)
    let run = try Self.plannedRun(environment, ports: ports, embedded: embedded)
    supervisor = try Supervisor(home: home, run: run, terminal: terminal)
    environment = try environment.reread()
  }

  mutating func everything() throws {
    terminal.line("home \(home)")
    try startInfrastructure()
    try setUp()
    if !command.infrastructureOnly { try startServices() }
    terminal.line("ready, Ctrl-C stops")
  }

  func stop() {
    terminal.line("stopping")
    let began = Date()
    supervisor.stop(order: Self.stopOrder)
    terminal.line("stopped in \(String(format: "%.1f", Date().timeIntervalSince(began))) s")
  }

  private func startInfrastructure() throws {
    let embedded = supervisor.run.embedded
    if embedded.contains(.broker) {
      try supervisor.start(try EmbeddedBroker.plan(home: home, port: ports.broker), isInterrupted: { stopFlag.isSet })
      terminal.line("broker     127.0.0.1:\(ports.broker) (embedded)")
    } else {
      terminal.line("broker     \(supervisor.run.brokers)")
    }
    if embedded.contains(.registry) {
      try supervisor.start(registryPlan(), isInterrupted: { stopFlag.isSet })
      terminal.line("registry   \(supervisor.run.registry) (embedded)")
    } else {
      terminal.line("registry   named by SCHEMA_REGISTRY_URL")
    }
    let database = supervisor.run.database
    if embedded.contains(.postgres) {
      let owner = try environment.databaseAccess(role: environment.databaseOwner)
      let plan = try EmbeddedPostgres.plan(home: home, port: ports.postgres, password: owner.password ?? "") {
        terminal.line($0)
      }
      try supervisor.start(plan, isInterrupted: { stopFlag.isSet })
    }
    terminal.line(
      "postgres   \(database.host):\(database.port)\(embedded.contains(.postgres) ? " (embedded)" : "")")
  }

  private mutating func setUp() throws {
    let lines = Lines()
    let environment = environment
    let incarnation: UUID
    do {
      let stopFlag = stopFlag
      incarnation = try waitFor(
        isInterrupted: { stopFlag.isSet }, { try await SetUp.run(environment) { lines.add($0) } })
    } catch {
      for line in lines.all { terminal.line("  \(line)") }
      throw error
    }
    try supervisor.note(incarnation: incarnation)
    self.environment = try environment.reread()
    // At a usual start nothing is worth a line.
    for line in lines.all where line.hasPrefix("~") || line.hasPrefix("note:") { terminal.line(line) }
    terminal.line("databases  \(BankEnvironment.databaseNames.joined(separator: ", "))")
    let topics = Topology.description.topics
    terminal.line("topics     \(topics.count), \(topics.reduce(0) { $0 + $1.subjects.count }) schemas")
  }

  /// The one who answers first, the one who asks last.
  private func startServices() throws {
    let linger = command.lingerMillis.map { ["RDKAFKA_LINGER_MS=\($0)"] } ?? []
    let pace = [
      "--batch-size", String(command.heartbeatBatch), "--sleep-millis", String(command.heartbeatMillis),
    ]
    for plan in [
      try servicePlan(
        CommandHandlerService.name, ["--strategy", try command.strategy.chosen().rawValue], port: ports.commandHandler,
        variables: linger),
      try servicePlan(GraphQLEndpointService.name, port: ports.graphQL, variables: linger),
      try servicePlan("command-generator", port: ports.commandGenerator),
      try servicePlan("heartbeat", pace, port: ports.heartbeat),
      try servicePlan(FrontendService.name, port: ports.page),
    ] {
      try supervisor.start(plan, isInterrupted: { stopFlag.isSet })
    }
    terminal.line(
      "services   command-handler :\(ports.commandHandler), \(GraphQLEndpointService.name) :\(ports.graphQL), "
        + "command-generator :\(ports.commandGenerator), heartbeat :\(ports.heartbeat)")
    terminal.line("page       http://127.0.0.1:\(ports.page)")
  }

  private func registryPlan() throws(SupportError) -> ChildPlan {
    let data = "\(home)/registry"
    try Files.makeFolder(data)
    let port = ports.registry
    let arguments = ["registry", "--directory", data, "--port", String(port)]
    return ChildPlan(
      name: "registry", kind: .infrastructure, command: [try Self.program()] + arguments
    ) {
      Loopback.get(port, "/subjects")?.status == 200 ? nil : "http://127.0.0.1:\(port)/subjects to answer"
    }
  }

  /// A service of this program, ready when its `/health` says so.
  ///
  /// - Parameter variables: `NAME=value`, over those of this process.
  func servicePlan(
    _ name: String, _ more: [String] = [], port: Int, variables: [String] = []
  ) throws(SupportError) -> ChildPlan {
    let program = (variables.isEmpty ? [] : ["env"] + variables) + [try Self.program()]
    return ChildPlan(name: name, kind: .service, command: program + [name, "--home", home] + more) {
      guard let reply = Loopback.get(port, "/health") else { return "http://127.0.0.1:\(port)/health to answer" }
      return reply.status == 200 ? nil : reply.body
    }
  }

  /// This program's own file.
  private static func program() throws(SupportError) -> String {
    guard let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
      throw SupportError("cannot find this program's file through /proc/self/exe")
    }
    return path
  }

  private static func plannedRun(
    _ environment: BankEnvironment, ports: Ports, embedded: Set<RunFile.Embedded>
  ) throws(SupportError) -> RunFile {
    let loopback = "127.0.0.1"
    var run = RunFile(
      pid: getpid(), brokers: "\(loopback):\(ports.broker)", registry: "http://\(loopback):\(ports.registry)",
      database: .init(host: loopback, port: ports.postgres), ports: ports, embedded: embedded)
    if !embedded.contains(.broker) { run.brokers = try environment.brokers() }
    if !embedded.contains(.registry) { run.registry = try environment.registryAddress() }
    if !embedded.contains(.postgres) {
      let access = try environment.databaseAccess(role: environment.databaseOwner)
      run.database = .init(host: access.host, port: access.port)
    }
    return run
  }

  private static func checkPorts(
    _ ports: Ports, embedded: Set<RunFile.Embedded>, services: Bool
  ) throws(SupportError) {
    var needed: [(String, Int)] = []
    if embedded.contains(.broker) { needed.append(("broker", ports.broker)) }
    if embedded.contains(.registry) { needed.append(("registry", ports.registry)) }
    if embedded.contains(.postgres) { needed.append(("Postgres", ports.postgres)) }
    if services {
      needed += [
        ("heartbeat", ports.heartbeat), ("command generator", ports.commandGenerator),
        ("command handler", ports.commandHandler), ("GraphQL", ports.graphQL), ("page", ports.page),
      ]
    }
    let taken = needed.filter { !Loopback.isFree($0.1) }.map { "\($0.1) (\($0.0))" }
    guard taken.isEmpty else {
      throw SupportError(
        "\(taken.count == 1 ? "port" : "ports") \(taken.joined(separator: ", ")) in use by another program: stop it, "
          + "or move all ports with --port-offset N")
    }
  }
}
