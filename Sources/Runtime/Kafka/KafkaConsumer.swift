import CRdKafka
import Synchronization

/// Reads records, either from partitions that the caller names or as a member of a group.
///
/// Everything that blocks runs on a thread of the consumer's own. What is read ahead is bounded by
/// `queued.max.messages.kbytes` (16 MiB here) whatever the number of partitions: who doesn't ask for records slows the
/// broker's delivery, not the process. Nothing is committed unless `commit` is called.
public final class KafkaConsumer: Sendable, AsyncSequence {
  public typealias Element = [ConsumedRecord]
  public typealias Failure = KafkaError

  private let core: ConsumerCore
  private let worker: Worker
  private let iterationLimit: Int

  /// Reads these partitions, without joining a group (`group.id` in the properties is for commits only).
  ///
  /// A position that the broker doesn't have is an error of `next`, whatever `auto.offset.reset` says, unless
  /// `resetsOutOfRange` is set.
  /// - Parameters:
  ///   - batchLimit: the most records that one element of the async sequence has.
  ///   - readsHeaders: false leaves the records' headers empty, for those who have no use for them: headers cost more
  ///     than the rest of a small record.
  /// - Throws: for a property that librdkafka doesn't take.
  public init(
    _ configuration: KafkaConfiguration, assignment: [TopicPartition: KafkaOffset], resetsOutOfRange: Bool = false,
    batchLimit: Int = 1000, readsHeaders: Bool = true
  ) throws(KafkaError) {
    var properties = configuration.merged(for: .consumer)
    if !resetsOutOfRange { properties["auto.offset.reset"] = "error" }
    (core, worker) = try Self.start(configuration, properties, readsHeaders: readsHeaders)
    iterationLimit = batchLimit
    try ready { core throws(KafkaError) in try core.assign(assignment) }
  }

  /// Joins a group and reads the partitions that it is given. A caller that asks for nothing for
  /// `max.poll.interval.ms` loses them.
  public init(
    _ configuration: KafkaConfiguration, group: String, topics: [String], batchLimit: Int = 1000
  ) throws(KafkaError) {
    var properties = configuration.merged(for: .consumer)
    properties["group.id"] = group
    (core, worker) = try Self.start(configuration, properties, readsHeaders: true)
    iterationLimit = batchLimit
    try ready { core throws(KafkaError) in try core.subscribe(topics) }
  }

  private static func start(
    _ configuration: KafkaConfiguration, _ given: [String: String], readsHeaders: Bool
  ) throws(KafkaError) -> (ConsumerCore, Worker) {
    var properties = given
    // librdkafka assigns partitions only to a handle with a group, joined or not.
    let group = properties["group.id"]
    properties["group.id"] = group ?? "unused"
    let context = ClientContext(log: configuration.log, fetchPaceMillis: configuration.fetchPaceMillis)
    let handle = try makeHandle(RD_KAFKA_CONSUMER, properties, context)
    let core = ConsumerCore(handle, context, hasGroup: group != nil, readsHeaders: readsHeaders)
    do {
      return (core, try Worker("kafka-consumer"))
    } catch {
      core.close()
      throw error
    }
  }

  private func ready(_ body: (ConsumerCore) throws(KafkaError) -> Void) throws(KafkaError) {
    do {
      try body(core)
    } catch {
      endInBackground()
      throw error
    }
  }

  deinit {
    endInBackground()
  }

  private func endInBackground() {
    core.interrupt()
    _ = worker.enqueue(last: true) { [core] in core.close() }
  }

  // MARK: Records

