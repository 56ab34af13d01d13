import Foundation
import GraphQLRuntime

extension Transaction: GraphQLObject {}
extension AccountResult: GraphQLObject {}
extension TransferResult: GraphQLObject {}
extension Direction: GraphQLEnum {}

/// The schema of `schema.graphql` with its resolvers.
enum BankSchema {
  typealias Engine = GraphQLEngine<EndpointContext>
  private typealias Resolvers = GraphQLResolvers<EndpointContext>

  /// - Parameter onError: gets what a client is not told.
  /// - Throws: when resolvers and schema do not fit each other.
  static func engine(
    _ settings: EndpointSettings, onError: @escaping @Sendable (any Error, GraphQLError) -> Void
  ) throws -> Engine {
    try Engine(
      sdl: String(decoding: PackageResources.schema_graphql, as: UTF8.self), limits: settings.language,
      allowsIntrospection: settings.allowsIntrospection, onError: onError
    ) { resolvers in
      transaction(resolvers)
      results(resolvers)
      queries(resolvers)
      mutations(resolvers)
      subscriptions(resolvers)
    }
  }

  private static func transaction(_ resolvers: Resolvers) {
    resolvers.object("Transaction", of: Transaction.self) { type in
      type.field("id") { row in
        guard let id = Int32(exactly: row.id) else {
          throw GraphQLError("the number \(row.id) does not fit Int: ask for event_id instead", code: "OUT_OF_RANGE")
        }
        return Int(id)
      }
      type.field("event_id") { $0.eventID }
      type.field("iban") { $0.iban }
      type.field("new_balance") { $0.newBalance }
      type.field("new_balance_cents") { String($0.newBalanceCents) }
      type.field("changed_by") { $0.changedBy }
      type.field("changed_by_cents") { String($0.changedByCents) }
      type.field("from_to") { $0.fromTo }
      type.field("descr") { $0.descr }
      type.field("direction") { $0.direction }
    }
  }

  private static func results(_ resolvers: Resolvers) {
    resolvers.object("AccountResult", of: AccountResult.self) { type in
      type.field("iban") { $0.iban }
      type.field("token") { $0.token }
      type.field("reason") { $0.reason }
    }
    resolvers.object("MoneyTransferResult", of: TransferResult.self) { type in
      type.field("uuid") { $0.uuid }
      type.field("success") { $0.success }
      type.field("reason") { $0.reason }
    }
  }

  private static func queries(_ resolvers: Resolvers) {
    resolvers.query("transaction_by_id") { arguments, context in
      let id = Int64(try arguments.int("id"))
      return try await context.query { try await context.services.transactions.transaction(id: id) }
    }
    resolvers.query("transactions_by_iban") { arguments, context in
      let filter = try arguments.transactionFilter()
      let before = try arguments.optionalString("before").map(TransactionStore.Place.init(text:))
      let maxItems = try arguments.int("max_items")
      return try await context.query {
        try await context.services.transactions.transactions(filter, before: before, maxItems: maxItems)
      }
    }
    resolvers.query("all_last_transactions") { arguments, context in
      // Null, which the schema allows, is as good as nothing.
      let maxItems = try arguments.optionalInt("max_items") ?? TransactionStore.maxItems.upperBound
      let after = try arguments.iban("after")
      return try await context.query {
        try await context.services.transactions.lastTransactions(maxItems: maxItems, after: after)
      }
    }
    resolvers.query("account") { arguments, context in
      try context.refuseGET("account")
      let (username, password) = (try arguments.string("username"), try arguments.string("password"))
      return try await context.query {
        try await context.services.accounts.logIn(username: username, password: password, address: context.address)
      }
    }
  }

  private static func mutations(_ resolvers: Resolvers) {
    resolvers.mutation("create_account") { arguments, context in try await openAccount(arguments, context) }
    resolvers.mutation("transfer") { arguments, context in try await transfer(arguments, context) }
  }

  private static func subscriptions(_ resolvers: Resolvers) {
    resolvers.subscription("stream_transactions") { arguments, context in
      try context.services.hub.subscribe(try arguments.transactionFilter(), by: context.subscriber)
    }
    resolvers.subscription("get_account") { arguments, context in
      try context.refuseGET("get_account")
      return OneAnswer { try await openAccount(arguments, context) }
    }
    resolvers.subscription("money_transfer") { arguments, context in
      try context.refuseGET("money_transfer")
      return OneAnswer { try await transfer(arguments, context) }
    }
  }

  private static func openAccount(
    _ arguments: GraphQLArguments, _ context: EndpointContext
  ) async throws -> AccountResult {
    let (username, password) = (try arguments.string("username"), try arguments.string("password"))
    return try await context.query {
      try await context.services.accounts.open(username: username, password: password, address: context.address)
    }
  }

  private static func transfer(
    _ arguments: GraphQLArguments, _ context: EndpointContext
  ) async throws -> TransferResult {
    let input = TransferInput(
      uuid: try arguments.string("uuid"), token: try arguments.string("token"),
      amount: try arguments.optionalInt("amount"), amountCents: try arguments.optionalString("amount_cents"),
      from: try arguments.string("from"), to: try arguments.string("to"), descr: try arguments.string("descr"))
    return try await context.query {
      try await context.services.transfers.transfer(input, address: context.address)
    }
  }

}

extension GraphQLArguments {
  /// From the arguments that the transaction fields share.
  fileprivate func transactionFilter() throws -> TransactionFilter {
    TransactionFilter(
      iban: try iban("iban"), minCents: try optionalInt("min_amount").map(Int64.init),
      maxCents: try optionalInt("max_amount").map(Int64.init), direction: try optional("direction"),
      descrIncludes: try text("descr_includes"))
  }

  fileprivate func iban(_ name: String) throws -> String? {
    let text = try optionalString(name)
    guard text?.utf8.count ?? 0 <= BalanceChangeParser.maxIBANBytes else {
      throw GraphQLError("\(name) has more than \(BalanceChangeParser.maxIBANBytes) bytes", code: "BAD_INPUT")
    }
    return text
  }

  private func text(_ name: String) throws -> String? {
    let text = try optionalString(name)
    // No description is longer.
    guard text?.unicodeScalars.count ?? 0 <= TransferInput.maxDescrCharacters else {
      throw GraphQLError("\(name) has more than \(TransferInput.maxDescrCharacters) characters", code: "BAD_INPUT")
    }
    return text
  }
}

/// A stream of one answer, which is worked out when it is asked for.
struct OneAnswer<Element: Sendable>: AsyncSequence, Sendable {
  private let answer: @Sendable () async throws -> Element

  init(_ answer: @escaping @Sendable () async throws -> Element) { self.answer = answer }

  struct AsyncIterator: AsyncIteratorProtocol {
    fileprivate var answer: (@Sendable () async throws -> Element)?

    mutating func next() async throws -> Element? {
      guard let answer else { return nil }
      self.answer = nil
      return try await answer()
    }
  }

  func makeAsyncIterator() -> AsyncIterator { AsyncIterator(answer: answer) }
}
