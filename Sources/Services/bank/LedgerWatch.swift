import BankSupport
import Foundation
import PostgresRuntime
import Synchronization

/// Asks the database again and again for the live line's figures and whether the sums agree (I1).
final class LedgerWatch: Sendable {
  /// The least and the most between two questions; what costs more than a hundredth of the least comes seldom.
  private static let leastSeconds = 1.0
  private static let mostSeconds = 5.0
  private static let cheapSeconds = 0.02
  private static let statementLimitMillis = 4000

  private let latest = Mutex(Figures())

  /// What was found last.
  var figures: Figures { latest.withLock { $0 } }

  /// Until the task is cancelled; a database that doesn't answer is tried again.
  func start(_ environment: BankEnvironment) -> Task<Void, Never> {
    Task {
      var connection: PostgresConnection?
      var rate = Rate()
      while !Task.isCancelled {
        let began = Date()
        do {
          let open: PostgresConnection
          if let connection { open = connection } else { open = try await Self.connect(environment) }
          connection = open
          var figures = try await Self.read(open)
          figures.transfersPerSecond = rate.next(count: figures.transfers)
          latest.withLock { $0 = figures }
        } catch {
          let problem = "figures are old: \(error)".replacing("\n", with: " ")
          latest.withLock { $0.problem = problem }
          await connection?.close()
          connection = nil
        }
        let isCheap = Date().timeIntervalSince(began) < Self.cheapSeconds
        try? await Task.sleep(for: .seconds(isCheap ? Self.leastSeconds : Self.mostSeconds))
      }
      await connection?.close()
    }
  }

  private static func connect(_ environment: BankEnvironment) async throws -> PostgresConnection {
    var configuration = try environment.postgres(database: "balancedb", role: "audit")
    configuration.statementTimeoutMillis = statementLimitMillis
    configuration.applicationName = "bank up"
    return try await PostgresConnection.connect(configuration)
  }

  private static func read(_ connection: PostgresConnection) async throws -> Figures {
    try await connection.transaction(readOnly: true) { session in
      let sums = try session.first(
        """
        select (select count(*) from balance where balance_id <> 0),
          (select sum(amount) from balance) = 100000000000000000 + coalesce((select sum(amount) from leg), 0)
        """, as: Int.self, Bool.self)
      let outcomes = try session.query("select reason, count(*) from cmt group by reason", as: String?.self, Int.self)
      var figures = Figures()
      figures.accounts = sums?.0
      figures.sumIsRight = sums?.1
      for (reason, count) in outcomes {
        figures.transfers += count
        if let reason { figures.failed[reason] = count }
      }
      return figures
    }
  }
}

/// Changes a second, over the last few readings so that the figure is calm.
struct Rate {
  private static let readings = 5
  private var history: [(time: Date, count: Int)] = []

  /// Takes a count that only grows; a smaller one is a new start.
  mutating func next(count: Int, at time: Date = Date()) -> Double {
    if let last = history.last, count < last.count { history.removeAll() }
    history.append((time, count))
    if history.count > Self.readings + 1 { history.removeFirst() }
    guard let first = history.first, time > first.time else { return 0 }
    return Double(count - first.count) / time.timeIntervalSince(first.time)
  }
}
