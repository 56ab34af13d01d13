import BankSupport
import Foundation
import GraphQLRuntime
import JSONText
import Synchronization
import Testing

@testable import GraphQLEndpointService

@Suite("Endpoint: guessing is slowed down")
struct LimitTests {
  private final class Clock: Sendable {
    private let millis = Mutex<Int64>(1_000_000)
    var now: Int64 { millis.withLock { $0 } }
    func pass(_ count: Int64) { millis.withLock { $0 += count } }
  }

  private let clock = Clock()

  private func limit(_ capacity: Int = 3, maxKeys: Int = 100) -> RateLimit {
    let clock = clock
    return RateLimit(.init(capacity: capacity, refillMillis: 10_000, maxKeys: maxKeys)) { clock.now }
  }

  @Test("so many failures are let through, then one for each time that passed")
  func bucket() {
    let limit = limit()
    for _ in 0..<2 { limit.failed("a") }
    #expect(limit.lockedMillis("a") == 0)
    limit.failed("a")
    #expect(limit.lockedMillis("a") == 10_000 && limit.lockedMillis("b") == 0)
    clock.pass(9_999)
    #expect(limit.lockedMillis("a") == 1)
    clock.pass(1)
    #expect(limit.lockedMillis("a") == 0)
    limit.failed("a")
    #expect(limit.lockedMillis("a") == 10_000)
    // Failing while it is locked does not lock it for longer.
    limit.failed("a")
    #expect(limit.lockedMillis("a") == 10_000)
    clock.pass(1_000_000)
    for _ in 0..<2 { limit.failed("a") }
    #expect(limit.lockedMillis("a") == 0)
  }

  @Test("the memory is bounded, and failing under many names unlocks none")
  func memory() {
    let limit = limit(maxKeys: 100)
    for _ in 0..<3 { limit.failed("locked") }
    for number in 0..<10_000 {
      limit.failed("other \(number)")
      #expect(limit.count <= 100)
    }
    #expect(limit.lockedMillis("locked") == 10_000)
  }

  @Test("account and address are limited apart, and the error says when to try again")
  func guesses() throws {
    let metrics = Metrics()
    let guesses = GuessLimit(secrets: "passwords", accounts: limit(2), addresses: limit(3), metrics: metrics)
    for _ in 0..<2 { guesses.failed(account: "a", address: "1.2.3.4") }
    try guesses.check(account: "b", address: "1.2.3.4")
    try guesses.check(account: "b", address: nil)
    let error = #expect(throws: GraphQLError.self) { try guesses.check(account: "a", address: "5.6.7.8") }
    #expect(error?.message == "too many wrong passwords: try again in 10 s")
    #expect(
      error?.extensions == [
        JSONValue.Member("code", .string("RATE_LIMITED")), JSONValue.Member("retryAfterSeconds", .integer(10)),
      ])
    guesses.failed(account: "b", address: "1.2.3.4")
    #expect(throws: GraphQLError.self) { try guesses.check(account: "c", address: "1.2.3.4") }
    #expect(metrics.value(of: "bank_rate_limited_total", ["kind": "passwords"]) == 2)
    clock.pass(10_000)
    try guesses.check(account: "a", address: "1.2.3.4")
  }
}

@Suite("Endpoint: passwords")
struct PasswordTests {
  @Test("a hash is of its password only, also after it was text")
  func hash() throws {
    let hash = try PasswordHash("correct horse", logCost: 4)
    let other = try PasswordHash("correct horse", logCost: 4)
    #expect(hash.salt != other.salt && hash.hash != other.hash)
    let read = try #require(PasswordHash(text: hash.text))
    #expect(read == hash && hash.text.hasPrefix("$scrypt$ln=4,r=8,p=1$"))
    #expect(try read.isOf("correct horse"))
    for wrong in ["correct horsf", "correct hors", "", "Correct horse"] {
      #expect(try !read.isOf(wrong), "\(wrong)")
    }
    // The same letters, written in another way.
    #expect(try PasswordHash("caf\u{E9} caf\u{E9}", logCost: 4).isOf("cafe\u{301} cafe\u{301}"))
  }

  @Test("the test vector of RFC 7914, section 12")
  func vector() throws {
    let text = "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU=$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI="
    let hash = try #require(PasswordHash(text: text))
    #expect(try hash.isOf("pleaseletmein"))
  }

  @Test(
    "what is no hash",
    arguments: [
      "", "secret", "$scrypt$ln=4,r=8,p=1$AAAA", "$bcrypt$ln=4,r=8,p=1$AAAA$AAAA", "$scrypt$ln=30,r=8,p=1$AAAA$AAAA",
      "$scrypt$ln=4,r=8$AAAA$AAAA", "$scrypt$ln=x,r=8,p=1$AAAA$AAAA", "$scrypt$ln=4,r=8,p=1$*$*",
      "$scrypt$ln=4,r=8,p=1$AAAA$AAAA",
    ])
  func damaged(text: String) {
    #expect(PasswordHash(text: text) == nil)
  }

  @Test("some run at a time, some wait, and the next one is refused")
  func queue() async throws {
    let queue = PasswordQueue(maxRunning: 2, maxWaiting: 3)
    let hold = Hold()
    let tasks = (0..<5).map { _ in Task { try await queue.run { hold.wait() } } }
    while queue.count < 5 { try await Task.sleep(for: .milliseconds(5)) }
    let refused = await #expect(throws: GraphQLError.self) { try await queue.run {} }
    #expect(refused?.extensions.first?.value == .string("OVERLOADED"))
    hold.letGo()
    for task in tasks { try await task.value }
    #expect(hold.most == 2)
    try await queue.run {}
  }
}

/// Keeps threads until it is told to let them go, and counts them.
private final class Hold: Sendable {
  private let state = Mutex((isOpen: false, now: 0, most: 0))

  var most: Int { state.withLock { $0.most } }

  func wait() {
    state.withLock { state in
      state.now += 1
      state.most = max(state.most, state.now)
    }
    while state.withLock({ !$0.isOpen }) { usleep(1_000) }
    state.withLock { $0.now -= 1 }
  }

  func letGo() { state.withLock { $0.isOpen = true } }
}
