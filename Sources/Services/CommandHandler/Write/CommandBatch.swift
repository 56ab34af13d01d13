import BankSupport
import Foundation
import KafkaRuntime

/// Commands that are decided together, and the positions that move with them.
struct CommandBatch: Sendable {
  struct Move: Sendable, Hashable {
    var from: Position
    var to: Position
    var epoch: Int64
  }

  /// In the order in which they take effect.
  private(set) var records: [ParsedRecord] = []
  private(set) var moves: [TopicPartition: Move] = [:]

  /// - Parameter place: where each partition stands, and its lease; records of others are left out.
  init(_ records: [ParsedRecord], place: (TopicPartition) -> (position: Position, grant: Lease)?) {
    for parsed in records {
      let partition = parsed.record.topicPartition
      let to = Position(
        nextOffset: parsed.record.offset + 1, lastTimestampMillis: parsed.record.timestampMillis)
      if moves[partition] != nil {
        moves[partition]?.to = to
      } else if let (from, lease) = place(partition) {
        moves[partition] = Move(from: from, to: to, epoch: lease.epoch)
      } else {
        continue
      }
      self.records.append(parsed)
    }
  }

  /// The first of its commands: for who can't do all of them in the time that there is. Positions move to where it ends.
  func firstHalf() -> CommandBatch {
    var half = self
    half.records = Array(records.prefix(max(1, records.count / 2)))
    half.moves = [:]
    for parsed in half.records {
      let partition = parsed.record.topicPartition
      guard var move = moves[partition] else { continue }
      move.to = Position(nextOffset: parsed.record.offset + 1, lastTimestampMillis: parsed.record.timestampMillis)
      half.moves[partition] = move
    }
    return half
  }

  /// The batch without the partitions that were lost.
  func without(_ partitions: Set<TopicPartition>) -> CommandBatch {
    var rest = self
    rest.records.removeAll { partitions.contains($0.record.topicPartition) }
    for partition in partitions { rest.moves[partition] = nil }
    return rest
  }
}
