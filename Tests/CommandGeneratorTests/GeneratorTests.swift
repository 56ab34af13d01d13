import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import TestStreams
import Testing

@testable import CommandGeneratorService

/// Against the real broker.
@Suite struct GeneratorTests {
  static func account(_ number: Int, _ type: Atype = .auto) -> AccountCreationConfirmed {
    AccountCreationConfirmed(
      id: UUID(), iban: IBAN(account: UInt64(number)).text, token: "token \(number)", aType: type)
  }

  /// Runs the loop as long as `body` does, and checks that stopping it is no error.
  static func run(
    _ streams: TestStreams, metrics: Metrics = Metrics(), _ body: () async throws -> Void
  ) async throws {
    let loop = GeneratorLoop(
      kafka: streams.kafka, registry: streams.registry, metrics: metrics, health: Health())
    let task = Task { try await loop.run() }
    defer { task.cancel() }
    try await body()
    task.cancel()
    try await task.value
  }

  static func salaries(_ streams: TestStreams) async throws -> [ConfirmMoneyTransfer] {
    try await streams.values(Topics.confirmMoneyTransfer).filter { $0.description == "salary" }
  }

  static func others(_ streams: TestStreams) async throws -> [ConfirmMoneyTransfer] {
    try await streams.values(Topics.confirmMoneyTransfer).filter { $0.description != "salary" }
  }

  @Test func makesCommandsOfBeatsAndPaysSalariesOnce() async throws {
    let streams = try await TestStreams.start()
    let metrics = Metrics()
    let accounts = (1...4).map { Self.account($0) }
    try await streams.send(Topics.accountCreationConfirmed, accounts + [Self.account(5, .manual)])
    try await Self.run(streams, metrics: metrics) {
      try await eventually("four salaries") { try await Self.salaries(streams).count == 4 }
      try await streams.send(Topics.heartbeat, (1...230).map { Heartbeat(beat: $0) })
      try await eventually("a command a beat") { try await Self.others(streams).count == 210 }
    }
    #expect(Set(try await Self.salaries(streams)) == Set(accounts.map(CommandPlan.salary)))
    let openings = try await streams.values(Topics.confirmAccountCreation)
    #expect(openings.count == 20, "beats 1 to 19, and 200")
    #expect(openings.allSatisfy { $0.aType == .auto })
    let ibans = Set(accounts.map(\.iban))
    #expect(try await Self.others(streams).allSatisfy { ibans.contains($0.from) || ibans.contains($0.to) })
    #expect(
      metrics.value(of: "bank_commands_total", ["service": "command-generator", "outcome": "sent"]) == 234)

