/// What transports serve: a schema with resolvers. `GraphQLEngine` is the one; tests of transports may have their own.
public protocol GraphQLService: Sendable {
  /// What resolvers get besides arguments, such as who asks.
  associatedtype Context: Sendable

  /// Parses, validates, chooses the operation and coerces the variables. Blocks for no I/O; its time is bounded by
  /// ``GraphQLLimits``.
  func prepare(_ request: GraphQLRequest) throws(GraphQLRequestError) -> PreparedOperation

  /// Executes a query or mutation.
  func execute(_ operation: PreparedOperation, context: Context) async -> GraphQLResponse

  /// Starts a subscription. It ends when the task that reads it is cancelled.
  func subscribe(_ operation: PreparedOperation, context: Context) async -> GraphQLSubscription
}

/// How a subscription began (October 2021, section 6.2.3).
public enum GraphQLSubscription: Sendable {
  /// One response an event. An error that is thrown ends the subscription; a `GraphQLError` is for the client.
  case responses(any AsyncSequence<GraphQLResponse, any Error> & Sendable)
  /// The source stream could not be made.
  case failed(GraphQLResponse)
}
