import JSONText

/// What a client asks for, before anything was looked at.
public struct GraphQLRequest: Hashable, Sendable {
  /// The document.
  public var query: String
  /// Which operation of the document; needed when there are several.
  public var operationName: String?
  /// JSON values by variable name.
  public var variables: [JSONValue.Member]

  public init(query: String, operationName: String? = nil, variables: [JSONValue.Member] = []) {
    self.query = query
    self.operationName = operationName
    self.variables = variables
  }
}

/// The answer to a request, or to one event of a subscription (October 2021, section 7.1).
public struct GraphQLResponse: Hashable, Sendable {
  /// Nil when execution did not begin; `.null` when an error reached the root.
  public var data: JSONValue?
  public var errors: [GraphQLError]

  public init(data: JSONValue?, errors: [GraphQLError] = []) {
    self.data = data
    self.errors = errors
  }

  /// `errors` first, `data` absent when execution did not begin.
  public var json: JSONValue {
    var members: [JSONValue.Member] = []
    if !errors.isEmpty { members.append(JSONValue.Member("errors", .array(errors.map(\.json)))) }
    if let data { members.append(JSONValue.Member("data", data)) }
    return .object(members)
  }
}

/// Why a request is not executed (October 2021, section 7.1.2, "request errors").
public struct GraphQLRequestError: Error, Hashable, Sendable {
  public enum Stage: Hashable, Sendable {
    /// The document has a syntax error or is over a limit that is checked while it is read.
    case syntax
    /// The document breaks a rule of section 5 or a limit.
    case validation
    /// There is no such operation, or none was named where there are several.
    case operation
    /// A variable has a value that its type does not take.
    case variables
  }

  public var stage: Stage
  /// One or more.
  public var errors: [GraphQLError]

  public init(_ stage: Stage, _ errors: [GraphQLError]) {
    self.stage = stage
    self.errors = errors
  }

  public var response: GraphQLResponse { GraphQLResponse(data: nil, errors: errors) }
}
