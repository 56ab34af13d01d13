import CRdKafka
import Synchronization

/// Sends records and tells where the broker put each.
///
/// Records go out in the order in which `send` took them; a record that comes while the queue is full (in number or
/// in bytes) waits for room, with its caller, and so do those behind it. The reports are read by a thread of the
/// producer's own.
///
/// A broker that forgot this producer (it lost its last records, say) refuses all further records of an idempotent
/// one. The records on their way fail then, as retriable, and the producer begins anew by itself.
public final class KafkaProducer: Sendable {
  private let core: ProducerCore

  /// - Parameters:
  ///   - maxInFlightRecords: how many records may be on their way to the broker.
  ///   - maxInFlightBytes: how many bytes of keys, values and headers may be; a larger single record goes alone.
  /// - Throws: for a property that librdkafka doesn't take. That no broker can be reached shows when sending.
  public init(
    _ configuration: KafkaConfiguration, maxInFlightRecords: Int = 10_000, maxInFlightBytes: Int = 64 << 20
  ) throws(KafkaError) {
    var properties = configuration.merged(for: .producer)
    if properties["queue.buffering.max.messages"] == nil, maxInFlightRecords > 100_000 {
      properties["queue.buffering.max.messages"] = String(maxInFlightRecords)
    }
    core = try ProducerCore(
      properties, ClientContext(log: configuration.log, fetchPaceMillis: 0), maxRecords: max(1, maxInFlightRecords),
      maxBytes: max(1, maxInFlightBytes))
    do {
      try startThread("kafka-producer") { [core] in core.run() }
    } catch {
      core.destroy()
      throw error
    }
  }

  deinit {
    core.close(timeoutMillis: 0, waiter: nil)
  }

  /// Sends one record; returns once the broker has acknowledged it.
  ///
  /// - Throws: when the broker refuses the record, or doesn't answer within `message.timeout.ms` (the record may be
  ///   stored all the same), or the producer is closed.
  public func send(_ record: KafkaRecord) async throws(KafkaError) -> KafkaDelivery {
    try await send([record])[0].get()
  }

  /// Sends records in their order and returns when each was acknowledged or failed; the results are in that order.
  ///
  /// Once one has failed, those that are not on their way yet fail with it: sending them would put them before it when
  /// it is sent again.
  public func send(_ records: [KafkaRecord]) async -> [Result<KafkaDelivery, KafkaError>] {
    if records.isEmpty { return [] }
    return await withCheckedContinuation { core.send(.records(records), $0) }
  }

  /// The same for records that lie together.
  public func send(_ records: PackedRecords) async -> [Result<KafkaDelivery, KafkaError>] {
    if records.count == 0 { return [] }
    return await withCheckedContinuation { core.send(.packed(records), $0) }
  }

  /// Grows each time a connection to a broker is lost, before it is made again.
  public var disconnects: Int { core.context.disconnects }

  /// The last error that belongs to no single record, such as an unreachable broker; for a health page.
  public var lastProblem: KafkaError? { core.context.lastProblem }

  /// Records that `send` has taken and whose outcome is not known yet.
  public var unacknowledged: Int { core.unacknowledged }

  /// Takes no more records, waits for the outcome of those taken, for `timeoutMillis` at most (what is left then
  /// fails), and frees everything. Calling it again is harmless.
  public func close(timeoutMillis: Int = 10_000) async {
    await withCheckedContinuation { core.close(timeoutMillis: timeoutMillis, waiter: $0) }
  }
}

typealias DeliveryResult = Result<KafkaDelivery, KafkaError>

/// What a producer and its thread share.
final class ProducerCore: Sendable {
  typealias Waiter = CheckedContinuation<[DeliveryResult], Never>

  private struct Batch {
    let records: Outgoing
    let waiter: Waiter
    var results: [DeliveryResult?]
    var reported = 0
    /// The first failure; what was not handed over by then is not sent.
    var failure: KafkaError?
  }

