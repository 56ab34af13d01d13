import KafkaRuntime
import Testing

@Suite struct MockClusterTests {
  @Test func everyKindOfRecordComesBackAsItWent() async throws {
    let cluster = try MockKafkaCluster()
    try cluster.createTopic("kinds", partitions: 1)
    let producer = try KafkaProducer(cluster.configuration)
    let headers = [
      KafkaHeader("ce_id", "one"), KafkaHeader(name: "raw", value: [0, 255]), KafkaHeader(name: "empty", value: []),
      KafkaHeader("ce_id", "two"),
    ]
    let sent = [
      KafkaRecord(topic: "kinds", key: [1], value: [2], headers: headers, timestampMillis: 1_600_000_000_123),
      KafkaRecord(topic: "kinds", key: nil, value: [3]),
      KafkaRecord(topic: "kinds", key: [], value: []),
      KafkaRecord(topic: "kinds", key: [4], value: nil),
      KafkaRecord(topic: "kinds", key: nil, value: nil),
    ]
    for (offset, result) in await producer.send(sent).enumerated() {
      let delivery = try result.get()
      #expect(delivery.offset == Int64(offset))
      #expect(delivery.topic == "kinds")
    }
    let consumer = try KafkaConsumer(cluster.configuration, assignment: [place("kinds"): .beginning])
    let records = try await consumer.read(sent.count)
    #expect(records.map(\.key) == sent.map(\.key))
    #expect(records.map(\.value) == sent.map(\.value))
    #expect(records[0].headers == headers)
    #expect(records[0].header("ce_id") == "two")
    #expect(records[0].header("raw") == nil)
    #expect(records[0].header("absent") == nil)
    #expect(records[0].timestampMillis == 1_600_000_000_123)
    #expect(records[1].headers.isEmpty)
    await producer.close()
    await consumer.close()
  }

  @Test func aBatchKeepsItsOrderThroughASmallQueue() async throws {
    let cluster = try MockKafkaCluster()
    try cluster.createTopic("order", partitions: 1)
    let producer = try KafkaProducer(cluster.configuration, maxInFlightRecords: 7, maxInFlightBytes: 100)
    async let first = producer.send((0..<200).map { record("order", $0) })
    async let second = producer.send((0..<50).map { record("order", $0 + 1000) })
    let offsets = try await (first.map { try $0.get().offset }, second.map { try $0.get().offset })
    #expect(offsets.0 == offsets.0.sorted())
    #expect(offsets.1 == offsets.1.sorted())
    #expect(Set(offsets.0 + offsets.1) == Set(0..<250))
    let consumer = try KafkaConsumer(cluster.configuration, assignment: [place("order"): .beginning])
    let texts = try await consumer.read(250).compactMap(\.text)
    #expect(texts.filter { $0.count < 10 } == (0..<200).map { "value-\($0)" })
    #expect(producer.unacknowledged == 0)
    await producer.close()
    await consumer.close()
  }

  @Test func sendersWaitWhileTheQueueIsFull() async throws {
    let cluster = try MockKafkaCluster()
    try cluster.createTopic("slow", partitions: 1)
    try cluster.setRoundTrip(ofBroker: 1, millis: 300)
    let producer = try KafkaProducer(cluster.configuration, maxInFlightRecords: 1)
    let start = ContinuousClock.now
    let results = await producer.send((0..<4).map { record("slow", $0) })
    #expect(results.allSatisfy { (try? $0.get()) != nil })
    // One at a time, each with a round trip of its own.
    #expect(ContinuousClock.now - start > .milliseconds(1000))
    await producer.close()
  }

  @Test func transientErrorsAreRetriedAndLastingOnesReported() async throws {
    let cluster = try MockKafkaCluster()
    try cluster.createTopic("errors", partitions: 1)
    let producer = try KafkaProducer(cluster.configuration)
    _ = try await producer.send(record("errors", 0))
    let produce: Int16 = 0
    cluster.failRequests(
      apiKey: produce, with: [KafkaErrorCode(number: 6), KafkaErrorCode(number: 7), KafkaErrorCode(number: 19)])
    #expect(try await producer.send(record("errors", 1)).offset == 1)
    cluster.failRequests(apiKey: produce, with: [.messageTooLarge])
    let error = await #expect(throws: KafkaError.self) { try await producer.send(record("errors", 2)) }
    #expect(error?.code == .messageTooLarge)
    #expect(error?.code.name == "MSG_SIZE_TOO_LARGE")
    #expect(error?.isRetriable == false)
    #expect(error?.description.contains("Send a smaller record") == true)
    await producer.close()
  }

  @Test func aBrokerThatGoesDownIsCountedOnBothSides() async throws {
    let cluster = try MockKafkaCluster()
    try cluster.createTopic("down", partitions: 1)
    let producer = try KafkaProducer(cluster.configuration)
    let consumer = try KafkaConsumer(cluster.configuration, assignment: [place("down"): .beginning])
    _ = try await producer.send(record("down", 0))
    #expect(try await consumer.read(1).count == 1)
    let before = (producer.disconnects, consumer.disconnects)
    #expect(before == (0, 0))
    try cluster.setBroker(1, isUp: false)
    #expect(await eventually { producer.disconnects > 0 && consumer.disconnects > 0 })
    async let late = producer.send(record("down", 1))
    #expect(await eventually { producer.lastProblem != nil })
    try cluster.setBroker(1, isUp: true)
    #expect(try await late.offset == 1)
    #expect(try await consumer.read(1).first?.text == "value-1")
    await producer.close()
    await consumer.close()
  }

