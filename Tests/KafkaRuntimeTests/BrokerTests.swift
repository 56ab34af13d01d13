import EmbeddedBroker
import Foundation
import FreePort
import KafkaRuntime
import Testing

/// Against the real broker binary.
@Suite struct BrokerTests {
  @Test func aPortThatDoesNotSpeakTLSIsNamedInTheError() async throws {
    let broker = try EmbeddedBroker.start()
    var tls = configuration(broker)
    tls.properties["security.protocol"] = "ssl"
    let admin = try KafkaAdmin(tls, requestTimeoutMillis: 1_500)
    let error = await #expect(throws: KafkaError.self) { try await admin.topics() }
    await admin.close()
    #expect(error?.isRetriable == true, "it may be a broker that was just starting")
    #expect(error?.message.contains("SSL_HANDSHAKE") == true, "\(String(describing: error))")
  }

  @Test func adminCreatesDescribesChangesAndDeletes() async throws {
    let broker = try EmbeddedBroker.start()
    let admin = try KafkaAdmin(configuration(broker))
    let results = try await admin.createTopics([
      NewTopic(name: "one", partitions: 3, config: ["retention.ms": "900000"]),
      NewTopic(name: "two", partitions: 1),
    ])
    for name in ["one", "two"] { try #require(results[name]).get() }
    let topics = try await own(admin)
    #expect(topics.map(\.name) == ["one", "two"])
    #expect(topics.map(\.partitions) == [3, 1])
    #expect(topics.map(\.replicas) == [1, 1])
    #expect(try await admin.brokerCount() == 1)
    #expect(try await !admin.clusterID().isEmpty)

    let again = try await admin.createTopics([NewTopic(name: "one", partitions: 3), NewTopic(name: "3", partitions: 1)])
    try #require(again["3"]).get()
    let error = #expect(throws: KafkaError.self) { try again["one"]?.get() }
    #expect(error?.code == .topicAlreadyExists)
    #expect(error?.description.contains("one") == true)

    var entry = try await admin.describeConfigs(topic: "one").first { $0.name == "retention.ms" }
    #expect(entry?.value == "900000")
    #expect(entry?.source == .topic)
    #expect(entry?.isDefault == false)
    try await admin.alterConfigs(topic: "one", ["retention.ms": "60000"])
    entry = try await admin.describeConfigs(topic: "one").first { $0.name == "retention.ms" }
    #expect(entry?.value == "60000")
    try await admin.alterConfigs(topic: "one", [:])
    entry = try await admin.describeConfigs(topic: "one").first { $0.name == "retention.ms" }
    #expect(entry?.source != .topic)
    let unknown = try await admin.describeConfigs(topics: ["one", "nowhere"])
    #expect(throws: Never.self) { try unknown["one"]?.get() }
    #expect(throws: KafkaError.self) { try #require(unknown["nowhere"]).get() }

    try await admin.createPartitions(topic: "one", total: 5)
    #expect(try await admin.topics().first { $0.name == "one" }?.partitions == 5)
    await #expect(throws: KafkaError.self) { try await admin.createPartitions(topic: "one", total: 2) }

    let deleted = try await admin.deleteTopics(["two", "nowhere"])
    try #require(deleted["two"]).get()
    #expect(throws: KafkaError.self) { try #require(deleted["nowhere"]).get() }
    #expect(try await own(admin).map(\.name) == ["3", "one"])
    await admin.close()
    let closed = await #expect(throws: KafkaError.self) { try await admin.topics() }
    #expect(closed?.code == .closed)
  }

  @Test func everyKindOfRecordComesBackAsItWent() async throws {
    let broker = try EmbeddedBroker.start()
    try await create(broker, "kinds", 1)
    let producer = try KafkaProducer(configuration(broker))
    let headers = [KafkaHeader("ce_id", "one"), KafkaHeader(name: "raw", value: [0, 255])]
    let sent = [
      KafkaRecord(topic: "kinds", key: [1], value: [2], headers: headers, timestampMillis: 1_600_000_000_123),
      KafkaRecord(topic: "kinds", key: nil, value: [3]),
      KafkaRecord(topic: "kinds", key: [], value: []),
      KafkaRecord(topic: "kinds", key: [4], value: nil),
    ]
    #expect(try await producer.send(sent).map { try $0.get().offset } == [0, 1, 2, 3])
    let consumer = try KafkaConsumer(configuration(broker), assignment: [place("kinds"): .beginning])
    let records = try await consumer.read(sent.count)
    #expect(records.map(\.key) == sent.map(\.key))
    #expect(records.map(\.value) == sent.map(\.value))
    #expect(records.first?.headers == headers)
    #expect(records.first?.timestampMillis == 1_600_000_000_123)
    await producer.close()
    await consumer.close()
  }

  @Test func positionsArePausedResumedAndSought() async throws {
    let broker = try EmbeddedBroker.start()
    try await create(broker, "places", 2)
    let producer = try KafkaProducer(configuration(broker))
    for partition in [0, 1] as [Int32] {
      for result in await producer.send((0..<10).map { record("places", $0, partition: partition) }) {
        _ = try result.get()
      }
    }
    let (zero, one) = (place("places", 0), place("places", 1))
    let consumer = try KafkaConsumer(configuration(broker), assignment: [zero: .at(4), one: .at(10)])
    #expect(try await consumer.read(6).map(\.offset) == Array(4..<10))
    try await consumer.pause([zero])
    _ = await producer.send([record("places", 10, partition: 0), record("places", 10, partition: 1)])
    #expect(try await consumer.read(1).map(\.topicPartition) == [one])
    #expect(try await consumer.next(maxRecords: 10, timeoutMillis: 300).isEmpty)
    try await consumer.resume([zero])
    #expect(try await consumer.read(1).map(\.offset) == [10])
    try await consumer.seek(zero, .at(7))
    #expect(try await consumer.read(4).map(\.offset) == [7, 8, 9, 10])
    try await consumer.seek(one, .beginning)
    #expect(try await consumer.read(11).map(\.offset) == Array(0...10))
    try await consumer.assign([one: .at(9)])
    #expect(try await consumer.assignment() == [one])
    // At once, before the partition has started.
    try await consumer.seek(one, .at(2))
    #expect(try await consumer.read(2).map(\.offset) == [2, 3])
    let error = await #expect(throws: KafkaError.self) { try await consumer.seek(zero, .end) }
    #expect(error?.code == .state)
    #expect(try await consumer.endOffsets([zero, one]) == [zero: 11, one: 11])
    #expect(try await consumer.beginningOffsets([zero, one]) == [zero: 0, one: 0])
    await producer.close()
    await consumer.close()
  }

  @Test func theEndIsWhatIsSentFromNowOn() async throws {
    let broker = try EmbeddedBroker.start()
    try await create(broker, "end", 1)
    let producer = try KafkaProducer(configuration(broker))
    for result in await producer.send((0..<10).map { record("end", $0) }) { _ = try result.get() }
    let consumer = try KafkaConsumer(configuration(broker), assignment: [place("end"): .end])
    var records: [ConsumedRecord] = []
    let came = try await eventually {
      _ = try await producer.send(record("end", 10))
      records += try await consumer.next(maxRecords: 10, timeoutMillis: 100)
      return !records.isEmpty
    }
    #expect(came)
    #expect(records.allSatisfy { $0.text == "value-10" })
    await producer.close()
    await consumer.close()
  }

  @Test func offsetsAreFoundByTime() async throws {
    let broker = try EmbeddedBroker.start()
    try await create(broker, "times", 1)
    let producer = try KafkaProducer(configuration(broker))
    // Not long ago: the broker deletes what is past the retention time.
    let start = Int64(Date().timeIntervalSince1970) * 1000 - 100_000
    for number in 0..<5 {
      var record = record("times", number)
      record.timestampMillis = start + Int64(number) * 1000
      _ = try await producer.send(record)
    }
    let consumer = try KafkaConsumer(configuration(broker), assignment: [:])
    let times = place("times")
    for (millis, offset) in [(0, 0), (2000, 2), (2001, 3), (9000, 5)] as [(Int64, Int64)] {
      let found = try await consumer.offsets(forTimestampMillis: [times: start + millis])
      #expect(found == [times: offset])
    }
    await producer.close()
    await consumer.close()
  }

  /// Partitions that are stopping when the next assignment comes made librdkafka abort the process.
  @Test func assignmentsThatFollowFastAreHarmless() async throws {
    let broker = try EmbeddedBroker.start()
    try await create(broker, "many", 9)
    let producer = try KafkaProducer(configuration(broker))
    for number in 0..<90 { _ = try await producer.send(record("many", number, partition: Int32(number % 9))) }
    let places = (0..<9).map { TopicPartition(topic: "many", partition: $0) }
    let consumer = try KafkaConsumer(
      configuration(broker), assignment: Dictionary(uniqueKeysWithValues: places.map { ($0, .beginning) }))
    for round in 0..<50 {
      _ = try await consumer.next(maxRecords: 5, timeoutMillis: round % 3)
      try await consumer.assign(Dictionary(uniqueKeysWithValues: places.map { ($0, .at(3)) }))
      // Each seek finds its partition not started yet, and assigns.
      for place in places { try await consumer.seek(place, .at(Int64(round % 9))) }
    }
    try await consumer.assign([places[8]: .at(9)])
    var last: [ConsumedRecord] = []
    #expect(
      try await eventually {
        last += try await consumer.next(maxRecords: 10, timeoutMillis: 100)
        return last.contains { $0.topicPartition == places[8] && $0.offset == 9 }
      })
    await producer.close()
    await consumer.close()
  }

