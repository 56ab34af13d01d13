import BankSupport
import Foundation
import KafkaRuntime
import Testing

@testable import GraphQLEndpointService

@Suite("Endpoint: order of events")
struct SequenceGateTests {
  private static let partition = TopicPartition(topic: "balance_changed", partition: 0)
  private static let namespace = UUID()
  private let start = ContinuousClock.now

  private func change(_ iban: String, _ sequence: Int64?, offset: Int64 = 0) -> BalanceChange {
    BalanceChange(
      eventID: UUID.v5(namespace: Self.namespace, name: "\(iban)/\(sequence ?? -1)"), iban: iban,
      newBalanceCents: 0, changedByCents: 1, sequence: sequence, fromTo: "", descr: "", partition: Self.partition,
      before: Position(nextOffset: offset, lastTimestampMillis: 7))
  }

  private func gate(maxHeld: Int = 100, maxIBANs: Int = 100) -> SequenceGate {
    SequenceGate(.init(waitMillis: 1_000, maxHeld: maxHeld, maxIBANs: maxIBANs))
  }

  @Test("what is in order, known already or without a sequence goes through at once")
  func inOrder() {
    var gate = gate()
    #expect(gate.unknown([change("a", 1), change("b", nil)]) == ["a"])
    gate.learn(["a": 2])
    #expect(gate.unknown([change("a", 3)]).isEmpty)
    let changes = [change("a", 3), change("b", nil), change("a", 1), change("a", 3), change("a", 4)]
    #expect(gate.admit(changes, now: start) == changes)
    #expect(gate.heldCount == 0 && gate.firstHeld.isEmpty)
  }

  @Test("what leaves a gap is held until the gap is filled, and then goes through in order")
  func gapFilled() {
    var gate = gate()
    gate.learn(["a": 0])
    #expect(
      gate.admit([change("a", 1, offset: 5), change("a", 4, offset: 6), change("a", 3, offset: 7)], now: start)
        .map(\.sequence) == [1])
    #expect(gate.heldCount == 2)
    #expect(gate.firstHeld == [Self.partition: Position(nextOffset: 6, lastTimestampMillis: 7)])
    // Read again: it is held once.
    #expect(gate.admit([change("a", 4, offset: 6)], now: start).isEmpty && gate.heldCount == 2)
    #expect(gate.overdue(now: start + .milliseconds(999)).changes.isEmpty)
    #expect(
      gate.admit([change("a", 2, offset: 8), change("b", 1)], now: start + .milliseconds(999)).map(\.sequence)
        == [2, 3, 4, 1])
    #expect(gate.heldCount == 0 && gate.firstHeld.isEmpty)
    #expect(gate.overdue(now: start + .seconds(9)).gaps.isEmpty)
  }

  @Test("a gap that lasts is given up after its time, and is a finding")
  func gapLasts() {
    var gate = gate()
    gate.learn(["a": 1, "b": 1])
    #expect(gate.admit([change("a", 3), change("a", 4), change("a", 7), change("b", 9)], now: start).isEmpty)
    let (changes, gaps) = gate.overdue(now: start + .seconds(1))
    #expect(changes.map(\.sequence) == [3, 4, 7, 9])
    #expect(
      gaps == [
        .init(iban: "a", expected: 2, found: 3), .init(iban: "a", expected: 5, found: 7),
        .init(iban: "b", expected: 2, found: 9),
      ])
    // What comes after all goes through: the table tells whether it is new.
    #expect(gate.admit([change("a", 2), change("a", 8)], now: start).map(\.sequence) == [2, 8])
  }

  @Test("no more is held than the limit, however much comes")
  func bounded() {
    var gate = gate(maxHeld: 3, maxIBANs: 4)
    for number in Int64(1)...50 {
      let iban = "i\(number)"
      for iban in gate.unknown([change(iban, 2)]) { gate.learn([iban: 0]) }
      #expect(gate.admit([change(iban, 2)], now: start + .milliseconds(number)).isEmpty)
      let (changes, gaps) = gate.overdue(now: start + .milliseconds(number))
      #expect(gate.heldCount <= 3 && changes.count == gaps.count)
      if number > 3 { #expect(changes.map(\.iban) == ["i\(number - 3)"]) }
    }
  }
}

@Suite("Endpoint: rows are handed over once")
struct DeliveredRowsTests {
  @Test("rows of before, of this process, of another one, and more than are remembered")
  func once() {
    var delivered = DeliveredRows(after: 10, limit: 4)
    func due(_ id: Int64, isInserted: Bool) -> Bool { delivered.isDue(id, isInserted: isInserted) }
    #expect(!due(10, isInserted: false))
    #expect(due(11, isInserted: true))
    #expect(!due(11, isInserted: false))
    // Twice in one batch.
    #expect(!due(11, isInserted: true))
    // Another endpoint inserted it.
    #expect(due(12, isInserted: false))
    #expect(!due(12, isInserted: false))
    for id in Int64(13)...40 { #expect(due(id, isInserted: true)) }
    for id in Int64(1)...40 { #expect(!due(id, isInserted: false)) }
  }
}
