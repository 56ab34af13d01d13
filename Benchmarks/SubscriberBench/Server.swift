import BenchSupport
import Foundation

/// Who serves subscriptions: the bank's endpoint, or a peer that does the same in another language.
enum Server: String, CaseIterable {
  case bank, python

  func start(_ bench: Infrastructure) throws -> Child {
    switch self {
    case .bank:
      try Child(
        [bench.bank, "graphql-endpoint", "--home", bench.home], log: "\(bench.home)/endpoint.log",
        healthPort: bench.graphQLPort,
        // All subscribers of the benchmark come from one address.
        environment: ["BANK_GRAPHQL_MAX_SUBSCRIBERS_PER_ADDRESS": "10000"])
    case .python:
      try Child(
        [
          "../.venv/bin/python", "Peers/python/subscription_server.py", String(bench.graphQLPort), bench.brokers,
          bench.registry,
        ], log: "\(bench.home)/python.log", healthPort: bench.graphQLPort)
    }
  }
}

/// A process that ends with this one.
final class Child {
  let process = Process()
  private let log: String

  /// Returns when `/health` on the port answers 200.
  init(_ command: [String], log: String, healthPort: Int, environment: [String: String] = [:]) throws {
    self.log = log
    _ = FileManager.default.createFile(atPath: log, contents: nil)
    let handle = try FileHandle(forWritingTo: URL(filePath: log))
    process.executableURL = URL(filePath: command[0])
    process.arguments = Array(command.dropFirst())
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = handle
    process.standardError = handle
    try Self.withoutBlockedSignals { try process.run() }
    let deadline = Date().addingTimeInterval(60)
    while HTTPStatus.get("http://127.0.0.1:\(healthPort)/health") != 200 {
      guard process.isRunning, Date() < deadline else {
        stop()
        throw BenchError("\(command.joined(separator: " ")) is not healthy, see \(log)")
      }
      Thread.sleep(forTimeInterval: 0.2)
    }
  }

  /// What is started inherits the signals that its starter's thread blocks, and threads of a pool block SIGTERM.
  private static func withoutBlockedSignals(_ body: () throws -> Void) rethrows {
    var none = sigset_t()
    var before = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try body()
  }

  func stop() {
    if process.isRunning { process.terminate() }
    process.waitUntilExit()
  }
}

/// Status of a GET; nil when nobody answers.
enum HTTPStatus {
  static func get(_ url: String) -> Int? {
    let command = ["curl", "-s", "-o", "/dev/null", "-m", "2", "-w", "%{http_code}", url]
    return Machine.output(of: command).flatMap { Int($0) }
  }
}

/// Broker, registry and Postgres of a bank that has no other service.
final class Infrastructure {
  let home: String
  let bank: String
  let brokers: String
  let registry: String
  let graphQLPort: Int
  private let up: Process

  private struct Run: Decodable {
    struct Ports: Decodable { var graphQL: Int }
    var brokers: String
    var registry: String
    var ports: Ports
    var incarnation: String?
  }

  /// - Parameter bank: the program.
  init(bank: String) throws {
    self.bank = bank
    home = FileManager.default.temporaryDirectory.appending(path: "subscriber-bench-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
    let log = "\(home)/up.log"
    _ = FileManager.default.createFile(atPath: log, contents: nil)
    up = Process()
    up.executableURL = URL(filePath: bank)
    up.arguments = ["up", "--infrastructure-only", "--home", home, "--port-offset", "\(Int.random(in: 1000...20_000))"]
    up.standardInput = FileHandle.nullDevice
    let handle = try FileHandle(forWritingTo: URL(filePath: log))
    up.standardOutput = handle
    up.standardError = handle
    try up.run()
    let deadline = Date().addingTimeInterval(90)
    while !((try? String(contentsOfFile: log, encoding: .utf8)) ?? "").contains("ready, Ctrl-C stops") {
      guard up.isRunning, Date() < deadline else {
        up.terminate()
        throw BenchError("bank up is not ready, see \(log)")
      }
      Thread.sleep(forTimeInterval: 0.2)
    }
    let run = try JSONDecoder().decode(Run.self, from: Data(contentsOf: URL(filePath: "\(home)/run.json")))
    brokers = run.brokers
    registry = run.registry
    graphQLPort = run.ports.graphQL
  }

  /// Of `bank up`, the root of broker, registry and Postgres.
  var processID: Int32 { up.processIdentifier }

  func stop() {
    up.terminate()
    up.waitUntilExit()
    try? FileManager.default.removeItem(atPath: home)
  }
}

struct BenchError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
