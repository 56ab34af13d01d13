import BankSupport
import Foundation
import Synchronization
import Testing

@Suite("Failpoints")
struct FailpointTests {
  private enum Step: String, CaseIterable, Sendable { case read, written }

  private func armed(_ text: String) throws -> Failpoints<Step> {
    let failpoints = Failpoints<Step>()
    try failpoints.arm(BankEnvironment.resolve(home: "/nowhere", environment: ["BANK_FAILPOINT": text]))
    return failpoints
  }

  private func seconds(_ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    return start.duration(to: .now) / .seconds(1)
  }

  @Test("without the variable nothing is set; what is set in the process runs until it is taken away")
  func set() throws {
    struct Injected: Error {}
    let failpoints = Failpoints<Step>()
    try failpoints.arm(BankEnvironment.resolve(home: "/nowhere", environment: [:]))
    try failpoints.reach(.read)
    failpoints.set(.read) { throw Injected() }
    #expect(throws: Injected.self) { try failpoints.reach(.read) }
    try failpoints.reach(.written)
    failpoints.set(.read, nil)
    try failpoints.reach(.read)
  }

  @Test("sleep holds its step up, each time or the n-th")
  func sleep() throws {
    let each = try armed("read=sleep:30")
    #expect(try seconds { try each.reach(.read) } >= 0.03)
    #expect(try seconds { try each.reach(.read) } >= 0.03)
    let second = try armed("written=sleep:3000@2")
    #expect(
      try seconds {
        try second.reach(.read)
        try second.reach(.written)
      } < 3)
    #expect(try seconds { try second.reach(.written) } >= 3)
  }

  @Test(
    "what it can't be is refused, and what it can be is said",
    arguments: [
      ("read", "read, written"), ("other=kill", "read, written"), ("read=", "kill, stop or sleep"),
      ("read=die", "kill, stop or sleep"), ("read=sleep:x", "kill, stop or sleep"),
      ("read=sleep:600001", "600000 at most"), ("read=kill@0", "a number from 1"), ("read=kill@x", "a number from 1"),
      ("read=kill@1@2", "a number from 1"),
    ])
  func refused(text: String, hint: String) throws {
    let error = #expect(throws: SupportError.self) { _ = try armed(text) }
    #expect(error?.message.contains(hint) == true && error?.message.contains(text) == true, "\(error?.message ?? "")")
  }
}
