import KafkaRuntime
import Testing

@Suite struct ConfigurationTests {
  @Test func anUnknownPropertyIsNamed() throws {
    let configuration = KafkaConfiguration(brokers: "127.0.0.1:1", properties: ["lingre.ms": "5"], log: .off)
    let error = #expect(throws: KafkaError.self) { try KafkaProducer(configuration) }
    #expect(error?.code == .invalidArgument)
    #expect(error?.message.contains("\"lingre.ms\"") == true)
    #expect(throws: KafkaError.self) { try KafkaAdmin(configuration) }
    #expect(throws: KafkaError.self) { try KafkaConsumer(configuration, group: "g", topics: ["t"]) }
  }

  @Test func aBadValueIsNamed() throws {
    let configuration = KafkaConfiguration(
      brokers: "127.0.0.1:1", producerProperties: ["linger.ms": "soon"], log: .off)
    let error = #expect(throws: KafkaError.self) { try KafkaProducer(configuration) }
    #expect(error?.message.contains("linger.ms") == true)
    #expect(error?.description.contains("Correct the argument or property") == true)
    // A producer's property is none of a consumer's business.
    _ = try KafkaConsumer(configuration, assignment: [:])
  }

  @Test func valuesThatContradictEachOtherAreRefused() throws {
    let configuration = KafkaConfiguration(
      brokers: "127.0.0.1:1", producerProperties: ["enable.idempotence": "true", "acks": "1"], log: .off)
    let error = #expect(throws: KafkaError.self) { try KafkaProducer(configuration) }
    #expect(error?.message.contains("acks") == true)
  }

  /// librdkafka finds these out last, when it has taken the configuration over.
  @Test(
    arguments: [
      (["security.protocol": "sasl_plaintext", "sasl.mechanism": "NONSENSE"], "NONSENSE"),
      (["security.protocol": "ssl", "ssl.ca.location": "/nowhere/root.crt"], "ssl.ca.location"),
      (["security.protocol": "ssl", "ssl.key.location": "/nowhere/client.key"], "ssl.key.location"),
      (["security.protocol": "ssl", "ssl.cipher.suites": "none"], "ssl.cipher.suites"),
    ])
  func whatCannotBeUsedForTLSIsNamed(properties: [String: String], word: String) {
    let configuration = KafkaConfiguration(brokers: "127.0.0.1:1", properties: properties, log: .off)
    for make in [
      { _ = try KafkaProducer(configuration) }, { _ = try KafkaAdmin(configuration) },
      { _ = try KafkaConsumer(configuration, assignment: [:]) },
    ] as [() throws -> Void] {
      let error = #expect(throws: KafkaError.self) { try make() }
      #expect(error?.code == .invalidArgument)
      #expect(error?.message.contains(word) == true, "\(String(describing: error))")
    }
  }

  @Test func anUnreachableBrokerIsATypedErrorWithAdvice() async throws {
    let configuration = KafkaConfiguration(
      brokers: "127.0.0.1:1", producerProperties: ["message.timeout.ms": "500"], log: .off)
    let producer = try KafkaProducer(configuration)
    let error = await #expect(throws: KafkaError.self) {
      try await producer.send(KafkaRecord(topic: "t", key: nil, value: [1]))
    }
    #expect(error?.code == .messageTimedOut)
    #expect(error?.isRetriable == true)
    #expect(error?.isFatal == false)
    #expect(error?.advice.contains("bootstrap.servers") == true)
    await producer.close(timeoutMillis: 100)
    let admin = try KafkaAdmin(configuration, requestTimeoutMillis: 500)
    await #expect(throws: KafkaError.self) { try await admin.topics() }
    await admin.close()
  }

  @Test func logLinesReachTheHandler() async throws {
    let lines = Lines()
    let configuration = KafkaConfiguration(
      brokers: "127.0.0.1:1", log: .handler { severity, facility, text in lines.add("\(severity) \(facility) \(text)") }
    )
    let admin = try KafkaAdmin(configuration, requestTimeoutMillis: 1000)
    await #expect(throws: KafkaError.self) { try await admin.topics() }
    await admin.close()
    #expect(lines.all.contains { $0.contains("127.0.0.1:1") })
  }

  /// Computed with Kafka's own Utils.murmur2 test vectors: the hash, made positive, modulo the partitions.
  @Test(
    arguments: [
      ("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536),
      ("a-little-bit-longer-string", -1_486_304_829), ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
      ("abc", 479_470_107),
    ] as [(String, Int32)])
  func partitionsAreThoseOfJava(key: String, hash: Int32) {
    for partitions in [1, 2, 9, 12, 1000] {
      let expected = (hash & 0x7fff_ffff) % Int32(partitions)
      #expect(KafkaPartitioner.partition(forKey: Array(key.utf8), of: partitions) == expected)
    }
  }

  @Test func producersUseThatPartitioner() async throws {
    let cluster = try MockKafkaCluster()
    try cluster.createTopic("nine", partitions: 9)
    let producer = try KafkaProducer(cluster.configuration)
    for number in 0..<50 {
      let key = Array("NL66OPEN\(number)".utf8)
      let delivery = try await producer.send(KafkaRecord(topic: "nine", key: key, value: []))
      #expect(delivery.partition == KafkaPartitioner.partition(forKey: key, of: 9))
    }
    await producer.close()
  }
}
