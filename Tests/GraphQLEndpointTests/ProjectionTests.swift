import BankSupport
import Definitions
import Foundation
import GraphQLRuntime
import KafkaRuntime
import PostgresRuntime
import TestBank
import Testing

@testable import GraphQLEndpointService

@Suite("Endpoint: projection of balance_changed", .serialized)
struct ProjectionTests {
  @Test("rows as they are shown; what comes again adds none, and is handed over once, in order")
  func redelivery() async throws {
    let bank = try await EndpointBank.start()
    let endpoint = try await bank.endpoint()
    try await endpoint.ready()
    let all = await Collected.of(try endpoint.services.hub.subscribe(.init()))
    let one = await Collected.of(try endpoint.services.hub.subscribe(.init(iban: "NL2")))
    let first = try await bank.events("NL1", 1...20)
    let second = try await bank.events("NL2", 1...20)
    // Twice in one batch, and all of it again on top.
    try await bank.bank.send(first + first + second)
    try await eventually("the rows are there") { try await bank.rows().count == 40 }
    try await bank.bank.send(second + first)
    try await bank.bank.send(try await bank.events("NL1", 21...21, descr: "last"))
    try await eventually("the last one was handed over") { await all.rows.last?.descr == "last" }
    #expect(await all.rows.count == 41)
    #expect(await one.rows.map(\.newBalanceCents) == (1...20).map { $0 * 100 })
    #expect(await all.rows.filter { $0.iban == "NL1" }.map(\.newBalanceCents) == (1...21).map { $0 * 100 })
    #expect(try await bank.sequences("NL1") == (1...21).map { $0 })
    let row = try #require(await one.rows.first)
    #expect(row.newBalance == "€1,00" && row.changedBy == "€1,00" && row.direction == .credit && row.fromTo == "cash")
    let stored = try #require(try await endpoint.services.transactions.transaction(id: row.id))
    #expect(stored.eventID == row.eventID && stored.newBalance == row.newBalance && stored.descr == "test")
    #expect(endpoint.metrics.value(of: "bank_sequence_gaps_total") == nil)
    try await endpoint.stop()
    try await eventually("it was told why") { await all.failure != nil }
    #expect(await (all.failure as? GraphQLError)?.extensions.first?.value == .string("UNAVAILABLE"))
    #expect(endpoint.metrics.value(of: "bank_subscribers") == 0)
  }

  @Test("stopped in the middle it goes on; a rebuilt projection and that of a second endpoint have the same events")
  func rebuild() async throws {
    let bank = try await EndpointBank.start()
    var settings = EndpointBank.settings
    settings.maxBatchRecords = 7
    let ibans = (0..<9).map { "NL\($0)" }
    func send(_ sequences: ClosedRange<Int64>) async throws {
      for (number, iban) in ibans.enumerated() {
        try await bank.bank.send(try await bank.events(iban, sequences, partition: Int32(number)))
      }
    }
    try await send(1...30)
    let first = try await bank.endpoint(settings)
    try await eventually("it has begun") { try await bank.rows().count > 20 }
    try await first.stop()
    try await send(31...40)
    let other = try await bank.endpoint(settings)
    let again = try await bank.endpoint(settings)
    try await other.ready()
    try await again.ready()
    let collected = [
      await Collected.of(try other.services.hub.subscribe(.init())),
      await Collected.of(try again.services.hub.subscribe(.init())),
    ]
    try await send(41...50)
    for collected in collected {
      try await eventually("both hand over what is new") { await collected.rows.count >= 90 }
      #expect(await Set(collected.eventIDs).count == 90)
      for iban in ibans {
        #expect(
          await collected.rows.filter { $0.iban == iban }.map(\.newBalanceCents) == (41...50).map { $0 * 100 })
      }
    }
    let rows = try await bank.rows()
    #expect(rows.count == 450)
    for iban in ibans { #expect(try await bank.sequences(iban) == (1...50).map { $0 }) }
    try await other.stop()
    try await again.stop()

    let anew = try await bank.withNewDatabase()
    let rebuilt = try await anew.endpoint()
    try await rebuilt.ready()
    #expect(try await anew.rows() == rows)
    try await rebuilt.stop()
  }

  @Test("an event behind a gap waits for the missing one, over a restart too; a gap that lasts is a finding")
  func gaps() async throws {
    let bank = try await EndpointBank.start()
    var settings = EndpointBank.settings
    settings.gapMillis = 60_000
    let endpoint = try await bank.endpoint(settings)
    try await endpoint.ready()
    let events = try await bank.events("NL1", 1...6)
    try await bank.bank.send([events[0], events[2], events[3]])
    try await bank.bank.send(try await bank.events("NL2", 1...1))
    try await eventually("others go on") { try await bank.rows().count == 2 }
    #expect(try await bank.sequences("NL1") == [1])
    try await eventually("the position stays before what is held") {
      try await bank.count("select next_offset from consumed_offset where topic = 'balance_changed' and partition = 0")
        == 1
    }
    try await endpoint.stop()
    let second = try await bank.endpoint(settings)
    let collected = await Collected.of(try second.services.hub.subscribe(.init(iban: "NL1")))
    try await second.ready()
    try await bank.bank.send([events[1]])
    try await eventually("all in order") { try await bank.sequences("NL1") == [1, 2, 3, 4] }
    try await eventually("handed over in order") { await collected.rows.map(\.newBalanceCents) == [200, 300, 400] }
    #expect(second.metrics.value(of: "bank_sequence_gaps_total") == nil)
    try await second.stop()

    settings.gapMillis = 300
    let third = try await bank.endpoint(settings)
    try await third.ready()
    try await bank.bank.send([events[5]])
    try await eventually("it is written all the same") { try await bank.sequences("NL1") == [1, 2, 3, 4, 6] }
    #expect(third.metrics.value(of: "bank_sequence_gaps_total") == 1)
    // What was missing is not lost when it comes late.
    try await bank.bank.send([events[4]])
    try await eventually("the late one is there") { try await bank.rows().count == 7 }
    try await third.stop()
  }

