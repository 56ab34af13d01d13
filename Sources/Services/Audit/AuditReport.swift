import Foundation

/// What an audit found.
public struct AuditReport: Codable, Sendable, Hashable {
  /// What an invariant turned out to be.
  public enum Verdict: String, Codable, Sendable {
    case holds
    case fails
    /// Nothing contradicts it, but the broker has lost events that were delivered once and are not there again yet.
    case pending
  }

  /// A number with its name, in the order in which it is printed.
  public struct Figure: Codable, Sendable, Hashable {
    public var name: String
    /// As text, since sums of balances leave the range of 64 bits.
    public var value: String
  }

  public struct Invariant: Codable, Sendable, Hashable {
    /// `I1` … `I4`.
    public var name: String
    public var statement: String
    public var verdict: Verdict
    public var figures: [Figure]
    /// How often it is broken.
    public var problemCount: Int
    /// The first `maxProblems` of those, in words.
    public var problems: [String]
  }

  /// An invariant keeps this many problems in words.
  public static let maxProblems = 10

  public var invariants: [Invariant]
  public var counts: [Figure]
  /// True when all invariants hold; the exit status is 0 then and 1 otherwise.
  public var passed: Bool { invariants.allSatisfy { $0.verdict == .holds } }

  enum CodingKeys: String, CodingKey { case passed, invariants, counts }

  init(invariants: [Invariant], counts: [Figure]) {
    self.invariants = invariants
    self.counts = counts
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    invariants = try container.decode([Invariant].self, forKey: .invariants)
    counts = try container.decode([Figure].self, forKey: .counts)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(passed, forKey: .passed)
    try container.encode(invariants, forKey: .invariants)
    try container.encode(counts, forKey: .counts)
  }

  /// The figure of that name, among the counts or of an invariant.
  public func figure(_ name: String) -> String? {
    (counts + invariants.flatMap(\.figures)).first { $0.name == name }?.value
  }

  /// For people, without a final line break.
  public var text: String {
    var lines: [String] = []
    let width = counts.map(\.name.count).max() ?? 0
    for count in counts {
      lines.append(count.name + String(repeating: " ", count: width - count.name.count) + "  " + count.value)
    }
    lines.append("")
    for invariant in invariants {
      lines.append("\(invariant.name) \(invariant.verdict.rawValue.uppercased()): \(invariant.statement)")
      lines.append("   " + invariant.figures.map { "\($0.name) \($0.value)" }.joined(separator: ", "))
      lines += invariant.problems.map { "   - \($0)" }
      let more = invariant.problemCount - invariant.problems.count
      if more > 0 { lines.append("   - and \(more) more") }
    }
    lines.append("")
    lines.append(verdictLine)
    return lines.joined(separator: "\n")
  }

  private var verdictLine: String {
    if passed { return "audit passed" }
    if invariants.contains(where: { $0.verdict == .fails }) { return "audit FAILED" }
    return "audit NOT PASSED: the broker lost events; a running command handler publishes them again, then audit again"
  }

  /// For programs.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}

/// Gathers what speaks against an invariant.
struct Finding {
  var count = 0
  private(set) var problems: [String] = []

  mutating func add(_ problem: @autoclosure () -> String) {
    count += 1
    if problems.count < AuditReport.maxProblems { problems.append(problem()) }
  }
}
