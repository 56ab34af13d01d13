import Definitions
import Foundation
import KafkaRuntime
import NIOCore
import SchemaRegistry

/// Sends BalanceChanged events at a steady rate, as the command handler would: headers, sequence, key. The description
/// says when the event was sent, so that whoever reads it knows its age.
struct EventSource {
  private static let mark = Array("t=".utf8)
  private static let ticksPerSecond = 50

  let producer: KafkaProducer
  let codec: TopicCodec<BalanceChanged>
  let ibans: [String]
  private var sequences: [Int64]
  private var next = 0

  init(kafka: KafkaConfiguration, registry: RegistryClient, accounts: Int) async throws {
    producer = try KafkaProducer(kafka)
    codec = TopicCodec(Topics.balanceChanged, registry: registry)
    try await codec.prepare()
    // Of this run only: accounts of the run before have other sequences.
    let run = Int.random(in: 0..<100_000)
    ibans = (0..<accounts).map { "NL00OPEN" + String(run * 100_000 + $0 + 10_000_000_000).suffix(10) }
    sequences = Array(repeating: 0, count: accounts)
  }

  /// - Returns: how many events the broker has acknowledged.
  mutating func send(eventsPerSecond: Int, seconds: Int) async throws -> Int {
    let clock = ContinuousClock()
    let start = clock.now
    let ticks = seconds * Self.ticksPerSecond
    return try await withThrowingTaskGroup(of: Int.self) { group in
      for tick in 0..<ticks {
        let due = (tick + 1) * eventsPerSecond / Self.ticksPerSecond - tick * eventsPerSecond / Self.ticksPerSecond
        let records = try (0..<due).map { _ in try record() }
        let producer = producer
        group.addTask {
          await producer.send(records).count { result in if case .success = result { true } else { false } }
        }
        try await clock.sleep(until: start + .milliseconds((tick + 1) * 1000 / Self.ticksPerSecond))
      }
      return try await group.reduce(0, +)
    }
  }

  private mutating func record() throws -> KafkaRecord {
    let account = next
    next = (next + 1) % ibans.count
    sequences[account] += 1
    let event = BalanceChanged(
      iban: ibans[account], newBalance: sequences[account] * 100, changedBy: 100, fromTo: "cash",
      description: "t=\(Self.nowNanos())")
    return KafkaRecord(
      topic: codec.topic.name, key: Array(event.iban.utf8), value: try codec.encode(event),
      headers: [
        KafkaHeader("ce_specversion", "1.0"), KafkaHeader("ce_id", UUID().uuidString.lowercased()),
        KafkaHeader("ce_source", "/command-handler"), KafkaHeader("ce_type", "nl.openweb.data.BalanceChanged"),
        KafkaHeader("sequence", String(sequences[account])),
      ])
  }

  /// Of a clock that does not jump; the same in all processes of a machine.
  static func nowNanos() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  /// The time of sending in a message that shows the description.
  static func nanosSent(in message: ByteBuffer) -> UInt64? {
    message.withUnsafeReadableBytes { bytes in
      var index = 0
      while index + 2 < bytes.count {
        if bytes[index] == mark[0], bytes[index + 1] == mark[1] { return digits(bytes[(index + 2)...]) }
        index += 1
      }
      return nil
    }
  }

  private static func digits(_ bytes: Slice<UnsafeRawBufferPointer>) -> UInt64? {
    var value: UInt64 = 0
    var count = 0
    for byte in bytes {
      guard 0x30...0x39 ~= byte, count < 19 else { break }
      value = value * 10 + UInt64(byte - 0x30)
      count += 1
    }
    return count > 0 ? value : nil
  }
}
