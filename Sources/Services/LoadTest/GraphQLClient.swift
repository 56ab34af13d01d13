import BankSupport
import Foundation
import JSONText
import LoadRuns
import NIOCore

/// A client over a WebSocket, with an account of its own and its rows, live.
final class GraphQLClient: LoadClient {
  private static let setUpTimeout = Duration.seconds(20)
  private static let accountAttempts = 3
  private static let fundsTimeout = Duration.seconds(5)
  private static let fundsAttempts = 4
  /// In the account before the test, so that transfers that overtake deposits are no overdraft.
  private static let fundsCents = 10_000_000

  private let socket: GraphQLSocket
  private let isLegacy: Bool
  private let iban: String
  private let token: String
  private let book: InteractionBook

  private init(_ socket: GraphQLSocket, isLegacy: Bool, iban: String, token: String) {
    self.socket = socket
    self.isLegacy = isLegacy
    self.iban = iban
    self.token = token
    book = InteractionBook(iban: iban)
  }

  /// Connects, makes an account, subscribes to its rows and puts money into it.
  static func make(
    number: Int, group: any EventLoopGroup, port: Int, subprotocol: LoadTestSettings.Subprotocol
  ) async throws -> GraphQLClient {
    let socket = try await GraphQLSocket.connect(group: group, port: port, subprotocol: subprotocol)
    // Names are of this run: on a bank that runs already the test may have been before.
    let name = "load test \(number) \(UUID().uuidString)"
    let (iban, token): (String, String)
    do { (iban, token) = try await account(of: name, socket, isLegacy: subprotocol == .legacy) } catch {
      await socket.close()
      throw error
    }
    let client = GraphQLClient(socket, isLegacy: subprotocol == .legacy, iban: iban, token: token)
    client.subscribe()
    do { try await client.takeFunds(number: number) } catch {
      await client.close()
      throw error
    }
    return client
  }

  /// Asked for again when there is no answer in time: a name that is known logs in.
  private static func account(
    of name: String, _ socket: GraphQLSocket, isLegacy: Bool
  ) async throws -> (iban: String, token: String) {
    let query =
      "\(isLegacy ? "subscription" : "mutation") ($name: String!) { account: "
      + "\(isLegacy ? "get_account" : "create_account")(username: $name, password: \"a load test\") "
      + "{ iban token reason } }"
    var problem = ""
    for _ in 1...accountAttempts {
      try Task.checkCancellation()
      do {
        let payload = try await socket.ask(query, [.init("name", .string(name))], timeout: setUpTimeout)
        let account = payload["data"]?["account"]
        if case .string(let iban)? = account?["iban"], case .string(let token)? = account?["token"] {
          return (iban, token)
        }
        problem = payload.text
      } catch let error as LoadTestProblem { problem = error.description }
    }
    throw LoadTestProblem("no account for the load test: \(problem)")
  }

  /// Tried more than once: the row is missed when the money is there before the subscription.
  private func takeFunds(number: Int) async throws {
    var funds = Interaction(number: 0, client: number, refusedEvery: 0, hasWrongTokens: false)
    funds.cents = Self.fundsCents
    var problem = "the row of the first deposit did not come"
    for attempt in 1...Self.fundsAttempts {
      try Task.checkCancellation()
      funds.description = "load test \(number) funds \(attempt)"
      let began = ContinuousClock.now
      let outcome = await perform(funds, due: began, deadline: began + Self.fundsTimeout)
      if outcome.latency != nil { return }
      problem = outcome.failure ?? problem
    }
    throw LoadTestProblem(problem)
  }

  private func subscribe() {
    socket.start(
      "subscription ($iban: String!) { stream_transactions(iban: $iban) "
        + "{ iban new_balance_cents changed_by_cents from_to direction descr } }",
      [.init("iban", .string(iban))]
    ) { [weak self] event, now in self?.heard(event, now) }
  }

  func perform(
    _ interaction: Interaction, due: ContinuousClock.Instant, deadline: ContinuousClock.Instant
  ) async -> InteractionOutcome {
    let pending = book.begin(interaction)
    let isDeposit = interaction.kind == .deposit
    let uuid = UUID().uuidString.lowercased()
    let call =
      "(uuid: $uuid, token: $token, amount: $amount, from: $from, to: $to, descr: $descr) { uuid success reason } }"
    socket.start(
      "\(isLegacy ? "subscription" : "mutation") ($uuid: String!, $token: String!, $amount: Int!, $from: String!, "
        + "$to: String!, $descr: String!) { result: \(isLegacy ? "money_transfer" : "transfer")\(call)",
      [
        .init("uuid", .string(uuid)),
        .init(
          "token",
          .string(isDeposit ? "cash" : interaction.kind == .wrongToken ? Interaction.wrongToken : token)),
        .init("amount", .integer(Int64(interaction.cents))),
        .init("from", .string(isDeposit ? "cash" : iban)),
        .init("to", .string(isDeposit ? iban : Interaction.company)),
        .init("descr", .string(interaction.description)),
      ]
    ) { event, now in pending.answered(event, uuid: uuid, at: now) }
    let times = await pending.result(deadline: deadline)
    book.end(interaction)
    return InteractionOutcome(
      latency: times.done.map { due.duration(to: $0) }, answer: times.answer.map { due.duration(to: $0) },
      failure: times.failure)
  }

  func close() async { await socket.close() }

  private func heard(_ event: GraphQLSocket.Event, _ now: ContinuousClock.Instant) {
    switch event {
    case .next(let payload):
      guard let row = payload["data"]?["stream_transactions"] else {
        return book.strange("a row that can't be read: \(payload.text)")
      }
      book.heard(row, at: now)
    case .error(let text): book.end("the rows ended: \(text)")
    case .complete: book.end("the rows ended")
    case .closed(let reason): book.end("no more rows: \(reason)")
    }
  }
}
