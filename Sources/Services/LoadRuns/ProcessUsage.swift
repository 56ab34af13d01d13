import Foundation

/// What processes have used so far, from /proc: proc(5).
public struct ProcessUsage: Sendable, Hashable {
  public private(set) var cpuSeconds = 0.0
  public private(set) var memoryMiB = 0.0

  /// Of each of several services at one moment.
  ///
  /// - Parameter roots: by name the process that was started, which counts with all processes below it. One that has
  ///   ended counts as nothing.
  public static func read(roots: [String: Int32]) -> [String: ProcessUsage] {
    var fields: [Int32: [Substring]] = [:]
    for pid in ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap({ Int32($0) }) {
      let found = stat(pid)
      if found.count > 21 { fields[pid] = found }
    }
    let parents = fields.compactMapValues { Int32($0[1]) }
    var usages = roots.mapValues { _ in ProcessUsage() }
    let names = Dictionary(roots.map { ($0.value, $0.key) }) { first, _ in first }
    for (pid, own) in fields {
      var current: Int32? = pid
      while let process = current, process > 1 {
        if let name = names[process] {
          usages[name]?.add(pid, own)
          break
        }
        current = parents[process]
      }
    }
    return usages
  }

  private mutating func add(_ pid: Int32, _ fields: [Substring]) {
    // utime, stime, and the same of children that have ended and were waited for.
    let ticks = fields[11...14].reduce(0) { $0 + (Double($1) ?? 0) }
    cpuSeconds += ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    memoryMiB += Self.proportionalMiB(pid) ?? (Double(fields[21]) ?? 0) * Double(getpagesize()) / 1_048_576
  }

  /// What several processes share is shared out among them, such as the buffers of Postgres; nil where that is not told.
  private static func proportionalMiB(_ pid: Int32) -> Double? {
    let text = try? String(contentsOfFile: "/proc/\(pid)/smaps_rollup", encoding: .utf8)
    guard let line = text?.split(separator: "\n").first(where: { $0.hasPrefix("Pss:") }),
      let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ Double($0) })
    else { return nil }
    return kibibytes / 1024
  }

  /// The fields of a stat file behind the name, which may have spaces in it.
  private static func stat(_ pid: Int32) -> [Substring] {
    guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
      let name = text.lastIndex(of: ")")
    else { return [] }
    return text[text.index(after: name)...].split(separator: " ")
  }
}
