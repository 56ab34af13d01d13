import BankSupport
import Foundation
import GraphQLServer
import JSONText
import KafkaRuntime
import Synchronization
import TopologyModel

/// What the picture of the system shows: who is connected to what, and how many records a second come on each topic.
///
/// However many look, one reads the ends of the topics, and nobody does while nobody looks.
final class FlowFeed: Sendable {
  private typealias Continuation = AsyncStream<ServerSentEvent>.Continuation

  private struct State {
    var viewers: [Int: Continuation] = [:]
    /// Of the viewers, by address.
    var places: Shares<String>
    var lastNumber = 0
    /// Reads, while there are viewers.
    var reading: Task<Void, Never>?
  }

  private static let everyMillis = 1_000
  /// Events that wait for a viewer; past it the oldest is dropped, as the newest says all.
  private static let maxWaiting = 4

  private let kafka: KafkaConfiguration
  private let topology: TopologyDescription
  private let state: Mutex<State>

  init(kafka: KafkaConfiguration, topology: TopologyDescription, maxViewers: Int, maxViewersPerAddress: Int) {
    self.kafka = kafka
    self.topology = topology
    state = Mutex(State(places: Shares(limit: maxViewers, perHolder: maxViewersPerAddress)))
  }

  /// Whether the ends are being read.
  var isReading: Bool { state.withLock { $0.reading != nil } }

  /// The topology, then the rates each second; nil when too many look already.
  ///
  /// - Parameter address: of who looks; nil when it is not known, and then there is no share.
  func view(for address: String? = nil) -> AsyncStream<ServerSentEvent>? {
    let (events, continuation) = AsyncStream.makeStream(
      of: ServerSentEvent.self, bufferingPolicy: .bufferingNewest(Self.maxWaiting))
    continuation.yield(ServerSentEvent(event: "topology", data: Self.json(topology).text))
    let number = state.withLock { state -> Int? in
      guard state.places.take(for: address) == nil else { return nil }
      state.lastNumber += 1
      state.viewers[state.lastNumber] = continuation
      if state.reading == nil { state.reading = Task { [weak self] in await self?.read() } }
      return state.lastNumber
    }
    guard let number else { return nil }
    continuation.onTermination = { [weak self] _ in self?.remove(number, address) }
    return events
  }

  /// Ends all views.
  func close() {
    let viewers = state.withLock { Array($0.viewers.values) }
    for viewer in viewers { viewer.finish() }
  }

  private func remove(_ number: Int, _ address: String?) {
    state.withLock { state in
      guard state.viewers.removeValue(forKey: number) != nil else { return }
      state.places.giveBack(for: address)
      guard state.viewers.isEmpty else { return }
      state.reading?.cancel()
      state.reading = nil
    }
  }

  private func read() async {
    var reader = EndReader(kafka: kafka, topics: topology.topics.map(\.name))
    var next = ContinuousClock.now
    while !Task.isCancelled {
      if let rates = await reader.rates() {
        let event = ServerSentEvent(event: "rates", data: rates.text)
        let viewers = state.withLock { Array($0.viewers.values) }
        for viewer in viewers { viewer.yield(event) }
      }
      next = max(next + .milliseconds(Self.everyMillis), .now)
      try? await Task.sleep(until: next)
    }
    await reader.close()
  }

  private static func json(_ topology: TopologyDescription) -> JSONValue {
    func texts(_ texts: [String]) -> JSONValue { .array(texts.map(JSONValue.string)) }
    func access(of service: ServiceDescription) -> [JSONValue.Member] {
      service.databases.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) }
    }
    return .object([
      .init(
        "services",
        .array(
          topology.services.map { service in
            .object([
              .init("name", .string(service.name)), .init("consumes", texts(service.consumes)),
              .init("produces", texts(service.produces)), .init("databases", .object(access(of: service))),
            ])
          })),
      .init(
        "topics",
        .array(
          topology.topics.map { topic in
            .object([
              .init("name", .string(topic.name)), .init("partitions", .integer(Int64(topic.partitions))),
            ])
          })),
      .init("databases", texts(topology.databases.map(\.name))),
    ])
  }
}

/// Reads the ends of topics, and tells how fast they move. Used by one task.
private struct EndReader {
  private static let askMillis = 2_000

  let kafka: KafkaConfiguration
  let topics: [String]
  private var consumer: KafkaConsumer?
  private var partitions: [TopicPartition] = []
  private var last: (records: [String: Int64], at: ContinuousClock.Instant)?

  init(kafka: KafkaConfiguration, topics: [String]) {
    self.kafka = kafka
    self.topics = topics
  }

  /// Nil when the broker did not answer; the next time tells.
  mutating func rates() async -> JSONValue? {
    do {
      if partitions.isEmpty { partitions = try await kafka.partitions(of: topics) }
      let open = try consumer ?? KafkaConsumer(kafka, assignment: [:])
      consumer = open
      let ends = try await open.endOffsets(partitions, timeoutMillis: Self.askMillis)
      var records = Dictionary(topics.map { ($0, Int64(0)) }) { first, _ in first }
      for (partition, end) in ends { records[partition.topic, default: 0] += end }
      return rates(records, at: .now)
    } catch {
      await close()
      return nil
    }
  }

  mutating func close() async {
    await consumer?.close()
    consumer = nil
  }

  private mutating func rates(_ records: [String: Int64], at now: ContinuousClock.Instant) -> JSONValue {
    let before = last
    last = (records, now)
    let seconds = before.map { $0.at.duration(to: now) / .seconds(1) } ?? 0
    let members = topics.map { topic in
      let count = records[topic] ?? 0
      // A broker that lost records has fewer than before: nothing came.
      let new = max(0, count - (before?.records[topic] ?? count))
      let perSecond = seconds > 0 ? (Double(new) / seconds * 10).rounded() / 10 : 0
      return JSONValue.Member(
        topic, .object([.init("records", .integer(count)), .init("perSecond", .double(perSecond))]))
    }
    return .object([.init("atMillis", .integer(WallClock.millis())), .init("topics", .object(members))])
  }
}
