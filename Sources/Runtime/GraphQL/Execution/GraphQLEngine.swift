import JSONText

/// Executes documents of a schema with typed resolvers (October 2021, section 6).
///
/// ```swift
/// let engine = try GraphQLEngine<BankContext>(sdl: text) { resolvers in
///   resolvers.object("Transaction", of: TransactionRow.self) { type in
///     type.field("iban", \.iban)
///     type.field("id") { row in try row.idAsInt() }
///   }
///   resolvers.query("transaction_by_id") { arguments, context in
///     try await context.store.transaction(id: arguments.int("id"))
///   }
///   resolvers.subscription("stream_transactions") { arguments, context in
///     try context.transactions(of: arguments.optionalString("iban"))
///   }
/// }
/// ```
///
/// Where it goes another way than October 2021 says, or where that leaves a choice:
/// - A value that is no list, inside a list of lists, stands for a list of it: `[[Int]]` given `[1, 2, 3]` is
///   `[[1], [2], [3]]`. The table of section 3.11 calls that an error; graphql-core takes it too.
/// - Strings of documents and variables may have U+0000 in them, raw or escaped: what is stored may not be able to, so
///   resolvers have to look for it.
/// - `@skip` and `@include` at the root field of a subscription are refused, as September 2025 has it.
/// - An ID given as a JSON number is one that is whole and fits into 64 bits, `5.0` too. A larger one has to be given as
///   a string: its digits are not known any more. Literals may have any number of digits.
/// - Numbers that are not finite, such as `1e999`, are refused for custom scalars too, and so are results that have one.
public final class GraphQLEngine<Context: Sendable>: GraphQLService {
  let schema: GraphQLSchema
  let limits: GraphQLLimits
  private let allowsIntrospection: Bool
  private let registry: ResolverRegistry
  let documents: DocumentCache
  private let identity = EngineIdentity()
  private let onError: @Sendable (any Error, GraphQLError) -> Void

  /// - Parameters:
  ///   - allowsIntrospection: when false, `__schema` and `__type` are refused with code `INTROSPECTION_DISABLED`.
  ///   - onError: gets what a resolver threw that is no ``GraphQLError``, and what the client was shown, with its path.
  ///     It must not block.
  ///   - declare: declares the resolver of each field; called once, before this returns.
  /// - Throws: ``GraphQLResolverMismatch`` when resolvers and schema do not fit each other.
  public init(
    schema: GraphQLSchema, limits: GraphQLLimits = GraphQLLimits(), allowsIntrospection: Bool = true,
    onError: @escaping @Sendable (any Error, GraphQLError) -> Void,
    _ declare: (GraphQLResolvers<Context>) -> Void
  ) throws {
    self.schema = schema
    self.limits = limits
    self.allowsIntrospection = allowsIntrospection
    self.onError = onError
    documents = DocumentCache(limits: limits)
    let resolvers = GraphQLResolvers<Context>(schema: schema)
    declare(resolvers)
    registry = try ResolverRegistry(schema: schema, declared: resolvers.types, problems: resolvers.problems)
  }

  /// As ``init(schema:limits:allowsIntrospection:onError:_:)``, from the text of a schema file.
  ///
  /// - Throws: ``GraphQLSchemaError`` too.
  public convenience init(
    sdl: String, limits: GraphQLLimits = GraphQLLimits(), allowsIntrospection: Bool = true,
    onError: @escaping @Sendable (any Error, GraphQLError) -> Void,
    _ declare: (GraphQLResolvers<Context>) -> Void
  ) throws {
    try self.init(
      schema: GraphQLSchema(sdl: sdl), limits: limits, allowsIntrospection: allowsIntrospection, onError: onError,
      declare)
  }
}

// MARK: preparing

extension GraphQLEngine {
  public func prepare(_ request: GraphQLRequest) throws(GraphQLRequestError) -> PreparedOperation {
    let document = try document(request.query)
    let operation = try operation(named: request.operationName, of: document)
    let variables = try VariableCoercion.coerce(
      request.variables, operation.variables, schema: schema, limits: limits)
    let cost = schema.costError(of: operation, fragments: document.fragments, variables: variables, limits: limits)
    if let cost { throw GraphQLRequestError(.variables, [cost]) }
    let (plan, newBytes) = document.plan(of: operation) {
      let builder = PlanBuilder(
        schema: schema, registry: registry, fragments: document.fragments, variables: variables)
      // Validation has refused operations whose root type the schema does not have.
      let typeName = schema.rootType(of: operation.kind) ?? schema.queryType
      return OperationPlan(owner: identity, root: builder.root(of: operation, on: typeName))
    }
    documents.add(bytes: newBytes)
    return PreparedOperation(
      operation: operation, fragments: document.fragments, variables: variables, plan: plan)
  }