  /// What librdkafka has for one life of the producer. Changed only by the producer's thread, with the state locked.
  private struct Connection {
    let handle: OpaquePointer
    let queue: OpaquePointer
    var topics: [String: OpaquePointer] = [:]

    init(_ handle: Handle) {
      self.handle = handle.pointer
      queue = rd_kafka_queue_get_main(handle.pointer)
    }
  }

  private struct State {
    var connection: Connection
    /// The broker refuses whatever this connection sends.
    var isRefused = false
    /// Batches without an outcome, by number. Number and index of a record travel in its message's opaque pointer.
    var batches: [UInt32: Batch] = [:]
    var lastNumber: UInt32 = 0
    /// What librdkafka has not taken yet: batch and index of its next record, in order.
    var waiting = WaitingList()
    var inFlight = 0
    var inFlightBytes = 0
    var deadline: ContinuousClock.Instant?
    var closeWaiters: [CheckedContinuation<Void, Never>] = []
    var ended = false
  }

  let context: ClientContext
  private let properties: [String: String]
  private let maxRecords: Int
  private let maxBytes: Int
  private let state: Mutex<State>

  init(
    _ properties: [String: String], _ context: ClientContext, maxRecords: Int, maxBytes: Int
  ) throws(KafkaError) {
    self.properties = properties
    self.context = context
    self.maxRecords = maxRecords
    self.maxBytes = maxBytes
    state = Mutex(State(connection: Connection(try Self.connect(properties, context))))
  }

  private static func connect(
    _ properties: [String: String], _ context: ClientContext
  ) throws(KafkaError) -> Handle {
    try makeHandle(RD_KAFKA_PRODUCER, properties, context, events: RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR)
  }

  var unacknowledged: Int {
    state.withLock { $0.batches.values.reduce(0) { $0 + $1.records.count - $1.reported } }
  }

  func send(_ records: Outgoing, _ waiter: Waiter) {
    let finished = state.withLock { state -> [(Waiter, [DeliveryResult])] in
      guard state.deadline == nil else {
        return [(waiter, Array(repeating: .failure(.closed("producer")), count: records.count))]
      }
      repeat { state.lastNumber &+= 1 } while state.lastNumber == 0 || state.batches[state.lastNumber] != nil
      state.batches[state.lastNumber] = Batch(
        records: records, waiter: waiter, results: Array(repeating: nil, count: records.count))
      state.waiting.append(state.lastNumber)
      return enqueue(&state)
    }
    for (waiter, results) in finished { waiter.resume(returning: results) }
  }

  /// Hands records to librdkafka for as long as there is room.
  private func enqueue(_ state: inout State) -> [(Waiter, [DeliveryResult])] {
    var finished: [(Waiter, [DeliveryResult])] = []
    while !state.isRefused, let (number, index) = state.waiting.first, let batch = state.batches[number] {
      // What is behind a failure is not sent before it: the caller sends both again, in order.
      if let failure = batch.failure {
        state.waiting.advance(batchSize: batch.records.count)
        if let done = report(.failure(failure), number, index, &state) { finished.append(done) }
        continue
      }
      let size = batch.records.size(at: index)
      let hasRoom = state.inFlight < maxRecords && state.inFlightBytes + size <= maxBytes
      guard hasRoom || state.inFlight == 0 else { break }
      let opaque = UnsafeMutableRawPointer(bitPattern: UInt(number) << 32 | UInt(index))
      let code = produce(batch.records, index, opaque, &state.connection)
      // librdkafka's own limit is lower than ours: the next report makes room.
      if code == RD_KAFKA_RESP_ERR__QUEUE_FULL, state.inFlight > 0 { break }
      if code == RD_KAFKA_RESP_ERR__FATAL {
        state.isRefused = true
        break
      }
      state.waiting.advance(batchSize: batch.records.count)
      if code == RD_KAFKA_RESP_ERR_NO_ERROR {
        state.inFlight += 1
        state.inFlightBytes += size
      } else {
        let failure = KafkaError(code, "sending to \(batch.records.topic(at: index))")
        if let done = report(.failure(failure), number, index, &state) { finished.append(done) }
      }
    }
    return finished
  }

