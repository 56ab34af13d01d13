import Foundation

/// `bank up`, or another verb that runs until it is stopped, as a child process with a home and ports of its own, driven
/// as a person would from a shell.
public final class RunningBank {
  public enum Failure: Error, CustomStringConvertible {
    case timedOut(String, log: String)

    public var description: String {
      switch self {
      case .timedOut(let what, let log): "timed out: \(what)\n\(log)"
      }
    }
  }

  public struct Result: Sendable {
    public var status: Int32
    public var output: String
    public var errors: String
  }

  public let home: URL
  public let portOffset: Int
  private let process = Process()
  private let log: URL

  /// - Parameter folder: in which it is started; that of the test without it.
  public init(
    _ verb: String = "up", home: URL, portOffset: Int, arguments: [String] = [], folder: URL? = nil
  ) throws {
    self.home = home
    self.portOffset = portOffset
    log = home.deletingLastPathComponent().appending(path: "\(verb)-\(UUID().uuidString).log")
    _ = FileManager.default.createFile(atPath: log.path, contents: nil)
    let handle = try FileHandle(forWritingTo: log)
    process.executableURL = Self.bank
    if let folder { process.currentDirectoryURL = folder }
    process.arguments = [verb, "--home", home.path, "--port-offset", "\(portOffset)"] + arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = handle
    process.standardError = handle
    try process.run()
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
  }

  /// What it has printed so far.
  public var output: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

  /// Sends `signal` to it and waits; gives the exit status, or nil when it did not end in time.
  public func stop(signal: Int32, timeoutSeconds: Double) async throws -> Int32? {
    kill(process.processIdentifier, signal)
    let deadline = Date().addingTimeInterval(timeoutSeconds)
    while process.isRunning {
      guard Date() < deadline else { return nil }
      try await Task.sleep(for: .milliseconds(50))
    }
    return process.terminationStatus
  }

  public var isRunning: Bool { process.isRunning }

  /// Waits until `probe` gives a value; fails with the log when it does not, or when the bank has ended.
  @discardableResult
  public func wait<Value>(
    for what: String, timeoutSeconds: Double, probe: () async throws -> Value?
  ) async throws -> Value {
    let deadline = Date().addingTimeInterval(timeoutSeconds)
    while Date() < deadline {
      if let value = try await probe() { return value }
      guard process.isRunning else { break }
      try await Task.sleep(for: .milliseconds(500))
    }
    throw Failure.timedOut(what, log: String(output.suffix(4000)))
  }

  /// Runs `bank VERB --home … ` to its end.
  public func run(_ arguments: String...) async throws -> Result {
    try await Self.run(
      Self.bank, [arguments[0], "--home", home.path] + arguments.dropFirst())
  }

  /// Every process whose command line names this bank's home.
  public func processes() -> [String] {
    let folders = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return folders.filter { Int32($0) != nil && $0 != "\(getpid())" }.compactMap { pid in
      guard let bytes = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else { return nil }
      let line = String(decoding: bytes, as: UTF8.self).replacing("\0", with: " ")
      return line.contains(home.path) ? "\(pid) \(line)" : nil
    }
  }

  public static let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// The executable beside the running test bundle, so that a test never runs an older build.
  public static let bank = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "bank")
  public static let avrogen = bank.deletingLastPathComponent().appending(path: "avrogen")

  /// Runs a program to its end.
  public static func run(_ executable: URL, _ arguments: [String]) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "bank-run-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let names = [folder.appending(path: "out"), folder.appending(path: "err")]
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    for name in names { _ = FileManager.default.createFile(atPath: name.path, contents: nil) }
    process.standardOutput = try FileHandle(forWritingTo: names[0])
    process.standardError = try FileHandle(forWritingTo: names[1])
    try process.run()
    while process.isRunning { try await Task.sleep(for: .milliseconds(20)) }
    return Result(
      status: process.terminationStatus, output: try String(contentsOf: names[0], encoding: .utf8),
      errors: try String(contentsOf: names[1], encoding: .utf8))
  }
}
