import BankSupport
import KafkaRuntime

/// Finds out which published rows a broker has lost: a broker that was killed comes back without its last records
/// and gives their offsets to others.
///
/// A log is lost from its end: where a record stands, those before it in the partition stand too. So one look per
/// partition tells that nothing is lost, and a binary search finds where it begins.
struct LossCheck: Sendable {
  let probe: RecordProbe
  /// Partitions that are known to have deliveries. Once each was found intact, older rows need no look.
  var known: Set<TopicPartition>
  /// Everything in the table is read, as partitions may be missing in `known`.
  var isComplete: Bool

  struct Finding: Sendable {
    /// The oldest row with an event that is not where it was delivered.
    var firstLostRow: Int64?
    /// All partitions that have deliveries.
    var partitions: Set<TopicPartition>
  }

  /// - Parameter rows: gives the sent rows below an id, newest first; nothing when there are no more.
  func run(_ rows: (_ below: Int64) async throws -> [SentRow]) async throws -> Finding {
    var intact: Set<TopicPartition> = []
    // Found standing, and looked at once more: two handlers can publish rows in another order than that of their ids.
    var standing: Set<TopicPartition> = []
    var seen: Set<TopicPartition> = []
    var finding = Finding(firstLostRow: nil, partitions: known)
    var below = Int64.max
    while isComplete || !known.isSubset(of: intact) {
      let chunk = try await rows(below)
      guard let last = chunk.last else {
        // Read to the end: what has no deliveries any more need not be looked for.
        finding.partitions = seen
        break
      }
      below = last.id
      var entries: [TopicPartition: [Entry]] = [:]
      for row in chunk {
        for event in row.events {
          seen.insert(event.partition)
          finding.partitions.insert(event.partition)
          guard !intact.contains(event.partition) else { continue }
          entries[event.partition, default: []].append(
            Entry(offset: event.offset, eventID: event.eventID, row: row.id))
        }
      }
      intact.formUnion(standing)
      for (partition, firstLost) in try await search(entries.mapValues { $0.sorted { $0.offset < $1.offset } }) {
        let list = firstLost.entries
        if firstLost.index > 0 { standing.insert(partition) }
        for entry in list[firstLost.index...] {
          finding.firstLostRow = min(finding.firstLostRow ?? .max, entry.row)
        }
      }
    }
    return finding
  }

  private struct Entry: Sendable {
    var offset: Int64
    var eventID: String?
    var row: Int64
  }

  private struct Search {
    var entries: [Entry]
    /// The first lost entry is in `low ... high`; `high` is the count when none is.
    var low = 0
    var high: Int
    var isFirst = true

    var next: Int { isFirst ? entries.count - 1 : (low + high) / 2 }
  }

  /// For each partition the index of the first lost entry, or the count.
  private func search(
    _ lists: [TopicPartition: [Entry]]
  ) async throws -> [TopicPartition: (index: Int, entries: [Entry])] {
    var searches = lists.mapValues { Search(entries: $0, high: $0.count) }
    var done: [TopicPartition: (index: Int, entries: [Entry])] = [:]
    while !searches.isEmpty {
      let offsets = searches.mapValues { $0.entries[$0.next].offset }
      let records = try await probe.records(at: offsets)
      for (partition, var search) in searches {
        let index = search.next
        let found = records[partition]
        let isThere = found != nil && found?.header("ce_id") == search.entries[index].eventID
        if isThere { search.low = index + 1 } else { search.high = index }
        search.isFirst = false
        if search.low < search.high {
          searches[partition] = search
        } else {
          done[partition] = (search.low, search.entries)
          searches[partition] = nil
        }
      }
    }
    return done
  }
}
