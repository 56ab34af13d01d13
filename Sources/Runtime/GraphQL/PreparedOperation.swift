import JSONText

/// An operation that may be executed: its document is valid, its variables are coerced.
public struct PreparedOperation: Sendable {
  public let operation: OperationDefinition
  /// By name.
  public let fragments: [String: FragmentDefinition]
  /// Coerced (October 2021, section 6.1.2); a variable that was not given and has no default is absent.
  public let variables: [String: JSONValue]

  /// What a ``GraphQLEngine`` has worked out for it.
  let plan: OperationPlan?

  public var kind: OperationKind { operation.kind }

  public init(
    operation: OperationDefinition, fragments: [String: FragmentDefinition], variables: [String: JSONValue]
  ) {
    self.init(operation: operation, fragments: fragments, variables: variables, plan: nil)
  }

  init(
    operation: OperationDefinition, fragments: [String: FragmentDefinition], variables: [String: JSONValue],
    plan: OperationPlan?
  ) {
    self.operation = operation
    self.fragments = fragments
    self.variables = variables
    self.plan = plan
  }
}