    // Another run knows the old accounts, and pays the new one only.
    let later = Self.account(6)
    try await Self.run(streams) {
      try await streams.send(Topics.accountCreationConfirmed, [accounts[0]])
      try await streams.send(
        Topics.accountFeedback,
        [
          .accountCreationFailed(AccountCreationFailed(id: UUID(), reason: "generated iban already exists, try again")),
          .accountCreationConfirmed(later),
        ])
      try await eventually("the salaries of two") { try await Self.salaries(streams).count == 6 }
      try await streams.send(Topics.heartbeat, (231...390).map { Heartbeat(beat: $0) })
      try await eventually("a command a beat") { try await Self.others(streams).count == 370 }
    }
    let repeated = CommandPlan.salary(for: accounts[0])
    #expect(try await Self.salaries(streams).count { $0 == repeated } == 2, "a repeat is the same command")
    #expect(try await Self.salaries(streams).count { $0.to == later.iban } == 1)
    // And a third the one of the other topic too.
    try await Self.run(streams) {
      try await streams.send(Topics.heartbeat, (391...590).filter { $0 % 200 != 0 }.map { Heartbeat(beat: $0) })
      try await eventually("a command a beat") { try await Self.others(streams).count == 569 }
    }
    #expect(try await Self.salaries(streams).count == 6, "paid once")
    let used = Set(try await Self.others(streams).flatMap { [$0.from, $0.to] })
    #expect(used.isSuperset(of: ibans.union([later.iban])))
  }

  @Test func setsKeysAndHeaders() async throws {
    let streams = try await TestStreams.start()
    try await Self.run(streams) {
      try await streams.send(Topics.accountCreationConfirmed, [Self.account(1)])
      try await streams.send(Topics.heartbeat, [Heartbeat(beat: 1)])
      try await eventually("two commands") {
        let salaries = try await streams.records(Topics.confirmMoneyTransfer.name).count
        return try await streams.records(Topics.confirmAccountCreation.name).count + salaries == 2
      }
    }
    let opening = try #require(try await streams.records(Topics.confirmAccountCreation.name).first)
    let openingID = try #require(try await streams.values(Topics.confirmAccountCreation).first?.id)
    let transfer = try #require(try await streams.records(Topics.confirmMoneyTransfer.name).first)
    let transferID = try #require(try await streams.values(Topics.confirmMoneyTransfer).first?.id)
    for (record, id, type) in [
      (opening, openingID, "nl.openweb.data.ConfirmAccountCreation"),
      (transfer, transferID, "nl.openweb.data.ConfirmMoneyTransfer"),
    ] {
      #expect(record.keyText == id.text)
      #expect(record.headers.map(\.name) == ["ce_specversion", "ce_id", "ce_source", "ce_type"])
      #expect(record.header("ce_specversion") == "1.0")
      #expect(record.header("ce_id") == id.text)
      #expect(record.header("ce_source") == "/command-generator")
      #expect(record.header("ce_type") == type)
    }
    #expect(transfer.partition == KafkaPartitioner.partition(forKey: Array(transferID.text.utf8), of: 9))
  }

  @Test func skipsWhatItCannotRead() async throws {
    let streams = try await TestStreams.start()
    let metrics = Metrics()
    let garbage: [[UInt8]?] = [nil, [], [9, 9], [0, 0, 0, 0, 99, 2], [0, 0]]
    for topic in [Topics.heartbeat.name, Topics.accountCreationConfirmed.name] {
      try await streams.send(garbage.map { KafkaRecord(topic: topic, key: nil, value: $0) })
    }
    try await Self.run(streams, metrics: metrics) {
      try await streams.send(Topics.accountCreationConfirmed, [Self.account(1)])
      try await streams.send(Topics.heartbeat, [Heartbeat(beat: 5)])
      try await eventually("salary and opening") {
        let salaries = try await Self.salaries(streams).count
        return try await streams.values(Topics.confirmAccountCreation).count + salaries == 2
      }
    }
    for (cause, count) in [
      ("empty-value", 2.0), ("wrong-magic-byte", 1), ("unknown-schema-id", 1), ("malformed-avro", 1),
    ] {
      for topic in [Topics.heartbeat.name, Topics.accountCreationConfirmed.name] {
        #expect(metrics.value(of: "bank_skipped_records_total", ["topic": topic, "cause": cause]) == count)
      }
    }
  }

  /// The broker comes back with less than it had, and hands the same offsets out again.
  @Test func outlastsABrokerThatIsKilled() async throws {
    let streams = try await TestStreams.start()
    try await Self.run(streams) {
      try await streams.send(Topics.accountCreationConfirmed, (1...3).map { Self.account($0) })
      try await eventually("three salaries") { try await Self.salaries(streams).count == 3 }
      // The broker saves about once a second.
      try await Task.sleep(for: .milliseconds(2_000))
      try await streams.send(Topics.accountCreationConfirmed, [Self.account(4)])
      try await eventually("the fourth") { try await Self.salaries(streams).count == 4 }
      streams.broker.kill()
      try await Task.sleep(for: .milliseconds(300))
      try streams.broker.restart()
      // What the broker lost comes again, as from an outbox, and something new.
      let known = Set(try await streams.values(Topics.accountCreationConfirmed).map(\.iban))
      let missing = (1...5).map { Self.account($0) }.filter { !known.contains($0.iban) }
      try await streams.send(Topics.accountCreationConfirmed, missing)
      try await eventually("a salary for each") {
        Set(try await Self.salaries(streams).map(\.to)) == Set((1...5).map { IBAN(account: UInt64($0)).text })
      }
      try await streams.send(Topics.heartbeat, (21...60).map { Heartbeat(beat: $0) })
      try await eventually("a command a beat") { try await Self.others(streams).count >= 40 }
    }
  }

  @Test func startsPastPositionsThatTheBrokerDoesNotHave() async throws {
    let streams = try await TestStreams.start()
    let beats = TopicPartition(topic: Topics.heartbeat.name, partition: 0)
    let accounts = TopicPartition(topic: Topics.accountCreationConfirmed.name, partition: 0)
    var kafka = streams.kafka
    kafka.consumerProperties["group.id"] = GeneratorLoop.group
    let committing = try KafkaConsumer(kafka, assignment: [:])
    try await committing.commit([beats: 1_000, accounts: 1_000])
    await committing.close()
    try await Self.run(streams) {
      try await eventually("the lag is known") {
        // Beats sent before the start are behind the position; those after it count.
        try await streams.send(Topics.heartbeat, [Heartbeat(beat: 200)])
        return try await !streams.values(Topics.confirmAccountCreation).isEmpty
      }
      try await streams.send(Topics.accountCreationConfirmed, [Self.account(1)])
      try await eventually("a salary") { try await Self.salaries(streams).count == 1 }
    }
  }
}
