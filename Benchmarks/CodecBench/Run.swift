import Foundation

/// All peers, asked in turn: for each round, case and operation one after the other, so that a slow spell of the machine
/// meets all alike. Only one works at a time.
///
/// Processes are started anew for each round. Where the loader puts a process's memory and libraries is drawn by chance,
/// and can make all allocations of one process half as slow again; the least of several is what the code can do.
final class Run {
  private let options: Options
  private let peers: [Peer]
  private let log: ResultLog
  private var processes: [String: PeerProcess] = [:]
  private(set) var measurements = Measurements()

  init(options: Options, peers: [Peer], log: ResultLog) {
    self.options = options
    self.peers = peers
    self.log = log
  }

  /// Throws when a peer's bytes are not the others'.
  func start() throws {
    defer { stop { _ in true } }
    for round in 1...options.rounds {
      FileHandle.standardError.write(Data("round \(round) of \(options.rounds)\n".utf8))
      for caseName in options.cases { try open(caseName) }
      for caseName in options.cases {
        for op in Cases.ops(of: caseName) {
          for peer in peers { try measure(caseName, op, peer, round: round) }
        }
      }
      // Those that warm up for seconds stay.
      stop { !$0.hasProcessPerCase }
    }
  }

  private func stop(where isMeant: (Peer) -> Bool) {
    for (key, process) in processes where isMeant(process.peer) {
      process.stop()
      processes[key] = nil
    }
  }

  private func process(of peer: Peer, for caseName: String) throws -> PeerProcess {
    let key = peer.hasProcessPerCase ? "\(peer.name) \(caseName)" : peer.name
    if let running = processes[key] { return running }
    let process = try PeerProcess(peer)
    processes[key] = process
    return process
  }

  /// Every peer decodes all records of the case, encodes them and compares.
  private func open(_ caseName: String) throws {
    var sizes: Set<String> = []
    for peer in peers where !peer.hasProcessPerCase || processes["\(peer.name) \(caseName)"] == nil {
      let answer = try process(of: peer, for: caseName).ask("open \(caseName)")
      if answer.hasPrefix("ok ") {
        sizes.insert(answer)
        measurements.meanBytes[caseName] = answer.split(separator: " ").last.flatMap { Double($0) }
      } else if !answer.hasSuffix("no such case here") {
        throw BenchError("\(peer.name), \(caseName): \(answer)")
      }
    }
    guard sizes.count == 1 else { throw BenchError("\(caseName): the peers don't have the same records: \(sizes)") }
  }

  private func measure(_ caseName: String, _ op: String, _ peer: Peer, round: Int) throws {
    let answer = try process(of: peer, for: caseName).ask("measure \(caseName) \(op) \(options.samples)")
    if answer == "none" { return }
    let parts = answer.split(separator: " ")
    guard parts.count == 3, parts[0] == "ns", let minimum = Double(parts[1]), let median = Double(parts[2]) else {
      throw BenchError("\(peer.name), \(caseName) \(op): \(answer)")
    }
    let point = Point(caseName: caseName, op: op)
    measurements.add(point, peer.name, minimum)
    try log.add(point, peer.name, round: round, minimum: minimum, median: median)
  }
}
