import CRdKafka
import Synchronization

/// The calls of a consumer; all but `interrupt` and those of `init` run on its worker's thread, which also destroys
/// the handle, as its last job.
final class ConsumerCore: Sendable {
  let context: ClientContext
  private let handle: Handle
  private let queue: Handle
  private let hasGroup: Bool
  private let readsHeaders: Bool
  private let state = Mutex(State())

  private struct State {
    /// An error that came behind records of the same batch; the next poll throws it.
    var pendingError: KafkaError?
    var closed = false
    var reportedFatal = false
  }

  /// The most bytes of values that one batch has (one record more may be larger).
  private let maxBatchBytes = 16 << 20
  private let seekTimeoutMillis = 5_000

  init(_ handle: Handle, _ context: ClientContext, hasGroup: Bool, readsHeaders: Bool) {
    self.handle = handle
    self.context = context
    self.hasGroup = hasGroup
    self.readsHeaders = readsHeaders
    // Errors and logs of the client come with the records.
    rd_kafka_poll_set_consumer(handle.pointer)
    queue = Handle(pointer: rd_kafka_queue_get_consumer(handle.pointer))
  }

  /// Ends a poll that waits, or the next one, early. From any thread.
  func interrupt() {
    state.withLock { state in
      if !state.closed { rd_kafka_queue_yield(queue.pointer) }
    }
  }

  func close() {
    let first = state.withLock { state in
      defer { state.closed = true }
      return !state.closed
    }
    guard first else { return }
    rd_kafka_queue_destroy(queue.pointer)
    rd_kafka_consumer_close(handle.pointer)
    rd_kafka_destroy(handle.pointer)
  }

  // MARK: Records

  /// Polls once. `nil`: nothing yet, ask again.
  ///
  /// - Parameter isBusy: whether other jobs wait for the thread.
  func poll(_ request: PollRequest, isBusy: () -> Bool) -> PollRequest.Outcome? {
    let error = state.withLock { state in
      defer { state.pendingError = nil }
      return state.pendingError
    }
    if let error { return .failure(error) }
    if request.isCancelled { return .success([]) }
    let left = request.deadline - .now
    let leftMillis = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
    let timeoutMillis = isBusy() ? 0 : max(0, min(leftMillis + 1, 1000))
    let (records, failure) = read(max: request.maxRecords, timeoutMillis: Int32(timeoutMillis))
    if !records.isEmpty {
      context.fetchPace.recordsCame(nowMicros: monotonicMicros())
      state.withLock { $0.pendingError = failure }
      return .success(records)
    }
    if let failure = failure ?? newFatalError() { return .failure(failure) }
    return request.deadline <= .now || request.isCancelled ? .success([]) : nil
  }

  private func read(max: Int, timeoutMillis: Int32) -> ([ConsumedRecord], KafkaError?) {
    var records: [ConsumedRecord] = []
    var names = TopicNames()
    var bytes = 0
    var timeout = timeoutMillis
    while records.count < max, bytes < maxBatchBytes,
      let message = rd_kafka_consumer_poll(handle.pointer, timeout)
    {
      timeout = 0
      let topic = names.name(of: message.pointee.rkt)
      if message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR {
        bytes += message.pointee.len
        records.append(makeRecord(consuming: message, topic: topic, readsHeaders: readsHeaders))
        continue
      }
      let error = failure(message, topic)
      rd_kafka_message_destroy(message)
      if let error { return (records, error) }
    }
    return (records, nil)
  }

  private func failure(_ message: UnsafeMutablePointer<rd_kafka_message_t>, _ topic: String) -> KafkaError? {
    let code = message.pointee.err
    if code == RD_KAFKA_RESP_ERR__PARTITION_EOF { return nil }
    let text = rd_kafka_message_errstr(message).map { String(cString: $0) } ?? ""
    let partition = message.pointee.partition
    return KafkaError(
      code: KafkaErrorCode(code), message: text.isEmpty ? KafkaError(code).message : text,
      isFatal: code == RD_KAFKA_RESP_ERR__FATAL,
      topicPartition: topic.isEmpty || partition < 0 ? nil : TopicPartition(topic: topic, partition: partition))
  }

