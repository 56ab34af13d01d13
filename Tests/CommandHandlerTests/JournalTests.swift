import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import SchemaRegistry
import TestBank
import TestStreams
import Testing

@testable import CommandHandlerService

@Suite("Handler: the journal")
struct JournalTests {
  private static func entry(_ epoch: Int64, _ number: Int64, ends: Bool = false) -> JournalEntry {
    JournalEntry(epoch: epoch, number: number, deliveries: [], ends: ends)
  }

  // MARK: Which records count

  @Test("entries count while they are of the last epoch and the next by number")
  func fence() {
    let (first, second) = (UUID(), UUID())
    let table: [(record: Journal, counts: Bool, why: String)] = [
      (.journalEntry(Self.entry(1, 1)), false, "no epoch yet"),
      (.journalEpoch(JournalEpoch(epoch: 1, writer: first)), true, "the first"),
      (.journalEntry(Self.entry(1, 1)), true, "the first"),
      (.journalEntry(Self.entry(1, 1)), false, "a copy"),
      (.journalEntry(Self.entry(1, 3)), false, "the one before is lost"),
      (.journalEpoch(JournalEpoch(epoch: 1, writer: second)), false, "another took the same epoch later"),
      (.journalEpoch(JournalEpoch(epoch: 2, writer: second)), true, "a new writer"),
      (.journalEntry(Self.entry(1, 2)), false, "of the writer that was replaced"),
      (.journalEntry(Self.entry(2, 2, ends: true)), true, "the next one of the new writer"),
      (.journalEpoch(JournalEpoch(epoch: 1, writer: first)), false, "an old epoch"),
    ]
    var fence = JournalFence()
    #expect(fence.isFree)
    for (record, counts, why) in table {
      let isAdmitted =
        switch record {
        case .journalEpoch(let epoch): fence.admits(epoch)
        case .journalEntry(let entry): fence.admits(entry)
        }
      #expect(isAdmitted == counts, "\(why)")
      if case .journalEpoch = record { #expect(!fence.isFree || !counts) }
    }
    #expect(fence.isFree && fence.writer == second && fence.epoch == 2 && fence.number == 2)
  }

  // MARK: What is known again

  @Test("batches of any size, written as entries and read again, give what one state gives")
  func ledger() throws {
    var generator = SeededGenerator.forRun("journal")
    let ibans = [IBAN.company.text] + (UInt64(1)...5).map { IBAN(account: $0).text }
    var commands: [Command] = []
    for number in 0..<2_000 {
      if number % 9 == 8, var old = commands.randomElement(using: &generator) {
        if number % 2 == 0 { old.payloadHash[0] ^= 1 }
        commands.append(old)
      } else {
        commands.append(Self.command(ibans, &generator))
      }
    }
    let company = LedgerAccount(
      iban: IBAN.company.text, token: Token.company, amount: 100_000_000_000_000_000, limit: -50_000, version: 0)
    let whole = decide(LedgerState(accounts: [company]), commands)
    var ledger = MemoryLedger()
    var events: [LedgerEvent] = []
    var conflicts = 0
    var rest = commands[...]
    while !rest.isEmpty {
      let batch = Array(rest.prefix(Int.random(in: 1...50, using: &generator)))
      rest = rest.dropFirst(batch.count)
      let decision = decide(ledger.state(for: batch), batch)
      events += decision.events
      conflicts += decision.conflicts.count
      let entry = JournalEntry(
        epoch: 1, number: ledger.number + 1, decision, moves: [:], conflicts: [], events: [], deliveries: [])
      ledger.apply(try JournalEntry(avroBytes: try entry.avroBytes()))
    }
    #expect(events == whole.events)
    #expect(conflicts == whole.conflicts.count && conflicts > 0)
    #expect(ledger.difference == 0)
    #expect(ledger.outcomeCount == whole.transfers.count + whole.creations.count)
    #expect(ledger.accountCount == whole.opened.count + 1)
    #expect(ledger.transferCounts.values.reduce(0, +) == whole.transfers.count)
  }

  private static func command(_ ibans: [String], _ generator: inout SeededGenerator) -> Command {
    let payload = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let token = Token.company
    func iban() -> String { ibans[Int.random(in: 0..<ibans.count, using: &generator)] }
    if Int.random(in: 0..<20, using: &generator) == 0 {
      let body = ConfirmAccountCreation(id: UUID(), aType: .auto)
      return Command(
        .accountCreation(body, candidate: AccountNumbers(iban: iban(), token: token)), payloadHash: payload)
    }
    let body = TransferCommand(
      id: UUID(), token: token, amount: Int64.random(in: -5...70_000, using: &generator), from: Party(iban()),
      to: Party(iban()), description: "test")
    return Command(.transfer(body), payloadHash: payload)
  }

  @Test("it knows the events that follow from it, and no others")
  func knownEvents() {
    var ledger = MemoryLedger()
    let (known, unknown) = (UUID(), UUID())
    var entry = Self.entry(1, 1)
    entry.transfers = [JournalTransfer(id: known, reason: nil, payloadHash: Array(repeating: 1, count: 32))]
    entry.balances = [JournalBalance(iban: IBAN.company.text, amount: 7, version: 2)]
    ledger.apply(entry)
    func record(_ topic: String, key: String, _ headers: [KafkaHeader]) -> ConsumedRecord {
      ConsumedRecord(
        topic: topic, partition: 0, offset: 0, timestampMillis: 0, key: Array(key.utf8), value: nil, headers: headers)
    }
    for (sequence, isKnown) in [("2", true), ("3", false), ("x", false)] {
      let change = record("balance_changed", key: IBAN.company.text, [KafkaHeader("sequence", sequence)])
      #expect(ledger.knows(change) == isKnown)
    }
    for (id, isKnown) in [(known, true), (unknown, false)] {
      let answer = record("money_transfer_confirmed", key: id.text, [KafkaHeader("causationid", id.text)])
      #expect(ledger.knows(answer) == isKnown)
    }
    #expect(!ledger.knows(record("money_transfer_failed", key: "", [])))
  }

  // MARK: Two writers

  /// A writer of its own on the bank's broker.
  private func writer(_ streams: TestStreams, _ outbox: JournalOutbox) async throws -> JournalWriter {
    let codec = TopicCodec(Topics.journal, registry: streams.registry)
    try await codec.prepare()
    let status = ServiceStatus(name: "test", metrics: Metrics(), health: Health())
    return JournalWriter(
      streams.kafka, codec: codec, outbox: outbox, maxOutcomes: HandlerSettings().maxOutcomes, status: status)
  }

  private func transfer(_ number: Int64, epoch: Int64, reason: String) -> JournalEntry {
    var entry = Self.entry(epoch, number)
    entry.transfers = [JournalTransfer(id: UUID(), reason: reason, payloadHash: Array(repeating: 1, count: 32))]
    return entry
  }

  @Test("real broker: a writer that was replaced finds out at its next entry, which counts for nobody")
  func replaced() async throws {
    let streams = try await TestStreams.start()
    let outbox = JournalOutbox(trustMillis: 5_000)
    let (old, new, reader) = (
      try await writer(streams, outbox), try await writer(streams, outbox), try await writer(streams, outbox)
    )
    #expect(try await old.takeOver(again: false))
    try await old.append(transfer(1, epoch: 1, reason: "old"))
    #expect(try await new.takeOver(again: false))
    #expect(new.fence.epoch == 2 && new.ledger.transferCounts == ["old": 1])
    // Written by the old one, which does not know of the other yet.
    await #expect(throws: JournalError.self) { try await old.append(transfer(2, epoch: 1, reason: "late")) }
    await #expect(throws: JournalError.self) { try await new.append(transfer(2, epoch: 2, reason: "next")) }
    // The late entry stands between, and the new writer's behind it counts: it looks, and goes on.
    #expect(try await new.takeOver(again: true))
    #expect(new.ledger.transferCounts == ["old": 1, "next": 1])
    #expect(try await !old.takeOver(again: true))
    #expect(old.ledger.transferCounts == new.ledger.transferCounts)
    try await reader.catchUp()
    #expect(reader.ledger.transferCounts == ["old": 1, "next": 1])
    for writer in [old, new, reader] { await writer.close() }
  }

  // MARK: What waits to be published

  @Test("events go out while the journal is trusted, and again from the first that was lost")
  func outbox() throws {
    let outbox = JournalOutbox(trustMillis: 60_000)
    let bytes = try OutboxBatch(events: [
      OutboxEvent(topic: "t", key: "k", value: [1], headers: ["ce_id": "a"])
    ]).avroBytes()
    for number in Int64(1)...4 { outbox.add(number, bytes) }
    outbox.add(5, [])
    #expect(outbox.unsentRows(limit: 10).isEmpty, "not confirmed yet")
    outbox.confirm()
    #expect(outbox.unsentRows(limit: 2).map(\.id) == [1, 2])
    func delivered(_ number: Int64) -> (id: Int64, deliveries: [KafkaDelivery]) {
      (number, [KafkaDelivery(topic: "t", partition: 0, offset: number, timestampMillis: 1)])
    }
    outbox.markSent([delivered(1), delivered(2), delivered(3)])
    #expect(outbox.unsentRows(limit: 10).map(\.id) == [4] && outbox.unsentBytes == bytes.count)
    #expect(try outbox.sentRows(below: 3, limit: 10).map(\.id) == [2, 1])
    let marks = outbox.takeMarks()
    #expect(marks.map(\.number) == [1, 2, 3] && outbox.takeMarks().isEmpty)
    #expect(outbox.unsend(from: 2) == 2)
    #expect(outbox.unsentRows(limit: 10).map(\.id) == [2, 3, 4])
    outbox.returnMarks(marks)
    #expect(outbox.takeMarks().map(\.number) == [1], "those that are to go out again have no place")
    outbox.close()
    #expect(outbox.unsentRows(limit: 10).isEmpty)
  }
}