  @Test func aPositionOutOfRangeIsATypedErrorAndCanBeLeft() async throws {
    let broker = try EmbeddedBroker.start()
    try await create(broker, "range", 2)
    let producer = try KafkaProducer(configuration(broker))
    for partition in [0, 1] as [Int32] {
      _ = await producer.send((0..<3).map { record("range", $0, partition: partition) })
    }
    let (zero, one) = (place("range", 0), place("range", 1))
    let eager = configuration(broker).with(consumer: ["auto.offset.reset": "earliest"])
    let consumer = try KafkaConsumer(eager, assignment: [zero: .at(50), one: .at(1)])
    var errors: [KafkaError] = []
    var records: [ConsumedRecord] = []
    let done = try await eventually {
      do {
        records += try await consumer.next(maxRecords: 10, timeoutMillis: 200)
      } catch let error as KafkaError {
        errors.append(error)
      }
      return !errors.isEmpty && records.count == 2
    }
    #expect(done, "\(errors) \(records.count)")
    #expect(errors.map(\.isOffsetOutOfRange) == [true])
    #expect(errors.first?.topicPartition == zero)
    #expect(errors.first?.isRetriable == false)
    // The other partition has gone on; this one goes on from where it is told.
    #expect(records.map(\.topicPartition) == [one, one])
    try await consumer.seek(zero, .at(2))
    #expect(try await consumer.read(1).map(\.offset) == [2])
    await consumer.close()

    let reset = try KafkaConsumer(eager, assignment: [zero: .at(50)], resetsOutOfRange: true)
    #expect(try await reset.read(3).map(\.offset) == [0, 1, 2])
    await reset.close()
    await producer.close()
  }

