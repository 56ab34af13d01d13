import BankSupport
import Definitions
import Foundation
import KafkaRuntime
import Testing

@testable import AuditService

/// What a good bank may look like while it runs: all of it passes.
@Suite struct GoodBankTests {
  @Test func aSmallBankPasses() {
    let (bank, _, _) = PaperBank.small()
    let report = bank.audit()
    #expect(report.isGood, "\(report.text)")
    #expect(report.isDrained)
    #expect(report.accounts == 3)
    #expect(report.handled == 7)
    #expect(report.confirmed == 5)
    #expect(report.failed == ["insufficient funds": 1, "invalid token": 1])
    #expect(report.outsideLegs == 2)
    #expect(report.recordsRead == 18)
    #expect(report.invariants.map(\.name) == ["I1", "I2", "I3", "I4"])
  }

  @Test func anEmptyBankPasses() {
    let report = PaperBank().audit()
    #expect(report.isGood, "\(report.text)")
    #expect(report.accounts == 1)
  }

  @Test func copiesAreTolerated() throws {
    var (bank, anna, _) = PaperBank.small()
    let legs = try #require(bank.snapshot.legs[anna]).count
    // The publisher sends again from a row on, in order.
    for sequence in 2...Int64(legs) { bank.repeatEvent(try bank.index(of: anna, sequence)) }
    bank.repeatEvent(try #require(bank.indexes(of: Topics.moneyTransferConfirmed.name).first))
    bank.repeatEvent(try #require(bank.indexes(of: Topics.accountCreationConfirmed.name).first))
    let report = bank.audit()
    #expect(report.isGood, "\(report.text)")
    #expect(report.repeated == legs - 1 + 2)
  }

  /// A publisher that was replaced while it sent delivers late what another has sent since.
  @Test func aCopyOutOfOrderIsTolerated() throws {
    var (bank, anna, _) = PaperBank.small()
    bank.repeatEvent(try bank.index(of: anna, 2))
    let report = bank.audit()
    #expect(report.isGood, "\(report.text)")
    #expect(report.repeated == 1)
  }

  @Test func whatIsInFlightIsTolerated() throws {
    var (bank, anna, _) = PaperBank.small()
    bank.unsend(try bank.index(of: anna, 3))
    bank.unsend(try #require(bank.indexes(of: Topics.moneyTransferFailed.name).last))
    bank.unsend(try #require(bank.indexes(of: Topics.accountCreationConfirmed.name).last))
    let report = bank.audit()
    #expect(report.isGood, "\(report.text)")
    #expect(report.inFlight == 3)
    #expect(!report.isDrained)
  }

  /// The broker lost a record and gave its offset to another.
  @Test func aReplacedDeliveryAwaitsRepublication() throws {
    var (bank, anna, bert) = PaperBank.small()
    let lost = try bank.index(of: anna, 3)
    let place = bank.events[lost].place
    bank.events.remove(at: lost)
    var other = bank.events[try bank.index(of: bert, 3)]
    other.offset = place.offset
    bank.events.append(other)
    let report = bank.audit()
    #expect(report.isGood, "\(report.text)")
    #expect(report.awaitingRepublication == 1)
    #expect(report.repeated == 1)
    #expect(!report.isDrained)
  }

  /// As above, and the publisher wrote the second delivery down before it saw that the first is gone.
  @Test func twoDeliveriesAtOnePlaceAreBothRemembered() throws {
    var (bank, anna, bert) = PaperBank.small()
    let lost = bank.events.remove(at: try bank.index(of: anna, 3))
    let other = try bank.index(of: bert, 3)
    let otherID = try #require(bank.events[other].id)
    bank.snapshot.deliveries[bank.events[other].place] = nil
    bank.events[other].offset = lost.offset
    bank.snapshot.deliveries[lost.place, default: []].append(otherID)
    let report = bank.audit()
    #expect(report.isGood, "\(report.text)")
    #expect(report.awaitingRepublication == 1)
  }

  /// After a broker lost records a later event may stand before an earlier one, until all of them came again.
  @Test func publishingAgainInOrderHealsTheOrder() throws {
    var (bank, anna, _) = PaperBank.small()
    let early = try bank.index(of: anna, 2)
    bank.repeatEvent(early)
    bank.lose(early)
    bank.repeatEvent(try bank.index(of: anna, 3))
    let report = bank.audit()
    #expect(report.isGood, "\(report.text)")
  }

  @Test func eventsOfALaterMomentAreLeftOut() throws {
    var (bank, anna, bert) = PaperBank.small()
    let snapshot = bank.snapshot
    bank.transfer(5_00, from: bert, to: anna)
    bank.refuse("insufficient funds", 9_000_00, from: anna, to: bert)
    bank.open(account: 3)
    bank.snapshot = snapshot
    bank.commands = []
    let report = bank.audit()
    #expect(report.isGood, "\(report.text)")
    // The same events are findings when they were there before the snapshot.
    for index in bank.events.indices {
      let place = bank.events[index].place
      bank.snapshot.earlierEnds[place.partition] = max(
        bank.snapshot.earlierEnds[place.partition] ?? 0, place.offset + 1)
    }
    #expect(bank.audit().failing == ["I2", "I3"])
  }

  /// The outbox forgets after a day; the topics don't.
  @Test func deletedOutboxRowsAreNoLoss() {
    var (bank, _, _) = PaperBank.small()
    bank.snapshot.deliveries = [:]
    let report = bank.audit()
    #expect(report.isGood, "\(report.text)")
    #expect(report.awaitingRepublication == 0)
  }

  @Test func aStaleCommandPartitionIsCountedApart() {
    var (bank, _, _) = PaperBank.small()
    bank.staleCommandPartitions = 2
    let report = bank.audit()
    #expect(report.isGood, "\(report.text)")
    #expect(report.staleCommandPartitions == 2)
    #expect(!report.isDrained)
  }

  @Test func poisonAndReusedIDsWithTheirDeadLettersAreTolerated() throws {
    var (bank, anna, bert) = PaperBank.small()
    let poison = bank.addCommand(topic: Topics.confirmMoneyTransfer.name, .unreadable)
    bank.bury(poison)
    let used = try #require(bank.snapshot.transfers.keys.first)
    bank.ask(used, 7_77, from: anna, to: bert)
    let reused = try #require(bank.commands.last).place
    bank.snapshot.conflicts[reused] = used
    bank.bury(reused)
    let report = bank.audit()
    #expect(report.isGood, "\(report.text)")
    #expect(report.conflicts == 1)
    #expect(report.deadLetters == 2)
    #expect(report.awaitingRepublication == 0)
  }

  @Test func theSameCommandTwiceIsTolerated() throws {
    var (bank, _, _) = PaperBank.small()
    let again = try #require(bank.commands.last).command
    _ = bank.addCommand(topic: Topics.confirmMoneyTransfer.name, again)
    #expect(bank.audit().isGood)
  }

  /// A payee that is opened here only after the transfer: its money went to another bank.
  @Test func anAccountThatIsOpenedLaterHasNoCredit() {
    var (bank, anna, _) = PaperBank.small()
    bank.transfer(1_00, from: anna, to: IBAN(account: 3).text)
    bank.open(account: 3)
    let report = bank.audit()
    #expect(report.isGood, "\(report.text)")
    #expect(report.outsideLegs == 3)
  }

  /// Postgres can't hold the character zero, Avro can.
  @Test func aZeroInTheOtherSideIsNoDifference() throws {
    var (bank, anna, _) = PaperBank.small()
    bank.transfer(1_00, from: anna, to: "a\0b")
    let last = try #require(bank.snapshot.legs[anna]?.indices.last)
    bank.snapshot.legs[anna]?[last].counterparty = "a\u{FFFD}b"
    let report = bank.audit()
    #expect(report.isGood, "\(report.text)")
  }
}
