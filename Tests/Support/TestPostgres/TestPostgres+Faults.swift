import Foundation
import PostgresRuntime

/// What tests do to a cluster of their own.
extension TestPostgres {
  /// The Unix socket that the server listens on.
  public var socketPath: String { directory.appendingPathComponent(".s.PGSQL.\(port)").path }

  /// Ends the server as "immediate" does (SIGQUIT: all sessions end at once, nothing is saved), starts it again on its
  /// data, and returns when it has recovered.
  public func restartImmediately() async throws {
    let starts = log.components(separatedBy: Self.readyLine).count
    _ = FileManager.default.createFile(atPath: directory.appendingPathComponent("again").path, contents: nil)
    let file = directory.appendingPathComponent("server")
    let text = try String(contentsOf: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
    guard let server = pid_t(text), kill(server, SIGQUIT) == 0 else {
      throw TestPostgresError("there is no server process in \(file.path)")
    }
    let deadline = ContinuousClock.now + .seconds(60)
    while log.components(separatedBy: Self.readyLine).count == starts {
      guard ContinuousClock.now < deadline else {
        throw TestPostgresError("postgres did not come back within 60 s:\n\(log.suffix(2000))")
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  private static let readyLine = "database system is ready to accept connections"

  func makeSmallTablespace() async throws {
    let place = directory.appendingPathComponent("small").path
    try await withConnection(configuration()) { session in
      try session.script("create tablespace small location \(literal: place)")
    }
  }

  /// Fills the small disk to its last page.
  /// - Parameter ballast: a database on it, for nothing else.
  public func fillSmallDisk(from ballast: PostgresConfiguration) async throws {
    try await withConnection(ballast) { session in
      try session.script("create table if not exists ballast (bytes bytea)")
      try session.script("alter table ballast alter bytes set storage external")
      try session.script("copy (select repeat('x', 1048576)) to \(literal: self.spareFile)")
      // What these have changed is written while there is room: a reader that needs its buffer would fail else.
      try session.script("checkpoint")
      // Large pieces first, and then what fits into the last page.
      for size in [1 << 20, 64 << 10, 4_000] {
        do {
          while true {
            try session.execute("insert into ballast values (convert_to(repeat('x', \(size)::int), 'UTF8'))")
          }
        } catch let error as PostgresError where error.sqlState == "53100" {
          continue
        }
      }
    }
  }

  public func emptySmallDisk(from ballast: PostgresConfiguration) async throws {
    try await withConnection(ballast) { session in
      // Even dropping a table may write a page first, for which there is no room.
      try session.script("copy (select '') to \(literal: self.spareFile)")
      try session.script("drop table ballast")
    }
  }

  /// On the small disk, beside the tablespace's own folder.
  private var spareFile: String { directory.appendingPathComponent("small/spare").path }

  private func withConnection(
    _ configuration: PostgresConfiguration, _ body: @escaping @Sendable (PostgresSession) throws -> Void
  ) async throws {
    let connection = try await PostgresConnection.connect(configuration)
    do { try await connection.run(body) } catch {
      await connection.close()
      throw error
    }
    await connection.close()
  }
}
