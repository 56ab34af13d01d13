import BenchSupport
import Foundation

/// What the command line asks for.
struct Options {
  var bank = "../.build/release/bank"
  var pairs = 5
  var accounts = 10_000
  var transfers = 40_000
  var pgbenchSeconds = 8
  var idleSeconds = 60
  var parts = Part.allCases
  var isIdle = false

  enum Part: String, CaseIterable { case ledger, path }

  static let help = """
    usage: handler-bench [idle] [--pairs N] [--transfers N] [--accounts N] [--pgbench-seconds N] [--parts ledger,path]
                         [--idle-seconds N] [--bank FILE]
    Runs in Benchmarks/.
      idle                  the processor time of a bank that has nothing to do, instead of the rest
      --pairs N             rounds of pgbench and the handler in turn; by default 5
      --transfers N         of a round; by default 40000, of which the broker gets four records each
      --accounts N          between which they go; by default 10000
      --pgbench-seconds N   by default 8
      --parts …             ledger: without Kafka; path: from Kafka to published events; by default both
      --idle-seconds N      by default 60
    """

  init(_ arguments: [String]) throws {
    var rest = arguments[...]
    func number(_ option: String, _ range: ClosedRange<Int>) throws -> Int {
      guard let number = rest.popFirst().flatMap({ Int($0) }), range.contains(number) else {
        throw BenchError("\(option) takes a number from \(range.lowerBound) to \(range.upperBound)\n\(Self.help)")
      }
      return number
    }
    while let option = rest.popFirst() {
      switch option {
      case "idle": isIdle = true
      case "--pairs": pairs = try number(option, 1...100)
      case "--accounts": accounts = try number(option, 2...20_000)
      // Beyond it the embedded broker's own work is what would be measured.
      case "--transfers": transfers = try number(option, 1_000...60_000)
      case "--pgbench-seconds": pgbenchSeconds = try number(option, 1...600)
      case "--idle-seconds": idleSeconds = try number(option, 1...3_600)
      case "--bank": bank = rest.popFirst() ?? bank
      case "--parts":
        parts = (rest.popFirst() ?? "").split(separator: ",").compactMap { Part(rawValue: String($0)) }
        guard !parts.isEmpty else { throw BenchError(Self.help) }
      default: throw BenchError(Self.help)
      }
    }
  }
}

@main
struct HandlerBench {
  static func main() async {
    signal(SIGPIPE, SIG_IGN)
    do {
      let options = try Options(Array(CommandLine.arguments.dropFirst()))
      if options.isIdle { try await Idle.run(options) } else { try await run(options) }
    } catch {
      FileHandle.standardError.write(Data("handler-bench: \(error)\n".utf8))
      exit(2)
    }
  }

  private static func run(_ options: Options) async throws {
    let machine = Machine(started: Date())
    let log = try JSONLines(folder: ".results", name: "handler", machine: machine)
    try log.write(machine)
    print(Round.header)
    var rounds: [Round] = []
    for pair in 1...options.pairs {
      // A cluster and a broker for each pair: both begin with empty tables and topics every time.
      let bench = try Infrastructure(bank: options.bank, name: "handler-bench")
      defer { bench.stop() }
      for round in try await measure(pair, bench, options) {
        try log.write(round)
        print(round.row)
        rounds.append(round)
      }
    }
    print(Summary(rounds).text)
    print("raw values: \(log.file.path)")
  }

  /// pgbench comes first in one pair and last in the next.
  private static func measure(_ pair: Int, _ bench: Infrastructure, _ options: Options) async throws -> [Round] {
    let cluster = Cluster(bench)
    try await PGBench.initialize(cluster)
    let ledger = options.parts.contains(.ledger) ? try await LedgerRounds(cluster, options) : nil
    let path = options.parts.contains(.path) ? try await PathRounds(cluster, options) : nil
    var rounds: [Round] = []
    func peer() async throws { rounds.append(try await PGBench.measure(pair, cluster, options)) }
    if pair % 2 == 1 { try await peer() }
    if let ledger { rounds.append(try await ledger.measure(pair)) }
    if let path { rounds.append(try await path.measure(pair)) }
    if pair % 2 == 0 { try await peer() }
    return rounds
  }
}
