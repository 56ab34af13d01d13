import Foundation

/// What processes have used so far, from /proc.
struct ProcessUsage {
  var cpuSeconds = 0.0
  var residentMiB = 0.0

  /// - Parameter roots: each with all processes below it.
  init(roots: [Int32]) {
    let parents = Self.parents()
    let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
    for pid in parents.keys where Self.isBelow(pid, roots, parents) {
      add(Self.fields(pid), ticksPerSecond: ticksPerSecond)
    }
  }

  /// - Parameter own: this process without those below it.
  init(own: Int32) {
    let fields = Self.fields(own)
    add(fields, ticksPerSecond: Double(sysconf(Int32(_SC_CLK_TCK))))
  }

  private mutating func add(_ fields: [Substring], ticksPerSecond: Double) {
    guard fields.count > 21 else { return }
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
      let fields = fields(pid)
      if fields.count > 1 { parents[pid] = Int32(fields[1]) }
    }
    return parents
  }

  /// The fields of /proc/PID/stat behind the name, which may have spaces in it.
  private static func fields(_ pid: Int32) -> [Substring] {
    guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
      let name = text.lastIndex(of: ")")
    else { return [] }
    return text[text.index(after: name)...].split(separator: " ")
  }
}
