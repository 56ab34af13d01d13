import JSONText

/// A schema that was checked (October 2021, section 3): every name in it is defined, every rule of section 3 holds.
public final class GraphQLSchema: Sendable {
  public let description: String?
  /// The introspection types too.
  public let types: [String: NamedType]
  /// As they stand in the file, the built-in and introspection types last.
  public let typeOrder: [String]
  public let directives: [DirectiveDefinition]
  /// Names of object types.
  public let queryType: String
  public let mutationType: String?
  public let subscriptionType: String?
  /// Names of the object types that each interface or union may turn out to be.
  public let possibleTypes: [String: Set<String>]
  /// Names of the values of each enum.
  let enumValues: [String: Set<ExactText>]

  /// What the checks were done for: ``GraphQLSchema/init(sdl:)`` calls it last.
  init(
    description: String?, types: [String: NamedType], typeOrder: [String], directives: [DirectiveDefinition],
    queryType: String, mutationType: String?, subscriptionType: String?, possibleTypes: [String: Set<String>]
  ) {
    self.description = description
    self.types = types
    self.typeOrder = typeOrder
    self.directives = directives
    self.queryType = queryType
    self.mutationType = mutationType
    self.subscriptionType = subscriptionType
    self.possibleTypes = possibleTypes
    enumValues = types.compactMapValues { type in
      if case .enumeration(let type) = type { Set(type.values.map { ExactText($0.name) }) } else { nil }
    }
  }

  /// The name of the type that an operation starts at, or nil when the schema has none.
  public func rootType(of kind: OperationKind) -> String? {
    switch kind {
    case .query: queryType
    case .mutation: mutationType
    case .subscription: subscriptionType
    }
  }

  public func directive(_ name: String) -> DirectiveDefinition? { directives.first { $0.name == name } }
}

public enum NamedType: Hashable, Sendable {
  case scalar(ScalarType)
  case object(ObjectType)
  case interface(InterfaceType)
  case union(UnionType)
  case enumeration(EnumType)
  case inputObject(InputObjectType)

  public var name: String {
    switch self {
    case .scalar(let type): type.name
    case .object(let type): type.name
    case .interface(let type): type.name
    case .union(let type): type.name
    case .enumeration(let type): type.name
    case .inputObject(let type): type.name
    }
  }

  /// Scalars, enums and input objects (section 3.4.2).
  public var isInput: Bool {
    switch self {
    case .scalar, .enumeration, .inputObject: true
    case .object, .interface, .union: false
    }
  }

  /// Everything but input objects.
  public var isOutput: Bool { if case .inputObject = self { false } else { true } }

  /// Objects, interfaces and unions: what has a selection set.
  public var isComposite: Bool {
    switch self {
    case .object, .interface, .union: true
    case .scalar, .enumeration, .inputObject: false
    }
  }

  /// Of an object or interface; empty otherwise.
  public var fields: FieldMap {
    switch self {
    case .object(let type): type.fields
    case .interface(let type): type.fields
    default: FieldMap([])
    }
  }
}

public struct ScalarType: Hashable, Sendable {
  public var name: String
  public var description: String?
  public var specifiedByURL: String?
}

public struct ObjectType: Hashable, Sendable {
  public var name: String
  public var description: String?
  public var interfaces: [String]
  public var fields: FieldMap
}

public struct InterfaceType: Hashable, Sendable {
  public var name: String
  public var description: String?
  public var interfaces: [String]
  public var fields: FieldMap
}

public struct UnionType: Hashable, Sendable {
  public var name: String
  public var description: String?
  public var members: [String]
}

public struct EnumType: Hashable, Sendable {
  public var name: String
  public var description: String?
  public var values: [EnumValue]
}

public struct EnumValue: Hashable, Sendable {
  public var name: String
  public var description: String?
  /// `@deprecated`'s.
  public var deprecationReason: String?
}

public struct InputObjectType: Hashable, Sendable {
  public var name: String
  public var description: String?
  public var fields: [InputValue]
}

/// An argument, or a field of an input object.
public struct InputValue: Hashable, Sendable {
  public var name: String
  public var description: String?
  public var type: SchemaType
  public var defaultValue: LiteralNode?
  public var deprecationReason: String?

  /// It has to be given (section 5.4.2.1).
  public var isRequired: Bool { if case .nonNull = type { defaultValue == nil } else { false } }
}

public struct FieldDefinition: Hashable, Sendable {
  public var name: String
  public var description: String?
  public var arguments: [InputValue]
  public var type: SchemaType
  public var deprecationReason: String?
}

/// Fields in the order of the schema file, found by name.
public struct FieldMap: Hashable, Sendable {
  public let all: [FieldDefinition]
  private let index: [String: Int]

  public init(_ fields: [FieldDefinition]) {
    all = fields
    index = Dictionary(fields.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  public subscript(_ name: String) -> FieldDefinition? { index[name].map { all[$0] } }
}

public struct DirectiveDefinition: Hashable, Sendable {
  public var name: String
  public var description: String?
  public var arguments: [InputValue]
  public var isRepeatable: Bool
  /// Such as `FIELD` (section 3.13).
  public var locations: [String]
}

/// A type of a schema: ``TypeReference`` without places.
public indirect enum SchemaType: Hashable, Sendable, CustomStringConvertible {
  case named(String)
  case list(SchemaType)
  case nonNull(SchemaType)

  public init(_ reference: TypeReference) {
    switch reference {
    case .named(let name): self = .named(name.text)
    case .list(let item, _): self = .list(SchemaType(item))
    case .nonNull(let type): self = .nonNull(SchemaType(type))
    }
  }

  /// The name inside all lists and exclamation marks.
  public var name: String {
    switch self {
    case .named(let name): name
    case .list(let item): item.name
    case .nonNull(let type): type.name
    }
  }

  public var description: String {
    switch self {
    case .named(let name): name
    case .list(let item): "[\(item)]"
    case .nonNull(let type): "\(type)!"
    }
  }
}
