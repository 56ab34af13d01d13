import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import SchemaRegistry
import TestBank
import Testing

/// Records that no reader of the bank can read.
struct Poison: Sendable {
  let key: [UInt8]?
  let value: [UInt8]?
  let cause: String

  private static func wire(_ id: Int32, _ bytes: [UInt8]) -> [UInt8] { WireFormat.header(id: id) + bytes }

  /// One of each kind, for a topic.
  static func all(_ bank: TestBank, topic: String) async throws -> [Poison] {
    let good = try await bank.registry.latest(subject: topic + "-value").id
    let other = try await bank.registry.latest(subject: "heartbeat-value").id
    // The name of the topic's record with a field that it does not have and the reader can't do without.
    let changed = try await bank.registry.register(
      subject: "unreadable-\(topic)",
      schema:
        #"{"type":"record","name":"BalanceChanged","namespace":"nl.openweb.data","fields":[{"name":"x","type":"int"}]}"#
    )
    return [
      Poison(key: Array("a".utf8), value: nil, cause: "empty-value"),
      Poison(key: Array("b".utf8), value: [], cause: "empty-value"),
      Poison(key: nil, value: [1, 0, 0, 0, 1], cause: "wrong-magic-byte"),
      // Keys need not be text.
      Poison(key: [0xFF, 0xFE], value: [0, 0], cause: "malformed-avro"),
      Poison(key: Array("c".utf8), value: wire(999_999, [1, 2]), cause: "unknown-schema-id"),
      Poison(key: Array("d".utf8), value: wire(good, [1, 2, 3]), cause: "malformed-avro"),
      Poison(key: Array("e".utf8), value: wire(other, [2]), cause: "incompatible-schema"),
      Poison(key: Array("f".utf8), value: wire(changed, [2]), cause: "incompatible-schema"),
      Poison(key: Array("g".utf8), value: [UInt8](repeating: 7, count: 950_000), cause: "value-too-large"),
      Poison(key: Array("h".utf8), value: try await largestValue(bank), cause: "value-too-large"),
    ]
  }

  /// The largest value that the broker takes under a key of one byte, to the byte.
  private static func largestValue(_ bank: TestBank) async throws -> [UInt8] {
    let producer = try KafkaProducer(unlimited(bank.kafka))
    var (taken, refused) = (950_000, 20_000_000)
    while refused - taken > 1 {
      let size = (taken + refused) / 2
      let record = KafkaRecord(
        topic: Topics.heartbeat.name, partition: 0, key: [0], value: [UInt8](repeating: 7, count: size))
      do {
        _ = try await producer.send(record)
        taken = size
      } catch {
        try #require(error.code == .messageTooLarge)
        refused = size
      }
    }
    await producer.close()
    return [UInt8](repeating: 7, count: taken)
  }

  /// Lets the broker decide how large a record may be.
  static func unlimited(_ kafka: KafkaConfiguration) -> KafkaConfiguration {
    var kafka = kafka
    kafka.producerProperties["message.max.bytes"] = "100000000"
    return kafka
  }
}

@Suite("Faults: poison", .serialized)
struct PoisonTests {
  private func send(_ poison: Poison, to topic: String, partition: Int32, _ bank: TestBank) async throws {
    let producer = try KafkaProducer(Poison.unlimited(bank.kafka))
    let record = KafkaRecord(topic: topic, partition: partition, key: poison.key, value: poison.value)
    do { _ = try await producer.send(record) } catch {
      await producer.close()
      throw error
    }
    await producer.close()
  }

  private func median(_ times: [Duration]) -> Duration { times.sorted()[times.count / 2] }

  /// Each kind, and then none as often.
  private func rounds(_ all: [Poison]) -> [Poison?] {
    var rounds: [Poison?] = all
    rounds += [Poison?](repeating: nil, count: all.count)
    return rounds
  }

  /// Within a second, or, on a machine that is busy with other things, about as soon as without poison in front.
  private func expectSoon(_ times: [Duration], without: [Duration]) {
    print("the next one after \(median(times)), without poison after \(median(without)) (medians)")
    #expect(median(times) < max(.seconds(1), median(without) * 2), "\(times), without poison \(without)")
  }

