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

  /// The commands, and where each stands in the batch.
  var commands: (commands: [Command], indexes: [Int]) {
    var commands: [Command] = []
    var indexes: [Int] = []
    commands.reserveCapacity(records.count)
    for (index, parsed) in records.enumerated() {
      if case .command(let command) = parsed.content {
        commands.append(command)
        indexes.append(index)
      }
    }
    return (commands, indexes)
  }

  /// The dead letters of what can't be read.
  var poison: [DeadLetter] {
    records.compactMap { parsed in
      guard case .poison(let cause, let message) = parsed.content else { return nil }
      return DeadLetter(record: parsed.record, cause: cause, message: message)
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
