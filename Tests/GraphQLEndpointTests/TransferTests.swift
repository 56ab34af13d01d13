import BankSupport
import CommandHandlerService
import Definitions
import Foundation
import GraphQLRuntime
import JSONText
import TestBank
import Testing

@testable import GraphQLEndpointService

@Suite("Endpoint: transfers", .serialized)
struct TransferTests {
  private static let company = IBAN.company.text

  static func input(
    _ uuid: String = UUID().uuidString, token: String = Token.company, amount: Int? = 100, cents: String? = nil,
    from: String = company, to: String = "Albert Heijn BV", descr: String = "test"
  ) -> TransferInput {
    TransferInput(uuid: uuid, token: token, amount: amount, amountCents: cents, from: from, to: to, descr: descr)
  }

  @Test(
    "what can't be asked for is refused with a reason",
    arguments: [
      (input("1"), "uuid is not one"), (input(""), "uuid is not one"), (input(token: " "), "token is blank"),
      (input(from: ""), "from is blank"), (input(to: "\n"), "to is blank"),
      (input(to: String(repeating: "x", count: 141)), "to has more than 140 characters"),
      (input(descr: String(repeating: "é", count: 141)), "descr has more than 140 characters"),
      (input(token: String(repeating: "1", count: 101)), "token has more than 100 characters"),
      (input(descr: "a\0"), "descr has the character zero in it"), (input(amount: nil), "there is no amount"),
      (input(cents: "1"), "there are two amounts"), (input(amount: nil, cents: ""), "not a whole number of cents"),
      (input(amount: nil, cents: "-"), "not a whole number of cents"),
      (input(amount: nil, cents: "1.5"), "not a whole number of cents"),
      (input(amount: nil, cents: "+1"), "not a whole number of cents"),
      (input(amount: nil, cents: "١"), "not a whole number of cents"),
      (input(amount: nil, cents: "9223372036854775808"), "out of range"),
    ])
  func refused(input: TransferInput, reason: String) throws {
    let refusal = #expect(throws: TransferInput.Refusal.self) { _ = try input.command() }
    #expect(refusal?.reason.contains(reason) == true, "\(refusal?.reason ?? "")")
  }

  @Test("the largest amounts pass, and a blank description")
  func passes() throws {
    #expect(try Self.input(amount: nil, cents: "9223372036854775807").command().amount == .max)
    #expect(try Self.input(amount: nil, cents: "-9223372036854775808").command().amount == .min)
    #expect(try Self.input(amount: nil, cents: "007", descr: "").command().amount == 7)
    #expect(try Self.input(descr: String(repeating: "x", count: 140)).command().description.count == 140)
  }

  @Test(
    "each outcome of the bank; the same uuid again moves nothing and has the same answer, after a restart too",
    arguments: FeedbackTopics.allCases)
  func outcomes(feedback: FeedbackTopics) async throws {
    let bank = try await EndpointBank.start()
    var settings = HandlerSettings()
    settings.feedback = feedback
    let handler = bank.bank.startHandler(settings)
    let first = try await bank.endpoint()
    try await first.ready()
    let account = try #require(try await bank.bank.openAccounts(1).first)
    let moved = Self.input(amount: 250, to: account.iban)
    let refused = Self.input(token: account.token, amount: 60_000, from: account.iban)
    let negative = Self.input(amount: -1, to: account.iban)
    let answer = try await first.services.transfers.transfer(moved, address: nil)
    #expect(answer == TransferResult(uuid: moved.uuid, success: true, reason: nil))
    for (input, reason) in [(refused, "insufficient funds"), (negative, "amount must be positive")] {
      let answer = try await first.services.transfers.transfer(input, address: nil)
      #expect(answer == TransferResult(uuid: input.uuid, success: false, reason: reason))
    }
    // Many at once under one uuid.
    let many = Self.input(amount: 5, to: account.iban)
    let answers = try await withThrowingTaskGroup(of: TransferResult.self) { group in
      for _ in 0..<20 { group.addTask { try await first.services.transfers.transfer(many, address: nil) } }
      return try await group.reduce(into: Set<TransferResult>()) { $0.insert($1) }
    }
    #expect(answers == [TransferResult(uuid: many.uuid, success: true, reason: nil)])
    var other = moved
    other.amount = 251
    #expect(
      try await first.services.transfers.transfer(other, address: nil).reason
        == "uuid was used for another transfer")
    try await bank.bank.drain()
    #expect(try await bank.bank.count("select amount from balance where iban = \(account.iban)") == 255)
    try await first.stop()
    try await handler.stop()

