/// Finds the name that was probably meant.
enum NearName {
  /// Looked at, the first ones of the right length.
  static let maxCandidates = 100
  /// A longer name has no hint: comparing takes time by the square of the length.
  static let maxBytes = 40

  /// `; did you mean …?` with the nearest name, or nothing when none is near.
  static func hint(for name: String, among names: some Sequence<String>) -> String {
    // Short names are near to too many others.
    guard (3...maxBytes).contains(name.utf8.count) else { return "" }
    let written = Array(name.utf8).map(lowercased)
    let allowed = name.utf8.count * 2 / 5 + 1
    var best: (name: String, distance: Int)?
    let fitting = names.lazy.filter { abs($0.utf8.count - written.count) <= allowed }
    for candidate in fitting.prefix(maxCandidates) {
      let distance = distance(written, Array(candidate.utf8).map(lowercased), atMost: best?.distance ?? allowed)
      if let distance, best.map({ (distance, candidate) < ($0.distance, $0.name) }) ?? true {
        best = (candidate, distance)
      }
    }
    return best.map { "; did you mean \($0.name)?" } ?? ""
  }

  private static func lowercased(_ byte: UInt8) -> UInt8 {
    byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
  }

  /// How many bytes have to be put in, left out, changed or swapped with the next; nil when it is more than `limit`.
  private static func distance(_ one: [UInt8], _ other: [UInt8], atMost limit: Int) -> Int? {
    // Three rows of the table, which take turns.
    var last = Array(0...other.count)
    var beforeLast = last
    var current = last
    for (row, byte) in one.enumerated() {
      current[0] = row + 1
      var nearest = current[0]
      for (column, otherByte) in other.enumerated() {
        var cost = min(last[column] + (byte == otherByte ? 0 : 1), last[column + 1] + 1, current[column] + 1)
        if row > 0, column > 0, byte == other[column - 1], one[row - 1] == otherByte {
          cost = min(cost, beforeLast[column - 1] + 1)
        }
        current[column + 1] = cost
        nearest = min(nearest, cost)
      }
      if nearest > limit { return nil }
      (beforeLast, last, current) = (last, current, beforeLast)
    }
    return last[other.count] <= limit ? last[other.count] : nil
  }
}