  private func newFatalError() -> KafkaError? {
    guard let error = context.fatalError(of: handle.pointer) else { return nil }
    let reported = state.withLock { state in
      defer { state.reportedFatal = true }
      return state.reportedFatal
    }
    return reported ? nil : error
  }

  // MARK: Assignment

  func assign(_ assignment: [TopicPartition: KafkaOffset]) throws(KafkaError) {
    let places = assignment.sorted { $0.key < $1.key }
    if !hasGroup, places.contains(where: { $0.value == .committed }) {
      throw KafkaError(code: .invalidArgument, message: "a committed position needs the property group.id")
    }
    let code = withPartitionList(places.map { ($0.key, number(of: $0.value)) }) { assignAndSettle($0) }
    try check(code, "assigning \(places.count) partitions")
  }

  /// Assigns, and returns when the partitions that were assigned before have stopped.
  ///
  /// librdkafka asks a partition that is still stopping to stop once more when the next assignment comes, and aborts
  /// the process on the second answer (its issue 5573). Requests, stops and the answers to stops pass through one
  /// queue, first in first out: the first question is answered after the stops, the second after their answers.
  private func assignAndSettle(_ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> rd_kafka_resp_err_t {
    let code = rd_kafka_assign(handle.pointer, list)
    for _ in 1...2 {
      var assigned: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
      if rd_kafka_assignment(handle.pointer, &assigned) == RD_KAFKA_RESP_ERR_NO_ERROR, let assigned {
        rd_kafka_topic_partition_list_destroy(assigned)
      }
    }
    return code
  }

  func subscribe(_ topics: [String]) throws(KafkaError) {
    let code = withPartitionList(topics.map { (TopicPartition(topic: $0, partition: -1), -1) }) {
      rd_kafka_subscribe(handle.pointer, $0)
    }
    try check(code, "subscribing to \(topics.joined(separator: ", "))")
  }

  func assignment() throws(KafkaError) -> [TopicPartition] {
    var list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
    try check(rd_kafka_assignment(handle.pointer, &list), "asking for the assignment")
    guard let list else { return [] }
    defer { rd_kafka_topic_partition_list_destroy(list) }
    return entries(of: list).map(\.place).sorted()
  }

  func pause(_ partitions: [TopicPartition]) throws(KafkaError) {
    try forEach(partitions, "pausing") { rd_kafka_pause_partitions(handle.pointer, $0) }
  }

  func resume(_ partitions: [TopicPartition]) throws(KafkaError) {
    try forEach(partitions, "resuming") { rd_kafka_resume_partitions(handle.pointer, $0) }
  }

  func seek(_ partition: TopicPartition, _ offset: KafkaOffset) throws(KafkaError) {
    let assigned = try assignment()
    guard assigned.contains(partition) else {
      throw KafkaError(code: .state, message: "seeking in a partition that is not assigned", topicPartition: partition)
    }
    let position = number(of: offset)
    let result = withPartitionList([(partition, position)]) { list -> KafkaError? in
      if let error = rd_kafka_seek_partitions(handle.pointer, list, Int32(seekTimeoutMillis)) {
        return KafkaError(consuming: error, "seeking")
      }
      return entries(of: list).first { $0.code != RD_KAFKA_RESP_ERR_NO_ERROR }
        .map { KafkaError($0.code, "seeking", at: $0.place) }
    }
    guard let result else { return }
    // A partition whose position was out of range has stopped, and so has one that was assigned this moment:
    // only assigning starts those.
    guard result.code == .state else { throw result }
    try reassign(assigned, moving: partition, to: position)
  }

  private func reassign(_ assigned: [TopicPartition], moving moved: TopicPartition, to offset: Int64)
    throws(KafkaError)
  {
    let code = withPartitionList(assigned.map { ($0, -1001) }) { list in
      rd_kafka_position(handle.pointer, list)
      let positions = entries(of: list).map { ($0.place, $0.place == moved ? offset : $0.offset) }
      return withPartitionList(positions) { assignAndSettle($0) }
    }
    try check(code, "seeking")
  }

  // MARK: Offsets

  func commit(_ offsets: [TopicPartition: Int64]) throws(KafkaError) {
    try requireGroup()
    if offsets.isEmpty { return }
    let failure = withPartitionList(offsets.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }) { list in
      firstError(rd_kafka_commit(handle.pointer, list, 0), list, "committing")
    }
    if let failure { throw failure }
  }