  /// The next records; an empty array when none came in time, when the task is cancelled, or when the consumer is
  /// closed meanwhile.
  ///
  /// - Parameters:
  ///   - maxRecords: the most to return; what is there is returned at once, without waiting for more.
  ///   - timeoutMillis: how long to wait for the first.
  /// - Throws: what the broker says about a partition (`topicPartition`), among it a position out of range, and
  ///   errors of the whole client. After a retriable one the consumer goes on by itself.
  public func next(maxRecords: Int, timeoutMillis: Int) async throws(KafkaError) -> [ConsumedRecord] {
    let request = PollRequest(
      maxRecords: Swift.max(1, maxRecords), deadline: .now + .milliseconds(Swift.max(0, timeoutMillis)))
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: PollRequest.Waiter) in
        request.wait(continuation)
        core.interrupt()
        Self.enqueuePoll(request, core, worker, isFirst: true)
      }
    } onCancel: {
      request.cancel()
      core.interrupt()
    }
    return try result.get()
  }

  /// One poll a job, so that another job gets its turn while a caller waits for records.
  private static func enqueuePoll(
    _ request: PollRequest, _ core: ConsumerCore, _ worker: Worker, isFirst: Bool = false
  ) {
    let accepted = worker.enqueue {
      if let result = core.poll(request, isBusy: { worker.hasJobs || worker.isStopped }) {
        request.finish(result)
      } else {
        enqueuePoll(request, core, worker)
      }
    }
    if !accepted { request.finish(isFirst ? .failure(.closed("consumer")) : .success([])) }
  }

  public struct AsyncIterator: AsyncIteratorProtocol {
    let consumer: KafkaConsumer

    /// The next batch, as soon as there is one; `nil` when the consumer is closed or the task cancelled.
    public mutating func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async throws(KafkaError) -> [ConsumedRecord]? {
      while !Task.isCancelled {
        let records: [ConsumedRecord]
        do {
          records = try await consumer.next(maxRecords: consumer.iterationLimit, timeoutMillis: 60_000)
        } catch {
          if error.code == .closed { return nil }
          throw error
        }
        if !records.isEmpty { return records }
      }
      return nil
    }

    public mutating func next() async throws(KafkaError) -> [ConsumedRecord]? {
      try await next(isolation: nil)
    }
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(consumer: self) }

  // MARK: Assignment

  /// Reads these partitions from now on, in place of those before.
  public func assign(_ assignment: [TopicPartition: KafkaOffset]) async throws(KafkaError) {
    try await run { core throws(KafkaError) in try core.assign(assignment) }
  }

  /// The partitions that are being read, named by the caller or given by the group.
  public func assignment() async throws(KafkaError) -> [TopicPartition] {
    try await run { core throws(KafkaError) in try core.assignment() }
  }

  /// Gives no more records of these partitions until `resume`; what was read ahead of them is read again then.
  public func pause(_ partitions: [TopicPartition]) async throws(KafkaError) {
    try await run { core throws(KafkaError) in try core.pause(partitions) }
  }

  public func resume(_ partitions: [TopicPartition]) async throws(KafkaError) {
    try await run { core throws(KafkaError) in try core.resume(partitions) }
  }

  /// The next record of the partition (which is assigned) is the one at this position. Works after a position out of
  /// range too.
  public func seek(_ partition: TopicPartition, _ offset: KafkaOffset) async throws(KafkaError) {
    try await run { core throws(KafkaError) in try core.seek(partition, offset) }
  }

  // MARK: Offsets

  /// Stores the group's offsets: for each partition the one after the last record that is done.
  ///
  /// Also for partitions that were assigned by hand, when the configuration has a `group.id` and no member joined it.
  public func commit(_ offsets: [TopicPartition: Int64]) async throws(KafkaError) {
    try await run { core throws(KafkaError) in try core.commit(offsets) }
  }

  /// What the group has committed; partitions without are left out.
  public func committed(
    _ partitions: [TopicPartition], timeoutMillis: Int = 10_000
  ) async throws(KafkaError) -> [TopicPartition: Int64] {
    try await run { core throws(KafkaError) in try core.committed(partitions, timeoutMillis) }
  }

  /// For each partition the offset that its next record will get.
  public func endOffsets(
    _ partitions: [TopicPartition], timeoutMillis: Int = 10_000
  ) async throws(KafkaError) -> [TopicPartition: Int64] {
    try await run { core throws(KafkaError) in try core.watermarks(partitions, timeoutMillis).mapValues(\.high) }
  }

  /// For each partition the offset of its oldest record.
  public func beginningOffsets(
    _ partitions: [TopicPartition], timeoutMillis: Int = 10_000
  ) async throws(KafkaError) -> [TopicPartition: Int64] {
    try await run { core throws(KafkaError) in try core.watermarks(partitions, timeoutMillis).mapValues(\.low) }
  }

  /// For each partition the first offset whose timestamp is at or after the one given (milliseconds since 1970);
  /// the end offset where all are older.
  public func offsets(
    forTimestampMillis timestamps: [TopicPartition: Int64], timeoutMillis: Int = 10_000
  ) async throws(KafkaError) -> [TopicPartition: Int64] {
    try await run { core throws(KafkaError) in try core.offsets(forTimestampMillis: timestamps, timeoutMillis) }
  }

  /// Grows each time a connection to a broker is lost, before it is made again: a record of the new connection is
  /// never returned before the count has grown.
  public var disconnects: Int { core.context.disconnects }

  /// The last error that belongs to no call, such as an unreachable broker; for a health page.
  public var lastProblem: KafkaError? { core.context.lastProblem }

  /// Leaves the group, ends the thread and frees everything; what takes longer than three seconds goes on by itself.
  /// Calling it again is harmless.
  public func close() async {
    core.interrupt()
    await worker.end { [core] in core.close() }
  }

  private func run<R: Sendable>(
    _ body: @escaping @Sendable (ConsumerCore) throws(KafkaError) -> R
  ) async throws(KafkaError) -> R {
    let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<R, KafkaError>, Never>) in
      core.interrupt()
      let accepted = worker.enqueue { [core] in
        do throws(KafkaError) {
          continuation.resume(returning: .success(try body(core)))
        } catch {
          continuation.resume(returning: .failure(error))
        }
      }
      if !accepted { continuation.resume(returning: .failure(.closed("consumer"))) }
    }
    return try result.get()
  }
}

/// A caller that waits for records.
final class PollRequest: Sendable {
  typealias Outcome = Result<[ConsumedRecord], KafkaError>
  typealias Waiter = CheckedContinuation<Outcome, Never>

  let maxRecords: Int
  let deadline: ContinuousClock.Instant
  private let waiter = Mutex<Waiter?>(nil)
  private let cancelled = Atomic<Bool>(false)

  init(maxRecords: Int, deadline: ContinuousClock.Instant) {
    self.maxRecords = maxRecords
    self.deadline = deadline
  }

  var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

  func cancel() { cancelled.store(true, ordering: .releasing) }

  func wait(_ continuation: Waiter) { waiter.withLock { $0 = continuation } }

  /// Only the worker's thread calls this, or the caller whose job the worker did not take; once either way.
  func finish(_ outcome: Outcome) {
    let continuation = waiter.withLock { waiter in
      defer { waiter = nil }
      return waiter
    }
    continuation?.resume(returning: outcome)
  }
}
