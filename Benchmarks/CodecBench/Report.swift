import Foundation

/// The tables that are printed.
struct Report {
  let measured: Measurements
  let peers: [Peer]
  let missing: [MissingPeer]
  let cases: [String]

  func print() {
    let plain = Cases.plain.filter(cases.contains)
    if !plain.isEmpty {
      table("Encode", plain, rows(op: "encode"), against: "encode")
      table(
        "Decode: a view", plain, rows(op: "view") + rows(op: "view-all", label: "all read"), against: "view")
      table("Decode: packed", plain, rows(op: "packed"), against: "packed")
      table("Decode: owned", plain, rows(op: "decode"), against: "decode")
    }
    let evolved = Cases.evolved.filter(cases.contains)
    if !evolved.isEmpty {
      table(
        "Decode by another schema than it was written with; then the same records by one schema", evolved,
        rows(op: "evolved", label: "resolved") + rows(op: "evolved-scratch", label: "same memory")
          + rows(op: "decode", label: "as written"), against: nil)
    }
    for peer in missing { Swift.print("\(peer.name): not measured, \(peer.reason)") }
  }

  /// A line of a table: what is measured by whom.
  private struct Row {
    var title: String
    var peer: String
    var op: String
  }

  private func rows(op: String, label: String? = nil) -> [Row] {
    peers.compactMap { peer in
      guard cases.contains(where: { measured.nanos($0, op, peer.name) != nil }) else { return nil }
      let title = label.map { "\(peer.name), \($0)" } ?? peer.name
      return Row(title: title, peer: peer.name, op: op)
    }
  }

  private func table(_ title: String, _ columns: [String], _ rows: [Row], against base: String?) {
    // Who can't do any of these cases has no line.
    let rows = rows.filter { row in columns.contains { measured.nanos($0, row.op, row.peer) != nil } }
    guard !rows.isEmpty else { return }
    Swift.print("\n\(title) (ns a record\(base == nil ? "" : "; in brackets the ratio to the better C"))\n")
    let heads = columns.map { name in
      " \(name) \(Int((measured.meanBytes[name] ?? 0).rounded())) B"
    }
    Swift.print("".padded(to: 26) + heads.map { $0.padded(to: -19) }.joined())
    for row in rows {
      let cells = columns.map { cell($0, row, base) }
      Swift.print(row.title.padded(to: 26) + cells.map { $0.padded(to: -19) }.joined())
    }
  }

  private func cell(_ caseName: String, _ row: Row, _ base: String?) -> String {
    guard let nanos = measured.nanos(caseName, row.op, row.peer) else { return "–" }
    let shown = nanos < 100 ? String(format: "%.1f", nanos) : String(format: "%.0f", nanos)
    guard let base, let floor = measured.nanos(caseName, base, PeerName.floor) else { return shown }
    return shown + String(format: " (%.1f)", nanos / floor).padded(to: -9)
  }
}
