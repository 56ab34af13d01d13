/// A definition of the schema definition language (October 2021, section 3): what a schema file holds, and what a
/// document that is to be executed may not (section 5.1.1).
public struct TypeSystemDefinition: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    case schema([RootOperation])
    case scalar
    case object(interfaces: [Name], fields: [FieldDefinitionNode])
    case interface(interfaces: [Name], fields: [FieldDefinitionNode])
    case union(members: [Name])
    case enumeration([EnumValueDefinitionNode])
    case inputObject([InputValueDefinitionNode])
    case directive(arguments: [InputValueDefinitionNode], isRepeatable: Bool, locations: [Name])
  }

  public struct RootOperation: Hashable, Sendable {
    public var kind: OperationKind
    public var type: Name
  }

  public var kind: Kind
  /// Of the type or directive; nil for `schema`.
  public var name: Name?
  public var description: String?
  public var directives: [Directive]
  /// `extend …`
  public var isExtension: Bool
  public var location: SourceLocation
}

public struct FieldDefinitionNode: Hashable, Sendable {
  public var name: Name
  public var description: String?
  public var arguments: [InputValueDefinitionNode]
  public var type: TypeReference
  public var directives: [Directive]
}

public struct InputValueDefinitionNode: Hashable, Sendable {
  public var name: Name
  public var description: String?
  public var type: TypeReference
  public var defaultValue: LiteralNode?
  public var directives: [Directive]
}

public struct EnumValueDefinitionNode: Hashable, Sendable {
  public var name: Name
  public var description: String?
  public var directives: [Directive]
}
