import JSONText

/// Resolvers of the introspection types and fields (October 2021, section 4). None of them waits.
enum Introspection {
  /// By type. The query type's have `__schema` and `__type`, and only those.
  static func resolvers(of schema: GraphQLSchema) -> [String: ObjectResolvers] {
    let all = [
      schemaType(), typeType(), fieldType(), inputValueType(), enumValueType(), directiveType(), metaFields(schema),
    ]
    return Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// `__schema` or `__type` of a document: no other field may have such a name.
  static func firstUse(in document: ValidDocument) -> FieldNode? {
    let sets = document.operations.map(\.selectionSet) + document.fragments.values.map(\.selectionSet)
    return sets.lazy.compactMap(firstUse).first
  }

  private static func firstUse(in set: SelectionSet) -> FieldNode? {
    for selection in set.selections {
      switch selection {
      case .field(let node):
        if node.name.text == "__schema" || node.name.text == "__type" { return node }
        if let set = node.selectionSet, let use = firstUse(in: set) { return use }
      case .inlineFragment(let fragment): if let use = firstUse(in: fragment.selectionSet) { return use }
      case .fragmentSpread: break
      }
    }
    return nil
  }

  private static func metaFields(_ schema: GraphQLSchema) -> ObjectResolvers {
    let root = IntrospectedSchema(schema: schema)
    var resolvers = ObjectResolvers(
      name: schema.queryType, source: ObjectIdentifier(NoSource.self), sourceName: "the root")
    resolvers.fields["__schema"] = FieldResolver(
      call: .plain { _ in root.graphQLValue }, shape: IntrospectedSchema.graphQLShape)
    resolvers.fields["__type"] = FieldResolver(
      call: .sync { _, arguments, _ in root.type(named: try arguments.string("name")).graphQLValue },
      shape: IntrospectedType.graphQLShape)
    return resolvers
  }

  private typealias Declaring<Source: GraphQLObject> = GraphQLObjectResolvers<NoSource, Source>

  private static func schemaType() -> ObjectResolvers {
    let type = Declaring<IntrospectedSchema>(name: "__Schema")
    type.field("description", \.schema.description)
    type.field("types") { root in root.schema.typeOrder.compactMap(root.type) }
    type.field("queryType") { root in root.type(named: root.schema.queryType) }
    type.field("mutationType") { root in root.schema.mutationType.flatMap(root.type) }
    type.field("subscriptionType") { root in root.schema.subscriptionType.flatMap(root.type) }
    type.field("directives") { root in
      root.schema.directives.map { IntrospectedDirective(definition: $0, root: root) }
    }
    return type.declared
  }

  private static func typeType() -> ObjectResolvers {
    let type = Declaring<IntrospectedType>(name: "__Type")
    type.field("kind", \.kind)
    type.field("name", \.name)
    type.field("description", \.description)
    type.field("specifiedByURL", \.specifiedByURL)
    type.field("interfaces", \.interfaces)
    type.field("possibleTypes", \.possibleTypes)
    type.field("ofType", \.ofType)
    type.filtered("fields", \.fields) { $0.definition.deprecationReason == nil }
    type.filtered("enumValues", \.enumValues) { $0.value.deprecationReason == nil }
    type.filtered("inputFields", \.inputFields) { $0.value.deprecationReason == nil }
    return type.declared
  }

  private static func fieldType() -> ObjectResolvers {
    let type = Declaring<IntrospectedField>(name: "__Field")
    type.field("name", \.definition.name)
    type.field("description", \.definition.description)
    type.field("type") { field in IntrospectedType(type: field.definition.type, root: field.root) }
    type.field("isDeprecated") { field in field.definition.deprecationReason != nil }
    type.field("deprecationReason", \.definition.deprecationReason)
    type.filtered("args", \.arguments) { $0.value.deprecationReason == nil }
    return type.declared
  }

  private static func inputValueType() -> ObjectResolvers {
    let type = Declaring<IntrospectedInput>(name: "__InputValue")
    type.field("name", \.value.name)
    type.field("description", \.value.description)
    type.field("type") { input in IntrospectedType(type: input.value.type, root: input.root) }
    type.field("defaultValue", \.value.defaultValue?.description)
    type.field("isDeprecated") { input in input.value.deprecationReason != nil }
    type.field("deprecationReason", \.value.deprecationReason)
    return type.declared
  }

  private static func enumValueType() -> ObjectResolvers {
    let type = Declaring<IntrospectedEnumValue>(name: "__EnumValue")
    type.field("name", \.value.name)
    type.field("description", \.value.description)
    type.field("isDeprecated") { value in value.value.deprecationReason != nil }
    type.field("deprecationReason", \.value.deprecationReason)
    return type.declared
  }

  private static func directiveType() -> ObjectResolvers {
    let type = Declaring<IntrospectedDirective>(name: "__Directive")
    type.field("name", \.definition.name)
    type.field("description", \.definition.description)
    type.field("locations") { directive in directive.definition.locations.map(JSONValue.string) }
    type.field("isRepeatable", \.definition.isRepeatable)
    type.filtered("args", \.arguments) { $0.value.deprecationReason == nil }
    return type.declared
  }
}

extension GraphQLObjectResolvers where Context == NoSource {
  /// A list from which deprecated elements are left out unless `includeDeprecated` says otherwise. It looks at no
  /// context: these resolvers serve engines of all contexts.
  fileprivate func filtered<Element: GraphQLOutput>(
    _ name: String, _ elements: @escaping @Sendable (Source) -> [Element]?,
    isCurrent: @escaping @Sendable (Element) -> Bool
  ) {
    let call = FieldResolver.Call.sync { source, arguments, _ in
      let all = elements(TypedSource<Source>.value(of: source))
      if try arguments.optionalBool("includeDeprecated") ?? false { return all.graphQLValue }
      return all?.filter(isCurrent).graphQLValue ?? .null
    }
    add(name, call, [Element]?.graphQLShape)
  }
}
