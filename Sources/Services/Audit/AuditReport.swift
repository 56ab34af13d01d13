/// What an audit found: figures, and for each invariant whether it holds.
public struct AuditReport: Sendable, Codable, Equatable {
  /// Accounts, the company's among them.
  public var accounts = 0
  /// Transfer commands that have an outcome.
  public var handled = 0
  public var confirmed = 0
  /// Refused transfers by reason.
  public var failed: [String: Int] = [:]
  /// Legs of confirmed transfers whose other side has no account here.
  public var outsideLegs = 0
  /// Commands whose id was used before with another payload.
  public var conflicts = 0
  /// Commands that a dead letter is about.
  public var deadLetters = 0
  /// Records read from topics.
  public var recordsRead = 0
  /// Commands at or past the handler's position.
  public var unhandled = 0
  /// Events in the outbox that were not published when the snapshot was taken.
  public var inFlight = 0
  /// Events whose recorded delivery is gone from the broker and which wait to be published again.
  public var awaitingRepublication = 0
  /// Events on the topics more than once; consumers drop the copies.
  public var repeated = 0
  /// Command partitions whose position is past the topic's end, or whose last record there is another than was
  /// handled: the broker lost records.
  public var staleCommandPartitions = 0
  public var invariants: [Invariant] = []
  public var elapsedMillis = 0

  public struct Invariant: Sendable, Codable, Equatable {
    /// `I1` to `I4`.
    public var name: String
    public var holds: Bool
    /// What was compared, with its figures.
    public var figures: String
    /// The first few things that are wrong.
    public var findings: [String]
    /// How many there are in all.
    public var findingCount: Int
  }

  /// True when every invariant holds.
  public var isGood: Bool { invariants.allSatisfy(\.holds) }

  /// True when nothing was on its way (I5): no command, no event.
  public var isDrained: Bool {
    unhandled == 0 && inFlight == 0 && awaitingRepublication == 0 && staleCommandPartitions == 0
  }

  /// For people: a line of figures, then a line an invariant with what is wrong below it.
  public var text: String {
    var lines = [
      "\(accounts) accounts, \(handled) transfers handled (\(confirmed) confirmed, \(handled - confirmed) refused), "
        + "\(conflicts) conflicts, \(deadLetters) dead letters"
    ]
    for (reason, count) in failed.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
      lines.append("  refused, \(reason): \(count)")
    }
    lines.append(
      "\(recordsRead) records read; in flight \(inFlight), to be published again \(awaitingRepublication), "
        + "commands to handle \(unhandled), repeated \(repeated), "
        + "command partitions with lost records \(staleCommandPartitions), outside legs \(outsideLegs)")
    for invariant in invariants {
      lines.append("\(invariant.name) \(invariant.holds ? "holds" : "FAILS"): \(invariant.figures)")
      lines += invariant.findings.map { "  \($0)" }
      let more = invariant.findingCount - invariant.findings.count
      if more > 0 { lines.append("  and \(more) more") }
    }
    lines.append("audit \(isGood ? "passed" : "FAILED") in \(elapsedMillis) ms")
    return lines.joined(separator: "\n")
  }
}

/// What is wrong with one invariant: all of it is counted, the first few are kept.
struct Findings: Sendable {
  private static let kept = 10
  private(set) var texts: [String] = []
  private(set) var count = 0

  mutating func add(_ text: String) {
    count += 1
    if texts.count < Self.kept { texts.append(text) }
  }

  func invariant(_ name: String, figures: String) -> AuditReport.Invariant {
    AuditReport.Invariant(name: name, holds: count == 0, figures: figures, findings: texts, findingCount: count)
  }
}
