import EmbeddedBroker
import Foundation
import KafkaRuntime
import LoopbackProxy
import PostgresRuntime
import Synchronization
import TestPostgres
import Testing

@Suite("Loopback proxy", .serialized)
struct LoopbackProxyTests {
  /// A connection to Postgres through a proxy.
  private func connect(_ proxy: LoopbackProxy) async throws -> PostgresConnection {
    var configuration = try await TestPostgres.shared().configuration()
    configuration.host = "127.0.0.1"
    configuration.port = proxy.port
    configuration.connectTimeoutSeconds = 2
    return try await PostgresConnection.connect(configuration)
  }

  private func proxy() async throws -> LoopbackProxy {
    try LoopbackProxy(to: .unixSocket(try await TestPostgres.shared().socketPath))
  }

  @discardableResult
  private func ask(_ connection: PostgresConnection, _ sql: SQL = "select 1") async throws -> Int? {
    try await connection.run { session in try session.first(sql, as: Int.self) }
  }

  @Test("bytes pass as they are, however many; connections and bytes are counted, and both ends see the end")
  func passes() async throws {
    let proxy = try await proxy()
    let connection = try await connect(proxy)
    let bytes = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let back = try await connection.run { session in try session.first("select \(bytes)", as: [UInt8].self) }
    #expect(back == bytes)
    #expect(proxy.counts.attempts == 1 && proxy.counts.open == 1)
    #expect(proxy.counts.bytesToServer > bytes.count && proxy.counts.bytesToClient > bytes.count)
    await connection.close()
    try await soon { proxy.counts.open == 0 }
    #expect(proxy.counts.cut == 0)
  }

  @Test("latency, stalls and resets are what they are set to")
  func slow() async throws {
    let proxy = try await proxy()
    let connection = try await connect(proxy)
    proxy.set { $0.latencyMillis = 50 }
    let start = ContinuousClock.now
    try await ask(connection)
    // Each statement has four ways at least: prepared, and executed.
    #expect(start.duration(to: .now) >= .milliseconds(200))
    proxy.set {
      $0.latencyMillis = 0
      $0.stallsPerMille = 1_000
      $0.stallMillis = 100
    }
    let stalled = ContinuousClock.now
    try await ask(connection)
    #expect(stalled.duration(to: .now) >= .milliseconds(200))
    #expect(proxy.counts.stalls >= 2)
    proxy.set { $0.resetsPerMille = 1_000 }
    await #expect(throws: PostgresError.self) { try await ask(connection) }
    // The client may see it before it is counted.
    try await soon { proxy.counts.cut == 1 }
  }

  @Test("cut, refused, and half open in each direction")
  func ends() async throws {
    let proxy = try await proxy()
    let cut = try await connect(proxy)
    proxy.cut()
    try await soon { proxy.counts.open == 0 }
    let lost = await #expect(throws: PostgresError.self) { try await ask(cut) }
    #expect(lost?.isConnectionLost == true)

    proxy.set { $0.refuses = true }
    let start = ContinuousClock.now
    for _ in 0..<5 { await #expect(throws: PostgresError.self) { _ = try await connect(proxy) } }
    #expect(proxy.counts.refused == 5 && proxy.attempts(since: start) == 5)
    #expect((1...5).contains(proxy.busiestSecond(since: start)))

    proxy.set { $0.refuses = false }
    let connection = try await connect(proxy)
    for blocked in [ProxyDirection.toServer, .toClient] {
      proxy.set { $0.blocked = [blocked] }
      let answer = Mutex<Int?>(nil)
      let task = Task {
        let found = try await ask(connection, "select 2")
        answer.withLock { $0 = found }
      }
      try await Task.sleep(for: .milliseconds(300))
      #expect(answer.withLock { $0 } == nil)
      proxy.set { $0.blocked = [] }
      try await task.value
      #expect(answer.withLock { $0 } == 2)
    }
    await connection.close()
  }

  @Test("a verdict on what a client sends: never sent, sent and cut, answered and cut, held")
  func verdicts() async throws {
    let proxy = try await proxy()
    let table = "proxy_\(UUID().uuidString.prefix(8))"
    let setUp = try await connect(proxy)
    try await setUp.run { session in try session.script("create table \(identifier: table) (id int)") }
    await setUp.close()
    func rows() async throws -> Int? {
      let connection = try await connect(proxy)
      let count = try await ask(connection, "select count(*) from \(identifier: table)")
      await connection.close()
      return count
    }
    for (verdict, expected) in [(ProxyVerdict.cutBefore, 0), (.cutAtAnswer, 1)] {
      let connection = try await connect(proxy)
      proxy.judge { bytes in bytes.contains(UInt8(ascii: "~")) ? verdict : .pass }
      let error = await #expect(throws: PostgresError.self) {
        try await connection.run { session in
          try session.script("insert into \(identifier: table) values (1) -- ~")
        }
      }
      #expect(error?.isConnectionLost == true)
      proxy.judge(nil)
      #expect(try await rows() == expected)
    }
    #expect(proxy.counts.answersLost == 1)

    let connection = try await connect(proxy)
    proxy.judge { bytes in bytes.contains(UInt8(ascii: "~")) ? .hold : .pass }
    let task = Task { try await ask(connection, "select 3 -- ~") }
    try await Task.sleep(for: .milliseconds(200))
    // Others pass.
    #expect(try await rows() == 1)
    proxy.judge(nil)
    proxy.release()
    #expect(try await task.value == 3)
    await connection.close()
  }

  @Test("a broker's clients stay on the proxy's port, and see nothing of the broker's own")
  func kafka() async throws {
    let broker = try EmbeddedBroker.start()
    let proxy = try LoopbackProxy(to: .port(broker.port), isKafka: true)
    let configuration = KafkaConfiguration(brokers: proxy.address, fetchPaceMillis: 1, log: .off)
    let admin = try KafkaAdmin(configuration)
    try await admin.createTopics([NewTopic(name: "t", partitions: 1)])["t"]?.get()
    await admin.close()
    let producer = try KafkaProducer(configuration)
    // Larger together than what the proxy looks through for addresses.
    let values = (0..<100).map { [UInt8](repeating: UInt8($0), count: 20_000) }
    for result in await producer.send(values.map { KafkaRecord(topic: "t", key: nil, value: $0) }) {
      _ = try result.get()
    }
    await producer.close()
    let consumer = try KafkaConsumer(
      configuration, assignment: [TopicPartition(topic: "t", partition: 0): .beginning])
    var read: [[UInt8]?] = []
    while read.count < values.count {
      let records = try await consumer.next(maxRecords: 100, timeoutMillis: 5_000)
      try #require(!records.isEmpty)
      read += records.map(\.value)
    }
    #expect(read == values)
    // It comes again by the proxy, as it knows no other way.
    proxy.set { $0.refuses = true }
    proxy.cut()
    try await soon { proxy.counts.refused > 0 }
    await consumer.close()
  }

  private func soon(_ condition: () -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(20)
    while !condition() {
      try #require(ContinuousClock.now < deadline)
      try await Task.sleep(for: .milliseconds(10))
    }
  }
}
