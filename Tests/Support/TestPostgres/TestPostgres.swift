import Foundation
import FreePort
import PostgresRuntime
import Synchronization

/// A private Postgres cluster in a temporary folder, on a free port of the loopback address and on a Unix socket.
///
/// It ends when `stop` is called, when the last reference goes, and also when this process ends in whatever way: a
/// small shell beside it waits for the end of a pipe that this process holds.
public final class TestPostgres: Sendable {
  /// The superuser, and its password over TCP; over the Unix socket nobody needs one.
  public static let owner = "owner"
  public static let ownerPassword = "owner's secret"

  private static let startTimeoutSeconds = 30
  private static let maxStarts = 5

  public let port: Int
  /// Holds the data, the socket and the log; removed at the end.
  public let directory: URL
  private let guardian: Guardian
  private let databases = Mutex(0)

  private init(port: Int, directory: URL, guardian: Guardian) {
    self.port = port
    self.directory = directory
    self.guardian = guardian
  }

  deinit {
    guardian.letGo()
  }

  /// One cluster for all tests of a process.
  public static func shared() async throws -> TestPostgres {
    try await cluster.value
  }

  private static let cluster = Task { try await start() }

  /// Makes and starts a cluster of its own, for tests that stop it.
  /// - Parameters:
  ///   - settings: of postgresql.conf, beside those that make it fast and unsafe
  ///   - tls: paths of a certificate and its key in PEM; with them whoever comes over TCP has to speak TLS
  ///   - smallDiskMegabytes: gives it a tablespace `small` on a disk of that size, which can be filled
  public static func start(
    settings: [String: String] = [:], tls: (certificate: String, key: String)? = nil, smallDiskMegabytes: Int? = nil
  ) async throws -> TestPostgres {
    let installation = try Installation.find()
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("pg-\(UUID().uuidString.prefix(13))")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    do {
      try await installation.makeCluster(in: directory, owner: owner, password: ownerPassword)
      if let tls { try installation.requireTLS(in: directory, certificate: tls.certificate, key: tls.key) }
      for attempt in 1... {
        // Another process may take the port between the look and the start.
        let port = try freePort()
        let guardian = try installation.startServer(
          in: directory, port: port, settings: settings, smallDiskMegabytes: smallDiskMegabytes)
        do {
          let server = TestPostgres(port: port, directory: directory, guardian: guardian)
          try await server.waitUntilReady()
          if smallDiskMegabytes != nil { try await server.makeSmallTablespace() }
          return server
        } catch  where attempt < maxStarts && !guardian.isRunning {
          continue
        }
      }
      throw TestPostgresError("not reached")
    } catch {
      try? FileManager.default.removeItem(at: directory)
      throw error
    }
  }

  /// How to connect.
  /// - Parameter overTCP: by the loopback address with a password, rather than by the socket without
  public func configuration(
    database: String = "postgres", user: String = owner, password: String? = ownerPassword, overTCP: Bool = false
  ) -> PostgresConfiguration {
    PostgresConfiguration(
      host: overTCP ? "127.0.0.1" : directory.path, port: port, database: database, user: user, password: password,
      applicationName: "test")
  }

  /// An empty database that no other test uses.
  public func makeDatabase(onSmallDisk: Bool = false) async throws -> PostgresConfiguration {
    let number = databases.withLock { count in
      count += 1
      return count
    }
    return try await makeDatabase(named: "test_\(number)", onSmallDisk: onSmallDisk)
  }

  /// An empty database.
  /// - Parameter onSmallDisk: in the tablespace `small`; what the server writes ahead is on the large disk.
  @discardableResult
  public func makeDatabase(named name: String, onSmallDisk: Bool = false) async throws -> PostgresConfiguration {
    try await configuration().withConnection { connection in
      try await connection.run { session in
        try session.script(
          "create database \(identifier: name) template template0 \(unsafe: onSmallDisk ? "tablespace small" : "")")
      }
    }
    return configuration(database: name)
  }

  /// What the server logged so far.
  public var log: String {
    (try? String(contentsOf: directory.appendingPathComponent("log"), encoding: .utf8)) ?? ""
  }

  /// Stops the server, removes its folder, and returns when both are done.
  public func stop() async {
    guardian.letGo()
    await guardian.ended()
  }

  private func waitUntilReady() async throws {
    let deadline = ContinuousClock.now + .seconds(Self.startTimeoutSeconds)
    while true {
      do {
        let connection = try await PostgresConnection.connect(configuration())
        await connection.close()
        return
      } catch {
        if !guardian.isRunning { throw TestPostgresError("postgres did not start:\n\(log.suffix(2000))") }
        if ContinuousClock.now > deadline {
          throw TestPostgresError("postgres was not ready in time: \(error)\n\(log.suffix(2000))")
        }
        try await Task.sleep(for: .milliseconds(20))
      }
    }
  }
}

extension PostgresConfiguration {
  /// Connects for as long as `body` runs.
  public func withConnection<Value>(_ body: (PostgresConnection) async throws -> Value) async throws -> Value {
    let connection = try await PostgresConnection.connect(self)
    do {
      let value = try await body(connection)
      await connection.close()
      return value
    } catch {
      await connection.close()
      throw error
    }
  }
}

public struct TestPostgresError: Error, CustomStringConvertible {
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}
