import Foundation

/// What ran where: the first line of every file of results.
public struct Machine: Encodable, Sendable {
  public var started: String
  public var revision: String
  public var processor: String
  public var cores: Int
  public var system: String
  /// The first line of /proc/loadavg before anything was measured.
  public var loadBefore: String

  public init(started: Date) {
    self.started = ISO8601DateFormatter().string(from: started)
    revision = Self.output(of: ["git", "describe", "--always", "--dirty", "--abbrev=12"]) ?? "unknown"
    processor = Self.processor()
    cores = ProcessInfo.processInfo.activeProcessorCount
    system = ProcessInfo.processInfo.operatingSystemVersionString
    loadBefore = Self.firstLine(of: "/proc/loadavg")
  }

  private static func processor() -> String {
    let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(separator: "\n") ?? []
    let model = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last
    return model.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
  }

  private static func firstLine(of path: String) -> String {
    (try? String(contentsOfFile: path, encoding: .utf8))?.split(separator: "\n").first.map(String.init) ?? "unknown"
  }

  /// The first line that a command prints; nil when it fails.
  public static func output(of command: [String]) -> String? {
    text(of: command)?.split(separator: "\n").first.map(String.init)
  }

  /// What a command prints; nil when it fails.
  public static func text(of command: [String]) -> String? {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { return nil }
    return String(decoding: data, as: UTF8.self)
  }
}

/// A file of JSON lines in `.results/`.
public final class JSONLines {
  public let file: URL
  private let handle: FileHandle

  /// - Parameters:
  ///   - name: the file's begins with it, the time of starting follows.
  ///   - machine: the time of starting.
  public init(folder: String, name: String, machine: Machine) throws {
    let directory = URL(filePath: folder)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    file = directory.appending(path: "\(name)-\(machine.started.replacing(":", with: "")).jsonl")
    try Data().write(to: file)
    handle = try FileHandle(forWritingTo: file)
  }

  public func write(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try handle.write(contentsOf: try encoder.encode(value) + Data("\n".utf8))
  }
}