  @Test("each kind goes to the dead letters as it came, and the next command is handled within a second")
  func commands() async throws {
    let bank = try await TestBank.start()
    let handler = bank.startHandler()
    let account = try #require(try await bank.openAccounts(1).first)
    let topic = Topics.confirmMoneyTransfer.name
    let all = try await Poison.all(bank, topic: topic)
    var times: [Duration] = []
    var without: [Duration] = []
    for poison in rounds(all) {
      if let poison { try await send(poison, to: topic, partition: 4, bank) }
      let start = ContinuousClock.now
      let next = transfer(to: account.iban, amount: 1)
      try await bank.send([next], partition: 4)
      try await eventually("the next one is handled") {
        try await bank.count("select count(*) from cmt where uuid = \(next.id)") == 1
      }
      if poison == nil { without.append(start.duration(to: .now)) } else { times.append(start.duration(to: .now)) }
    }
    expectSoon(times, without: without)
    try await bank.drain()
    let letters = try await bank.records(Topics.deadLetter.name)
    #expect(letters.map { $0.header("__connect.errors.exception.class.name") } == all.map(\.cause))
    #expect(letters.map { $0.header("__connect.errors.offset") } == all.indices.map { String(2 * $0) })
    #expect(letters.allSatisfy { $0.header("__connect.errors.topic") == topic })
    #expect(letters.allSatisfy { $0.header("__connect.errors.partition") == "4" })
    #expect(letters.allSatisfy { $0.header("__connect.errors.exception.message")?.isEmpty == false })
    #expect(letters.allSatisfy { !$0.headers.contains { $0.name.hasPrefix(".") } })
    #expect(letters.map(\.key) == all.map(\.key))
    for (letter, poison) in zip(letters, all) {
      let value = poison.value ?? []
      let isCut = value.count > 900_000
      #expect(letter.value ?? [] == Array(value.prefix(isCut ? 900_000 - (poison.key?.count ?? 0) : value.count)))
      #expect(letter.header("truncated") == (isCut ? "true" : nil))
    }
    for (cause, kinds) in Dictionary(grouping: all, by: \.cause) {
      #expect(handler.metrics.value(of: "bank_dead_letters_total", ["cause": cause]) == Double(kinds.count))
    }
    try await handler.stop()
    try await faultHeld("poison: \(all.count) kinds of commands", injected: all.count, inFlight: all.count, bank: bank)
  }

  @Test(
    "each kind among the events is skipped and counted by the endpoint, and the next event has its row",
    .enabled(if: FaultSize.isFull))
  func events() async throws {
    let bank = try await TestBank.startForProcesses()
    let handler = bank.startHandler()
    let endpoint = try ServiceProcess(.graphQLEndpoint, bank)
    let account = try #require(try await bank.openAccounts(1).first)
    let topic = Topics.balanceChanged.name
    try await bank.send([transfer(to: account.iban, amount: 1)])
    try await bank.drain()
    try await endpoint.well()
    // Where the events of the company's account are, so that the next one is behind the poison.
    let first = try await bank.records(topic).first { $0.keyText == IBAN.company.text }
    let partition = try #require(first).partition
    let all = try await Poison.all(bank, topic: topic)
    var times: [Duration] = []
    var without: [Duration] = []
    for (number, poison) in rounds(all).enumerated() {
      if let poison { try await send(poison, to: topic, partition: partition, bank) }
      let start = ContinuousClock.now
      try await bank.send([transfer(to: account.iban, amount: 1)])
      try await eventually("the next event has its row") {
        try await bank.transactions { session in
          try session.first("select count(*) from transaction where iban = \(IBAN.company.text)", as: Int.self)
        } == number + 2
      }
      if poison == nil { without.append(start.duration(to: .now)) } else { times.append(start.duration(to: .now)) }
    }
    expectSoon(times, without: without)
    var isCounted = true
    for (cause, kinds) in Dictionary(grouping: all, by: \.cause) {
      let skipped = await endpoint.metric(#"bank_skipped_records_total{topic="\#(topic)",cause="\#(cause)"}"#)
      #expect(skipped == Double(kinds.count), "\(cause)")
      isCounted = isCounted && skipped == Double(kinds.count)
    }
    try await endpoint.well()
    #expect(try await endpoint.stop() == .exited(0))
    try await handler.stop()
    // Not faultHeld: what was put among the events here no audit can pass.
    try FaultRow(
      fault: "poison: \(all.count) kinds of events", injected: all.count, inFlight: all.count,
      invariants: ["projection": isCounted], seconds: bank.lapSeconds()
    ).write()
  }
}
