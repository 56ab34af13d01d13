/// Which rows this process has handed to its subscribers, so that each is handed over once.
///
/// A row that this process inserted is always one for them. One that was there already was delivered before, or comes
/// from another endpoint on the same database, or is from before the start; the rows of late are remembered by number,
/// and what is not above the forgotten ones counts as delivered.
struct DeliveredRows {
  private let limit: Int
  private var horizon: Int64
  private var recent: Set<Int64> = []
  /// A ring of the numbers in `recent`, in the order in which they came.
  private var ring: [Int64] = []
  private var next = 0

  /// - Parameters:
  ///   - horizon: the highest row at the start.
  ///   - limit: rows that are remembered, 8 bytes each and as much again.
  init(after horizon: Int64, limit: Int = 65_536) {
    self.horizon = horizon
    self.limit = limit
  }

  /// Whether the row is to be handed over now; it is remembered.
  mutating func isDue(_ id: Int64, isInserted: Bool) -> Bool {
    guard isInserted || id > horizon, recent.insert(id).inserted else { return false }
    if ring.count < limit {
      ring.append(id)
    } else {
      recent.remove(ring[next])
      horizon = max(horizon, ring[next])
      ring[next] = id
      next = (next + 1) % limit
    }
    return true
  }
}
