import Foundation

/// The ratios as bars on a logarithmic scale, in one SVG file that needs nothing else.
struct Chart {
  let measured: Measurements
  let peers: [Peer]
  let note: String

  private static let groups = [
    ("Encode cmt", "cmt", "encode"), ("Encode wide", "wide", "encode"), ("Decode cmt, owned", "cmt", "decode"),
    ("Decode wide, owned", "wide", "decode"),
  ]
  private static let left = 150.0
  private static let width = 560.0
  private static let barHeight = 18.0
  /// At the right edge: so many times the floor.
  private static let farthest = 1000.0

  func svg() -> String {
    var y = 56.0
    var body = ""
    for (title, caseName, op) in Self.groups {
      let bars = self.bars(caseName, op)
      guard !bars.isEmpty else { continue }
      body += text(title, x: 12, y: y, weight: "bold")
      y += 10
      for bar in bars {
        body += self.bar(bar, y: y)
        y += Self.barHeight + 4
      }
      y += 24
    }
    let height = y + 10
    return """
      <svg xmlns="http://www.w3.org/2000/svg" width="820" height="\(Int(height))" viewBox="0 0 820 \(Int(height))"
        font-family="sans-serif" font-size="13">
      <rect width="100%" height="100%" fill="white"/>
      \(text("Times the hand-written C (logarithmic; shorter is faster)", x: 12, y: 22, weight: "bold"))
      \(text(note, x: 12, y: 38, size: 10))
      \(body)</svg>

      """
  }

  private struct Bar {
    var peer: String
    var nanos: Double
    var ratio: Double
  }

  /// The fastest first.
  private func bars(_ caseName: String, _ op: String) -> [Bar] {
    guard let floor = measured.nanos(caseName, op, PeerName.floor) else { return [] }
    var bars = [Bar(peer: PeerName.floor, nanos: floor, ratio: 1)]
    for peer in peers where !peer.name.hasPrefix(PeerName.floorPrefix) {
      guard let nanos = measured.nanos(caseName, op, peer.name) else { continue }
      bars.append(Bar(peer: peer.name, nanos: nanos, ratio: nanos / floor))
    }
    return bars.sorted { $0.ratio < $1.ratio }
  }

  private func bar(_ bar: Bar, y: Double) -> String {
    // A ratio of 1 still shows.
    let share = min(log10(max(bar.ratio, 1) * 1.3) / log10(Self.farthest * 1.3), 1)
    let colour = bar.peer == PeerName.swift ? "#e8562a" : bar.peer == PeerName.floor ? "#555555" : "#9db4c8"
    let length = max(share * Self.width, 2)
    let value = String(format: "%.1fx  %.0f ns", bar.ratio, bar.nanos)
    let middle = y + Self.barHeight - 5
    return text(bar.peer, x: Self.left - 8, y: middle, anchor: "end")
      + "<rect x=\"\(Int(Self.left))\" y=\"\(Int(y))\" width=\"\(Int(length))\" height=\"\(Int(Self.barHeight))\""
      + " fill=\"\(colour)\"/>\n" + text(value, x: Self.left + length + 6, y: middle, size: 11)
  }

  private func text(
    _ text: String, x: Double, y: Double, weight: String = "normal", size: Int = 13, anchor: String = "start"
  ) -> String {
    let escaped = text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
    return "<text x=\"\(Int(x))\" y=\"\(Int(y))\" font-weight=\"\(weight)\" font-size=\"\(size)\""
      + " text-anchor=\"\(anchor)\">\(escaped)</text>\n"
  }
}
