import EmbeddedBroker
import KafkaRuntime
import Synchronization
import Testing

/// Settings that let a failing test fail in seconds.
func configuration(_ broker: EmbeddedBroker, pace: Int = 1) -> KafkaConfiguration {
  KafkaConfiguration(
    brokers: broker.bootstrapServers, producerProperties: ["message.timeout.ms": "20000"], fetchPaceMillis: pace,
    log: .off)
}

func record(_ topic: String, _ number: Int, partition: Int32? = nil) -> KafkaRecord {
  KafkaRecord(
    topic: topic, partition: partition, key: Array("key-\(number)".utf8), value: Array("value-\(number)".utf8))
}

func place(_ topic: String, _ partition: Int32 = 0) -> TopicPartition {
  TopicPartition(topic: topic, partition: partition)
}

extension ConsumedRecord {
  var text: String? { value.map { String(decoding: $0, as: UTF8.self) } }
}

extension KafkaConsumer {
  /// Reads until there are `count` records or `seconds` are over.
  func read(_ count: Int, seconds: Double = 20) async throws -> [ConsumedRecord] {
    var records: [ConsumedRecord] = []
    let deadline = ContinuousClock.now + .seconds(seconds)
    while records.count < count, ContinuousClock.now < deadline {
      records += try await next(maxRecords: count - records.count, timeoutMillis: 500)
    }
    return records
  }
}

/// Tries until `body` is true or `seconds` are over; whether it became true.
func eventually(seconds: Double = 20, _ body: () async throws -> Bool) async rethrows -> Bool {
  let deadline = ContinuousClock.now + .seconds(seconds)
  while ContinuousClock.now < deadline {
    if try await body() { return true }
    try? await Task.sleep(for: .milliseconds(20))
  }
  return false
}

/// Lines that several threads write.
final class Lines: Sendable {
  private let lines = Mutex<[String]>([])
  func add(_ line: String) { lines.withLock { $0.append(line) } }
  var all: [String] { lines.withLock { $0 } }
}
