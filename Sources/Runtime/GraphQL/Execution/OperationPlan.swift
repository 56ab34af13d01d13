import JSONText
import Synchronization

/// What an operation asks for, worked out once for all its events: fields are collected and merged for each runtime
/// type (October 2021, section 6.3.2), arguments are coerced (6.4.1), resolvers are looked up.
final class OperationPlan: Sendable {
  /// Of the engine that made it: another one's resolvers may take sources of other types.
  let owner: EngineIdentity
  let root: SelectionPlan

  init(owner: EngineIdentity, root: SelectionPlan) {
    self.owner = owner
    self.root = root
  }
}

/// Tells engines apart, also from one that is gone: a plan keeps the identity of its engine, not the engine.
final class EngineIdentity: Sendable {}

/// A selection set on one object type.
final class SelectionPlan: Sendable {
  let typeName: String
  /// What ``GraphQLSource/swiftType`` has to be.
  let source: ObjectIdentifier
  let fields: [FieldPlan]
  /// A directive whose condition has no value (an error of the field whose selection set this is).
  let failure: GraphQLError?
  /// How many field plans are in it; nil when it grows while it is executed, by a plan for each type that turns up.
  let size: Int?
  /// Nothing in it has to wait.
  let isSync: Bool

  init(typeName: String, source: ObjectIdentifier, fields: [FieldPlan], failure: GraphQLError? = nil) {
    self.typeName = typeName
    self.source = source
    self.fields = fields
    self.failure = failure
    isSync = fields.allSatisfy(\.isSync)
    size = fields.reduce(fields.count) { size, field in size.flatMap { size in field.type.size.map { size + $0 } } }
  }
}

/// A field of a selection set, merged of all places that ask for it.
///
/// A class: going through fields copies none of what they hold.
final class FieldPlan: Sendable {
  enum Call: Sendable {
    /// `__typename`
    case constant(JSONValue)
    case resolver(FieldResolver.Call)
    /// Its arguments cannot be coerced.
    case failing(GraphQLError)
  }

  let key: String
  /// Such as `Transaction.id`, for messages.
  let coordinate: String
  /// Of all places that ask for it.
  let locations: [SourceLocation]
  let call: Call
  let arguments: GraphQLArguments
  let type: OutputType
  let isNonNull: Bool
  /// Neither its resolver nor what is below it has to wait.
  let isSync: Bool

  init(
    key: String, coordinate: String, locations: [SourceLocation], call: Call, arguments: GraphQLArguments,
    type: OutputType
  ) {
    self.key = key
    self.coordinate = coordinate
    self.locations = locations
    self.call = call
    self.arguments = arguments
    self.type = type
    if case .nonNull = type { isNonNull = true } else { isNonNull = false }
    switch call {
    case .constant, .failing: isSync = true
    case .resolver(.plain), .resolver(.sync): isSync = type.isSync
    case .resolver(.async), .resolver(.stream): isSync = false
    }
  }
}

/// A field's type together with what is selected of it.
indirect enum OutputType: Sendable {
  case leaf(LeafType)
  case object(SelectionPlan)
  case abstract(AbstractPlan)
  case list(OutputType)
  case nonNull(OutputType)

  /// Of what is selected, as ``SelectionPlan/size``.
  var size: Int? {
    switch self {
    case .leaf: 0
    case .object(let plan): plan.size
    case .abstract: nil
    case .list(let type), .nonNull(let type): type.size
    }
  }

  var isSync: Bool {
    switch self {
    case .leaf: true
    case .object(let plan): plan.isSync
    case .abstract(let plan): plan.isSync
    case .list(let type), .nonNull(let type): type.isSync
    }
  }
}

/// A scalar or an enum.
enum LeafType: Sendable {
  case int, float, string, boolean, id
  /// A custom scalar: it takes anything.
  case custom
  case enumeration(String, Set<ExactText>)
}

/// A selection set on an interface or union: one plan for each object type that turns up.
final class AbstractPlan: Sendable {
  let typeName: String
  /// True only when no type that may turn up has a field that waits, whether it is selected or not.
  let isSync: Bool
  private let builder: PlanBuilder
  private let nodes: [FieldNode]
  private let possible: Set<String>
  private let plans = Mutex<[String: SelectionPlan]>([:])

  init(typeName: String, nodes: [FieldNode], possible: Set<String>, builder: PlanBuilder) {
    self.typeName = typeName
    self.nodes = nodes
    self.possible = possible
    self.builder = builder
    isSync = builder.registry.asyncTypes.isDisjoint(with: possible)
  }

  /// The plan for a value (section 6.4.3, "ResolveAbstractType").
  ///
  /// - Throws: ``ResolverFailure`` when its type cannot be found or may not stand here.
  func plan(for source: GraphQLSource) throws(ResolverFailure) -> SelectionPlan {
    guard let name = source.typeName ?? builder.registry.typeName(of: source.swiftType) else {
      throw ResolverFailure("a value of \(typeName) does not say its object type: give it a graphQLTypeName")
    }
    guard possible.contains(name) else { throw ResolverFailure("\(name) is not a possible type of \(typeName)") }
    if let plan = plans.withLock({ $0[name] }) { return plan }
    let plan = builder.selection(of: nodes, on: name)
    plans.withLock { $0[name] = plan }
    return plan
  }
}

/// A resolver returned something that its field cannot be. It is a mistake in the program: the client sees "internal
/// error".
struct ResolverFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
