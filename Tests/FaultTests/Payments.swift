import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import Synchronization
import TestBank

/// Payments of the company to accounts at a steady pace until it is stopped, whatever the broker does meanwhile. One
/// that the broker does not acknowledge is not sent again: it may have an outcome or none.
final class Payments: Sendable {
  private struct Progress {
    var begun = 0
    var acknowledged: [UUID] = []
    var isStopped = false
  }

  private static let tickMillis = 50
  private let bank: TestBank
  private let progress = Mutex(Progress())
  private let task = Mutex<Task<Void, any Error>?>(nil)
  /// Transfers that were decided before the first payment.
  private let before: Int64

  /// - Parameter perSecond: payments, while the broker takes them.
  init(_ bank: TestBank, to ibans: [String], perSecond: Int) async throws {
    self.bank = bank
    before = try await bank.count("select count(*) from cmt")
    let task = Task { try await self.run(ibans, max(1, perSecond * Self.tickMillis / 1_000)) }
    self.task.withLock { $0 = task }
  }

  private func run(_ ibans: [String], _ count: Int) async throws {
    let producer = try KafkaProducer(bank.kafka)
    var number = 0
    while !progress.withLock({ $0.isStopped }) {
      let start = ContinuousClock.now
      let commands = (0..<count).map { _ in
        number += 1
        return transfer(to: ibans[number % ibans.count], amount: Int64(number % 97 + 1))
      }
      let records = try await bank.encoded(commands)
      progress.withLock { $0.begun += commands.count }
      let results = await producer.send(records)
      progress.withLock { progress in
        for (command, result) in zip(commands, results) {
          if case .success = result { progress.acknowledged.append(command.id) }
        }
      }
      try await Task.sleep(until: start + .milliseconds(Self.tickMillis), clock: .continuous)
    }
    await producer.close(timeoutMillis: 2_000)
  }

  /// Payments that were sent and have no outcome yet.
  func inFlight() async throws -> Int {
    let begun = progress.withLock { $0.begun }
    return max(0, begun - Int(try await bank.count("select count(*) from cmt") - before))
  }

  /// - Returns: the ids that the broker has acknowledged.
  @discardableResult
  func stop() async throws -> [UUID] {
    progress.withLock { $0.isStopped = true }
    try await task.withLock { $0 }?.value
    return progress.withLock { $0.acknowledged }
  }
}
