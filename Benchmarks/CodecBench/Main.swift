import BenchSupport
import Foundation

/// What the command line asks for.
struct Options {
  var rounds = 4
  var samples = 15
  var cases = Cases.all
  var measuresDebug = false

  static let help = """
    usage: codec-bench [--rounds N] [--samples N] [--cases A,B,…] [--debug]
    Runs in Benchmarks/, after scripts/peers. Exits 1 where a gate does not hold.
      --rounds N     how often all peers are gone through; at least 4, by default 4
      --samples N    samples of about 3 ms a round; by default 15
      --cases A,B    of \(Cases.all.joined(separator: ", ")); by default all
      --debug        measures .build/debug/swift-peer too
    """

  init(_ arguments: [String]) throws {
    var rest = arguments[...]
    func number(of option: String, atLeast least: Int) throws -> Int {
      guard let text = rest.popFirst(), let number = Int(text), (least...1000).contains(number) else {
        throw BenchError("\(option) takes a number from \(least) to 1000\n\(Self.help)")
      }
      return number
    }
    while let option = rest.popFirst() {
      switch option {
      case "--rounds": rounds = try number(of: option, atLeast: 4)
      case "--samples": samples = try number(of: option, atLeast: 1)
      case "--debug": measuresDebug = true
      case "--cases":
        cases = (rest.popFirst() ?? "").split(separator: ",").map(String.init)
        guard !cases.isEmpty, cases.allSatisfy(Cases.all.contains) else {
          throw BenchError("--cases takes some of \(Cases.all.joined(separator: ", "))")
        }
      default: throw BenchError(Self.help)
      }
    }
  }
}

@main
struct CodecBench {
  static func main() {
    do {
      exit(try run(try Options(Array(CommandLine.arguments.dropFirst()))) ? 0 : 1)
    } catch {
      FileHandle.standardError.write(Data("codec-bench: \(error)\n".utf8))
      exit(2)
    }
  }

  /// True when every gate that was measured holds.
  private static func run(_ options: Options) throws -> Bool {
    // A peer that ends early is an error of its own.
    signal(SIGPIPE, SIG_IGN)
    let list = try PeerList(file: ".tools/peers.txt")
    let compiler = Machine.output(of: ["swift", "--version"]) ?? "unknown"
    func own(_ name: String, _ configuration: String) -> Peer {
      Peer(
        name: name, version: "\(compiler), \(configuration)", hasProcessPerCase: false,
        command: [".build/\(configuration)/swift-peer", ".data"])
    }
    var peers = list.peers
    // Right behind the floor, with which it is compared most closely.
    let place = peers.lastIndex { $0.name.hasPrefix(PeerName.floorPrefix) }.map { $0 + 1 } ?? 0
    peers.insert(own(PeerName.swift, "release"), at: place)
    if options.measuresDebug { peers.append(own(PeerName.debug, "debug")) }
    let log = try ResultLog(folder: ".results", options: options, peers: peers, missing: list.missing)
    let run = Run(options: options, peers: peers, log: log)
    try run.start()

    Report(measured: run.measurements, peers: peers, missing: list.missing, cases: options.cases).print()
    let chart = Chart(
      measured: run.measurements, peers: peers,
      note: "\(log.machine.processor), revision \(log.machine.revision), least of \(options.rounds) rounds")
    let chartFile = log.file.deletingPathExtension().appendingPathExtension("svg")
    try chart.svg().write(to: chartFile, atomically: true, encoding: .utf8)

    print("\nGates\n")
    let others = list.peers.map(\.name).filter { !$0.hasPrefix(PeerName.floorPrefix) }
    let gates = Gates(run.measurements, others: others)
    var unmeasured = 0
    for gate in gates.all {
      if !options.measuresDebug, gate.title.contains("debug mode") {
        unmeasured += 1
      } else {
        print(gate.line)
      }
    }
    if unmeasured > 0 { print("not measured: debug mode, \(unmeasured) gates (make bench-codec-debug)") }
    print("\nRaw values: Benchmarks/.results/\(log.file.lastPathComponent), chart: \(chartFile.lastPathComponent)")
    return gates.all.allSatisfy { $0.holds != false }
  }
}