  @Test("where the broker has another record than the one that was read it goes back, and adds no row")
  func lostRecords() async throws {
    let bank = try await EndpointBank.start()
    try await bank.bank.send(try await bank.events("NL1", 1...20))
    let first = try await bank.endpoint()
    try await first.ready()
    try await first.stop()
    #expect(try await bank.rows().count == 20)
    // As if the record before the position had been another one.
    try await bank.database { session in
      _ = try session.execute(
        "update consumed_offset set last_timestamp = last_timestamp - 1 where topic = 'balance_changed'")
      _ = try session.execute("delete from transaction where sequence = 20")
    }
    let second = try await bank.endpoint()
    let collected = await Collected.of(try second.services.hub.subscribe(.init()))
    try await second.ready()
    try await eventually("what is missing is there again") { try await bank.rows().count == 20 }
    // What was there before the start is not new to anyone.
    try await eventually("it was handed over") { await collected.rows.map(\.newBalanceCents) == [2_000] }
    try await second.stop()
  }

  @Test("what can't be read is skipped and counted; records without headers, of any number of cents, become rows")
  func poison() async throws {
    let bank = try await EndpointBank.start()
    let endpoint = try await bank.endpoint()
    let topic = "balance_changed"
    let heartbeat = try await bank.bank.registry.latest(subject: "heartbeat-value").id
    let good = try await bank.bank.registry.latest(subject: topic + "-value").id
    func id(_ id: Int32) -> [UInt8] { [0] + (0..<4).map { UInt8(truncatingIfNeeded: id >> (24 - 8 * $0)) } }
    let bad: [(value: [UInt8]?, cause: String)] = [
      (nil, "empty-value"), ([1, 0, 0, 0, 1], "wrong-magic-byte"), (id(999_999) + [1, 2], "unknown-schema-id"),
      (id(good) + [1, 2, 3], "malformed-avro"), (id(heartbeat) + [2], "incompatible-schema"),
      ([UInt8](repeating: 7, count: 910_000), "value-too-large"),
    ]
    try await bank.bank.send(bad.map { KafkaRecord(topic: topic, partition: 3, key: nil, value: $0.value) })
    let plain = try await bank.events("NL1", [1], partition: 3).map { record in
      var record = record
      record.headers = []
      return record
    }
    try await bank.bank.send(plain)
    let long = try await bank.events(String(repeating: "x", count: 300), [1], partition: 3)
    let hostile = try await bank.events("NL\01", [1], partition: 3, descr: "a\0b")
    try await bank.bank.send(long + hostile)
    try await eventually("what follows is there") { try await bank.rows().count == 2 }
    let event = CloudEvent.positionID(
      incarnation: bank.bank.incarnation, topic: topic, partition: 3, offset: Int64(bad.count))
    #expect(try await bank.rows()[event] == "NL1|€1,00|100|€1,00|100|cash|CREDIT|test")
    for (cause, count) in Dictionary(grouping: bad.map(\.cause) + ["value-too-large"], by: { $0 }) {
      let skipped = endpoint.metrics.value(of: "bank_skipped_records_total", ["topic": topic, "cause": cause])
      #expect(skipped == Double(count.count), "\(cause)")
    }
    try await endpoint.ready()
    try await endpoint.stop()
  }

  @Test("an unknown schema waits while the registry is away; so does everything while the database is")
  func away() async throws {
    let bank = try await EndpointBank.start()
    let events = try await bank.events("NL1", 1...2, partition: 1)
    await bank.bank.streams.registryServer.stop()
    let endpoint = try await bank.endpoint()
    try await bank.bank.send([events[0]])
    try await eventually("it says what it waits for") { endpoint.health.problem?.contains("registry") == true }
    #expect(try await bank.rows().isEmpty)
    try await bank.bank.streams.registryServer.restart()
    try await eventually("it goes on") { try await bank.rows().count == 1 }
    try await endpoint.ready()

    try await bank.database { session in
      try session.script("alter table transaction rename to elsewhere")
    }
    try await bank.bank.send([events[1]])
    try await eventually("it is not well") { endpoint.health.problem?.contains("projection: ") == true }
    // What is wrong, and nothing of the statement.
    #expect(endpoint.health.problem?.contains("does not exist") == true)
    #expect(endpoint.health.problem?.contains("insert into") == false, "\(endpoint.health.problem ?? "")")
    try await bank.database { session in
      try session.script("alter table elsewhere rename to transaction")
    }
    try await eventually("the row is there") { try await bank.rows().count == 2 }
    try await endpoint.ready()

    // Not kill: so soon after its start the broker would have saved no topic yet, and come back without any.
    bank.bank.broker.stop()
    try await eventually("it says that the broker is gone") { endpoint.health.problem != nil }
    try bank.bank.broker.restart()
    try await endpoint.ready()
    try await endpoint.stop()
  }
}
