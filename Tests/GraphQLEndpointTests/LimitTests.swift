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
    for _ in 0..<2 { limit.take("a") }
    #expect(limit.lockedMillis("a") == 0)
    limit.take("a")
    #expect(limit.lockedMillis("a") == 10_000 && limit.lockedMillis("b") == 0)
    clock.pass(9_999)
    #expect(limit.lockedMillis("a") == 1)
    clock.pass(1)
    #expect(limit.lockedMillis("a") == 0)
    limit.take("a")
    #expect(limit.lockedMillis("a") == 10_000)
    // Failing while it is locked does not lock it for longer.
    limit.take("a")
    #expect(limit.lockedMillis("a") == 10_000)
    clock.pass(1_000_000)
    for _ in 0..<2 { limit.take("a") }
    #expect(limit.lockedMillis("a") == 0)
  }

  @Test("the memory is bounded, and failing under many names unlocks none")
  func memory() {
    let limit = limit(maxKeys: 100)
    for _ in 0..<3 { limit.take("locked") }
    for number in 0..<10_000 {
      limit.take("other \(number)")
      #expect(limit.count <= 100)
    }
    #expect(limit.lockedMillis("locked") == 10_000)
  }

  @Test("what is given back was no failure")
  func givenBack() {
    let limit = limit(2)
    for _ in 0..<10 {
      #expect(limit.take("a") == 0)
      limit.giveBack("a")
    }
    #expect(limit.count == 0)
    for _ in 0..<2 { #expect(limit.take("a") == 0) }
    #expect(limit.take("a") == 10_000)
    limit.giveBack("a")
    #expect(limit.take("a") == 0 && limit.take("a") == 10_000)
  }

  @Test("pairs, addresses and accounts are limited apart, and the error says when to try again")
  func guesses() throws {
    let metrics = Metrics()
    let guesses = GuessLimit(
      secrets: "passwords", pairs: limit(2), accounts: limit(4), addresses: limit(3), metrics: metrics)
    for _ in 0..<2 { try guesses.take(account: "a", address: "1.2.3.4") }
    let error = #expect(throws: GraphQLError.self) { try guesses.take(account: "a", address: "1.2.3.4") }
    #expect(error?.message == "too many wrong passwords: try again in 10 s")
    #expect(
      error?.extensions == [
        JSONValue.Member("code", .string("RATE_LIMITED")), JSONValue.Member("retryAfterSeconds", .integer(10)),
      ])
    // From elsewhere the account is open, and the address may try others.
    try guesses.check(account: "a", address: "5.6.7.8")
    try guesses.take(account: "b", address: "1.2.3.4")
    #expect(throws: GraphQLError.self) { try guesses.take(account: "c", address: "1.2.3.4") }
    #expect(throws: GraphQLError.self) { try guesses.check(account: "c", address: "1.2.3.4") }
    #expect(metrics.value(of: "bank_rate_limited_total", ["kind": "passwords"]) == 3)
    // Many addresses at one account: what was refused has taken nothing.
    try guesses.take(account: "a", address: "5.6.7.8")
    try guesses.take(account: "a", address: "5.6.7.9")
    #expect(throws: GraphQLError.self) { try guesses.take(account: "a", address: "5.6.7.10") }
    #expect(throws: GraphQLError.self) { try guesses.take(account: "a", address: nil) }
    guesses.giveBack(account: "a", address: "5.6.7.9")
    try guesses.take(account: "a", address: "5.6.7.10")
    clock.pass(10_000)
    try guesses.check(account: "a", address: "1.2.3.4")
  }

  @Test("right tokens are known by account, and no more than so many")
  func rightTokens() {
    let tokens = RightTokens(maxCount: 10)
    tokens.insert("1", account: "a")
    #expect(tokens.contains("1", account: "a") && !tokens.contains("1", account: "b"))
    #expect(!tokens.remove("2", account: "a") && tokens.remove("1", account: "a"))
    #expect(!tokens.contains("1", account: "a"))
    for number in 0..<100 {
      tokens.insert("\(number)", account: "a")
      #expect(tokens.count <= 10 && tokens.contains("\(number)", account: "a"))
    }
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
    let queue = PasswordQueue(maxRunning: 2, maxWaiting: 3, maxPerAddress: 10)
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

  @Test("an address has a share of the places; who goes leaves at once, and its password is not hashed")
  func shares() async throws {
    let queue = PasswordQueue(maxRunning: 1, maxWaiting: 9, maxPerAddress: 4)
    let (hold, cancelled) = (Hold(), Hold())
    cancelled.letGo()
    let first = Task { try await queue.run(for: "1.2.3.4") { hold.wait() } }
    let others = (0..<3).map { _ in
      Task { try await queue.run(for: "1.2.3.4") { cancelled.wait() } }
    }
    try await eventually("all have a place") { queue.count == 4 }
    let refused = await #expect(throws: GraphQLError.self) { try await queue.run(for: "1.2.3.4") {} }
    #expect(refused?.extensions.first?.value == .string("OVERLOADED"))
    let neighbour = Task { try await queue.run(for: "5.6.7.8") { 1 } }
    try await eventually("the neighbour has a place") { queue.count == 5 }
    for task in others { task.cancel() }
    for task in others {
      await #expect(throws: CancellationError.self) { try await task.value }
    }
    #expect(queue.count == 2)
    let next = Task { try await queue.run(for: "1.2.3.4") { 2 } }
    hold.letGo()
    try await first.value
    #expect(try await neighbour.value == 1)
    #expect(try await next.value == 2)
    #expect(cancelled.most == 0 && queue.count == 0)
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
