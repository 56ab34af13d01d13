import BankSupport
import Foundation
import KafkaRuntime
import PostgresRuntime

/// The rows of `consumed_offset`, each changed only under the epoch of a lease.
struct PositionStore: Sendable {
  let database: Database
  let incarnation: UUID

  /// - Returns: false when the position or the epoch is another one.
  func reset(
    _ partition: TopicPartition, from old: Position, to new: Position, epoch: Int64
  ) async throws -> Bool {
    let incarnation = incarnation
    return try await database.run { session in
      try session.execute(
        """
        update consumed_offset set next_offset = \(new.nextOffset), last_timestamp = \(new.lastTimestampMillis)
        where incarnation = \(incarnation) and topic = \(partition.topic) and partition = \(partition.partition)
          and next_offset = \(old.nextOffset) and epoch = \(epoch)
        """) == 1
    }
  }
}