  private func report(
    _ result: DeliveryResult, _ number: UInt32, _ index: Int, _ state: inout State
  ) -> (Waiter, [DeliveryResult])? {
    guard state.batches[number] != nil else { return nil }
    state.batches[number]?.results[index] = result
    state.batches[number]?.reported += 1
    if case .failure(let error) = result, state.batches[number]?.failure == nil {
      state.batches[number]?.failure = error
    }
    guard let batch = state.batches[number], batch.reported == batch.records.count else { return nil }
    state.batches[number] = nil
    return (batch.waiter, batch.results.compactMap { $0 })
  }

  private func produce(
    _ records: Outgoing, _ index: Int, _ opaque: UnsafeMutableRawPointer?, _ connection: inout Connection
  ) -> rd_kafka_resp_err_t {
    let maxCachedTopics = 10_000
    let name = records.topic(at: index)
    let cached = connection.topics[name]
    guard let topic = cached ?? rd_kafka_topic_new(connection.handle, name, nil) else {
      return rd_kafka_last_error()
    }
    let isKept = cached != nil || connection.topics.count < maxCachedTopics
    if cached == nil, isKept { connection.topics[name] = topic }
    defer { if !isKept { rd_kafka_topic_destroy(topic) } }
    return records.produce(at: index, connection.handle, topic, opaque)
  }

  /// The producer's thread: reads delivery reports until it is closed and nothing is left.
  func run() {
    while true {
      poll(timeoutMillis: 100)
      renewIfRefused()
      let (deadline, idle) = state.withLock { ($0.deadline, $0.batches.isEmpty) }
      guard let deadline else { continue }
      if idle { break }
      if deadline <= .now {
        abandon()
        break
      }
      // Makes librdkafka send at once instead of waiting for `linger.ms`.
      rd_kafka_flush(current.handle.pointer, 1)
    }
    destroy()
  }

  /// For the producer's thread, the only one that changes it.
  private var current: (handle: Handle, queue: Handle) {
    state.withLock { (Handle(pointer: $0.connection.handle), Handle(pointer: $0.connection.queue)) }
  }

  /// Whether there was an event.
  @discardableResult
  private func poll(timeoutMillis: Int32) -> Bool {
    let (handle, queue) = current
    guard let event = rd_kafka_queue_poll(queue.pointer, timeoutMillis) else { return false }
    take(event, handle.pointer)
    rd_kafka_event_destroy(event)
    return true
  }

  /// Begins anew with a producer id that the broker has not refused, once nothing of the old one is on its way.
  private func renewIfRefused() {
    guard state.withLock({ $0.isRefused && $0.inFlight == 0 }) else { return }
    let handle: Handle
    do {
      handle = try Self.connect(properties, context)
    } catch {
      // Tried again after the next poll.
      context.note(error)
      return
    }
    let old = state.withLock { state in
      let old = Handle(pointer: state.connection.handle)
      let queue = Handle(pointer: state.connection.queue)
      for topic in state.connection.topics.values { rd_kafka_topic_destroy(topic) }
      state.connection = Connection(handle)
      state.isRefused = false
      return (old, queue)
    }
    rd_kafka_queue_destroy(old.1.pointer)
    rd_kafka_destroy(old.0.pointer)
    let finished = state.withLock { enqueue(&$0) }
    for (waiter, results) in finished { waiter.resume(returning: results) }
  }

