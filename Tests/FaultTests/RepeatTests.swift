import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import PostgresRuntime
import TestBank
import Testing

/// Item "the same command again": whatever comes more than once moves money once.
@Suite("Faults: repeated commands", .serialized)
struct RepeatTests {
  @Test("the same command a thousand times, among others and on every partition, with two handlers")
  func sameCommand() async throws {
    let times = FaultSize.of(short: 200, full: 1_000)
    let bank = try await TestBank.start()
    let handlers = [bank.startHandler(), bank.startHandler()]
    let accounts = try await openFundedAccounts(4, cents: 1_000_000, bank)
    let moved = transfer(from: accounts[0].iban, token: accounts[0].token, to: accounts[1].iban, amount: 7)
    let refused = transfer(from: accounts[0].iban, token: accounts[0].token, to: accounts[1].iban, amount: .max)
    let same = try await bank.encoded([moved, refused])
    let others = try await bank.encoded(mixedTransfers(times, accounts))
    var records: [KafkaRecord] = []
    for index in 0..<times {
      records += same.map { $0.to(partition: Int32(index % 9)) }
      records.append(others[index])
    }
    try await bank.send(records)
    try await bank.drain(timeoutSeconds: 90)
    // Each has its answer, and it is always the same.
    #expect(try await bank.values(Topics.moneyTransferConfirmed).filter { $0.id == moved.id }.count == times)
    let refusals = try await bank.values(Topics.moneyTransferFailed).filter { $0.id == refused.id }
    #expect(refusals.count == times && Set(refusals.map(\.reason)).count == 1)
    let legs = try await bank.records("balance_changed").filter { $0.header("causationid") == moved.id.text }
    #expect(legs.count == 2)
    #expect(try await bank.count("select count(*) from leg where command_id = \(moved.id)") == 2)
    for handler in handlers { try await handler.stop() }
    try await faultHeld("the same command again", injected: 2 * times, inFlight: records.count, bank: bank)
  }

  @Test(
    "another payload under a used id is refused as a conflict, and the first outcome stays",
    .enabled(if: FaultSize.isFull))
  func otherPayload() async throws {
    let times = FaultSize.of(short: 50, full: 1_000)
    let bank = try await TestBank.start()
    let handlers = [bank.startHandler(), bank.startHandler()]
    let accounts = try await openFundedAccounts(2, cents: 1_000_000, bank)
    func payment(_ id: UUID, _ amount: Int64) -> ConfirmMoneyTransfer {
      transfer(id, from: accounts[0].iban, token: accounts[0].token, to: accounts[1].iban, amount: amount)
    }
    let id = UUID()
    try await bank.send([payment(id, 250)])
    try await bank.drain()
    let others = try await bank.encoded((1...times).map { payment(id, 250 + Int64($0)) })
    try await bank.send(others.enumerated().map { $0.element.to(partition: Int32($0.offset % 9)) })
    // Decided at the same time, on two partitions: one of them is the first.
    let racing = (0..<times).map { _ in UUID() }
    try await bank.send(racing.map { payment($0, 1) }, partition: 0)
    try await bank.send(racing.map { payment($0, 2) }, partition: 5)
    try await bank.drain(timeoutSeconds: 90)
    #expect(try await bank.count("select amount from leg where command_id = \(id) and side = 1") == 250)
    #expect(try await bank.count("select count(*) from conflict where command_id = \(id)") == Int64(times))
    #expect(try await bank.count("select count(*) from conflict") == Int64(2 * times))
    #expect(try await bank.count("select count(*) from cmt where uuid = any(\(racing))") == Int64(times))
    let letters = try await bank.records("dead_letter")
    #expect(letters.count == 2 * times)
    #expect(Set(letters.map { $0.header("__connect.errors.exception.class.name") }) == ["id-reused"])
    // The first payload still gets its old answer.
    try await bank.send([payment(id, 250)])
    try await bank.drain()
    #expect(try await bank.values(Topics.moneyTransferConfirmed).filter { $0.id == id }.count == 2)
    for handler in handlers { try await handler.stop() }
    try await faultHeld("a used id with another payload", injected: 2 * times, inFlight: 3 * times, bank: bank)
  }

  @Test(
    "the command topics read again from offset 0 change nothing",
    .enabled(if: FaultSize.isFull))
  func replayed() async throws {
    let bank = try await TestBank.start()
    let first = bank.startHandler()
    let accounts = try await openFundedAccounts(6, cents: 1_000_000, bank)
    let transfers = mixedTransfers(FaultSize.of(short: 400, full: 10_000), accounts)
    try await bank.send(transfers)
    // A conflict and a record that can't be read are read again too.
    let id = UUID()
    try await bank.send([transfer(id, to: accounts[0].iban, amount: 1)])
    try await bank.send([transfer(id, to: accounts[0].iban, amount: 2)])
    try await bank.send([KafkaRecord(topic: "confirm_money_transfer", partition: 3, key: nil, value: [7])])
    try await bank.drain(timeoutSeconds: 90)
    try await first.stop()
    let before = try await ledger(bank)
    let changes = try await bank.records("balance_changed").count
    let answers = try await bank.values(Topics.moneyTransferConfirmed)
    let count = try await bank.database { session in
      let count = try session.first("select sum(next_offset)::bigint from consumed_offset", as: Int.self)
      _ = try session.execute("update consumed_offset set next_offset = 0, last_timestamp = -1")
      return count ?? 0
    }
    let second = bank.startHandler()
    try await bank.drain(timeoutSeconds: 90)
    try await second.stop()
    #expect(try await ledger(bank) == before)
    #expect(try await bank.records("balance_changed").count == changes)
    let again = try await bank.values(Topics.moneyTransferConfirmed)
    #expect(again.count == 2 * answers.count && Set(again) == Set(answers))
    let letters = try await bank.records("dead_letter")
    #expect(Set(letters.map { $0.header("ce_id") }).count == 2)
    try await faultHeld("command topics replayed from offset 0", injected: count, inFlight: count, bank: bank)
  }

  /// What the database holds of outcomes, legs, balances and conflicts.
  private func ledger(_ bank: TestBank) async throws -> [String] {
    try await bank.database { session in
      try session.query(
        """
        select concat_ws('|', uuid, reason, created_at) from cmt
        union all select concat_ws('|', uuid, iban, reason, created_at) from cac
        union all select concat_ws('|', command_id, side, iban, amount, counterparty, sequence) from leg
        union all select concat_ws('|', iban, amount, version) from balance
        union all select concat_ws('|', command_id, topic, partition, record_offset) from conflict
        order by 1
        """, as: String.self)
    }
  }
}

extension KafkaRecord {
  func to(partition: Int32) -> KafkaRecord {
    var record = self
    record.partition = partition
    return record
  }
}