  private func document(_ text: String) throws(GraphQLRequestError) -> ValidDocument {
    // A text that is too long is not even hashed; parsing it refuses it.
    let key = text.utf8.count <= limits.maxDocumentBytes ? DocumentCache.Key(text) : nil
    if let key, let document = documents.document(of: key) { return document }
    let parsed: Document
    do {
      parsed = try Document(parsing: text, limits: limits)
    } catch {
      throw GraphQLRequestError(.syntax, [error])
    }
    let errors = schema.validate(parsed, limits: limits, showsSchemaHints: allowsIntrospection)
    guard errors.isEmpty else { throw GraphQLRequestError(.validation, errors) }
    let document = ValidDocument(parsed)
    if !allowsIntrospection, let use = Introspection.firstUse(in: document) {
      let error = GraphQLError("introspection is turned off: no \(use.name.text)", code: "INTROSPECTION_DISABLED")
      throw GraphQLRequestError(.validation, [error.located(at: [use.location])])
    }
    if let key { documents.insert(key, document) }
    return document
  }

  /// "GetOperation" (section 6.1).
  private func operation(
    named name: String?, of document: ValidDocument
  ) throws(GraphQLRequestError) -> OperationDefinition {
    guard let name else {
      guard let only = document.operations.first else {
        throw GraphQLRequestError(.operation, [GraphQLError("the document has no operation")])
      }
      guard document.operations.count == 1 else {
        let message = "the document has several operations: operationName has to name one"
        throw GraphQLRequestError(.operation, [GraphQLError(message)])
      }
      return only
    }
    guard let operation = document.operations.first(where: { $0.name?.text.isExactly(name) ?? false }) else {
      throw GraphQLRequestError(.operation, [GraphQLError("the document has no operation of that operationName")])
    }
    return operation
  }
}

// MARK: executing

extension GraphQLEngine {
  public func execute(_ operation: PreparedOperation, context: Context) async -> GraphQLResponse {
    guard let plan = plan(of: operation), operation.kind != .subscription else {
      return GraphQLResponse(data: nil, errors: [notExecutable])
    }
    let executor = executor(context)
    var errors = FieldErrors(maxCount: limits.maxErrors)
    let isSerial = operation.kind == .mutation
    let data = await executor.objectAsync(plan.root, NoSource.shared, isSerial: isSerial, &errors)
    return GraphQLResponse(data: data ?? .null, errors: errors.finished(onError))
  }

  public func subscribe(_ operation: PreparedOperation, context: Context) async -> GraphQLSubscription {
    guard let plan = plan(of: operation), operation.kind == .subscription else {
      return .failed(GraphQLResponse(data: nil, errors: [notExecutable]))
    }
    let executor = executor(context)
    // A subscription has one root field (section 5.2.3.1), unless a directive leaves it out.
    guard let field = plan.root.fields.first, plan.root.failure == nil else {
      let error = plan.root.failure ?? GraphQLError("the subscription selects no field")
      return .failed(GraphQLResponse(data: nil, errors: [error]))
    }
    let source: EventSource
    do {
      source = try await events(of: field, executor)
    } catch {
      return .failed(GraphQLResponse(data: nil, errors: [shown(error, field)]))
    }
    let responses = source.responses(responder(to: field, executor)) { error in self.shown(error, field) }
    return .responses(responses)
  }

  /// Executes the selection of an event (section 6.2.3.2): its value is the root field's.
  private func responder(to field: FieldPlan, _ executor: Executor) -> EventResponder {
    if field.type.isSync {
      return .sync { event in
        var errors = FieldErrors(maxCount: self.limits.maxErrors)
        let completed = executor.complete(event, field.type, field, &errors)
        return self.response(executor.finish(completed, field, 0, &errors), of: field, errors)
      }
    }
    return .async { event in
      var errors = FieldErrors(maxCount: self.limits.maxErrors)
      let completed = await executor.completeAsync(event, field.type, field, &errors)
      return self.response(executor.finish(completed, field, 0, &errors), of: field, errors)
    }
  }

  private func response(_ value: JSONValue?, of field: FieldPlan, _ errors: FieldErrors) -> GraphQLResponse {
    let data = value.map { JSONValue.object([JSONValue.Member(field.key, $0)]) } ?? .null
    return GraphQLResponse(data: data, errors: errors.finished(onError))
  }

  private func events(of field: FieldPlan, _ executor: Executor) async throws -> EventSource {
    switch field.call {
    case .resolver(.stream(let subscribe)): return try await subscribe(field.arguments, executor.context)
    case .failing(let error): throw error
    default: throw GraphQLError("\(field.coordinate) cannot be subscribed to")
    }
  }

  /// An error of the source stream, as the client sees it; the log gets it when it is not for the client.
  private func shown(_ error: any Error, _ field: FieldPlan) -> GraphQLError {
    var errors = FieldErrors(maxCount: 1)
    errors.add(error, at: field.locations)
    errors.prefix(from: 0, .key(field.key))
    return errors.finished(onError)[0]
  }

  private func executor(_ context: Context) -> Executor {
    Executor(context: TypedContext(context), permits: TaskPermits(limits.maxConcurrentFields))
  }

  /// Nil when another engine has prepared it.
  private func plan(of operation: PreparedOperation) -> OperationPlan? {
    operation.plan.flatMap { $0.owner === identity ? $0 : nil }
  }

  private var notExecutable: GraphQLError {
    GraphQLError("this operation was not prepared for this: prepare it with the engine that executes it")
  }
}
