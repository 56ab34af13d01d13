import BenchSupport
import CommandHandlerService
import Definitions
import Foundation
import KafkaRuntime
import PostgresRuntime

/// The handler without Kafka: records in memory to committed outcomes, in a database of its own.
struct LedgerRounds {
  private static let database = "ledger"
  private static let batch = 1_000

  private let cluster: Cluster
  private let options: Options
  private let batches: [[ConsumedRecord]]
  private let incarnation = UUID()

  init(_ cluster: Cluster, _ options: Options) async throws {
    self.cluster = cluster
    self.options = options
    try await cluster.run("postgres") { session in try session.script("create database ledger") }
    let accounts = try await cluster.run(Self.database) { [count = options.accounts] session in
      try session.script(SQL(unsafe: Balancedb.description.sql))
      let accounts = (1...count).map { number in
        Transfers.Account(iban: Self.iban(number), token: String(number + 10_000_000_000_000_000))
      }
      try session.execute(
        """
        insert into balance (iban, token, type)
        select iban, token, 'AUTO' from unnest(\(accounts.map(\.iban)), \(accounts.map(\.token))) a(iban, token)
        """)
      try session.script("analyze")
      return accounts
    }
    let records = try await Transfers(registry: cluster.bench.run.registry).records(options.transfers, accounts)
    batches = Self.batches(records)
  }

  /// As nine partitions give them out, one after the other.
  private static func batches(_ records: [KafkaRecord]) -> [[ConsumedRecord]] {
    let partitions = Topics.confirmMoneyTransfer.partitions
    let consumed = records.enumerated().map { index, record in
      ConsumedRecord(
        topic: record.topic, partition: Int32(index % partitions), offset: Int64(index / partitions),
        timestampMillis: 1_000_000, key: record.key, value: record.value)
    }
    return stride(from: 0, to: consumed.count, by: batch).map { Array(consumed[$0..<min($0 + batch, consumed.count)]) }
  }

  /// Check digits by ISO 7064, as the bank's own accounts have them.
  private static func iban(_ account: Int) -> String {
    let digits = String(10_000_000_000 + account).suffix(10)
    let rest = "24251423\(digits)232100".reduce(0) { ($0 * 10 + ($1.wholeNumberValue ?? 0)) % 97 }
    let check = 98 - rest
    return "NL\(check < 10 ? "0" : "")\(check)OPEN\(digits)"
  }

  func measure(_ pair: Int) async throws -> Round {
    let partitions = (0..<Topics.confirmMoneyTransfer.partitions).map {
      TopicPartition(topic: Transfers.topic, partition: Int32($0))
    }
    let run = try await LedgerRun(
      postgres: try cluster.configuration(Self.database, role: "command_handler"),
      registryURL: cluster.bench.run.registry, incarnation: incarnation, partitions: partitions)
    try await cluster.settle()
    let before = Usage(
      postgres: try cluster.cpuSeconds(), handler: ProcessUsage(own: getpid()).cpuSeconds)
    let start = ContinuousClock.now
    for batch in batches { try await run.commit(batch) }
    let seconds = Double((ContinuousClock.now - start) / .microseconds(1)) / 1e6
    let after = Usage(
      postgres: try cluster.cpuSeconds(), handler: ProcessUsage(own: getpid()).cpuSeconds)
    let stages = Stages(run.metrics.text())
    await run.close()
    try await check()
    return Round(
      pair: pair, part: .ledger, transfers: options.transfers, seconds: seconds,
      cpuSeconds: ["handler": after.handler - before.handler, "postgres": after.postgres - before.postgres],
      stages: stages)
  }

  private struct Usage {
    let postgres: Double
    let handler: Double
  }

  /// The audit's invariants, as far as they are the database's.
  private func check() async throws {
    let transfers = options.transfers
    let problems = try await cluster.run(Self.database) { session in
      var problems: [String] = []
      func expect(_ what: String, _ holds: SQL) throws {
        if try session.first(holds, as: Bool.self) != true { problems.append(what) }
      }
      try expect("every command has an outcome", "select count(*) = \(transfers) from cmt")
      try expect("all are confirmed", "select count(*) = 0 from cmt where reason is not null")
      try expect("two legs each", "select count(*) = \(2 * transfers) from leg")
      try expect(
        "I1", "select sum(amount) = 100000000000000000 + (select sum(amount) from leg) from balance")
      try expect(
        "I3",
        """
        select count(*) = 0 from balance b
        left join (select iban, sum(amount) amount, count(*) legs, max(sequence) last from leg group by iban) l using (iban)
        where balance_id <> 0
          and (b.amount, b.version, b.version) is distinct from
            (coalesce(l.amount, 0), coalesce(l.legs, 0), coalesce(l.last, 0))
        """)
      try expect("I4", "select count(*) = 0 from balance where amount < lmt")
      return problems
    }
    guard problems.isEmpty else { throw BenchError("the ledger is wrong: \(problems.joined(separator: ", "))") }
  }
}
