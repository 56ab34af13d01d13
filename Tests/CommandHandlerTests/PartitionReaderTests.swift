import BankSupport
import KafkaRuntime
import TestBank
import Testing

@Suite("Reader of partitions")
struct PartitionReaderTests {
  @Test("a partition that is held goes on after a new assignment, as after a lost connection")
  func heldOverAnAssignment() async throws {
    let bank = try await TestBank.start()
    let partition = TopicPartition(topic: "heartbeat", partition: 0)
    try await bank.send([KafkaRecord(topic: partition.topic, partition: partition.partition, key: nil, value: [1])])
    let reader = PartitionReader<Position>(
      bank.kafka, settings: .init(maxRecords: 10),
      status: ServiceStatus(name: "reader", metrics: Metrics(), health: Health()), verify: {},
      reset: { _, _, _, _ in })
    let first = try await next(reader, partition)
    try await reader.hold(partition)
    reader.rewind()
    let again = try await next(reader, partition)
    await reader.close()
    #expect(first == [0] && again == [0])
  }

  /// Offsets of the next records, or nothing after ten seconds.
  private func next(_ reader: PartitionReader<Position>, _ partition: TopicPartition) async throws -> [Int64] {
    for _ in 0..<20 {
      let records = try await reader.next([partition: .beginning], timeoutMillis: 500)
      if !records.isEmpty { return records.map(\.offset) }
    }
    return []
  }
}
