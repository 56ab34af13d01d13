import Foundation

/// A bank of its own in a temporary folder, with all that `bank up` starts or without the services.
public final class Infrastructure {
  public let home: String
  public let bank: String
  public let run: Run
  private let up: Process

  /// What is read of run.json.
  public struct Run: Decodable, Sendable {
    public struct Ports: Decodable, Sendable {
      public var graphQL: Int
      public var commandHandler: Int
    }
    public struct Database: Decodable, Sendable {
      public var host: String
      public var port: Int
    }
    public struct Service: Decodable, Sendable {
      public var name: String
      public var pid: Int32
    }
    public var brokers: String
    public var registry: String
    public var database: Database
    public var ports: Ports
    public var incarnation: UUID?
    public var services: [Service]
  }

  /// - Parameters:
  ///   - bank: the program.
  ///   - arguments: of `bank up`, beside home and ports.
  public init(bank: String, name: String, arguments: [String] = ["--infrastructure-only"]) throws {
    self.bank = bank
    home = FileManager.default.temporaryDirectory.appending(path: "\(name)-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
    let log = "\(home)/up.log"
    _ = FileManager.default.createFile(atPath: log, contents: nil)
    up = Process()
    up.executableURL = URL(filePath: bank)
    up.arguments = ["up", "--home", home, "--port-offset", "\(Int.random(in: 1000...20_000))"] + arguments
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
    run = try JSONDecoder().decode(Run.self, from: Data(contentsOf: URL(filePath: "\(home)/run.json")))
  }

  /// Of `bank up`, the root of everything.
  public var processID: Int32 { up.processIdentifier }

  /// The process of a service or of the infrastructure.
  public func processID(of name: String) throws -> Int32 {
    guard let service = run.services.first(where: { $0.name == name }) else {
      throw BenchError("run.json names no \(name)")
    }
    return service.pid
  }

  /// Of the embedded Postgres: nil is the owner.
  public func password(role: String?) throws -> String {
    let name = role.map { "DB_PASSWORD_\($0.uppercased())" } ?? "DB_PASSWORD"
    let lines = try String(contentsOfFile: "\(home)/secrets", encoding: .utf8).split(separator: "\n")
    guard let line = lines.first(where: { $0.hasPrefix("\(name)=") }) else { throw BenchError("no \(name) in secrets") }
    return String(line.dropFirst(name.count + 1))
  }

  public func stop() {
    up.terminate()
    up.waitUntilExit()
    try? FileManager.default.removeItem(atPath: home)
  }
}