  func committed(_ partitions: [TopicPartition], _ timeoutMillis: Int) throws(KafkaError) -> [TopicPartition: Int64] {
    try requireGroup()
    return try ask(partitions.map { ($0, 0) }, "asking for committed offsets") {
      rd_kafka_committed(handle.pointer, $0, Int32(timeoutMillis))
    }.filter { $0.value >= 0 }
  }

  func watermarks(
    _ partitions: [TopicPartition], _ timeoutMillis: Int
  ) throws(KafkaError) -> [TopicPartition: (low: Int64, high: Int64)] {
    var result: [TopicPartition: (low: Int64, high: Int64)] = [:]
    for place in partitions {
      var (low, high): (Int64, Int64) = (0, 0)
      let code = rd_kafka_query_watermark_offsets(
        handle.pointer, place.topic, place.partition, &low, &high, Int32(timeoutMillis))
      guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
        throw KafkaError(code, "asking for the first and last offset", at: place)
      }
      result[place] = (low, high)
    }
    return result
  }

  func offsets(
    forTimestampMillis timestamps: [TopicPartition: Int64], _ timeoutMillis: Int
  ) throws(KafkaError) -> [TopicPartition: Int64] {
    if timestamps.isEmpty { return [:] }
    var result = try ask(timestamps.map { ($0.key, $0.value) }, "asking for offsets by time") {
      rd_kafka_offsets_for_times(handle.pointer, $0, Int32(timeoutMillis))
    }
    let atEnd = result.filter { $0.value < 0 }.map(\.key)
    for (place, offsets) in try watermarks(atEnd, timeoutMillis) { result[place] = offsets.high }
    return result
  }

  // MARK: Pieces

  private func requireGroup() throws(KafkaError) {
    guard hasGroup else {
      throw KafkaError(code: .invalidArgument, message: "committed offsets need the property group.id")
    }
  }

  private func ask(
    _ partitions: [(TopicPartition, Int64)], _ what: String,
    _ body: (UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> rd_kafka_resp_err_t
  ) throws(KafkaError) -> [TopicPartition: Int64] {
    let result = withPartitionList(partitions) { list -> Result<[TopicPartition: Int64], KafkaError> in
      if let error = firstError(body(list), list, what) { return .failure(error) }
      return .success(Dictionary(entries(of: list).map { ($0.place, $0.offset) }) { $1 })
    }
    return try result.get()
  }

  private func forEach(
    _ partitions: [TopicPartition], _ what: String,
    _ body: (UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> rd_kafka_resp_err_t
  ) throws(KafkaError) {
    let failure = withPartitionList(partitions.map { ($0, 0) }) { firstError(body($0), $0, what) }
    if let failure { throw failure }
  }

  private func firstError(
    _ code: rd_kafka_resp_err_t, _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>, _ what: String
  ) -> KafkaError? {
    if let entry = entries(of: list).first(where: { $0.code != RD_KAFKA_RESP_ERR_NO_ERROR }) {
      return KafkaError(entry.code, what, at: entry.place)
    }
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : KafkaError(code, what)
  }

  private func check(_ code: rd_kafka_resp_err_t, _ what: String) throws(KafkaError) {
    if code != RD_KAFKA_RESP_ERR_NO_ERROR { throw KafkaError(code, what) }
  }

  private func number(of offset: KafkaOffset) -> Int64 {
    switch offset {
    case .beginning: Int64(RD_KAFKA_OFFSET_BEGINNING)
    case .end: Int64(RD_KAFKA_OFFSET_END)
    case .at(let number): number
    case .committed: Int64(RD_KAFKA_OFFSET_STORED)
    }
  }
}
