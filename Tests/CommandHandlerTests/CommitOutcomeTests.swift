import BankSupport
import Foundation
import KafkaRuntime
import PostgresRuntime
import TestBank
import Testing

@testable import CommandHandlerService

@Suite("Handler: a COMMIT whose answer was lost")
struct CommitOutcomeTests {
  private static let partitions = (0..<2).map { TopicPartition(topic: "confirm_money_transfer", partition: $0) }

  /// One record of each partition, read at 5 under epoch 3.
  private var batch: CommandBatch {
    CommandBatch(
      Self.partitions.map { partition in
        ParsedRecord(
          record: ConsumedRecord(
            topic: partition.topic, partition: partition.partition, offset: 5, timestampMillis: 77, key: nil,
            value: nil, headers: []), content: .poison(.emptyValue, message: ""))
      }
    ) { _ in
      let start = Position(nextOffset: 5, lastTimestampMillis: 70)
      return (start, Lease(epoch: 3, start: start))
    }
  }

  /// Offset and epoch of each partition, and what the batch is told.
  private func verdict(_ rows: [(next: Int64, epoch: Int64)]) async throws -> String {
    let bank = try await TestPostgresBank.database()
    let incarnation = UUID()
    let batch = batch
    return try await bank.run { session in
      for (partition, row) in zip(Self.partitions, rows) {
        try session.execute(
          """
          insert into consumed_offset (incarnation, topic, partition, next_offset, last_timestamp, epoch)
          values (\(incarnation), \(partition.topic), \(partition.partition), \(row.next), 0, \(row.epoch))
          """)
      }
      do {
        return try BatchTransaction.isCommitted(batch, incarnation: incarnation, session) ? "committed" : "not"
      } catch let error as LeaseLost {
        return "lost \(error.partitions.map(\.partition).sorted())"
      }
    }
  }

  @Test("the positions tell")
  func positionsTell() async throws {
    #expect(try await verdict([(6, 3), (6, 3)]) == "committed")
    #expect(try await verdict([(5, 3), (5, 3)]) == "not")
    // One has a new owner, who may have moved on; the other tells for both.
    #expect(try await verdict([(9, 4), (6, 3)]) == "committed")
    #expect(try await verdict([(9, 4), (5, 3)]) == "lost [0]")
    #expect(try await verdict([(6, 4), (6, 4)]) == "lost [0, 1]")
    #expect(try await verdict([]) == "lost [0, 1]")
  }
}
