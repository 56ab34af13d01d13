import BenchSupport
import Foundation
import PostgresRuntime

/// The Postgres cluster that pgbench and the handler share.
struct Cluster {
  let bench: Infrastructure
  let owner: String

  init(_ bench: Infrastructure) {
    self.bench = bench
    owner = "bank_owner"
  }

  /// - Parameter role: nil is the owner.
  func configuration(_ database: String, role: String? = nil) throws -> PostgresConfiguration {
    PostgresConfiguration(
      host: bench.run.database.host, port: bench.run.database.port, database: database, user: role ?? owner,
      password: try bench.password(role: role))
  }

  /// Runs statements as the owner.
  @discardableResult
  func run<Value: Sendable>(
    _ database: String, _ body: @escaping @Sendable (PostgresSession) throws -> Value
  ) async throws -> Value {
    let connection = try await PostgresConnection.connect(try configuration(database))
    do {
      let value = try await connection.run(body)
      await connection.close()
      return value
    } catch {
      await connection.close()
      throw error
    }
  }

  /// Nobody pays for what another left in the buffers.
  func settle() async throws {
    try await run("postgres") { session in try session.script("checkpoint") }
  }

  /// Of all processes of the server.
  func cpuSeconds() throws -> Double { ProcessUsage(roots: [try bench.processID(of: "postgres")]).cpuSeconds }

  /// By the `application_name` of the connections that are open now.
  func backends(_ database: String) async throws -> [String: Int32] {
    let rows = try await run("postgres") { session in
      try session.query(
        """
        select application_name, pid from pg_stat_activity
        where datname = \(database) and pid <> pg_backend_pid() and backend_type = 'client backend'
        """, as: String.self, Int32.self)
    }
    return Dictionary(rows.map { ($0.0, $0.1) }) { $1 }
  }
}

/// pgbench's own TPC-B-like script.
enum PGBench {
  private static let database = "pgbench"
  private static let scale = 10

  static func initialize(_ cluster: Cluster) async throws {
    try await cluster.run("postgres") { session in try session.script("create database pgbench") }
    _ = try run(cluster, ["-i", "-q", "-s", String(scale)])
  }

  static func measure(_ pair: Int, _ cluster: Cluster, _ options: Options) async throws -> Round {
    try await cluster.settle()
    let cpu = try cluster.cpuSeconds()
    let output = try run(cluster, ["-c", "8", "-j", "2", "-n", "-T", String(options.pgbenchSeconds)])
    let used = try cluster.cpuSeconds() - cpu
    guard let line = output.split(separator: "\n").first(where: { $0.hasPrefix("tps = ") }),
      let perSecond = Double(line.dropFirst(6).prefix { $0 != " " })
    else { throw BenchError("pgbench says no tps:\n\(output)") }
    return Round(
      pair: pair, part: .pgbench, transfers: Int(perSecond * Double(options.pgbenchSeconds)),
      seconds: Double(options.pgbenchSeconds), cpuSeconds: ["postgres": used])
  }

  private static func run(_ cluster: Cluster, _ arguments: [String]) throws -> String {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    // Its time is over by SIGALRM, which the threads that run this code block, and what they start after them.
    process.arguments =
      ["--default-signal=ALRM", "pgbench", "-h", cluster.bench.run.database.host]
      + ["-p", String(cluster.bench.run.database.port), "-U", cluster.owner] + arguments + [database]
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["PGPASSWORD": try cluster.bench.password(role: nil)]) { $1 }
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw BenchError("pgbench \(arguments.joined(separator: " ")) failed") }
    return String(decoding: data, as: UTF8.self)
  }
}
