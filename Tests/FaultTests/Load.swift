import Definitions
import Foundation
import KafkaRuntime
import Synchronization
import TestBank

/// Sends commands at a steady pace until it is stopped or nobody holds it any more: transfers of all kinds, a new account
/// now and then, and some commands twice.
final class Load: Sendable {
  private static let roundsPerSecond = 10

  /// What the sending task shares with its owner.
  private final class Progress: Sendable {
    let sent: Mutex<Int>
    let isStopped = Mutex(false)

    init(sent: Int) { self.sent = Mutex(sent) }
  }

  private let bank: TestBank
  private let progress: Progress
  private let task: Task<Void, any Error>

  /// - Parameters:
  ///   - accounts: those between which money is moved; all that was sent before has its outcome.
  ///   - commandsPerSecond: about; each tenth is sent once more a moment later.
  init(_ bank: TestBank, _ accounts: [AccountCreationConfirmed], commandsPerSecond: Int = 200) async throws {
    let progress = Progress(sent: try await bank.decidedCount())
    self.bank = bank
    self.progress = progress
    task = Task { try await Self.run(bank, accounts, commandsPerSecond, progress) }
  }

  deinit { progress.isStopped.withLock { $0 = true } }

  /// Commands that were sent or are being sent, each counted once, with those from before.
  var sent: Int { progress.sent.withLock { $0 } }

  /// Commands that have no outcome yet.
  func inFlight() async throws -> Int {
    // In this order: what is decided meanwhile would make it too few, or less than none.
    let decided = try await bank.decidedCount()
    return sent - decided
  }

  /// Returns once the broker has all that was sent.
  func stop() async throws {
    progress.isStopped.withLock { $0 = true }
    try await task.value
  }

  private static func run(
    _ bank: TestBank, _ accounts: [AccountCreationConfirmed], _ perSecond: Int, _ progress: Progress
  ) async throws {
    let producer = try KafkaProducer(bank.kafka)
    defer { Task { await producer.close() } }
    var repeats: [KafkaRecord] = []
    var round = 0
    while !progress.isStopped.withLock({ $0 }) {
      let start = ContinuousClock.now
      let transfers = try await bank.encoded(mixedTransfers(max(1, perSecond / roundsPerSecond), accounts))
      progress.sent.withLock { $0 += transfers.count }
      for result in await producer.send(transfers + repeats) { _ = try result.get() }
      // To any partition: the handler of another may get it.
      repeats = transfers.prefix(transfers.count / 10).map { $0.to(partition: Int32.random(in: 0..<9)) }
      if round % roundsPerSecond == 0 {
        progress.sent.withLock { $0 += 1 }
        try await bank.send([ConfirmAccountCreation(id: UUID(), aType: .auto)])
      }
      round += 1
      try await Task.sleep(until: start + .milliseconds(1_000 / roundsPerSecond), clock: .continuous)
    }
  }
}
