import BenchSupport
import Foundation

/// Raw values as JSON lines: first what ran where, then a line for each peer, point and round.
final class ResultLog {
  let machine = Machine(started: Date())
  private let lines: JSONLines
  var file: URL { lines.file }

  private struct Header: Encodable {
    var machine: Machine
    var versions: [String: String]
    var missing: [String: String]
    var rounds: Int
    var samples: Int
  }

  private struct Value: Encodable {
    var round: Int
    var caseName: String
    var op: String
    var peer: String
    var minimumNanos: Double
    var medianNanos: Double
  }

  init(folder: String, options: Options, peers: [Peer], missing: [MissingPeer]) throws {
    lines = try JSONLines(folder: folder, name: "codec", machine: machine)
    try lines.write(
      Header(
        machine: machine, versions: Dictionary(peers.map { ($0.name, $0.version) }) { first, _ in first },
        missing: Dictionary(missing.map { ($0.name, $0.reason) }) { first, _ in first },
        rounds: options.rounds, samples: options.samples))
  }

  func add(_ point: Point, _ peer: String, round: Int, minimum: Double, median: Double) throws {
    try lines.write(
      Value(
        round: round, caseName: point.caseName, op: point.op, peer: peer, minimumNanos: minimum, medianNanos: median))
  }
}
