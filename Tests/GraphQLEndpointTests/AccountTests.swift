import BankSupport
import CommandHandlerService
import Definitions
import Foundation
import GraphQLRuntime
import TestBank
import Testing

@testable import GraphQLEndpointService

@Suite("Endpoint: accounts", .serialized)
struct AccountTests {
  @Test(
    "names and passwords that are too short, too long or can't be stored",
    arguments: [
      ("1234567", "password", "username must have 8 to 100 characters"), ("username", "1234567", "password must have"),
      (String(repeating: "x", count: 101), "password", "username must have"),
      ("username", String(repeating: "x", count: 201), "password must have 8 to 200 characters"),
      ("user\0name", "password", "character zero"), ("username", "password\0", "password has the character zero"),
      ("        ", "password", "username is blank"),
    ])
  func problems(username: String, password: String, reason: String) {
    #expect(AccountService.problem(username, password)?.contains(reason) == true)
  }

  @Test(
    "made once, however many ask at once; known after a restart; a wrong password makes and tells nothing",
    arguments: FeedbackTopics.allCases)
  func open(feedback: FeedbackTopics) async throws {
    let bank = try await EndpointBank.start()
    var settings = HandlerSettings()
    settings.feedback = feedback
    let handler = bank.bank.startHandler(settings)
    let first = try await bank.endpoint()
    try await first.ready()
    let accounts = first.services.accounts
    let results = try await withThrowingTaskGroup(of: AccountResult.self) { group in
      for _ in 0..<100 {
        group.addTask { try await accounts.open(username: "testuser", password: "password", address: nil) }
      }
      return try await group.reduce(into: Set<AccountResult>()) { $0.insert($1) }
    }
    let account = try #require(results.first)
    #expect(results.count == 1 && account.reason == nil && account.token?.count == 20)
    #expect(IBAN(account.iban ?? "") != nil)
    #expect(try await bank.bank.count("select count(*) from balance where type = 'MANUAL'") == 1)
    #expect(try await accounts.logIn(username: "testuser", password: "password", address: nil) == account)
    let wrong = AccountResult.refused("incorrect password")
    #expect(try await accounts.open(username: "testuser", password: "passwort", address: nil) == wrong)
    #expect(try await accounts.logIn(username: "testuser", password: "passwort", address: nil) == wrong)
    #expect(try await accounts.logIn(username: "nobody who is known", password: "password", address: nil) == wrong)
    #expect(try await bank.count("select count(*) from account") == 1)
    try await first.stop()
    let second = try await bank.endpoint()
    try await second.ready()
    let again = try await second.services.accounts.open(username: "testuser", password: "password", address: nil)
    #expect(again == account)
    try await second.stop()
    try await handler.stop()
  }

  @Test("a creation that fails frees the name", arguments: FeedbackTopics.allCases)
  func refused(feedback: FeedbackTopics) async throws {
    let bank = try await EndpointBank.start()
    let endpoint = try await bank.endpoint()
    try await endpoint.ready()
    let accounts = endpoint.services.accounts
    let reason = "generated iban already exists, try again"
    async let opening = accounts.open(username: "testuser", password: "password", address: nil)
    // Instead of the handler, which fails like that once in a thousand million times.
    try await eventually("the command was sent") {
      try await bank.bank.values(Topics.confirmAccountCreation).count == 1
    }
    let command = try #require(try await bank.bank.values(Topics.confirmAccountCreation).first)
    #expect(command.aType == .manual)
    let answer = AccountCreationFailed(id: command.id, reason: reason)
    let refusal =
      switch feedback {
      case .separate: try await bank.answer(Topics.accountCreationFailed, answer)
      case .shared: try await bank.answer(Topics.accountFeedback, .accountCreationFailed(answer))
      }
    try await bank.bank.send([refusal])
    #expect(try await opening == AccountResult.refused(reason))
    #expect(try await bank.count("select count(*) from account") == 0)
    let handler = bank.bank.startHandler()
    // The handler finds the first command too; the name is another account's by then.
    #expect(try await accounts.open(username: "testuser", password: "another one", address: nil).iban != nil)
    try await endpoint.stop()
    try await handler.stop()
  }

  @Test("wrong passwords are limited by name and by address, also those that come at once; the owner is not locked out")
  func wrongPasswords() async throws {
    var settings = EndpointBank.settings
    settings.maxWrongPerAccount = 3
    settings.maxWrongPerAddress = 6
    settings.maxHashesPerAddress = 30
    settings.wrongForgottenMillis = 600_000
    try await EndpointBank.running(settings) { (_, endpoint) async throws in
      let accounts = endpoint.services.accounts
      for name in ["first user", "second user", "third user"] {
        #expect(try await accounts.open(username: name, password: "password", address: "1.1.1.1").iban != nil)
      }
      let outcomes = await withTaskGroup(of: String.self) { group in
        for _ in 0..<30 {
          group.addTask {
            do {
              let result = try await accounts.logIn(username: "first user", password: "passwort", address: "2.2.2.2")
              return result.reason ?? "right"
            } catch {
              return (error as? GraphQLError)?.extensions.first?.value.text ?? "\(error)"
            }
          }
        }
        return await group.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
      }
      #expect(outcomes == ["incorrect password": 3, "\"RATE_LIMITED\"": 27])
      await #expect(throws: GraphQLError.self) {
        _ = try await accounts.open(username: "first user", password: "password", address: "2.2.2.2")
      }
      // The owner, from elsewhere.
      #expect(try await accounts.open(username: "first user", password: "password", address: "1.1.1.1").iban != nil)
      // Others are not touched, until the address has had enough.
      #expect(try await accounts.logIn(username: "second user", password: "password", address: "2.2.2.2").iban != nil)
      for _ in 0..<3 {
        _ = try? await accounts.logIn(username: "second user", password: "passwort", address: "2.2.2.2")
      }
      await #expect(throws: GraphQLError.self) {
        _ = try await accounts.logIn(username: "third user", password: "password", address: "2.2.2.2")
      }
      #expect(try await accounts.logIn(username: "third user", password: "password", address: "3.3.3.3").iban != nil)
    }
  }
}
