import BankSupport
import Foundation
import KafkaRuntime
import PostgresRuntime

/// The positions of topics in `consumed_offset`.
///
/// Several endpoints may share the rows, each reading everything by itself: a position only moves forward, so the rows
/// stand where the fastest is. That is right for each, since what one has read is written for all.
struct EventPositions: Sendable {
  let incarnation: UUID

  /// Where each partition was left; the beginning for those that were never read.
  func load(_ partitions: [TopicPartition], _ session: PostgresSession) throws -> [TopicPartition: Position] {
    var positions = Dictionary(uniqueKeysWithValues: partitions.map { ($0, Position.beginning) })
    let rows = try session.query(
      """
      select topic, partition, next_offset, last_timestamp from consumed_offset
      where incarnation = \(incarnation) and topic = any(\(Set(partitions.map(\.topic)).sorted()))
      """, as: String.self, Int32.self, Int64.self, Int64.self)
    for (topic, partition, nextOffset, lastTimestampMillis) in rows {
      let partition = TopicPartition(topic: topic, partition: partition)
      guard positions[partition] != nil else { continue }
      positions[partition] = Position(nextOffset: nextOffset, lastTimestampMillis: lastTimestampMillis)
    }
    return positions
  }

  /// Moves the rows forward, part of the transaction that writes what was read.
  func move(_ positions: [TopicPartition: Position], _ session: PostgresSession) throws {
    guard !positions.isEmpty else { return }
    // In one order for all endpoints, so that they never wait for each other in a circle.
    let moves = positions.sorted { $0.key < $1.key }
    try session.execute(
      """
      insert into consumed_offset as c (incarnation, topic, partition, next_offset, last_timestamp, epoch)
      select \(incarnation), u.*, 0
      from unnest(\(moves.map(\.key.topic)), \(moves.map(\.key.partition)), \(moves.map(\.value.nextOffset)),
        \(moves.map(\.value.lastTimestampMillis))) u
      on conflict (incarnation, topic, partition)
      do update set next_offset = excluded.next_offset, last_timestamp = excluded.last_timestamp
      where c.next_offset < excluded.next_offset
      """)
  }

  /// Moves a row back, when the broker lost what was read. Another endpoint that did it first, or has gone on since, is
  /// left alone.
  func reset(_ partition: TopicPartition, from old: Position, to new: Position, _ session: PostgresSession) throws {
    try session.execute(
      """
      update consumed_offset set next_offset = \(new.nextOffset), last_timestamp = \(new.lastTimestampMillis)
      where incarnation = \(incarnation) and topic = \(partition.topic) and partition = \(partition.partition)
        and next_offset = \(old.nextOffset)
      """)
  }
}
