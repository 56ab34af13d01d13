import Foundation

/// Where something was measured.
public struct Machine: Codable, Hashable, Sendable {
  public var processor: String
  public var cores: Int
  public var memoryMiB: Int
  public var system: String
  /// The first line of /proc/loadavg before anything was measured.
  public var loadBefore: String

  public init(processor: String, cores: Int, memoryMiB: Int, system: String, loadBefore: String) {
    self.processor = processor
    self.cores = cores
    self.memoryMiB = memoryMiB
    self.system = system
    self.loadBefore = loadBefore
  }

  /// The one that this runs on.
  public static func current() -> Machine {
    let info = ProcessInfo.processInfo
    let lines = text(of: "/proc/cpuinfo").split(separator: "\n")
    let model = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last
    return Machine(
      processor: model.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown", cores: info.activeProcessorCount,
      memoryMiB: Int(info.physicalMemory >> 20), system: info.operatingSystemVersionString,
      loadBefore: text(of: "/proc/loadavg").trimmingCharacters(in: .newlines))
  }

  private static func text(of path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
}