    // No handler any more: the answers come from the database.
    let second = try await bank.endpoint()
    #expect(try await second.services.transfers.transfer(moved, address: nil).success)
    #expect(try await second.services.transfers.transfer(refused, address: nil).reason == "insufficient funds")
    #expect(second.services.waiters.count == 0)
    try await second.stop()
    #expect(
      try await bank.count("select count(*) from transfer_request where answered_at is not null") == 4)
  }

  @Test("without an answer there is a time-out; the answer that came meanwhile is there for who asks again")
  func timeOut() async throws {
    let bank = try await EndpointBank.start()
    var settings = EndpointBank.settings
    settings.answerTimeoutMillis = 500
    settings.maxWaiting = 1
    let first = try await bank.endpoint(settings)
    try await first.ready()
    let input = Self.input(to: "cash")
    async let waiting = first.services.transfers.transfer(input, address: nil)
    try await eventually("one waits") { first.services.waiters.count == 1 }
    let full = await #expect(throws: GraphQLError.self) {
      _ = try await first.services.transfers.transfer(Self.input(), address: nil)
    }
    #expect(full?.extensions.first?.value == .string("OVERLOADED"))
    do {
      _ = try await waiting
      Issue.record("nobody can have answered")
    } catch let error as GraphQLError {
      #expect(error.extensions.first?.value == .string("TIMEOUT"))
      #expect(error.message.contains("ask again with the same uuid"))
    }
    #expect(first.services.waiters.count == 0)
    try await first.stop()
    let handler = bank.bank.startHandler()
    try await bank.bank.drain()
    try await handler.stop()
    let second = try await bank.endpoint(settings)
    try await eventually("the answer is written down") {
      try await bank.count("select count(*) from transfer_request where success") == 1
    }
    #expect(try await second.services.transfers.transfer(input, address: nil).success)
    try await second.stop()
  }

  @Test("who waits when the endpoint stops is told so; a broker that comes back is seen by itself")
  func stopping() async throws {
    let bank = try await EndpointBank.start()
    var settings = EndpointBank.settings
    settings.answerTimeoutMillis = 60_000
    let first = try await bank.endpoint(settings)
    try await first.ready()
    async let waiting = first.services.transfers.transfer(Self.input(), address: nil)
    try await eventually("one waits") { first.services.waiters.count == 1 }
    try await first.stop()
    do {
      _ = try await waiting
      Issue.record("nobody can have answered")
    } catch let error as GraphQLError {
      #expect(error.extensions.first?.value == .string("UNAVAILABLE"))
    }
    settings.answerTimeoutMillis = 500
    let second = try await bank.endpoint(settings)
    try await second.ready()
    // Not kill: so soon after its start the broker would have saved no topic yet, and come back without any.
    bank.bank.broker.stop()
    await #expect(throws: GraphQLError.self) {
      _ = try await second.services.transfers.transfer(Self.input(), address: nil)
    }
    try await eventually("the health says so") { second.health.problem?.contains("commands") == true }
    try bank.bank.broker.restart()
    try await second.ready()
    try await second.stop()
  }

  @Test("it is not well before the answers are read that were there at the start")
  func answersCatchUp() async throws {
    let bank = try await EndpointBank.start()
    try await bank.bank.send([
      try await bank.answer(Topics.moneyTransferFailed, MoneyTransferFailed(id: UUID(), reason: "insufficient funds"))
    ])
    let isOver = StopFlag()
    // Nothing can be written meanwhile, and nothing fails: the statement waits.
    let lock = Task {
      try await bank.database { session in
        try session.script("begin; lock table transfer_request in access exclusive mode")
        while !isOver.isSet { usleep(10_000) }
        try session.script("rollback")
      }
    }
    try await eventually("the table is locked") {
      try await bank.count(
        """
        select count(*) from pg_locks
        where mode = 'AccessExclusiveLock' and relation = 'transfer_request'::regclass
        """) > 0
    }
    let endpoint = try await bank.endpoint()
    try await eventually("everything else is there") {
      guard let problem = endpoint.health.problem else { return true }
      return problem.hasPrefix("answers-catch-up: ") && !problem.contains(";")
    }
    #expect(endpoint.health.problem?.hasPrefix("answers-catch-up: ") == true)
    isOver.set()
    try await lock.value
    try await endpoint.ready()
    try await endpoint.stop()
  }

  @Test("an answer that comes as the endpoint stops is UNAVAILABLE, also to a task that is cancelled with it")
  func stoppingAndCancelled() async throws {
    try await EndpointBank.running(handled: false) { _, endpoint in
      let asker = endpoint.services.transfers.asker
      let command = try Self.input().command()
      let ticket = try asker.waiters.wait(for: command.id)
      asker.waiters.close()
      let asking = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        return try await asker.ask(command, ticket)
      }
      let error = await #expect(throws: GraphQLError.self) { _ = try await asking.value }
      #expect(error?.extensions.first?.value == .string("UNAVAILABLE"))
    }
  }

  private static let wrong = "12345678901234567890"

  /// What comes of many at once: reasons and codes of errors, and how often.
  private static func outcomes(
    _ transfers: TransferService, _ inputs: [TransferInput], address: String
  ) async -> [String: Int] {
    await withTaskGroup(of: String.self) { group in
      for input in inputs {
        group.addTask {
          do {
            return try await transfers.transfer(input, address: address).reason ?? "moved"
          } catch {
            return (error as? GraphQLError)?.extensions.first?.value.text ?? "\(error)"
          }
        }
      }
      return await group.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
    }
  }

  @Test("wrong tokens are limited, also those that come at once; neither old answers nor the owner are locked out")
  func wrongTokens() async throws {
    var settings = EndpointBank.settings
    settings.maxWrongPerAccount = 3
    settings.maxWrongPerAccountAnywhere = 5
    settings.wrongForgottenMillis = 600_000
    try await EndpointBank.running(settings) { bank, endpoint in
      let transfers = endpoint.services.transfers
      let many = (0..<50).map { _ in Self.input(token: Self.wrong) }
      let outcomes = await Self.outcomes(transfers, many, address: "2.2.2.2")
      #expect(outcomes == ["invalid token": 3, "\"RATE_LIMITED\"": 47])
      // The answers that there were are there for ever, and the others were never asked for.
      #expect(try await bank.count("select count(*) from transfer_request") == 3)
      let answered = try await bank.database { session in
        try session.query("select uuid from transfer_request", as: UUID.self)
      }
      for input in many where answered.contains(where: { $0.uuidString == input.uuid }) {
        #expect(try await transfers.transfer(input, address: "2.2.2.2").reason == "invalid token")
      }
      // The owner, from elsewhere, who from then on is known by the right token.
      #expect(try await transfers.transfer(Self.input(), address: "1.1.1.1").success)
      #expect(try await transfers.transfer(Self.input(), address: "2.2.2.2").success)
      #expect(
        await Self.outcomes(transfers, [Self.input(token: Self.wrong)], address: "2.2.2.2") == ["\"RATE_LIMITED\"": 1])
      // Five in all from anywhere, and still not the owner.
      let elsewhere = (0..<4).map { _ in Self.input(token: Self.wrong) }
      #expect(
        await Self.outcomes(transfers, elsewhere, address: "3.3.3.3") == ["invalid token": 2, "\"RATE_LIMITED\"": 2])
      #expect(
        await Self.outcomes(transfers, (0..<20).map { _ in Self.input() }, address: "3.3.3.3") == ["moved": 20])
      // A deposit is no guess, however many there are.
      let deposits = (0..<10).map { _ in Self.input(token: "cash", from: "cash", to: Self.company) }
      #expect(await Self.outcomes(transfers, deposits, address: "2.2.2.2") == ["moved": 10])
    }
  }

  @Test("who logs in is known by the token that the bank gives, and moves money while others guess")
  func knownByLogIn() async throws {
    var settings = EndpointBank.settings
    settings.maxWrongPerAccount = 1
    settings.maxWrongPerAccountAnywhere = 1
    settings.wrongForgottenMillis = 600_000
    try await EndpointBank.running(settings) { _, endpoint in
      let services = endpoint.services
      let account = try await services.accounts.open(username: "testuser", password: "password", address: "1.1.1.1")
      let (iban, token) = (try #require(account.iban), try #require(account.token))
      let deposit = Self.input(token: "cash", amount: 1_000, from: "cash", to: iban)
      #expect(try await services.transfers.transfer(deposit, address: "1.1.1.1").success)
      let wrong = (0..<2).map { _ in Self.input(token: Self.wrong, from: iban) }
      #expect(
        await Self.outcomes(services.transfers, wrong, address: "2.2.2.2")
          == ["invalid token": 1, "\"RATE_LIMITED\"": 1])
      let right = (0..<10).map { _ in Self.input(token: token, amount: 1, from: iban) }
      #expect(await Self.outcomes(services.transfers, right, address: "2.2.2.2") == ["moved": 10])
    }
  }
}
