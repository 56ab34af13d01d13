import CommandHandlerService
import Definitions
import EmbeddedBroker
import Foundation
import GraphQLEndpointService
import TestBank
import Testing

/// Item "kill -9": each service kills itself at each of its steps, and is killed at moments that nobody chose; what is
/// started after it goes on as if nothing had been.
@Suite("Faults: kill -9", .serialized)
struct KillTests {
  private static let commandsPerRound = 200
  private static let killed = ChildProcess.End.signalled(SIGKILL)

  @Test("of the handler at each of its steps")
  func handlerAtEachStep() async throws {
    let bank = try await TestBank.startForProcesses()
    let accounts = try await withHandler(bank) { try await openFundedAccounts(5, cents: 1_000_000, bank) }
    var sent = try await bank.decidedCount()
    // The short form has a step of each kind: before, inside of and after the transaction, and of the publisher.
    for step in FaultSize.of(
      short: [.balancesWritten, .offsetsMoved, .committed, .published, .markWritten], full: HandlerStep.allCases)
    {
      let creations = (0..<3).map { _ in ConfirmAccountCreation(id: UUID(), aType: .auto) }
      try await bank.send(creations)
      try await bank.send(mixedTransfers(Self.commandsPerRound, accounts))
      sent += creations.count + Self.commandsPerRound
      let doomed = try ServiceProcess(.commandHandler, bank, failpoint: "\(step)=kill")
      #expect(try await doomed.end() == Self.killed, "\(step): \(doomed.log)")
      let inFlight = sent - (try await bank.decidedCount())
      try await withHandler(bank) { try await bank.drain(timeoutSeconds: 60) }
      #expect(try await bank.decidedCount() == sent)
      try await faultHeld("kill -9 of the handler: \(step)", injected: 1, inFlight: inFlight, bank: bank)
    }
  }

  /// A handler as a process, for as long as `body` runs; in the end it is killed too.
  private func withHandler<Value>(_ bank: TestBank, _ body: () async throws -> Value) async throws -> Value {
    try await bank.endLeasesOfTheDead()
    let handler = try ServiceProcess(.commandHandler, bank)
    let value: Value
    do { value = try await body() } catch { throw TestBankError("\(error)\n\(handler.log.suffix(2_000))") }
    handler.kill()
    try await bank.endLeasesOfTheDead()
    return value
  }

  @Test(
    "of the endpoint at each step of the projection, of the answers and of an account's creation",
    .enabled(if: FaultSize.isFull))
  func endpointAtEachStep() async throws {
    let bank = try await TestBank.startForProcesses()
    let handler = bank.startHandler()
    let accounts = try await openFundedAccounts(5, cents: 1_000_000, bank)
    for step in FaultSize.of(
      short: [.rowsInserted, .rowsCommitted, .answersWritten, .usernameInserted], full: EndpointStep.allCases)
    {
      let username = "killed at \(step)"
      try await bank.send(mixedTransfers(Self.commandsPerRound, accounts))
      let doomed = try ServiceProcess(.graphQLEndpoint, bank, failpoint: "\(step)=kill")
      try await eventually("it kills itself at \(step)", timeoutSeconds: 60) {
        _ = try? await doomed.account(of: username)
        return doomed.ended != nil
      }
      #expect(doomed.ended == Self.killed, "\(step): \(doomed.log)")
      let heir = try ServiceProcess(.graphQLEndpoint, bank)
      try await heir.well()
      let account = try #require(try await heir.account(of: username))
      #expect(try await heir.account(of: username) == account)
      #expect(
        try await bank.count("select count(*) from balance where iban = \(account.iban) and type = 'MANUAL'") == 1)
      try await bank.drain()
      try await expectProjected(bank)
      heir.kill()
      try await faultHeld("kill -9 of the endpoint: \(step)", injected: 1, inFlight: Self.commandsPerRound, bank: bank)
    }
    // Each name has one account, and there is none without a name.
    let names = try await bank.transactions { session in
      try session.first("select count(distinct uuid) from account", as: Int64.self)
    }
    #expect(try await bank.count("select count(*) from balance where type = 'MANUAL'") == names)
    try await handler.stop()
  }

  @Test("of handler and endpoint at random moments under load")
  func atRandomMoments() async throws {
    let kills = FaultSize.of(short: 10, full: 100)
    var generator = SeededGenerator.forRun("random kills")
    let bank = try await TestBank.startForProcesses()
    var handler = try ServiceProcess(.commandHandler, bank)
    var endpoint = try ServiceProcess(.graphQLEndpoint, bank)
    let load = try await Load(bank, try await openFundedAccounts(8, cents: 10_000_000, bank))
    var inFlight = 0
    for _ in 0..<kills {
      let kind = Int.random(in: 0..<6, using: &generator)
      try await progress(bank, handler, endpoint)
      try await Task.sleep(for: .milliseconds(Int.random(in: 0..<400, using: &generator)))
      inFlight += try await load.inFlight()
      // The handler more often than the endpoint, and both at once.
      if kind < 5 {
        handler.kill()
        try await bank.endLeasesOfTheDead()
        handler = try ServiceProcess(.commandHandler, bank)
      }
      if kind > 3 {
        endpoint.kill()
        endpoint = try ServiceProcess(.graphQLEndpoint, bank)
      }
    }
    try await load.stop()
    try await bank.drain(timeoutSeconds: 90)
    #expect(try await bank.decidedCount() == load.sent)
    try await expectProjected(bank)
    #expect(try await handler.stop() == .exited(0))
    #expect(try await endpoint.stop() == .exited(0))
    try await faultHeld("kill -9 at random under load", injected: kills, inFlight: inFlight, bank: bank)
  }

  /// Waits until both have done something since now.
  private func progress(_ bank: TestBank, _ handler: ServiceProcess, _ endpoint: ServiceProcess) async throws {
    let (decided, rows) = (try await bank.decidedCount(), try await bank.rowCount())
    do {
      try await eventually("handler and endpoint go on", timeoutSeconds: 120) {
        let (decidedNow, rowsNow) = (try await bank.decidedCount(), try await bank.rowCount())
        return decidedNow > decided && rowsNow > rows
      }
    } catch {
      throw TestBankError("\(error)\n\(handler.log.suffix(2_000))\n\(endpoint.log.suffix(2_000))")
    }
  }
}
