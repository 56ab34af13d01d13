import BankSupport
import Foundation
import GraphQLRuntime
import KafkaRuntime
import TestBank
import Testing

@testable import GraphQLEndpointService

@Suite("Endpoint: subscribers")
struct HubTests {
  private let metrics = Metrics()

  private func hub(
    maxSubscribers: Int = 10_000, perAddress: Int = 10_000, searches: Int = 5, maxQueuedRows: Int = 10
  ) -> TransactionHub {
    TransactionHub(
      .init(all: maxSubscribers, perAddress: perAddress, searchesPerConnection: searches, queuedRows: maxQueuedRows),
      metrics: metrics)
  }

  private static func row(_ id: Int64, _ iban: String = "a", cents: Int64 = 100, descr: String = "") -> Transaction {
    Transaction(
      id: id,
      BalanceChange(
        eventID: UUID(), iban: iban, newBalanceCents: 0, changedByCents: cents, sequence: id, fromTo: "", descr: descr,
        partition: TopicPartition(topic: "t", partition: 0), before: .beginning))
  }

  @Test(
    "filters",
    arguments: [
      (TransactionFilter(), [1, 2, 3, 4]), (.init(iban: "a"), [1, 3, 4]), (.init(iban: "c"), []),
      (.init(minCents: 1), [1, 4]), (.init(minCents: -100), [1, 3, 4]), (.init(maxCents: -100), [2, 3]),
      (.init(minCents: -100, maxCents: 100), [1, 3]), (.init(direction: .debit), [2, 3]),
      (.init(direction: .credit), [1, 4]), (.init(descrIncludes: "ÉÉN"), [4]), (.init(descrIncludes: "Pin"), [2, 3]),
      (.init(descrIncludes: ""), [1, 2, 3, 4]), (.init(iban: "a", direction: .debit, descrIncludes: "pin"), [3]),
    ])
  func filters(filter: TransactionFilter, expected: [Int64]) {
    let rows = [
      Self.row(1), Self.row(2, "b", cents: -5_000, descr: "ah pin"), Self.row(3, cents: -100, descr: "PIN"),
      Self.row(4, cents: .max, descr: "nummer één"),
    ]
    #expect(rows.filter(filter.takes).map(\.id) == expected)
  }

  @Test("each gets its own, in order; a slow one ends with an error and the others go on")
  func slow() async throws {
    let hub = hub()
    let quick = await Collected.of(try hub.subscribe(.init()))
    let own = await Collected.of(try hub.subscribe(.init(iban: "b")))
    let slow = try hub.subscribe(.init(direction: .credit))
    #expect(hub.count == 3 && metrics.value(of: "bank_subscribers") == 3)
    for id in Int64(1)...30 {
      hub.publish([Self.row(id * 2), Self.row(id * 2 + 1, "b")])
      try await eventually("the quick one has it") { await quick.rows.last?.id == id * 2 + 1 }
    }
    #expect(await quick.rows.map(\.id) == (2...61).map { $0 })
    try await eventually("its own") { await own.rows.count == 30 }
    #expect(await own.rows.allSatisfy { $0.iban == "b" })
    #expect(hub.count == 2)
    #expect(metrics.value(of: "bank_slow_subscribers_total") == 1)
    var iterator = slow.makeAsyncIterator()
    let error = await #expect(throws: GraphQLError.self) { _ = try await iterator.next() }
    #expect(error?.extensions == GraphQLError("", code: "SLOW_SUBSCRIBER").extensions)
    #expect(try await iterator.next() == nil)
  }

