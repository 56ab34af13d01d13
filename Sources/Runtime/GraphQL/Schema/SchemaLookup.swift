extension GraphQLSchema {
  /// A field of a type, `__typename` of every composite type (October 2021, section 4.2), and `__schema` and `__type` of
  /// the query root.
  public func field(_ name: String, on type: NamedType) -> FieldDefinition? {
    guard name.hasPrefix("__") else { return type.fields[name] }
    switch name {
    case "__typename" where type.isComposite: return Self.typenameField
    case "__schema" where type.name == queryType: return Self.schemaField
    case "__type" where type.name == queryType: return Self.typeField
    // The introspection types have no fields of such names.
    default: return nil
    }
  }

  private static let typenameField = FieldDefinition(
    name: "__typename", description: "The name of the object's type.", arguments: [],
    type: .nonNull(.named("String")), deprecationReason: nil)

  private static let schemaField = FieldDefinition(
    name: "__schema", description: "The schema itself.", arguments: [], type: .nonNull(.named("__Schema")),
    deprecationReason: nil)

  private static let typeField = FieldDefinition(
    name: "__type", description: "A type of the schema by its name.",
    arguments: [
      InputValue(
        name: "name", description: nil, type: .nonNull(.named("String")), defaultValue: nil, deprecationReason: nil)
    ],
    type: .named("__Type"), deprecationReason: nil)

  /// The types that objects of a composite type may be of: itself for an object type, nothing for what is not composite.
  public func possibleTypes(of type: NamedType) -> Set<String> {
    if case .object(let object) = type { return [object.name] }
    return possibleTypes[type.name] ?? []
  }

  /// Whether a value of one type may stand where the other is wanted (section 3.6.1, "IsValidImplementationFieldType()",
  /// and section 5.8.5, "AreTypesCompatible()").
  func isSubtype(_ type: SchemaType, of wanted: SchemaType) -> Bool {
    switch (type, wanted) {
    case (.nonNull(let inner), .nonNull(let wantedInner)): isSubtype(inner, of: wantedInner)
    case (.nonNull(let inner), _): isSubtype(inner, of: wanted)
    case (_, .nonNull): false
    case (.list(let item), .list(let wantedItem)): isSubtype(item, of: wantedItem)
    case (.list, _), (_, .list): false
    case (.named(let name), .named(let wantedName)): name == wantedName || isImplementation(name, of: wantedName)
    }
  }

  /// An object or interface of an interface, or a member of a union.
  private func isImplementation(_ name: String, of abstract: String) -> Bool {
    if case .interface(let type)? = types[name], type.interfaces.contains(abstract) { return true }
    return possibleTypes[abstract]?.contains(name) ?? false
  }

  /// Whether objects may be of both types (section 5.5.2.3).
  func overlap(_ one: NamedType, _ other: NamedType) -> Bool {
    one.name == other.name || !possibleTypes(of: one).isDisjoint(with: possibleTypes(of: other))
  }
}
