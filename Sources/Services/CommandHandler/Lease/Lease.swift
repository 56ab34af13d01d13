import BankSupport
import KafkaRuntime

/// The right to handle a command partition. Another epoch is another lease.
struct Lease: PartitionGrant {
  var epoch: Int64
  /// When the lease was taken.
  var start: Position
}

/// Partitions that this handler may no longer move.
struct LeaseLost: Error {
  let partitions: Set<TopicPartition>
}
