import BankSupport
import Foundation
import KafkaRuntime
import PostgresRuntime
import SchemaRegistry

/// Reads all partitions of some topics and hands the records on, whatever stands in the way.
///
/// Used by one task only.
final class TopicFollower {
  private static let maxPauseMillis = 5_000

  let reader: PartitionReader<Position>
  let positions: EventPositions
  private let kafka: KafkaConfiguration
  private let topics: [String]
  /// What fails when reading does.
  private let part: ServiceStatus.Part
  private let database: Database
  private let status: ServiceStatus
  private let stop: StopFlag

  init(
    _ connections: ServiceConnections, topics: [String], part: ServiceStatus.Part, maxRecords: Int,
    status: ServiceStatus, stop: StopFlag
  ) {
    self.topics = topics
    self.part = part
    self.status = status
    self.stop = stop
    kafka = connections.kafka
    let positions = EventPositions(incarnation: connections.incarnation)
    let database = Database(connections.postgres, purpose: part.rawValue)
    self.positions = positions
    self.database = database
    reader = PartitionReader(
      connections.kafka, settings: .init(maxRecords: maxRecords), status: status, part: part,
      verify: IncarnationGuard(connections.kafka, incarnation: connections.incarnation, stop: stop).check
    ) { partition, _, from, to in
      try await database.run { session in try positions.reset(partition, from: from, to: to, session) }
    }
  }

  /// Where each partition was left; nil when stopped first.
  func start() async throws -> [TopicPartition: Position]? {
    let start = Start(status: status, stop: stop, maxPauseMillis: Self.maxPauseMillis)
    guard let partitions = try await start.until(part, { [kafka, topics] in try await kafka.partitions(of: topics) })
    else { return nil }
    return try await start.until(.postgres) { [database, positions] in
      try await database.run { session in try positions.load(partitions, session) }
    }
  }

  /// The ends of all partitions as they are now; nil when stopped first.
  func ends(_ partitions: [TopicPartition]) async throws -> [TopicPartition: Int64]? {
    try await Start(status: status, stop: stop, maxPauseMillis: Self.maxPauseMillis).until(part) { [kafka] in
      let consumer = try KafkaConsumer(kafka, assignment: [:])
      do {
        let ends = try await consumer.endOffsets(partitions, timeoutMillis: 3_000)
        await consumer.close()
        return ends
      } catch {
        await consumer.close()
        throw error
      }
    }
  }

  /// Reads on until the service is stopped.
  ///
  /// - Parameters:
  ///   - pollMillis: how long to wait for records; asked before each time.
  ///   - handle: gets what was read, which may be nothing; what it throws lets the records be read again.
  func run(
    from starts: [TopicPartition: Position], pollMillis: () -> Int, handle: ([ConsumedRecord]) async throws -> Void
  ) async {
    var backoff = Backoff(firstMillis: 100, maxMillis: Self.maxPauseMillis)
    var starts = starts
    while !stop.isSet {
      do {
        let records = try await reader.next(starts, timeoutMillis: pollMillis())
        backoff.reset()
        try await handle(records)
      } catch {
        status.fails(part, error)
        if let error = error as? KafkaError, error.isFatal || error.code == .closed {
          starts.merge(reader.all) { $1 }
          await reader.close()
        } else {
          reader.rewind()
        }
        await stop.sleep(millis: backoff.nextMillis())
      }
    }
    await reader.close()
    await database.close()
  }

  /// Writes until it is done; nil when the service was stopped first. `body` may run again after a COMMIT whose answer
  /// was lost, so it must be harmless to repeat.
  func write<Value: Sendable>(_ body: @escaping @Sendable (PostgresSession) throws -> Value) async -> Value? {
    var backoff = Backoff(firstMillis: 50, maxMillis: Self.maxPauseMillis)
    while !stop.isSet {
      do {
        let value = try await database.transaction(body)
        status.works(part)
        return value
      } catch let error as PostgresError where error.isDeadlock || error.isSerializationFailure {
        // Another endpoint was in the way and won't be next time.
        status.metrics.add(to: "bank_retries_total", ["target": ServiceStatus.Part.postgres.rawValue])
      } catch {
        // Not `postgres`: that part is looked after by asking, which may work where writing does not.
        status.fails(part, error)
      }
      await stop.sleep(millis: backoff.nextMillis())
    }
    return nil
  }

  /// A record can't be read for now: its partition is tried again in a while.
  func wait(_ partition: TopicPartition, _ reason: String) async throws {
    status.fails(.registry, reason)
    try await reader.hold(partition)
  }

  /// A record can't be read and never will be.
  func skip(_ record: ConsumedRecord, cause: String, _ reason: String) {
    status.metrics.add(to: "bank_skipped_records_total", ["topic": record.topic, "cause": cause])
    status.log("skipped \(record.topicPartition) at \(record.offset), \(cause): \(reason)")
  }
}
