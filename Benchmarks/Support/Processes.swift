import Foundation

/// What processes have used so far, from /proc.
public struct ProcessUsage: Sendable {
  public private(set) var cpuSeconds = 0.0
  public private(set) var residentMiB = 0.0

  /// - Parameter roots: each with all processes below it.
  public init(roots: [Int32]) {
    let parents = Self.parents()
    for pid in parents.keys where Self.isBelow(pid, roots, parents) { add(Self.fields("\(pid)")) }
  }

  /// - Parameter own: this process without those below it.
  public init(own: Int32) {
    add(Self.fields("\(own)"))
  }

  /// Processor seconds of a process's threads, summed by their names.
  public static func threads(of pid: Int32) -> [String: Double] {
    let folders = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
    var seconds: [String: Double] = [:]
    for thread in folders {
      guard let name = try? String(contentsOfFile: "/proc/\(pid)/task/\(thread)/comm", encoding: .utf8) else {
        continue
      }
      var usage = ProcessUsage(roots: [])
      usage.add(fields("\(pid)/task/\(thread)"))
      seconds[name.trimmingCharacters(in: .newlines), default: 0] += usage.cpuSeconds
    }
    return seconds
  }

  private mutating func add(_ fields: [Substring]) {
    guard fields.count > 21 else { return }
    let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
    cpuSeconds += ((Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0)) / ticksPerSecond
    residentMiB += (Double(fields[21]) ?? 0) * Double(getpagesize()) / 1_048_576
  }

  private static func isBelow(_ pid: Int32, _ roots: [Int32], _ parents: [Int32: Int32]) -> Bool {
    var current: Int32? = pid
    while let process = current, process > 1 {
      if roots.contains(process) { return true }
      current = parents[process]
    }
    return false
  }

  private static func parents() -> [Int32: Int32] {
    let folders = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    var parents: [Int32: Int32] = [:]
    for pid in folders.compactMap({ Int32($0) }) {
      let fields = fields("\(pid)")
      if fields.count > 1 { parents[pid] = Int32(fields[1]) }
    }
    return parents
  }

  /// The fields of a stat file behind the name, which may have spaces in it.
  private static func fields(_ process: String) -> [Substring] {
    guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
      let name = text.lastIndex(of: ")")
    else { return [] }
    return text[text.index(after: name)...].split(separator: " ")
  }
}

/// A process that ends with this one.
public final class Child {
  public let process = Process()
  private let log: String

  /// Returns when `/health` on the port answers 200.
  public init(_ command: [String], log: String, healthPort: Int, environment: [String: String] = [:]) throws {
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

  public var processID: Int32 { process.processIdentifier }

  public func stop() {
    if process.isRunning { process.terminate() }
    process.waitUntilExit()
  }
}

/// Status of a GET; nil when nobody answers.
public enum HTTPStatus {
  public static func get(_ url: String) -> Int? {
    let command = ["curl", "-s", "-o", "/dev/null", "-m", "2", "-w", "%{http_code}", url]
    return Machine.output(of: command).flatMap { Int($0) }
  }
}

public struct BenchError: Error, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
