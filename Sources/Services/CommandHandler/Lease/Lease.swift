import KafkaRuntime

/// How far a command partition is handled.
struct Position: Sendable, Hashable {
  var nextOffset: Int64
  /// Of the record before `nextOffset`, in milliseconds since 1970; -1 when unknown.
  var lastTimestampMillis: Int64
}

/// The right to handle a command partition. Another epoch is another lease.
struct Lease: Sendable, Hashable {
  var epoch: Int64
  /// When the lease was taken.
  var start: Position
}
