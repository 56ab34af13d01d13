extension SynchronizerPlan {
  /// Lines for people: `+` is new, `-` goes, `~` changes, `!` is refused.
  public var lines: [String] { lines(inColour: false) }

  /// - Parameter inColour: with a terminal's escape sequences.
  public func lines(inColour: Bool) -> [String] {
    func painted(_ line: String) -> String { inColour ? Paint.line(line) : line }
    var lines = problems.map { "problem: \($0)" } + notes.map { "note: \($0)" }
    for change in changes { lines += change.lines }
    for refusal in refusals { lines += refusal.lines }
    if isEmpty { lines.append("nothing to do") }
    return lines.map(painted)
  }

  /// How many of what; empty when there is nothing.
  public var summary: String {
    let kinds: [(String, Int)] = [
      ("to create", changes.filter { $0.sign == "+" }.count), ("to change", changes.filter { $0.sign == "~" }.count),
      ("to delete", changes.filter { $0.sign == "-" }.count), ("refused", refusals.count),
    ]
    return kinds.filter { $0.1 > 0 }.map { "\($0.1) \($0.0)" }.joined(separator: ", ")
  }
}

extension PlannedChange {
  var sign: String {
    switch action {
    case .createTopic, .registerSchema, .addAccess: "+"
    case .setLevel: before?.level == nil ? "+" : "~"
    case .addPartitions, .alterConfig: "~"
    case .removeAccess, .deleteTopic: "-"
    }
  }

  /// For people; warnings are lines of their own.
  public var lines: [String] {
    var lines: [String] = []
    switch action {
    case .createTopic: lines.append("+ topic \(target): \(after?.text ?? "")")
    case .addPartitions:
      lines.append("~ topic \(target): partitions \(number(before?.partitions)) → \(number(after?.partitions))")
    case .alterConfig: lines += (settings ?? []).map { "~ topic \(target): \($0.text)" }
    case .setLevel:
      let old = before?.level.map { "\($0) → " } ?? ""
      lines.append("\(sign) level \(target): \(old)\(after?.level ?? "")")
    case .registerSchema: lines.append("+ schema \(target): \(after?.record ?? "")")
    case .addAccess: lines.append("+ acl \(target)")
    case .removeAccess: lines.append("- acl \(target)")
    case .deleteTopic: lines.append("- topic \(target): \(before?.text ?? "")")
    }
    if let last = lines.popLast() { lines.append("\(last) (\(reason))") }
    return lines + warnings.map { "  warning: \($0)" }
  }

  private func number(_ value: Int?) -> String { value.map(String.init) ?? "?" }
}

extension PlannedState {
  fileprivate var text: String {
    var parts: [String] = []
    if let partitions { parts.append(count(partitions, "partition")) }
    if let replicas { parts.append(count(replicas, "replica")) }
    if let records { parts.append(count(records, "record")) }
    if let groups, !groups.isEmpty { parts.append("read by \(groups.joined(separator: ", "))") }
    parts += (config ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    return parts.joined(separator: ", ")
  }
}

extension PlannedSetting {
  fileprivate var text: String {
    let old = before.map { "\($0) [\(source.rawValue)]" } ?? "not known to the cluster"
    if isReset { return "\(name) \(old) → \(after.map { "\($0) " } ?? "")[broker default]" }
    return "\(name) \(old) → \(after ?? "")"
  }
}

extension PlannedRefusal {
  /// For people; the reassignment is a line of its own.
  public var lines: [String] {
    ["! \(target): \(reason)"] + (reassignment.map { ["  \($0)"] } ?? [])
  }
}

/// A terminal's colours (ECMA-48, SGR).
private enum Paint {
  static func line(_ line: String) -> String {
    let code: String? =
      switch line.prefix(2) {
      case "+ ": "32"
      case "~ ": "33"
      case "- ": "31"
      case "! ": "1;31"
      default: line.hasPrefix("problem:") ? "1;31" : line.hasPrefix("  warning:") ? "35" : nil
      }
    return code.map { "\u{1B}[\($0)m\(line)\u{1B}[0m" } ?? line
  }
}