  @Test func closingGivesEverySenderAnOutcome() async throws {
    let cluster = try MockKafkaCluster()
    try cluster.createTopic("closing", partitions: 1)
    let producer = try KafkaProducer(
      cluster.configuration.with(producer: ["linger.ms": "60000"]), maxInFlightRecords: 5)
    async let flushed = producer.send((0..<20).map { record("closing", $0) })
    #expect(await eventually { producer.unacknowledged == 20 })
    await producer.close()
    #expect(try await flushed.map { try $0.get().offset } == (0..<20).map(Int64.init))
    let error = await #expect(throws: KafkaError.self) { try await producer.send(record("closing", 0)) }
    #expect(error?.code == .closed)
    await producer.close()

    let stuck = try KafkaProducer(cluster.configuration, maxInFlightRecords: 2)
    try cluster.setBroker(1, isUp: false)
    async let failed = stuck.send((0..<5).map { record("closing", $0) })
    #expect(await eventually { stuck.unacknowledged == 5 })
    await stuck.close(timeoutMillis: 200)
    for result in await failed { #expect(throws: KafkaError.self) { try result.get() } }
  }

  @Test func theSequenceEndsWhenTheConsumerIsClosedOrTheTaskCancelled() async throws {
    let cluster = try MockKafkaCluster()
    try cluster.createTopic("sequence", partitions: 2)
    let producer = try KafkaProducer(cluster.configuration)
    for number in 0..<10 { _ = try await producer.send(record("sequence", number)) }
    let consumer = try KafkaConsumer(
      cluster.configuration, assignment: [place("sequence", 0): .beginning, place("sequence", 1): .beginning])
    let reader = Task {
      var count = 0
      for try await batch in consumer {
        count += batch.count
        if count == 10 { await consumer.close() }
      }
      return count
    }
    #expect(try await reader.value == 10)

    let idle = try KafkaConsumer(cluster.configuration, assignment: [place("sequence", 0): .end])
    let waiter = Task {
      for try await _ in idle {}
      return ContinuousClock.now
    }
    try await Task.sleep(for: .milliseconds(200))
    let start = ContinuousClock.now
    waiter.cancel()
    #expect(try await waiter.value - start < .seconds(2))
    let error = await #expect(throws: KafkaError.self) {
      try await consumer.next(maxRecords: 1, timeoutMillis: 10)
    }
    #expect(error?.code == .closed)
    await idle.close()
    await producer.close()
  }

  @Test func otherCallsGetTheirTurnWhileACallerWaitsForRecords() async throws {
    let cluster = try MockKafkaCluster()
    try cluster.createTopic("turns", partitions: 1)
    let consumer = try KafkaConsumer(cluster.configuration, assignment: [place("turns"): .beginning])
    let waiter = Task { try await consumer.next(maxRecords: 1, timeoutMillis: 60_000) }
    try await Task.sleep(for: .milliseconds(100))
    let start = ContinuousClock.now
    for _ in 0..<20 { #expect(try await consumer.assignment() == [place("turns")]) }
    #expect(ContinuousClock.now - start < .seconds(5))
    let producer = try KafkaProducer(cluster.configuration)
    _ = try await producer.send(record("turns", 1))
    #expect(try await waiter.value.map(\.text) == ["value-1"])
    await consumer.close()
    await producer.close()
  }

  @Test func aConsumerLeftAloneEndsItself() async throws {
    let cluster = try MockKafkaCluster()
    try cluster.createTopic("alone", partitions: 1)
    weak var gone: KafkaConsumer?
    do {
      let consumer = try KafkaConsumer(cluster.configuration, assignment: [place("alone"): .beginning])
      _ = try await consumer.next(maxRecords: 1, timeoutMillis: 1)
      gone = consumer
    }
    #expect(gone == nil)
  }

  /// The mock cluster keeps a second member waiting; `BrokerTests` has groups with several.
  @Test func aGroupReadsAndCommits() async throws {
    let cluster = try MockKafkaCluster()
    try cluster.createTopic("grouped", partitions: 1)
    let producer = try KafkaProducer(cluster.configuration)
    for number in 0..<10 { _ = try await producer.send(record("grouped", number)) }
    let first = try KafkaConsumer(cluster.configuration, group: "readers", topics: ["grouped"])
    #expect(try await first.read(4).count == 4)
    try await first.commit([place("grouped"): 4])
    await first.close()
    let second = try KafkaConsumer(
      cluster.configuration.with(consumer: ["group.id": "readers"]), assignment: [place("grouped"): .committed])
    #expect(try await second.committed([place("grouped")]) == [place("grouped"): 4])
    #expect(try await second.read(6).map(\.offset) == [4, 5, 6, 7, 8, 9])
    await second.close()
    await producer.close()
  }
}

extension KafkaConfiguration {
  func with(producer: [String: String]) -> KafkaConfiguration {
    var copy = self
    copy.producerProperties.merge(producer) { $1 }
    return copy
  }

  func with(consumer: [String: String]) -> KafkaConfiguration {
    var copy = self
    copy.consumerProperties.merge(consumer) { $1 }
    return copy
  }
}
