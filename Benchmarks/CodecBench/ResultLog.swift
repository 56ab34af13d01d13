import Foundation

/// Raw values as JSON lines in `.results/`: first what ran where, then a line for each peer, point and round.
final class ResultLog {
  let file: URL
  private let handle: FileHandle

  private struct Header: Encodable {
    var started: String
    var revision: String
    var processor: String
    var cores: Int
    var system: String
    var loadBefore: String
    var versions: [String: String]
    var missing: [String: String]
    var rounds: Int
    var samples: Int
  }

  private struct Value: Encodable {
    var round: Int
    var caseName: String
    var op: String
    var peer: String
    var minimumNanos: Double
    var medianNanos: Double
  }

  init(folder: String, options: Options, peers: [Peer], missing: [MissingPeer]) throws {
    let started = ISO8601DateFormatter().string(from: Date())
    let directory = URL(filePath: folder)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    file = directory.appending(path: "codec-\(started.replacing(":", with: "")).jsonl")
    try Data().write(to: file)
    handle = try FileHandle(forWritingTo: file)
    try write(
      Header(
        started: started, revision: Self.revision(), processor: Self.processor(),
        cores: ProcessInfo.processInfo.activeProcessorCount,
        system: ProcessInfo.processInfo.operatingSystemVersionString,
        loadBefore: Self.firstLine(of: "/proc/loadavg"),
        versions: Dictionary(peers.map { ($0.name, $0.version) }) { first, _ in first },
        missing: Dictionary(missing.map { ($0.name, $0.reason) }) { first, _ in first },
        rounds: options.rounds, samples: options.samples))
  }

  func add(_ point: Point, _ peer: String, round: Int, minimum: Double, median: Double) throws {
    try write(
      Value(
        round: round, caseName: point.caseName, op: point.op, peer: peer, minimumNanos: minimum, medianNanos: median))
  }

  private func write(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try handle.write(contentsOf: try encoder.encode(value) + Data("\n".utf8))
  }

  static func processor() -> String {
    let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(separator: "\n") ?? []
    let model = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last
    return model.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
  }

  static func revision() -> String {
    output(of: ["git", "describe", "--always", "--dirty", "--abbrev=12"]) ?? "unknown"
  }

  private static func firstLine(of path: String) -> String {
    (try? String(contentsOfFile: path, encoding: .utf8))?.split(separator: "\n").first.map(String.init) ?? "unknown"
  }

  /// The one line that a command prints; nil when it fails.
  static func output(of command: [String]) -> String? {
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
    return String(decoding: data, as: UTF8.self).split(separator: "\n").first.map(String.init)
  }
}