  @Test func offsetsAreCommittedWithoutJoiningTheGroup() async throws {
    let broker = try EmbeddedBroker.start()
    try await create(broker, "commits", 2)
    let (zero, one) = (place("commits", 0), place("commits", 1))
    let producer = try KafkaProducer(configuration(broker))
    _ = await producer.send((0..<5).map { record("commits", $0, partition: 0) })
    let withGroup = configuration(broker).with(consumer: ["group.id": "by-hand"])
    let consumer = try KafkaConsumer(withGroup, assignment: [zero: .committed])
    let none = await #expect(throws: KafkaError.self) {
      try await consumer.next(maxRecords: 1, timeoutMillis: 10_000)
    }
    #expect(none?.isOffsetOutOfRange == true)
    try await consumer.seek(zero, .beginning)
    #expect(try await consumer.committed([zero, one]).isEmpty)
    #expect(try await consumer.read(5).count == 5)
    try await consumer.commit([zero: 3])
    #expect(try await consumer.committed([zero, one]) == [zero: 3])
    try await consumer.commit([zero: 4, one: 0])
    await consumer.close()
    let second = try KafkaConsumer(withGroup, assignment: [zero: .committed])
    #expect(try await second.committed([zero, one]) == [zero: 4, one: 0])
    #expect(try await second.read(1).map(\.offset) == [4])
    await second.close()
    let without = try KafkaConsumer(configuration(broker), assignment: [zero: .end])
    let error = await #expect(throws: KafkaError.self) { try await without.commit([zero: 1]) }
    #expect(error?.message.contains("group.id") == true)
    await without.close()
    await producer.close()
  }

  @Test func membersOfAGroupShareAndTakeOver() async throws {
    let broker = try EmbeddedBroker.start()
    try await create(broker, "shared", 2)
    let settings = configuration(broker).with(consumer: ["session.timeout.ms": "6000"])
    let producer = try KafkaProducer(settings)
    _ = await producer.send((0..<20).map { record("shared", $0, partition: Int32($0 % 2)) })
    let first = try KafkaConsumer(settings, group: "sharing", topics: ["shared"])
    #expect(try await first.read(20).count == 20)
    try await first.commit([place("shared", 0): 10, place("shared", 1): 10])
    let second = try KafkaConsumer(settings, group: "sharing", topics: ["shared"])
    let shared = try await eventually {
      _ = try await first.next(maxRecords: 10, timeoutMillis: 50)
      _ = try await second.next(maxRecords: 10, timeoutMillis: 50)
      let counts = try await (first.assignment().count, second.assignment().count)
      return counts == (1, 1)
    }
    #expect(shared)
    await first.close()
    _ = await producer.send((20..<30).map { record("shared", $0, partition: Int32($0 % 2)) })
    // At least once: what was not committed before the partitions moved comes again.
    var texts: Set<String> = []
    let complete = try await eventually {
      texts.formUnion(try await second.next(maxRecords: 10, timeoutMillis: 500).compactMap(\.text))
      return texts == Set((20..<30).map { "value-\($0)" })
    }
    #expect(complete, "\(texts.sorted())")
    #expect(try await second.assignment().count == 2)
    await second.close()
    await producer.close()
  }

  @Test func killedBrokerIsNoticedAndSendsGoOn() async throws {
    let broker = try EmbeddedBroker.start()
    try await create(broker, "killed", 1)
    let producer = try KafkaProducer(configuration(broker))
    let consumer = try KafkaConsumer(configuration(broker), assignment: [place("killed"): .beginning])
    _ = try await producer.send(record("killed", 0))
    #expect(try await consumer.read(1).count == 1)
    // Saves, so that the topic outlives the kill.
    broker.stop()
    try broker.restart()
    #expect(await eventually { producer.disconnects > 0 && consumer.disconnects > 0 })
    _ = try await producer.send(record("killed", 1))
    #expect(try await consumer.read(1).map(\.text) == ["value-1"])
    let before = (producer.disconnects, consumer.disconnects)
    broker.kill()
    #expect(await eventually { producer.disconnects > before.0 && consumer.disconnects > before.1 })
    async let during = producer.send(record("killed", 2))
    try await Task.sleep(for: .milliseconds(500))
    try broker.restart()
    // The broker may have lost what it had not saved, and then refuses the producer's next records; the producer
    // begins anew by itself, and what failed may be sent again.
    do {
      _ = try await during
    } catch let error as KafkaError {
      #expect(error.isRetriable, "\(error)")
      #expect(!error.isFatal)
    }
    var delivery: KafkaDelivery?
    for _ in 0..<3 where delivery == nil { delivery = try? await producer.send(record("killed", 3)) }
    #expect(delivery != nil)
    for number in 4..<10 { _ = try await producer.send(record("killed", number)) }
    await producer.close()
    await consumer.close()
  }

  @Test func aProducerWhoseBrokerStaysAwayGetsATimeOut() async throws {
    let broker = try EmbeddedBroker.start()
    try await create(broker, "gone", 1)
    let producer = try KafkaProducer(configuration(broker).with(producer: ["message.timeout.ms": "1000"]))
    _ = try await producer.send(record("gone", 0))
    broker.kill()
    let results = await producer.send([record("gone", 1), record("gone", 2)])
    for result in results {
      let error = #expect(throws: KafkaError.self) { try result.get() }
      #expect(error?.code == .messageTimedOut)
      #expect(error?.isRetriable == true)
    }
    await producer.close()
  }

  /// The broker answers an empty Fetch at once; the pause keeps an idle consumer from asking thousands of times.
  @Test func thePauseSlowsFetchingAndRecordsStillCome() async throws {
    let broker = try EmbeddedBroker.start()
    try await create(broker, "paced", 1)
    var fetches: [Int] = []
    for pace in [0, 20] {
      let lines = Lines()
      var settings = configuration(broker, pace: pace).with(consumer: ["debug": "fetch"])
      settings.log = .handler { _, facility, text in if facility == "FETCH" { lines.add(text) } }
      let consumer = try KafkaConsumer(settings, assignment: [place("paced"): .at(0)])
      _ = try await consumer.next(maxRecords: 1, timeoutMillis: 500)
      let before = lines.all.count
      #expect(try await consumer.next(maxRecords: 1, timeoutMillis: 1000).isEmpty)
      fetches.append(lines.all.count - before)
      await consumer.close()
    }
    #expect(fetches[1] > 0)
    #expect(fetches[0] > 5 * fetches[1], "\(fetches)")
    let producer = try KafkaProducer(configuration(broker))
    let consumer = try KafkaConsumer(configuration(broker, pace: 20), assignment: [place("paced"): .at(0)])
    _ = try await producer.send(record("paced", 0))
    #expect(try await consumer.read(1).count == 1)
    await producer.close()
    await consumer.close()
  }

  @Test func theHelperLeavesNothingBehind() async throws {
    var broker: EmbeddedBroker? = try EmbeddedBroker.start()
    let port = try #require(broker?.port)
    let directory = try #require(broker?.directory)
    #expect(accepts(port: port))
    broker = nil
    #expect(!accepts(port: port))
    #expect(!FileManager.default.fileExists(atPath: directory.path))
  }

  @Test func aHundredThousandRecordsGoThrough() async throws {
    let broker = try EmbeddedBroker.start()
    try await create(broker, "many", 3)
    let (count, batch) = (100_000, 5000)
    let producer = try KafkaProducer(configuration(broker))
    let consumer = try KafkaConsumer(
      configuration(broker),
      assignment: Dictionary(uniqueKeysWithValues: (0..<3).map { (place("many", $0), .at(0)) }))
    async let received = consumer.read(count, seconds: 120)
    for start in stride(from: 0, to: count, by: batch) {
      for result in await producer.send((start..<start + batch).map { record("many", $0) }) { _ = try result.get() }
    }
    let records = try await received
    #expect(records.count == count)
    for partition in [0, 1, 2] as [Int32] {
      let part = records.filter { $0.partition == partition }
      #expect(part.map(\.offset) == (0..<part.count).map(Int64.init))
    }
    await producer.close()
    await consumer.close()
  }

  /// Topics that are not the broker's own.
  private func own(_ admin: KafkaAdmin) async throws -> [TopicMetadata] {
    try await admin.topics().filter { !$0.name.hasPrefix("__") }
  }

  private func create(_ broker: EmbeddedBroker, _ topic: String, _ partitions: Int) async throws {
    let admin = try KafkaAdmin(configuration(broker))
    for result in try await admin.createTopics([NewTopic(name: topic, partitions: partitions)]).values {
      try result.get()
    }
    await admin.close()
  }
}
