/// A parsed document (October 2021, section 2): operations and fragments, and in a schema file type definitions.
public struct Document: Hashable, Sendable {
  public var definitions: [Definition]

  public init(definitions: [Definition]) { self.definitions = definitions }
}

public enum Definition: Hashable, Sendable {
  case operation(OperationDefinition)
  case fragment(FragmentDefinition)
  case typeSystem(TypeSystemDefinition)
}

/// A name and where it stands.
public struct Name: Hashable, Sendable {
  public var text: String
  public var location: SourceLocation

  public init(_ text: String, at location: SourceLocation) {
    self.text = text
    self.location = location
  }
}

public enum OperationKind: String, Hashable, Sendable {
  case query, mutation, subscription
}

public struct OperationDefinition: Hashable, Sendable {
  public var kind: OperationKind
  public var name: Name?
  public var variables: [VariableDefinition]
  public var directives: [Directive]
  public var selectionSet: SelectionSet
  public var location: SourceLocation

  public init(
    kind: OperationKind, name: Name?, variables: [VariableDefinition], directives: [Directive],
    selectionSet: SelectionSet, location: SourceLocation
  ) {
    self.kind = kind
    self.name = name
    self.variables = variables
    self.directives = directives
    self.selectionSet = selectionSet
    self.location = location
  }
}

public struct VariableDefinition: Hashable, Sendable {
  /// Without `$`, and located behind it; the definition is located at the `$`.
  public var name: Name
  public var type: TypeReference
  public var defaultValue: LiteralNode?
  public var directives: [Directive]
  public var location: SourceLocation

  public init(
    name: Name, type: TypeReference, defaultValue: LiteralNode?, directives: [Directive], location: SourceLocation
  ) {
    self.name = name
    self.type = type
    self.defaultValue = defaultValue
    self.directives = directives
    self.location = location
  }
}

public struct SelectionSet: Hashable, Sendable {
  public var selections: [Selection]
  public var location: SourceLocation

  public init(_ selections: [Selection], at location: SourceLocation) {
    self.selections = selections
    self.location = location
  }
}

public enum Selection: Hashable, Sendable {
  case field(FieldNode)
  case fragmentSpread(FragmentSpread)
  case inlineFragment(InlineFragment)
}

public struct FieldNode: Hashable, Sendable {
  public var alias: Name?
  public var name: Name
  public var arguments: [ArgumentNode]
  public var directives: [Directive]
  public var selectionSet: SelectionSet?
  public var location: SourceLocation

  /// The key in the response (section 6.3.2).
  public var responseKey: String { (alias ?? name).text }

  public init(
    alias: Name?, name: Name, arguments: [ArgumentNode], directives: [Directive], selectionSet: SelectionSet?,
    location: SourceLocation
  ) {
    self.alias = alias
    self.name = name
    self.arguments = arguments
    self.directives = directives
    self.selectionSet = selectionSet
    self.location = location
  }
}

public struct FragmentSpread: Hashable, Sendable {
  public var name: Name
  public var directives: [Directive]
  public var location: SourceLocation

  public init(name: Name, directives: [Directive], location: SourceLocation) {
    self.name = name
    self.directives = directives
    self.location = location
  }
}

public struct InlineFragment: Hashable, Sendable {
  public var typeCondition: Name?
  public var directives: [Directive]
  public var selectionSet: SelectionSet
  public var location: SourceLocation

  public init(typeCondition: Name?, directives: [Directive], selectionSet: SelectionSet, location: SourceLocation) {
    self.typeCondition = typeCondition
    self.directives = directives
    self.selectionSet = selectionSet
    self.location = location
  }
}

public struct FragmentDefinition: Hashable, Sendable {
  public var name: Name
  public var typeCondition: Name
  public var directives: [Directive]
  public var selectionSet: SelectionSet
  public var location: SourceLocation

  public init(
    name: Name, typeCondition: Name, directives: [Directive], selectionSet: SelectionSet, location: SourceLocation
  ) {
    self.name = name
    self.typeCondition = typeCondition
    self.directives = directives
    self.selectionSet = selectionSet
    self.location = location
  }
}

public struct Directive: Hashable, Sendable {
  public var name: Name
  public var arguments: [ArgumentNode]
  public var location: SourceLocation

  public init(name: Name, arguments: [ArgumentNode], location: SourceLocation) {
    self.name = name
    self.arguments = arguments
    self.location = location
  }
}

public struct ArgumentNode: Hashable, Sendable {
  public var name: Name
  public var value: LiteralNode
  public var location: SourceLocation

  public init(name: Name, value: LiteralNode, location: SourceLocation) {
    self.name = name
    self.value = value
    self.location = location
  }
}

/// A value as it is written (section 2.9), which may hold variables.
public struct LiteralNode: Hashable, Sendable {
  public indirect enum Value: Hashable, Sendable {
    /// Without `$`.
    case variable(String)
    /// The digits as written: their range is checked when they are coerced.
    case int(String)
    case float(String)
    case string(String)
    case boolean(Bool)
    case null
    case enumeration(String)
    case list([LiteralNode])
    /// Fields in their order; one name may be there twice (section 5.6.3 refuses it).
    case object([ArgumentNode])
  }

  public var value: Value
  public var location: SourceLocation

  public init(_ value: Value, at location: SourceLocation) {
    self.value = value
    self.location = location
  }
}

/// A type as it is written (section 2.11): `[String!]!`.
public indirect enum TypeReference: Hashable, Sendable, CustomStringConvertible {
  case named(Name)
  case list(TypeReference, at: SourceLocation)
  case nonNull(TypeReference)

  /// The name inside all lists and exclamation marks.
  public var name: Name {
    switch self {
    case .named(let name): name
    case .list(let item, _): item.name
    case .nonNull(let type): type.name
    }
  }

  public var location: SourceLocation {
    switch self {
    case .named(let name): name.location
    case .list(_, let location): location
    case .nonNull(let type): type.location
    }
  }

  public var description: String {
    switch self {
    case .named(let name): name.text
    case .list(let item, _): "[\(item)]"
    case .nonNull(let type): "\(type)!"
    }
  }
}
