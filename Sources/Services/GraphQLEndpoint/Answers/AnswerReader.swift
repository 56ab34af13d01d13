import BankSupport
import Foundation
import KafkaRuntime
import PostgresRuntime
import SchemaRegistry

/// Reads the bank's answers: writes those to transfers that were asked for here, and wakes those who wait.
///
/// Used by one task only.
final class AnswerReader {
  private static let pollMillis = 500

  private let status: ServiceStatus
  private let waiters: AnswerWaiters
  private let parser: AnswerParser
  private let follower: TopicFollower
  private let places: PlaceBoard
  private let failpoints: Failpoints<EndpointStep>
  /// With a record that can't be read until the registry answers.
  private var waiting: Set<TopicPartition> = []
  /// What has to be read before the answers are those of now; nil once they are.
  private var toCatchUp: [TopicPartition: Int64]?

  init(
    _ connections: ServiceConnections, registry: RegistryClient, waiters: AnswerWaiters, maxBatchRecords: Int,
    status: ServiceStatus, places: PlaceBoard, stop: StopFlag, failpoints: Failpoints<EndpointStep>
  ) {
    self.status = status
    self.failpoints = failpoints
    self.waiters = waiters
    self.places = places
    parser = AnswerParser(registry: registry)
    follower = TopicFollower(
      connections, topics: FeedbackTopics.names, part: .answers, maxRecords: maxBatchRecords, status: status, stop: stop
    )
  }

  /// Works until the service is stopped.
  ///
  /// - Throws: when it can't begin.
  func run() async throws {
    guard let starts = try await follower.start() else { return }
    guard let ends = try await follower.ends(Array(starts.keys)) else { return }
    toCatchUp = ends
    lookWhetherCaughtUp(starts)
    await follower.run(
      from: starts, pollMillis: { Self.pollMillis },
      handle: { records in
        if !records.isEmpty { try await self.handle(records) }
        self.lookWhetherCaughtUp(self.follower.reader.all)
      })
  }

  private func lookWhetherCaughtUp(_ positions: [TopicPartition: Position]) {
    guard let ends = toCatchUp, ends.allSatisfy({ $0.value <= positions[$0.key]?.nextOffset ?? 0 }) else { return }
    toCatchUp = nil
    status.works(.answersCatchUp)
  }

  private func handle(_ records: [ConsumedRecord]) async throws {
    try failpoints.reach(.answersRead)
    var answers: [CommandAnswer] = []
    var moves: [TopicPartition: Position] = [:]
    var unreadable: [TopicPartition: String] = [:]
    for record in records where unreadable[record.topicPartition] == nil {
      do {
        answers.append(try await parser.parse(record))
      } catch {
        guard let cause = error.deadLetterCause else {
          unreadable[record.topicPartition] = "\(error)"
          waiting.insert(record.topicPartition)
          continue
        }
        follower.skip(record, cause: cause, "\(error)")
      }
      if waiting.remove(record.topicPartition) != nil, waiting.isEmpty { status.works(.registry) }
      moves[record.topicPartition] = Position(
        nextOffset: record.offset + 1, lastTimestampMillis: record.timestampMillis)
    }
    if !moves.isEmpty {
      let positions = follower.positions
      let isWritten: Void? = await follower.write { [answers, moves, failpoints] session in
        try TransferRequestStore().answer(answers, session)
        try failpoints.reach(.answersWritten)
        try positions.move(moves, session)
        try failpoints.reach(.answerPositionsMoved)
      }
      guard isWritten != nil else { return }
      try failpoints.reach(.answersCommitted)
      follower.reader.moved(moves)
      places.set(follower.reader.all)
      waiters.resolve(answers)
    }
    for (partition, reason) in unreadable { try await follower.wait(partition, reason) }
  }
}