  @Test("many rows are handed over at a time, past the limit of a queue when someone waits for them")
  func batches() async throws {
    let hub = hub(maxQueuedRows: 100)
    let stream = try hub.subscribe(.init())
    hub.publish((1...100).map { Self.row($0) })
    var iterator = stream.makeAsyncIterator()
    for id in Int64(1)...100 { #expect(try await iterator.next()?.id == id) }
    let waiting = await Collected.of(stream)
    try await Task.sleep(for: .milliseconds(50))
    hub.publish((1...500).map { Self.row($0) })
    try await eventually("all of them") { await waiting.rows.count == 500 }
  }

  @Test("rows that come at once are not too many for who has read all before; what waits is given before the end")
  func pieces() async throws {
    let hub = hub(maxQueuedRows: 10)
    let stream = try hub.subscribe(.init())
    var iterator = stream.makeAsyncIterator()
    hub.publish((1...25).map { Self.row($0) })
    for id in Int64(1)...25 { #expect(try await iterator.next()?.id == id) }
    hub.publish((26...30).map { Self.row($0) })
    hub.close()
    for id in Int64(26)...30 { #expect(try await iterator.next()?.id == id) }
    let error = await #expect(throws: GraphQLError.self) { _ = try await iterator.next() }
    #expect(error?.extensions == GraphQLError("", code: "UNAVAILABLE").extensions)
    #expect(try await iterator.next() == nil)
  }

  @Test("texts are looked for when the rows are taken: those without are not given, and wake nobody who reads")
  func texts() async throws {
    let hub = hub()
    let collected = await Collected.of(try hub.subscribe(.init(descrIncludes: "PIN")))
    let late = try hub.subscribe(.init(iban: "a", descrIncludes: "pin"))
    for id in Int64(1)...4 { hub.publish([Self.row(id * 2, descr: "x"), Self.row(id * 2 + 1, descr: "Pin \(id)")]) }
    hub.publish([Self.row(100, descr: "x")])
    try await eventually("those with the text") { await collected.rows.count == 4 }
    #expect(await collected.rows.map(\.id) == [3, 5, 7, 9])
    hub.publish([Self.row(101, "b", descr: "pin")])
    var iterator = late.makeAsyncIterator()
    for id in [Int64(3), 5, 7, 9] { #expect(try await iterator.next()?.id == id) }
    hub.close()
    await #expect(throws: GraphQLError.self) { _ = try await iterator.next() }
  }

  @Test("a thousand on their own IBANs and ten on all get every row")
  func many() async throws {
    let hub = hub(maxQueuedRows: 1_000)
    var own: [Collected] = []
    for number in 0..<1_000 { own.append(await Collected.of(try hub.subscribe(.init(iban: "i\(number)")))) }
    var all: [Collected] = []
    for _ in 0..<10 { all.append(await Collected.of(try hub.subscribe(.init()))) }
    for batch in Int64(0)..<4 {
      hub.publish((0..<500).map { Self.row(batch * 500 + $0, "i\($0 * 2)") })
      for collected in all {
        try await eventually("all have the batch") { await collected.rows.count == (batch + 1) * 500 }
      }
    }
    for collected in all { #expect(await collected.rows.map(\.id) == (0..<2_000).map { $0 }) }
    for (number, collected) in own.enumerated() {
      let expected = number.isMultiple(of: 2) ? 4 : 0
      try await eventually("each has its own") { await collected.rows.count >= expected }
      #expect(await collected.rows.allSatisfy { $0.iban == "i\(number)" })
    }
    #expect(hub.count == 1_010 && metrics.value(of: "bank_slow_subscribers_total") == nil)
    hub.close()
  }

  @Test("an address has a share of the subscriptions, which is free again when they end, whichever way")
  func addresses() async throws {
    let hub = hub(maxSubscribers: 5, perAddress: 2, maxQueuedRows: 1)
    let one = Subscriber(address: "1.1.1.1")
    let kept = try hub.subscribe(.init(), by: one)
    let slow = try hub.subscribe(.init(iban: "a"), by: one)
    let refused = #expect(throws: GraphQLError.self) { try hub.subscribe(.init(iban: "b"), by: one) }
    #expect(refused?.extensions == GraphQLError("", code: "OVERLOADED").extensions)
    #expect(refused?.message.contains("from this address") == true)
    // Others have what is left, and who has no address has no share.
    let others = [
      try hub.subscribe(.init(), by: .init(address: "2.2.2.2")), try hub.subscribe(.init()), try hub.subscribe(.init()),
    ]
    let full = #expect(throws: GraphQLError.self) { try hub.subscribe(.init(), by: .init(address: "3.3.3.3")) }
    #expect(full?.message == "5 subscriptions are open, which is the most")
    // The second one is too much for each.
    hub.publish([Self.row(1)])
    hub.publish([Self.row(2)])
    #expect(hub.count == 0)
    let again = try hub.subscribe(.init(), by: one)
    #expect(hub.count == 1)
    hub.close()
    #expect(hub.count == 0)
    withExtendedLifetime((kept, slow, others, again)) {}
  }

  @Test("a connection has few searches of all rows; those of an account and those without a text do not count")
  func searches() async throws {
    let hub = hub(searches: 2)
    let (one, other) = (Subscriber(connection: 1), Subscriber(connection: 2))
    var open = [
      try hub.subscribe(.init(descrIncludes: "pin"), by: one),
      try hub.subscribe(.init(minCents: 1, descrIncludes: "x"), by: one),
    ]
    let refused = #expect(throws: GraphQLError.self) { try hub.subscribe(.init(descrIncludes: "y"), by: one) }
    #expect(refused?.extensions == GraphQLError("", code: "LIMIT").extensions)
    #expect(hub.count == 2, "what is refused takes no place")
    open.append(try hub.subscribe(.init(iban: "a", descrIncludes: "y"), by: one))
    open.append(try hub.subscribe(.init(descrIncludes: ""), by: one))
    open.append(try hub.subscribe(.init(descrIncludes: "y"), by: other))
    open.removeFirst()
    open.append(try hub.subscribe(.init(descrIncludes: "y"), by: one))
    #expect(throws: GraphQLError.self) { try hub.subscribe(.init(descrIncludes: "z"), by: one) }
    #expect(hub.count == 5)
    open = []
    #expect(hub.count == 0)
  }

  @Test("cancelled, let go, too many, closed")
  func ends() async throws {
    let hub = hub(maxSubscribers: 2)
    let collected = await Collected.of(try hub.subscribe(.init(iban: "a")))
    let stream: TransactionStream? = try hub.subscribe(.init())
    #expect(throws: GraphQLError.self) { try hub.subscribe(.init()) }
    #expect(hub.count == 2)
    await collected.cancel()
    try await eventually("the cancelled one is gone") { hub.count == 1 }
    _ = consume stream
    #expect(hub.count == 0 && metrics.value(of: "bank_subscribers") == 0)
    let last = await Collected.of(try hub.subscribe(.init()))
    hub.close()
    try await eventually("it has ended") { hub.count == 0 }
    try await eventually("it was told why") { await last.failure != nil }
    #expect(await (last.failure as? GraphQLError)?.extensions == GraphQLError("", code: "UNAVAILABLE").extensions)
    #expect(throws: GraphQLError.self) { try hub.subscribe(.init()) }
  }
}
