import BankSupport
import Foundation
import Testing

@testable import AuditService

/// What people and programs read.
@Suite struct ReportTests {
  static func sample() -> AuditReport {
    var findings = Findings()
    for number in 1...12 { findings.add("finding \(number)") }
    var report = AuditReport()
    (report.accounts, report.handled, report.confirmed) = (3, 7, 5)
    report.failed = ["invalid token": 1, "insufficient funds": 1]
    (report.outsideLegs, report.conflicts, report.deadLetters, report.recordsRead) = (2, 1, 4, 18)
    (report.unhandled, report.inFlight, report.awaitingRepublication) = (6, 3, 9)
    (report.repeated, report.staleCommandPartitions, report.elapsedMillis) = (8, 1, 42)
    report.invariants = [
      Findings().invariant("I1", figures: "sums"), findings.invariant("I2", figures: "7 outcomes"),
    ]
    return report
  }

  @Test func theTextIsThis() {
    #expect(
      Self.sample().text == """
        3 accounts, 7 transfers handled (5 confirmed, 2 refused), 1 conflicts, 4 dead letters
          refused, insufficient funds: 1
          refused, invalid token: 1
        18 records read; in flight 3, to be published again 9, commands to handle 6, repeated 8, command partitions \
        with lost records 1, outside legs 2
        I1 holds: sums
        I2 FAILS: 7 outcomes
          finding 1
          finding 2
          finding 3
          finding 4
          finding 5
          finding 6
          finding 7
          finding 8
          finding 9
          finding 10
          and 2 more
        audit FAILED in 42 ms
        """)
  }

  @Test func theTextOfAGoodBankIsThis() {
    var report = PaperBank.small().bank.audit()
    report.elapsedMillis = 7
    #expect(
      report.text == """
        3 accounts, 7 transfers handled (5 confirmed, 2 refused), 0 conflicts, 0 dead letters
          refused, insufficient funds: 1
          refused, invalid token: 1
        18 records read; in flight 0, to be published again 0, commands to handle 0, repeated 0, command partitions \
        with lost records 0, outside legs 2
        I1 holds: sum of balances 100000000000001000 = 10^17 + sum of legs 1000
        I2 holds: 10 outcomes, 10 answered on the topics, 0 on their way
        I3 holds: 3 chains of 8 events, 3 transfers within the bank
        I4 holds: 3 balances at or over their limit
        audit passed in 7 ms
        """)
  }

  /// Programs read these names: adding one is fine, losing one is not.
  @Test func theJSONHasTheseNames() throws {
    let data = try JSONEncoder().encode(Self.sample())
    let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(
      object.keys.sorted() == [
        "accounts", "awaitingRepublication", "confirmed", "conflicts", "deadLetters", "elapsedMillis", "failed",
        "handled", "inFlight", "invariants", "outsideLegs", "recordsRead", "repeated", "staleCommandPartitions",
        "unhandled",
      ])
    let invariants = try #require(object["invariants"] as? [[String: Any]])
    #expect(invariants.count == 2)
    #expect(invariants[1].keys.sorted() == ["figures", "findingCount", "findings", "holds", "name"])
    #expect(object["handled"] as? Int == 7)
    #expect(invariants[1]["findingCount"] as? Int == 12)
    #expect(try JSONDecoder().decode(AuditReport.self, from: data) == Self.sample())
  }

  @Test func aReportIsGoodOnlyWhenAllHolds() {
    #expect(!Self.sample().isGood)
    #expect(PaperBank.small().bank.audit().isGood)
  }

  @Test(
    arguments: [
      \AuditReport.unhandled, \AuditReport.inFlight, \AuditReport.awaitingRepublication,
      \AuditReport.staleCommandPartitions,
    ] as [WritableKeyPath<AuditReport, Int> & Sendable])
  func whatIsOnItsWayIsNotDrained(_ figure: WritableKeyPath<AuditReport, Int> & Sendable) {
    var report = AuditReport()
    #expect(report.isDrained)
    report[keyPath: figure] = 1
    #expect(!report.isDrained)
  }
}
