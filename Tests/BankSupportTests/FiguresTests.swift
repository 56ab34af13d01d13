import Foundation
import Testing

@testable import bank

@Suite("The live line")
struct FiguresTests {
  @Test("Before anything is known")
  func unknown() {
    #expect(Figures().line == "accounts ? · transfers 0 · 0 transfers/s · failed 0 · lag ? · sum not checked yet")
  }

  @Test("Reasons by number, then by name")
  func reasons() {
    var figures = Figures()
    figures.accounts = 31
    figures.transfers = 5124
    figures.transfersPerSecond = 198.7
    figures.failed = ["invalid token": 2, "insufficient funds": 12, "from is invalid": 2]
    figures.lagRecords = 3
    figures.sumIsRight = true
    #expect(
      figures.line == "accounts 31 · transfers 5124 · 199 transfers/s · failed 16 (insufficient funds 12, "
        + "from is invalid 2, invalid token 2) · lag 3 · sum ok")
    figures.sumIsRight = false
    #expect(figures.line.hasSuffix("SUM IS WRONG: bank audit"))
    figures.problem = "figures are old: no answer"
    #expect(figures.line.hasSuffix("lag 3 · figures are old: no answer"))
  }

  @Test("The rate is over the last readings, and starts over when the count falls")
  func rate() {
    var rate = Rate()
    let start = Date(timeIntervalSince1970: 0)
    #expect(rate.next(count: 100, at: start) == 0)
    #expect(rate.next(count: 300, at: start + 1) == 200)
    for second in 2...10 { _ = rate.next(count: 300 + 50 * (second - 1), at: start + Double(second)) }
    #expect(rate.next(count: 800, at: start + 11) == 50)
    #expect(rate.next(count: 5, at: start + 12) == 0)
  }
}
