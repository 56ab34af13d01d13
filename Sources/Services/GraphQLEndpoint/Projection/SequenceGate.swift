import BankSupport
import Foundation
import KafkaRuntime

/// Lets balance changes through in the order of their sequence: what leaves a gap for its IBAN is held for a while.
///
/// Changes without a sequence, and those that are not above the last one of their IBAN, go through at once: whether
/// they are new is for the table to say.
struct SequenceGate {
  struct Settings: Sendable {
    /// How long a change is held.
    var waitMillis: Int
    /// Changes that are held at a time; past it the oldest goes through.
    var maxHeld: Int
    /// IBANs whose last sequence is remembered; past it all are asked for again.
    var maxIBANs = 100_000
  }

  /// What was let through although its predecessor is missing.
  struct Gap: Hashable {
    var iban: String
    var expected: Int64
    var found: Int64
  }

  private struct Held {
    var change: BalanceChange
    var sequence: Int64
    var since: ContinuousClock.Instant
  }

  private let settings: Settings
  private var last: [String: Int64] = [:]
  /// By IBAN, ordered by sequence; never empty.
  private var held: [String: [Held]] = [:]
  private(set) var heldCount = 0

  init(_ settings: Settings) { self.settings = settings }

  /// IBANs whose last sequence has to be learned before these are admitted.
  mutating func unknown(_ changes: [BalanceChange]) -> [String] {
    // Of those that are held the last one must stay, else it would be a gap to itself.
    if last.count > settings.maxIBANs { last = last.filter { held[$0.key] != nil } }
    var unknown: Set<String> = []
    for change in changes where change.sequence != nil && last[change.iban] == nil { unknown.insert(change.iban) }
    return unknown.sorted()
  }

  /// - Parameter sequences: the last of each IBAN, 0 where there is none.
  mutating func learn(_ sequences: [String: Int64]) {
    last.merge(sequences) { $1 }
  }

  /// Takes changes in the order in which they were read; gives those that may be written, in the order to write them.
  mutating func admit(_ changes: [BalanceChange], now: ContinuousClock.Instant) -> [BalanceChange] {
    var ready: [BalanceChange] = []
    ready.reserveCapacity(changes.count)
    for change in changes {
      guard let sequence = change.sequence else {
        ready.append(change)
        continue
      }
      let lastOne = last[change.iban] ?? 0
      if sequence > lastOne + 1 {
        hold(Held(change: change, sequence: sequence, since: now))
        continue
      }
      ready.append(change)
      if sequence == lastOne + 1 {
        last[change.iban] = sequence
        drain(change.iban, into: &ready)
      }
    }
    return ready
  }

  /// Gives what was held long enough, or is too much, and the gaps that this leaves.
  mutating func overdue(now: ContinuousClock.Instant) -> (changes: [BalanceChange], gaps: [Gap]) {
    var changes: [BalanceChange] = []
    var gaps: [Gap] = []
    guard heldCount > 0 else { return (changes, gaps) }
    let limit = now - .milliseconds(settings.waitMillis)
    for iban in held.keys.sorted() {
      while held[iban]?.contains(where: { $0.since <= limit }) == true { release(iban, into: &changes, &gaps) }
    }
    while heldCount > settings.maxHeld {
      let oldest = held.min { ($0.value[0].since, $0.key) < ($1.value[0].since, $1.key) }
      guard let iban = oldest?.key else { break }
      release(iban, into: &changes, &gaps)
    }
    return (changes, gaps)
  }

  /// Where a partition has to be read from so that nothing that is held is lost; absent where nothing is.
  var firstHeld: [TopicPartition: Position] {
    var first: [TopicPartition: Position] = [:]
    for entry in held.values.joined() {
      let partition = entry.change.partition
      if entry.change.before.nextOffset < first[partition]?.nextOffset ?? .max {
        first[partition] = entry.change.before
      }
    }
    return first
  }

  private mutating func hold(_ entry: Held) {
    var entries = held[entry.change.iban] ?? []
    // Read again, after the broker was away.
    if entries.contains(where: { $0.change.eventID == entry.change.eventID }) { return }
    let index = entries.firstIndex { $0.sequence > entry.sequence } ?? entries.endIndex
    entries.insert(entry, at: index)
    held[entry.change.iban] = entries
    heldCount += 1
  }

  /// Lets the first of an IBAN through, and what follows it without another gap.
  private mutating func release(_ iban: String, into changes: inout [BalanceChange], _ gaps: inout [Gap]) {
    guard let entry = removeFirst(iban) else { return }
    let expected = (last[iban] ?? 0) + 1
    if entry.sequence > expected { gaps.append(Gap(iban: iban, expected: expected, found: entry.sequence)) }
    last[iban] = max(entry.sequence, last[iban] ?? 0)
    changes.append(entry.change)
    drain(iban, into: &changes)
  }

  private mutating func drain(_ iban: String, into changes: inout [BalanceChange]) {
    while let first = held[iban]?.first, first.sequence <= (last[iban] ?? 0) + 1 {
      _ = removeFirst(iban)
      last[iban] = max(first.sequence, last[iban] ?? 0)
      changes.append(first.change)
    }
  }

  private mutating func removeFirst(_ iban: String) -> Held? {
    guard var entries = held.removeValue(forKey: iban), !entries.isEmpty else { return nil }
    let first = entries.removeFirst()
    if !entries.isEmpty { held[iban] = entries }
    heldCount -= 1
    return first
  }
}
