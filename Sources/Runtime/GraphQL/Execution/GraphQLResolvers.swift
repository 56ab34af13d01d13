/// Collects the resolvers of a schema's fields while a ``GraphQLEngine`` is made.
///
/// A resolver throws a ``GraphQLError`` to tell the client something; what else it throws is shown as "internal error"
/// and goes to the engine's `onError`.
public final class GraphQLResolvers<Context: Sendable> {
  let schema: GraphQLSchema
  var types: [String: ObjectResolvers] = [:]
  /// Declarations that cannot stand, in words.
  var problems: [String] = []

  init(schema: GraphQLSchema) {
    self.schema = schema
    for kind in [OperationKind.query, .mutation, .subscription] {
      guard let name = schema.rootType(of: kind) else { continue }
      types[name] = ObjectResolvers(name: name, source: ObjectIdentifier(NoSource.self), sourceName: "the root")
    }
  }

  /// Declares the fields of an object type.
  ///
  /// - Parameters:
  ///   - name: the object type in the schema.
  ///   - source: what a value of that type is in Swift; one Swift type may be the source of several object types, see
  ///     ``GraphQLObject/graphQLTypeName``.
  public func object<Source: GraphQLObject>(
    _ name: String, of source: Source.Type, _ declare: (GraphQLObjectResolvers<Context, Source>) -> Void
  ) {
    if types[name] != nil { problems.append("the type \(name) is declared twice, or is a root type") }
    let resolvers = GraphQLObjectResolvers<Context, Source>(name: name)
    declare(resolvers)
    types[name] = resolvers.declared
    problems += resolvers.problems
  }

  /// A field of the query type. Fields of one query may run at the same time.
  public func query<Output: GraphQLOutput>(
    _ name: String, _ resolve: @escaping @Sendable (GraphQLArguments, Context) async throws -> Output
  ) {
    root(.query, name, resolve)
  }

  /// A field of the mutation type. Fields of one mutation run one after the other, in the order of the document.
  public func mutation<Output: GraphQLOutput>(
    _ name: String, _ resolve: @escaping @Sendable (GraphQLArguments, Context) async throws -> Output
  ) {
    root(.mutation, name, resolve)
  }

  /// A field of the subscription type: makes the source stream (October 2021, section 6.2.3.1).
  ///
  /// One event is asked for when the one before was taken: what arrives meanwhile is for the sequence to keep or to
  /// drop. It is cancelled by the cancellation of the task that reads, or by its iterator going away. An error that it
  /// throws ends the subscription.
  public func subscription<Events: AsyncSequence & Sendable>(
    _ name: String, _ subscribe: @escaping @Sendable (GraphQLArguments, Context) async throws -> Events
  ) where Events.Element: GraphQLOutput {
    let call = FieldResolver.Call.stream { arguments, context in
      let events = try await subscribe(arguments, TypedContext<Context>.value(of: context))
      return EventSource(events)
    }
    add(.subscription, name, FieldResolver(call: call, shape: Events.Element.graphQLShape))
  }

  private func root<Output: GraphQLOutput>(
    _ kind: OperationKind, _ name: String,
    _ resolve: @escaping @Sendable (GraphQLArguments, Context) async throws -> Output
  ) {
    let call = FieldResolver.Call.async { _, arguments, context in
      try await resolve(arguments, TypedContext<Context>.value(of: context)).graphQLValue
    }
    add(kind, name, FieldResolver(call: call, shape: Output.graphQLShape))
  }

  private func add(_ kind: OperationKind, _ name: String, _ resolver: FieldResolver) {
    guard let root = schema.rootType(of: kind) else {
      problems.append("\(kind.rawValue) \(name): the schema has no \(kind.rawValue) type")
      return
    }
    if types[root]?.fields.updateValue(resolver, forKey: name) != nil {
      problems.append("\(root).\(name) has two resolvers")
    }
  }
}

/// Collects the resolvers of one object type's fields.
public final class GraphQLObjectResolvers<Context: Sendable, Source: GraphQLObject> {
  var declared: ObjectResolvers
  var problems: [String] = []

  init(name: String) {
    declared = ObjectResolvers(name: name, source: ObjectIdentifier(Source.self), sourceName: "\(Source.self)")
  }

  /// A field that is read from the source at once. Such fields are executed without suspension: a selection of them
  /// costs little more than writing its values.
  @inlinable public func field<Output: GraphQLOutput>(
    _ name: String, _ resolve: @escaping @Sendable (Source) throws -> Output
  ) {
    // Inlinable, so that an optimizer knows both types where the resolver is called.
    addPlain(name, Output.graphQLShape) { source in
      try resolve(TypedSource<Source>.value(of: source)).graphQLValue
    }
  }

  /// A field that takes arguments and is computed at once.
  public func field<Output: GraphQLOutput>(
    _ name: String, _ resolve: @escaping @Sendable (Source, GraphQLArguments, Context) throws -> Output
  ) {
    let call = FieldResolver.Call.sync { source, arguments, context in
      try resolve(
        TypedSource<Source>.value(of: source), arguments, TypedContext<Context>.value(of: context)
      ).graphQLValue
    }
    add(name, call, Output.graphQLShape)
  }

  /// A field that has to wait for something. Such fields of one object may run at the same time.
  public func field<Output: GraphQLOutput>(
    _ name: String, _ resolve: @escaping @Sendable (Source, GraphQLArguments, Context) async throws -> Output
  ) {
    let call = FieldResolver.Call.async { source, arguments, context in
      try await resolve(
        TypedSource<Source>.value(of: source), arguments, TypedContext<Context>.value(of: context)
      ).graphQLValue
    }
    add(name, call, Output.graphQLShape)
  }

  @usableFromInline func addPlain(
    _ name: String, _ shape: GraphQLShape,
    _ call: @escaping @Sendable (GraphQLSource) throws -> GraphQLOutputValue
  ) {
    add(name, .plain(call), shape)
  }

  func add(_ name: String, _ call: FieldResolver.Call, _ shape: GraphQLShape) {
    if declared.fields.updateValue(FieldResolver(call: call, shape: shape), forKey: name) != nil {
      problems.append("\(declared.name).\(name) has two resolvers")
    }
  }
}

/// The resolvers of one object type.
struct ObjectResolvers: Sendable {
  let name: String
  /// The Swift type of its values.
  let source: ObjectIdentifier
  let sourceName: String
  var fields: [String: FieldResolver] = [:]
}

/// A resolver whose source and context types are erased.
struct FieldResolver: Sendable {
  enum Call: Sendable {
    case plain(@Sendable (GraphQLSource) throws -> GraphQLOutputValue)
    case sync(@Sendable (GraphQLSource, GraphQLArguments, AnyContext) throws -> GraphQLOutputValue)
    case async(@Sendable (GraphQLSource, GraphQLArguments, AnyContext) async throws -> GraphQLOutputValue)
    case stream(@Sendable (GraphQLArguments, AnyContext) async throws -> EventSource)
  }

  let call: Call
  let shape: GraphQLShape
}

/// A context with its type erased.
///
/// Unchecked: a class with a subclass cannot be checked. It has no state, ``TypedContext`` has a
/// constant of a Sendable type.
class AnyContext: @unchecked Sendable {}

final class TypedContext<Context: Sendable>: AnyContext, @unchecked Sendable {
  private let context: Context

  init(_ context: Context) { self.context = context }

  /// An engine has one type of context, and makes the contexts that its resolvers get.
  static func value(of context: AnyContext) -> Context {
    unsafeDowncast(context, to: TypedContext<Context>.self).context
  }
}
