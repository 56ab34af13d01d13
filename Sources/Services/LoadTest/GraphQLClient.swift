import BankSupport
import Foundation
import JSONText
import LoadRuns
import NIOCore
import Synchronization

/// A client over a WebSocket, with an account of its own and its rows, live.
final class GraphQLClient: LoadClient {
  private static let setUpTimeout = Duration.seconds(20)
  private static let accountAttempts = 3
  private static let fundsTimeout = Duration.seconds(5)
  private static let fundsAttempts = 4
  /// Time-outs whose row may still come.
  private static let lateLimit = 10_000
  /// In the account before the test, so that transfers that overtake deposits are no overdraft.
  private static let fundsCents = 10_000_000

  private struct State {
    var waiting: [String: PendingInteraction] = [:]
    var late: Set<String> = []
    var lastBalanceCents: Int?
    /// What was wrong with a row that nobody waited for.
    var stray: String?
  }

  private let socket: GraphQLSocket
  private let isLegacy: Bool
  private let iban: String
  private let token: String
  private let state = Mutex(State())

  private init(_ socket: GraphQLSocket, isLegacy: Bool, iban: String, token: String) {
    self.socket = socket
    self.isLegacy = isLegacy
    self.iban = iban
    self.token = token
  }

  /// Connects, makes an account, subscribes to its rows and puts money into it.
  static func make(
    number: Int, group: any EventLoopGroup, port: Int, subprotocol: LoadTestSettings.Subprotocol
  ) async throws -> GraphQLClient {
    let socket = try await GraphQLSocket.connect(group: group, port: port, subprotocol: subprotocol)
    // Names are of this run: on a bank that runs already the test may have been before.
    let name = "load test \(number) \(UUID().uuidString)"
    let (iban, token) = try await account(of: name, socket, isLegacy: subprotocol == .legacy)
    let client = GraphQLClient(socket, isLegacy: subprotocol == .legacy, iban: iban, token: token)
    client.subscribe()
    try await client.takeFunds(number: number)
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
    let pending = PendingInteraction(interaction, iban: iban)
    let stray = state.withLock { state in
      state.waiting[interaction.description] = pending
      defer { state.stray = nil }
      return state.stray
    }
    if let stray { pending.fail(stray) }
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
    state.withLock { state in
      state.waiting[interaction.description] = nil
      if times.failure == nil, times.done == nil, state.late.count < Self.lateLimit {
        state.late.insert(interaction.description)
      }
    }
    return InteractionOutcome(
      latency: times.done.map { due.duration(to: $0) }, answer: times.answer.map { due.duration(to: $0) },
      failure: times.failure)
  }

  func close() async { await socket.close() }

  private func heard(_ event: GraphQLSocket.Event, _ now: ContinuousClock.Instant) {
    switch event {
    case .next(let payload):
      guard let row = payload["data"]?["stream_transactions"], case .string(let words)? = row["descr"] else {
        return fail("a row that can't be read: \(payload.text)")
      }
      if let problem = balanceProblem(row) { fail(problem) }
      let (pending, isLate) = state.withLock { ($0.waiting[words], $0.late.remove(words) != nil) }
      if let pending { pending.row(row, at: now) } else if !isLate { fail("a row that nobody asked for: \(row.text)") }
    case .error(let text): fail("the rows ended: \(text)")
    case .complete: fail("the rows ended")
    case .closed(let reason): fail("no more rows: \(reason)")
    }
  }

  /// Each balance has to follow from the one before.
  private func balanceProblem(_ row: JSONValue) -> String? {
    guard case .string(let balanceText)? = row["new_balance_cents"], let balance = Int(balanceText),
      case .string(let changeText)? = row["changed_by_cents"], let change = Int(changeText)
    else { return "a row without cents: \(row.text)" }
    return state.withLock { state in
      defer { state.lastBalanceCents = balance }
      guard let last = state.lastBalanceCents, last + change != balance else { return nil }
      return "balance \(balance) does not follow from \(last) and \(change)"
    }
  }

  /// Told by one of those that wait, or by the next.
  private func fail(_ problem: String) {
    let waiting = state.withLock { state in
      if state.waiting.isEmpty { state.stray = problem }
      return Array(state.waiting.values)
    }
    for pending in waiting { pending.fail(problem) }
  }
}

