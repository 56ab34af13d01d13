import BankSupport
import Foundation
import Testing

@testable import AuditService

/// Many accounts with long chains: the audit's time grows with the transfers, and one cent among them is found.
@Suite struct LargeBankTests {
  private static let isLong = ProcessInfo.processInfo.environment["BANK_TEST_LONG"] != nil

  @Test func oneCentAmongManyTransfersIsFound() throws {
    let transfers = Self.isLong ? 100_000 : 5_000
    var bank = PaperBank()
    let ibans = (1...200).map { bank.open(account: $0) }
    for iban in ibans { bank.transfer(100_000_00, from: PaperBank.company, to: iban) }
    for number in 0..<transfers {
      bank.transfer(1, from: ibans[number % ibans.count], to: ibans[(number * 7 + 1) % ibans.count])
    }
    let report = bank.audit()
    #expect(report.isGood, "\(report.text)")
    #expect(report.handled == ibans.count + transfers)
    let middle = ibans[ibans.count / 2]
    try bank.change(middle, 3) { $0.newBalance += 1 }
    let damaged = bank.audit()
    #expect(damaged.failing == ["I3"])
    #expect(damaged.invariants.map(\.findingCount).reduce(0, +) == 1)
    #expect(damaged.findings.contains("\(middle) sequence 3"))
  }
}
