import LoadRuns

/// One thing to ask of the bank, and what has to come of it.
struct Interaction: Sendable {
  static let company = "NL66OPEN0000000000"
  /// More than any account of a run has, within GraphQL's `Int`.
  static let tooMuchCents = 2_000_000_000
  /// No account has it.
  static let wrongToken = "11111111111111111111"
  static let depositCents = [1_000, 2_000, 5_000, 10_000, 20_000]
  static let transferCents = [1_111, 2_323, 3_489, 9_999, 21_078]

  var kind: InteractionKind
  var cents: Int
  /// Of no other interaction of the run.
  var description: String

  /// - Parameters:
  ///   - number: of the client's interactions, from 0: the seed's ten in turn, five deposits and five transfers, and one
  ///     of every `refusedEvery` refused.
  ///   - hasWrongTokens: the page always sends the right one.
  init(number: Int, client: Int, refusedEvery: Int, hasWrongTokens: Bool) {
    description = "load test \(client)/\(number)"
    if refusedEvery > 0, number % refusedEvery == refusedEvery - 1 {
      let isToken = hasWrongTokens && number / refusedEvery % 2 == 0
      kind = isToken ? .wrongToken : .insufficientFunds
      cents = isToken ? Self.transferCents[0] : Self.tooMuchCents
      return
    }
    let place = number % 10
    kind = place < 5 ? .deposit : .transfer
    cents = place < 5 ? Self.depositCents[place] : Self.transferCents[place - 5]
  }

  /// The bank's words.
  var reason: String? {
    switch kind {
    case .deposit, .transfer: nil
    case .wrongToken: "invalid token"
    case .insufficientFunds: "insufficient funds"
    }
  }

  /// As the page shows an amount: "€1.234,56".
  var shownEuros: String {
    var euros = String(cents / 100)
    var at = euros.count - 3
    while at > 0 {
      euros.insert(".", at: euros.index(euros.startIndex, offsetBy: at))
      at -= 3
    }
    let rest = String(cents % 100)
    return "€\(euros),\(rest.count < 2 ? "0" + rest : rest)"
  }
}

/// What came of an interaction.
struct InteractionOutcome: Sendable {
  /// nil: it was not there in time.
  var latency: Duration?
  var answer: Duration?
  /// What should not have been.
  var failure: String?
}

/// Someone who uses the bank.
protocol LoadClient: Sendable {
  /// - Parameters:
  ///   - due: from which is measured.
  ///   - deadline: when it is given up.
  func perform(
    _ interaction: Interaction, due: ContinuousClock.Instant, deadline: ContinuousClock.Instant
  ) async -> InteractionOutcome
  func close() async
}
