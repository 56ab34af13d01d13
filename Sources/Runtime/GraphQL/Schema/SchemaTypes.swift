/// Drafts become the types that everything else works with. Names that are not defined stay as they are: the checks
/// report them.
extension SchemaBuilder {
  /// Built-in directives and types have no problems; a schema that is not checked yet is enough to check it.
  func schema() -> GraphQLSchema {
    let builtIn = Self.builtIn
    let own = drafts.compactMap(Self.type)
    let ownDirectives = directives.compactMap(Self.directive)
    var used = Set(own.flatMap(\.referredTypes) + ownDirectives.flatMap(\.arguments).map(\.type.name))
    // Introspection refers to these.
    used.formUnion(["String", "Boolean"])
    // A built-in scalar that nothing refers to is no part of a schema (section 3.5).
    let builtInTypes = builtIn.types.filter { BuiltInSchema.isReserved($0.name) || used.contains($0.name) }
    let all = own + builtInTypes
    let types = Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    return GraphQLSchema(
      description: schemaDefinition?.description, types: types, typeOrder: all.map(\.name),
      directives: ownDirectives.filter { !BuiltInSchema.directives.contains($0.name) } + builtIn.directives,
      queryType: root(.query) ?? "", mutationType: root(.mutation), subscriptionType: root(.subscription),
      possibleTypes: Self.possibleTypes(all))
  }

  /// By the `schema` definition, or by its default name (section 3.3.1).
  private func root(_ kind: OperationKind) -> String? {
    if schemaDefinition != nil { return roots.first { $0.kind == kind }?.type.text }
    let name =
      switch kind {
      case .query: "Query"
      case .mutation: "Mutation"
      case .subscription: "Subscription"
      }
    return draft(name) == nil ? nil : name
  }

  static let builtIn: (types: [NamedType], directives: [DirectiveDefinition]) = {
    guard let document = try? Document(parsing: BuiltInSchema.sdl) else {
      preconditionFailure("the built-in part of every schema has a syntax error")
    }
    var types: [NamedType] = []
    var directives: [DirectiveDefinition] = []
    for case .typeSystem(let definition) in document.definitions {
      guard let name = definition.name else { continue }
      if let directive = directive(definition) {
        directives.append(directive)
      } else if let type = type(
        TypeDraft(name: name, description: definition.description, kind: definition.kind, directives: []))
      {
        types.append(type)
      }
    }
    return (types, directives)
  }()

  private static func possibleTypes(_ types: [NamedType]) -> [String: Set<String>] {
    var possible: [String: Set<String>] = [:]
    for type in types {
      switch type {
      case .object(let object): for name in object.interfaces { possible[name, default: []].insert(object.name) }
      case .union(let union): possible[union.name, default: []].formUnion(union.members)
      default: break
      }
    }
    return possible
  }

  private static func type(_ draft: TypeDraft) -> NamedType? {
    let name = draft.name.text
    let description = draft.description
    switch draft.kind {
    case .schema, .directive: return nil
    case .scalar:
      let url = argument("url", of: "specifiedBy", in: draft.directives.flatMap { $0 })
      return .scalar(ScalarType(name: name, description: description, specifiedByURL: url))
    case .object(let interfaces, let fields):
      return .object(
        ObjectType(
          name: name, description: description, interfaces: interfaces.map(\.text), fields: FieldMap(fields.map(field)))
      )
    case .interface(let interfaces, let fields):
      return .interface(
        InterfaceType(
          name: name, description: description, interfaces: interfaces.map(\.text), fields: FieldMap(fields.map(field)))
      )
    case .union(let members):
      return .union(UnionType(name: name, description: description, members: members.map(\.text)))
    case .enumeration(let values):
      let all = values.map { value in
        EnumValue(
          name: value.name.text, description: value.description,
          deprecationReason: deprecation(in: value.directives))
      }
      return .enumeration(EnumType(name: name, description: description, values: all))
    case .inputObject(let fields):
      return .inputObject(InputObjectType(name: name, description: description, fields: fields.map(inputValue)))
    }
  }

  private static func field(_ node: FieldDefinitionNode) -> FieldDefinition {
    FieldDefinition(
      name: node.name.text, description: node.description, arguments: node.arguments.map(inputValue),
      type: SchemaType(node.type), deprecationReason: deprecation(in: node.directives))
  }

  private static func inputValue(_ node: InputValueDefinitionNode) -> InputValue {
    InputValue(
      name: node.name.text, description: node.description, type: SchemaType(node.type),
      defaultValue: node.defaultValue, deprecationReason: deprecation(in: node.directives))
  }

  static func directive(_ definition: TypeSystemDefinition) -> DirectiveDefinition? {
    guard case .directive(let arguments, let isRepeatable, let locations) = definition.kind, let name = definition.name
    else { return nil }
    return DirectiveDefinition(
      name: name.text, description: definition.description, arguments: arguments.map(inputValue),
      isRepeatable: isRepeatable, locations: locations.map(\.text))
  }

  /// `@deprecated`'s reason, or the one it has when none is given.
  private static func deprecation(in directives: [Directive]) -> String? {
    guard directives.contains(where: { $0.name.text == "deprecated" }) else { return nil }
    return argument("reason", of: "deprecated", in: directives) ?? "No longer supported"
  }

  private static func argument(_ name: String, of directive: String, in directives: [Directive]) -> String? {
    let arguments = directives.first { $0.name.text == directive }?.arguments ?? []
    guard case .string(let text)? = arguments.first(where: { $0.name.text == name })?.value.value else { return nil }
    return text
  }
}

extension NamedType {
  /// The types of fields, arguments and input fields.
  fileprivate var referredTypes: [String] {
    if case .inputObject(let type) = self { return type.fields.map(\.type.name) }
    return fields.all.flatMap { [$0.type.name] + $0.arguments.map(\.type.name) }
  }
}
