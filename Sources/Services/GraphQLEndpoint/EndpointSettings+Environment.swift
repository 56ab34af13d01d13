import BankSupport

extension EndpointSettings {
  /// Such as `BANK_GRAPHQL_MAX_DEPTH`.
  static let prefix = "BANK_GRAPHQL_"

  /// The numbers that the environment may set, in the order in which docs/graphql.md has them.
  static var numbers: [(name: String, path: WritableKeyPath<EndpointSettings, Int>, range: ClosedRange<Int>)] {
    let many = 1...1_000_000
    let bytes = 1_024...(64 << 20)
    let millis = 1...86_400_000
    return [
      ("MAX_DOCUMENT_BYTES", \.language.maxDocumentBytes, bytes), ("MAX_TOKENS", \.language.maxTokens, many),
      ("MAX_DEPTH", \.language.maxDepth, 1...64), ("MAX_ALIASES", \.language.maxAliases, 0...1_000_000),
      ("MAX_COST", \.language.maxCost, 1...100_000_000), ("MAX_ERRORS", \.language.maxErrors, many),
      ("MAX_VARIABLES_BYTES", \.language.maxVariablesBytes, bytes),
      ("MAX_CACHED_DOCUMENTS", \.language.maxCachedDocuments, 0...1_000_000),
      ("MAX_CONCURRENT_FIELDS", \.language.maxConcurrentFields, 1...1_000),
      ("MAX_BODY_BYTES", \.server.maxBodyBytes, bytes), ("MAX_BATCH", \.server.maxBatch, 1...1_000),
      ("MAX_MESSAGE_BYTES", \.server.maxMessageBytes, bytes),
      ("MAX_SUBSCRIPTIONS_PER_CONNECTION", \.server.maxSubscriptionsPerConnection, many),
      ("MAX_CONNECTIONS", \.server.maxConnections, many),
      ("MAX_HTTP_CONNECTIONS", \.server.maxHTTPConnections, many),
      ("REQUEST_TIMEOUT_MILLIS", \.server.requestTimeoutMillis, millis),
      ("WRITE_TIMEOUT_MILLIS", \.server.writeTimeoutMillis, millis),
      ("MAX_QUEUED_MESSAGES", \.server.maxQueuedMessages, many), ("MAX_QUEUED_BYTES", \.server.maxQueuedBytes, bytes),
      ("CONNECTION_INIT_TIMEOUT_MILLIS", \.server.connectionInitTimeoutMillis, millis),
      ("KEEP_ALIVE_MILLIS", \.server.keepAliveMillis, millis),
      ("CLOSE_TIMEOUT_MILLIS", \.server.closeTimeoutMillis, millis),
      ("MAX_SUBSCRIBERS", \.maxSubscribers, many), ("MAX_SUBSCRIBERS_PER_ADDRESS", \.maxSubscribersPerAddress, many),
      ("MAX_TEXT_SUBSCRIPTIONS_PER_CONNECTION", \.maxTextSubscriptionsPerConnection, 0...1_000_000),
      ("MAX_QUEUED_ROWS", \.maxQueuedRows, many),
      ("MAX_BATCH_RECORDS", \.maxBatchRecords, 1...10_000), ("MAX_EVENT_BYTES", \.maxEventBytes, bytes),
      ("GAP_MILLIS", \.gapMillis, 0...3_600_000), ("MAX_HELD_EVENTS", \.maxHeldEvents, many),
      ("ANSWER_TIMEOUT_MILLIS", \.answerTimeoutMillis, millis), ("MAX_WAITING", \.maxWaiting, many),
      ("MAX_DATABASE_CONNECTIONS", \.maxDatabaseConnections, 1...1_000),
      ("READ_TIMEOUT_MILLIS", \.readTimeoutMillis, millis),
      ("MAX_ACCOUNT_CONNECTIONS", \.maxAccountConnections, 1...1_000),
      ("QUERY_TIMEOUT_MILLIS", \.queryTimeoutMillis, millis),
      ("SCRYPT_LOG_COST", \.scryptLogCost, 4...20), ("MAX_HASHING", \.maxHashing, 1...64),
      ("MAX_HASHES_WAITING", \.maxHashesWaiting, 0...100_000), ("MAX_HASHES_PER_ADDRESS", \.maxHashesPerAddress, many),
      ("MAX_WRONG_PER_ACCOUNT", \.maxWrongPerAccount, many),
      ("MAX_WRONG_PER_ACCOUNT_ANYWHERE", \.maxWrongPerAccountAnywhere, many),
      ("MAX_WRONG_PER_ADDRESS", \.maxWrongPerAddress, many),
      ("WRONG_FORGOTTEN_MILLIS", \.wrongForgottenMillis, millis),
      ("MAX_WRONG_REMEMBERED", \.maxWrongRemembered, 10...10_000_000),
      ("MAX_FLOW_VIEWERS", \.maxFlowViewers, many), ("MAX_FLOW_VIEWERS_PER_ADDRESS", \.maxFlowViewersPerAddress, many),
    ]
  }

  /// The switches that the environment may set, to `true` or `false`.
  static var switches: [(name: String, path: WritableKeyPath<EndpointSettings, Bool>)] {
    [("INTROSPECTION", \.allowsIntrospection), ("GRAPHIQL", \.servesGraphiQL)]
  }

  /// The defaults, with what the environment says over them.
  ///
  /// - Throws: for a value that is no number, out of range, or neither true nor false; the message names variable and
  ///   range.
  public init(_ environment: BankEnvironment) throws(SupportError) {
    self.init()
    for (name, path, range) in Self.numbers {
      guard let text = environment.variable(Self.prefix + name) else { continue }
      guard let number = Int(text), range.contains(number) else {
        throw SupportError(
          "\(Self.prefix + name) is \"\(text)\": it must be a number from \(range.lowerBound) to \(range.upperBound)")
      }
      self[keyPath: path] = number
    }
    for (name, path) in Self.switches {
      guard let text = environment.variable(Self.prefix + name) else { continue }
      guard let value = Bool(text) else {
        throw SupportError("\(Self.prefix + name) is \"\(text)\": it must be true or false")
      }
      self[keyPath: path] = value
    }
    graphiQLAssets = environment.variable(Self.prefix + "GRAPHIQL_ASSETS") ?? Files.tool("graphiql")
    allowedOrigins = environment.allowedOrigins
  }
}
