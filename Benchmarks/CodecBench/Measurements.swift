/// What is measured: a case's data and what is done with it.
struct Point: Hashable, Sendable {
  var caseName: String
  var op: String
}

/// The results of a run, in nanoseconds a record.
struct Measurements: Sendable {
  /// The least of all rounds, by peer.
  private(set) var minimums: [Point: [String: Double]] = [:]
  /// By case, in bytes a record.
  var meanBytes: [String: Double] = [:]

  mutating func add(_ point: Point, _ peer: String, _ nanos: Double) {
    minimums[point, default: [:]][peer] = min(nanos, minimums[point]?[peer] ?? .infinity)
  }

  func nanos(_ caseName: String, _ op: String, _ peer: String) -> Double? {
    let row = minimums[Point(caseName: caseName, op: op)] ?? [:]
    guard peer == PeerName.floor else { return row[peer] }
    return row.filter { $0.key.hasPrefix(PeerName.floorPrefix) }.values.min()
  }
}

enum Cases {
  static let plain = ["cmt", "bc", "wide", "longs", "longsbig", "doubles", "str15", "str24"]
  /// Written with an older schema, read with today's.
  static let evolved = ["cmt-evolved", "wide-evolved"]
  static let all = plain + evolved

  /// In the order in which they are measured. Peers that can't do one say so.
  static func ops(of caseName: String) -> [String] {
    evolved.contains(caseName)
      ? ["decode", "evolved", "evolved-scratch"] : ["encode", "decode", "packed", "view", "view-all"]
  }
}
