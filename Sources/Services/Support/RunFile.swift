import Foundation

/// `<home>/run.json`: what the `bank up` that runs (or ran last) started, so that others find it.
public struct RunFile: Codable, Sendable, Hashable {
  /// One process of the run.
  public struct Service: Codable, Sendable, Hashable {
    public var name: String
    public var pid: Int32
    /// Seconds since 1970.
    public var started: Double
    /// It answered that it is ready.
    public var ready: Bool
    /// When it did, in seconds since 1970.
    public var readyAt: Double?

    public init(name: String, pid: Int32, started: Double, ready: Bool, readyAt: Double? = nil) {
      self.name = name
      self.pid = pid
      self.started = started
      self.ready = ready
      self.readyAt = readyAt
    }
  }

  /// Where Postgres listens.
  public struct Database: Codable, Sendable, Hashable {
    public var host: String
    public var port: Int

    public init(host: String, port: Int) {
      self.host = host
      self.port = port
    }
  }

  /// Something that the run started itself, because no real one was named.
  public enum Embedded: String, Codable, Sendable, Hashable, CaseIterable { case broker, registry, postgres }

  /// Of this file's layout: 1.
  public var version = 1
  /// Nil until set-up has written it.
  public var incarnation: UUID?
  /// Of `bank up`.
  public var pid: Int32
  public var brokers: String
  public var registry: String
  public var database: Database
  public var ports: Ports
  public var embedded: Set<Embedded>
  public var services: [Service] = []

  public init(
    pid: Int32, brokers: String, registry: String, database: Database, ports: Ports, embedded: Set<Embedded>
  ) {
    self.pid = pid
    self.brokers = brokers
    self.registry = registry
    self.database = database
    self.ports = ports
    self.embedded = embedded
  }

  /// `<home>/run.json`.
  public static func path(home: String) -> String { home + "/run.json" }

  /// Reads a home's file; nil when there is none.
  /// - Throws: `SupportError` when it is there and cannot be understood.
  public static func read(home: String) throws(SupportError) -> RunFile? {
    guard let content = try Files.read(path(home: home)) else { return nil }
    do {
      let file = try JSONDecoder().decode(RunFile.self, from: Data(content))
      guard file.version == 1 else {
        throw SupportError("\(path(home: home)) has version \(file.version), this program knows 1: bank clean")
      }
      return file
    } catch let error as SupportError {
      throw error
    } catch {
      throw SupportError("\(path(home: home)) is damaged (\(error)): bank clean, or remove it")
    }
  }

  /// Writes it in one step.
  public func write(home: String) throws(SupportError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let content: Data
    do { content = try encoder.encode(self) } catch { throw SupportError("cannot write run.json: \(error)") }
    try Files.replace(Self.path(home: home), with: Array(content) + [10], mode: 0o600)
  }
}