/// An interaction between request and row.
final class PendingInteraction: Sendable {
  struct Times: Sendable {
    /// Of the row, or of the refusal; nil: not in time.
    var done: ContinuousClock.Instant?
    var answer: ContinuousClock.Instant?
    var failure: String?
  }

  private struct State {
    var times = Times()
    var row: ContinuousClock.Instant?
    var isOver = false
    var continuation: CheckedContinuation<Void, Never>?
  }

  private let interaction: Interaction
  private let iban: String
  private let state = Mutex(State())

  init(_ interaction: Interaction, iban: String) {
    self.interaction = interaction
    self.iban = iban
  }

  /// Waits until answer and row are there, something is wrong, or the time is over.
  func result(deadline: ContinuousClock.Instant) async -> Times {
    let timer = Task {
      try await Task.sleep(until: deadline, clock: .continuous)
      update { $0.isOver = true }
    }
    await withCheckedContinuation { continuation in
      let isOver = state.withLock { state in
        if !state.isOver { state.continuation = continuation }
        return state.isOver
      }
      if isOver { continuation.resume() }
    }
    timer.cancel()
    return state.withLock { $0.times }
  }

  func fail(_ problem: String) {
    update { state in
      state.times.failure = problem
      state.isOver = true
    }
  }

  func answered(_ event: GraphQLSocket.Event, uuid: String, at now: ContinuousClock.Instant) {
    switch event {
    case .complete: return
    case .error(let text), .closed(let text): fail("no answer to \(interaction.description): \(text)")
    case .next(let payload):
      // A bank that can't keep up says so: that is a time-out, known early.
      if isBusy(payload) { return }
      let result = payload["data"]?["result"]
      guard result?["uuid"] == .string(uuid), let problem = verdict(on: result) else {
        return fail("an answer that is none: \(payload.text)")
      }
      if !problem.isEmpty { return fail(problem) }
      update { state in
        state.times.answer = now
        if interaction.kind.isRefused { state.row = now }
        finish(&state)
      }
    }
  }

  func row(_ row: JSONValue, at now: ContinuousClock.Instant) {
    let isDeposit = interaction.kind == .deposit
    let wanted: [(String, String)] = [
      ("iban", iban), ("changed_by_cents", String(isDeposit ? interaction.cents : -interaction.cents)),
      ("from_to", isDeposit ? "cash" : Interaction.company), ("direction", isDeposit ? "CREDIT" : "DEBIT"),
    ]
    if interaction.kind.isRefused { return fail("money moved that should not have: \(row.text)") }
    for (name, value) in wanted where row[name] != .string(value) {
      return fail("\(name) should be \(value): \(row.text)")
    }
    update { state in
      state.row = now
      finish(&state)
    }
  }

  /// Answer and row come in any order; the row is what people wait for.
  private func finish(_ state: inout State) {
    guard state.times.answer != nil, let row = state.row else { return }
    state.times.done = row
    state.isOver = true
  }

  /// nil: this is no answer; empty: it is the right one.
  private func verdict(on result: JSONValue?) -> String? {
    guard case .bool(let success)? = result?["success"] else { return nil }
    if let reason = interaction.reason {
      let isRight = !success && result?["reason"] == .string(reason)
      return isRight ? "" : "not refused as \"\(reason)\": \(result?.text ?? "")"
    }
    return success ? "" : "refused: \(result?.text ?? "")"
  }

  private func isBusy(_ payload: JSONValue) -> Bool {
    guard case .array(let errors)? = payload["errors"], !errors.isEmpty else { return false }
    let codes = ["TIMEOUT", "OVERLOADED", "UNAVAILABLE"].map { JSONValue.string($0) }
    return errors.allSatisfy { error in error["extensions"]?["code"].map(codes.contains) ?? false }
  }

  private func update(_ change: (inout State) -> Void) {
    let continuation = state.withLock { state -> CheckedContinuation<Void, Never>? in
      guard !state.isOver else { return nil }
      change(&state)
      guard state.isOver else { return nil }
      defer { state.continuation = nil }
      return state.continuation
    }
    continuation?.resume()
  }
}