  private func take(_ event: OpaquePointer, _ handle: OpaquePointer) {
    if rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR {
      let reason = rd_kafka_event_error_string(event).map { String(cString: $0) } ?? ""
      context.note(handle, rd_kafka_event_error(event), reason)
      if rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__FATAL { state.withLock { $0.isRefused = true } }
      return
    }
    guard rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR else { return }
    let finished = state.withLock { state in
      var finished: [(Waiter, [DeliveryResult])] = []
      var names = TopicNames()
      while let message = rd_kafka_event_message_next(event) {
        let opaque = UInt(bitPattern: message.pointee._private)
        let (number, index) = (UInt32(opaque >> 32), Int(opaque & 0xffff_ffff))
        state.inFlight -= 1
        state.inFlightBytes -= state.batches[number]?.records.size(at: index) ?? 0
        if producerRefusals.contains(message.pointee.err.rawValue) { state.isRefused = true }
        let result = deliveryResult(message, &names)
        if let done = report(result, number, index, &state) { finished.append(done) }
      }
      return finished + enqueue(&state)
    }
    for (waiter, results) in finished { waiter.resume(returning: results) }
  }

  private func deliveryResult(
    _ message: UnsafePointer<rd_kafka_message_t>, _ names: inout TopicNames
  ) -> DeliveryResult {
    let topic = names.name(of: message.pointee.rkt)
    let code = message.pointee.err
    guard code == RD_KAFKA_RESP_ERR_NO_ERROR else {
      let partition = message.pointee.partition
      let place = partition < 0 ? nil : TopicPartition(topic: topic, partition: partition)
      return .failure(KafkaError(code, "sending to \(topic)", at: place))
    }
    return .success(
      KafkaDelivery(
        topic: topic, partition: message.pointee.partition, offset: message.pointee.offset,
        timestampMillis: rd_kafka_message_timestamp(message, nil)))
  }

  /// Gives what is still queued or unanswered its outcome: an error.
  private func abandon() {
    state.withLock { $0.isRefused = true }
    rd_kafka_purge(current.handle.pointer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
    while poll(timeoutMillis: 100) {}
    let left = state.withLock { state in
      defer { state.batches = [:] }
      return state.batches.values.map { batch in
        (batch.waiter, batch.results.map { $0 ?? .failure(.closed("producer")) })
      }
    }
    for (waiter, results) in left { waiter.resume(returning: results) }
  }

  func close(timeoutMillis: Int, waiter: CheckedContinuation<Void, Never>?) {
    let ended = state.withLock { state in
      if state.ended { return true }
      if state.deadline == nil {
        state.deadline = .now + .milliseconds(timeoutMillis)
        rd_kafka_queue_yield(state.connection.queue)
      }
      if let waiter { state.closeWaiters.append(waiter) }
      return false
    }
    if ended { waiter?.resume() }
  }

  /// Frees everything; nothing uses the connection after `ended` is set.
  func destroy() {
    let (handle, queue) = state.withLock { state in
      state.ended = true
      state.deadline = state.deadline ?? .now
      for topic in state.connection.topics.values { rd_kafka_topic_destroy(topic) }
      return (Handle(pointer: state.connection.handle), Handle(pointer: state.connection.queue))
    }
    rd_kafka_queue_destroy(queue.pointer)
    rd_kafka_destroy(handle.pointer)
    let waiters = state.withLock { state in
      defer { state.closeWaiters = [] }
      return state.closeWaiters
    }
    for waiter in waiters { waiter.resume() }
  }
}

/// Which record librdkafka is to get next. Every entry belongs to a caller that awaits it.
struct WaitingList {
  private var numbers: [UInt32] = []
  private var head = 0
  private var index = 0

  var first: (number: UInt32, index: Int)? {
    head < numbers.count ? (numbers[head], index) : nil
  }

  mutating func append(_ number: UInt32) {
    numbers.append(number)
  }

  mutating func advance(batchSize: Int) {
    index += 1
    guard index == batchSize else { return }
    index = 0
    head += 1
    if head == numbers.count || head > 1024 {
      numbers.removeFirst(head)
      head = 0
    }
  }
}
