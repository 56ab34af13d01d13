import Definitions
import Synchronization

/// Batches that this process has committed a moment ago, so that the publisher need not read them back.
///
/// Only a shortcut: which rows are published, and in which order, the table says.
final class OutboxCache: Sendable {
  private let maxRows: Int
  private let maxBytes: Int
  private let state = Mutex(State())

  private struct State {
    var rows: [Int64: (row: OutboxRow, bytes: Int)] = [:]
    var bytes = 0
  }

  init(maxRows: Int, maxBytes: Int) {
    self.maxRows = maxRows
    self.maxBytes = maxBytes
  }

  /// Keeps the row, in place of older ones when there is no room.
  func add(_ row: OutboxRow) {
    let bytes = row.bytes.count
    state.withLock { state in
      // A row can be published, from the table, before it comes here: what is too much makes room, oldest first.
      while state.rows.count >= maxRows || state.bytes + bytes > maxBytes {
        guard let oldest = state.rows.keys.min(), oldest < row.id else { return }
        if let removed = state.rows.removeValue(forKey: oldest) { state.bytes -= removed.bytes }
      }
      state.rows[row.id] = (row, bytes)
      state.bytes += bytes
    }
  }

  func row(_ id: Int64) -> OutboxRow? { state.withLock { $0.rows[id]?.row } }

  /// They are published.
  func remove(_ ids: some Sequence<Int64>) {
    state.withLock { state in
      for id in ids {
        if let removed = state.rows.removeValue(forKey: id) { state.bytes -= removed.bytes }
      }
    }
  }

  func removeAll() {
    state.withLock { $0 = State() }
  }
}
