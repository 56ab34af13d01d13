import Foundation

/// What has to hold: `value` is at most, or at least, `bound`.
struct Gate {
  enum Kind { case atMost, atLeast }

  var title: String
  var kind: Kind
  var bound: Double
  /// A ratio; nil when something that it needs was not measured.
  var value: Double?

  var holds: Bool? {
    guard let value else { return nil }
    return kind == .atMost ? value <= bound : value >= bound
  }

  var line: String {
    let verdict = holds.map { $0 ? "pass" : "FAIL" } ?? "not measured"
    let comparison = kind == .atMost ? "at most" : "at least"
    let shown = value.map { String(format: "%.2f", $0) } ?? "–"
    return "\(verdict.padded(to: 13)) \(shown.padded(to: -8))x  \(comparison) \(String(format: "%g", bound))x  \(title)"
  }
}

/// The gates of issue 5.
struct Gates {
  let all: [Gate]

  init(_ measured: Measurements, others: [String]) {
    func ratio(_ caseName: String, _ op: (String, String), _ peer: (String, String)) -> Double? {
      guard let own = measured.nanos(caseName, op.0, peer.0), let other = measured.nanos(caseName, op.1, peer.1)
      else { return nil }
      return own / other
    }
    let swift = PeerName.swift
    let floor = PeerName.floor
    let libavro = PeerName.libavro
    var gates: [Gate] = []
    func atMost(_ bound: Double, _ title: String, _ value: Double?) {
      gates.append(Gate(title: title, kind: .atMost, bound: bound, value: value))
    }
    func atLeast(_ bound: Double, _ title: String, _ value: Double?) {
      gates.append(Gate(title: title, kind: .atLeast, bound: bound, value: value))
    }
    atMost(2.0, "time to encode cmt, against C", ratio("cmt", ("encode", "encode"), (swift, floor)))
    for other in others {
      atLeast(3, "\(other)'s time to encode cmt", ratio("cmt", ("encode", "encode"), (other, swift)))
    }
    atMost(1.7, "time to encode wide, against C", ratio("wide", ("encode", "encode"), (swift, floor)))
    for (caseName, bound) in [("longsbig", 4.0), ("doubles", 15.0)] {
      for op in ["encode", "decode"] {
        atLeast(bound, "libavro's time to \(op) \(caseName)", ratio(caseName, (op, op), (libavro, swift)))
      }
    }
    for caseName in ["cmt", "wide"] {
      atMost(
        0.5, "time to decode \(caseName) owned, against libavro",
        ratio(caseName, ("decode", "decode"), (swift, libavro)))
    }
    for caseName in ["cmt", "wide"] {
      atMost(
        1.2, "time to decode \(caseName) packed, against C with a malloc for each string",
        ratio(caseName, ("packed", "decode"), (swift, floor)))
    }
    for caseName in ["cmt", "wide"] {
      atMost(
        1.7, "time to view \(caseName), against a C view", ratio(caseName, ("view", "view"), (swift, floor)))
    }
    for caseName in Cases.evolved {
      atMost(
        2, "time to decode \(caseName) from its older schema, against the same records by today's",
        ratio(caseName, ("evolved", "decode"), (swift, swift)))
    }
    for caseName in Cases.plain {
      for (op, name) in [
        ("encode", "encode"), ("decode", "decode owned"), ("packed", "decode packed"), ("view", "view"),
      ] {
        atMost(
          25, "time in debug mode to \(name) \(caseName), against release",
          ratio(caseName, (op, op), (PeerName.debug, swift)))
      }
    }
    all = gates
  }
}

extension String {
  /// Filled with spaces: behind, or before for a negative width.
  func padded(to width: Int) -> String {
    let spaces = String(repeating: " ", count: max(abs(width) - count, 0))
    return width < 0 ? spaces + self : self + spaces
  }
}
