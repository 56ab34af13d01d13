import BankSupport
import EmbeddedBroker
import Foundation
import FreePort
import JSONText
import RunningBank
import TestBank

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// A service of the built `bank` as a process of its own, on a bank of `TestBank.startForProcesses`.
final class ServiceProcess: Sendable {
  enum Service: String {
    case commandHandler = "command-handler"
    case graphQLEndpoint = "graphql-endpoint"
  }

  /// Of health, metrics and, for the endpoint, GraphQL.
  let port: Int
  private let process: ChildProcess
  private let home: URL

  /// Starts it, and does not wait until it is well.
  ///
  /// - Parameters:
  ///   - arguments: more of its verb.
  ///   - failpoint: `<step>=<action>[@n]`, see `Failpoints.arm`.
  ///   - environment: more variables, over those that name broker, registry and database.
  ///   - brokers: when it shall not connect to the bank's broker directly.
  ///   - databasePort: the same for Postgres.
  init(
    _ service: Service, _ bank: TestBank, _ arguments: [String] = [], failpoint: String? = nil,
    environment: [String: String] = [:], brokers: String? = nil,
    databasePort: Int? = nil
  ) throws {
    guard let server = bank.server else {
      throw TestBankError("a service as a process needs a bank of TestBank.startForProcesses")
    }
    home = try temporaryDirectory()
    let contract = try Ports()
    let usual = service == .commandHandler ? contract.commandHandler : contract.graphQL
    port = try freePort()
    // Written as `bank up` does it, so that the client knows what the embedded broker needs.
    try RunFile(
      pid: getpid(), brokers: brokers ?? bank.broker.bootstrapServers, registry: bank.registryURL,
      database: .init(host: "127.0.0.1", port: databasePort ?? server.port),
      ports: try Ports(offset: port - usual), embedded: [.broker]
    ).write(home: home.path)
    var variables = [
      "DB_HOSTNAME": "127.0.0.1", "DB_PORT": String(databasePort ?? server.port),
      "DB_PASSWORD": TestBank.rolePassword,
      // Cheap to hash, and patient: the machine may be busy.
      "BANK_GRAPHQL_SCRYPT_LOG_COST": "4", "BANK_GRAPHQL_ANSWER_TIMEOUT_MILLIS": "90000",
    ]
    if let failpoint { variables["BANK_FAILPOINT"] = failpoint }
    process = try ChildProcess(
      RunningBank.bank.path, [service.rawValue, "--home", home.path] + arguments,
      environment: variables.merging(environment) { $1 }, log: home.appending(path: "log").path)
  }

  deinit {
    kill()
    try? FileManager.default.removeItem(at: home)
  }

  // MARK: Its life

  /// SIGKILL, and waits for its end.
  func kill() {
    process.signal(SIGKILL)
    process.waitForEnd()
  }

  func signal(_ number: Int32) { process.signal(number) }

  var id: pid_t { process.id }

  /// How it ended; nil while it runs.
  var ended: ChildProcess.End? { process.ended }

  /// SIGSTOP has stopped it.
  var isStopped: Bool { process.isStopped }

  /// Waits for its end.
  func end(timeoutSeconds: Int = 60) async throws -> ChildProcess.End {
    let deadline = ContinuousClock.now + .seconds(timeoutSeconds)
    while deadline > .now {
      if let ended { return ended }
      try await Task.sleep(for: .milliseconds(20))
    }
    throw TestBankError("the process has not ended after \(timeoutSeconds) s:\n\(log.suffix(2_000))")
  }

  /// SIGTERM, and waits for its end.
  func stop(timeoutSeconds: Int = 60) async throws -> ChildProcess.End {
    signal(SIGTERM)
    return try await end(timeoutSeconds: timeoutSeconds)
  }

  /// Its memory now (VmRSS).
  func residentMegabytes() throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(process.id)/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    guard let kilobytes = line?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
      throw TestBankError("no VmRSS of process \(process.id)")
    }
    return kilobytes / 1_024
  }

  /// What it has printed.
  var log: String { (try? String(contentsOf: home.appending(path: "log"), encoding: .utf8)) ?? "" }

  // MARK: What it says over HTTP

  /// Waits until it says that it is well; fails with its log when it ends instead.
  func well(timeoutSeconds: Int = 60) async throws {
    try await eventually("the service is well", timeoutSeconds: timeoutSeconds) {
      if let ended { throw TestBankError("the service has ended (\(ended)):\n\(log.suffix(2_000))") }
      return await health().status == 200
    }
  }

  /// Status 0 while it does not listen.
  func health() async -> (status: Int, body: String) { await request("health") }

  /// A figure of `/metrics`; nil when it is not there.
  ///
  /// - Parameter name: with labels as they are printed, such as `bank_retries_total{target="kafka"}`.
  func metric(_ name: String) async -> Double? {
    await metrics().split(separator: "\n").first { $0.hasPrefix(name + " ") }
      .flatMap { $0.split(separator: " ").last }.flatMap { Double($0) }
  }

  /// All of `/metrics`; empty while it does not listen.
  func metrics() async -> String { await request("metrics").body }

  /// Sends a GraphQL request; nil when there was no answer, as when the service was killed.
  func graphQL(_ query: String, _ variables: [String: String]) async throws -> JSONValue? {
    let body = try JSONEncoder().encode(GraphQLRequest(query: query, variables: variables))
    let reply = await request("graphql", body: body)
    return reply.status == 0 ? nil : try JSONValue(parsing: reply.body)
  }

  /// Subscribes over server-sent events, and gives all that was sent once the operation has ended.
  func stream(_ query: String, _ variables: [String: String]) async -> String {
    guard let body = try? JSONEncoder().encode(GraphQLRequest(query: query, variables: variables)) else { return "" }
    return await request("graphql/stream", body: body).body
  }

  private struct GraphQLRequest: Encodable {
    var query: String
    var variables: [String: String]
  }

  private func request(_ path: String, body: Data? = nil) async -> (status: Int, body: String) {
    guard let url = URL(string: "http://127.0.0.1:\(port)/\(path)") else { return (0, "") }
    var request = URLRequest(url: url, timeoutInterval: 120)
    if let body {
      request.httpMethod = "POST"
      request.httpBody = body
      request.setValue("application/json", forHTTPHeaderField: "Content-Type")
    }
    do {
      let (data, response) = try await URLSession.shared.data(for: request)
      return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
    } catch {
      return (0, "")
    }
  }
}
