import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import TestStreams
import Testing

@testable import HeartbeatService

/// Against the real broker.
@Suite struct HeartbeatTests {
  /// Runs the loop as long as `body` does, and checks that stopping it is no error.
  static func run(
    _ streams: TestStreams, _ control: HeartbeatControl, metrics: Metrics = Metrics(), health: Health = Health(),
    _ body: () async throws -> Void
  ) async throws {
    let loop = HeartbeatLoop(
      kafka: streams.kafka, registry: streams.registry, control: control, metrics: metrics, health: health)
    let task = Task { try await loop.run() }
    defer { task.cancel() }
    try await body()
    task.cancel()
    try await task.value
  }

  @Test func countsUpAndGoesOnAfterARestart() async throws {
    let streams = try await TestStreams.start()
    let metrics = Metrics()
    let health = Health()
    let first = HeartbeatControl(try .init(batchSize: 7, sleepMillis: 20))
    try await Self.run(streams, first, metrics: metrics, health: health) {
      try await eventually("35 beats") { first.counter >= 35 }
      #expect(health.problem == nil)
    }
    let last = first.counter
    #expect(try await streams.values(Topics.heartbeat).map(\.beat) == Array(1...last))
    #expect(metrics.value(of: "bank_heartbeats_total") == Double(last))

    let second = HeartbeatControl(try .init(batchSize: 0, sleepMillis: 3_600_000))
    try await Self.run(streams, second) {
      try await eventually("the old count is found") { second.counter == last }
      // A change is followed at once, also out of a wait of an hour.
      second.setPace(try .init(batchSize: 2_500, sleepMillis: 50))
      try await eventually("two batches") { second.counter >= last + 5_000 }
    }
    // A stop waits for what was sent: the broker may have a batch more than was counted, never less.
    let records = try await streams.records(Topics.heartbeat.name)
    #expect(records.count >= second.counter)
    #expect(try await streams.values(Topics.heartbeat).map(\.beat) == Array(1...Int64(records.count)))
    for record in records {
      // The key is the time of sending; there are no headers.
      let key = try #require(record.keyText.flatMap { Int64($0) })
      #expect(abs(key - record.timestampMillis) < 60_000)
      #expect(record.headers.isEmpty)
    }
  }

  @Test func countsOnPastWhatIsNoBeat() async throws {
    let streams = try await TestStreams.start()
    try await streams.send(Topics.heartbeat, [Heartbeat(beat: 41), Heartbeat(beat: 42)])
    try await streams.send(
      [nil, [], [9, 9], [0, 0, 0, 0, 99, 2]].map { KafkaRecord(topic: Topics.heartbeat.name, key: nil, value: $0) })
    let control = HeartbeatControl(try .init(batchSize: 1, sleepMillis: 3_600_000))
    try await Self.run(streams, control) { try await eventually("a beat") { control.counter == 43 } }
  }

  @Test func outlastsABrokerThatIsKilled() async throws {
    let streams = try await TestStreams.start()
    let metrics = Metrics()
    let health = Health()
    let control = HeartbeatControl(try .init(batchSize: 5, sleepMillis: 10))
    try await Self.run(streams, control, metrics: metrics, health: health) {
      try await eventually("some beats") { control.counter > 50 }
      // The broker saves about once a second; what came after that is lost with it.
      try await Task.sleep(for: .milliseconds(1_500))
      streams.broker.kill()
      let atKill = control.counter
      try await Task.sleep(for: .milliseconds(500))
      try streams.broker.restart()
      try await eventually("more beats") { control.counter > atKill + 100 }
      #expect(health.problem == nil)
    }
    let beats = try await streams.values(Topics.heartbeat).map(\.beat)
    #expect(beats.max() == control.counter, "every beat that was counted after the restart is there")
  }

  /// While the broker is away the service says so, and stopping it takes no longer than the time it has.
  @Test func saysThatTheBrokerIsAwayAndStopsInTime() async throws {
    let streams = try await TestStreams.start()
    let health = Health()
    let metrics = Metrics()
    var kafka = streams.kafka
    kafka.properties["message.timeout.ms"] = "1000"
    let control = HeartbeatControl(try .init(batchSize: 1, sleepMillis: 10))
    let loop = HeartbeatLoop(
      kafka: kafka, registry: streams.registry, control: control, metrics: metrics, health: health)
    let task = Task { try await loop.run() }
    defer { task.cancel() }
    try await eventually("a beat") { control.counter > 0 }
    streams.broker.kill()
    try await eventually("health tells") { health.problem?.contains("Kafka") == true }
    #expect((metrics.value(of: "bank_retries_total", ["target": "kafka"]) ?? 0) > 0)
    let start = ContinuousClock.now
    task.cancel()
    try await task.value
    #expect(ContinuousClock.now - start < .seconds(ServiceHost.stopLimitSeconds))
  }
}
