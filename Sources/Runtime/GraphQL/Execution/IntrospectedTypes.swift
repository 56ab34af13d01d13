import JSONText

// The sources of the introspection types (October 2021, section 4.2).

struct IntrospectedSchema: GraphQLObject {
  let schema: GraphQLSchema

  func type(named name: String) -> IntrospectedType? {
    guard let type = schema.types[name], type.name.isExactly(name) else { return nil }
    return IntrospectedType(type: .named(name), root: self)
  }

  func inputs(_ values: [InputValue]) -> [IntrospectedInput] {
    values.map { IntrospectedInput(value: $0, root: self) }
  }
}

struct IntrospectedType: GraphQLObject {
  let type: SchemaType
  let root: IntrospectedSchema

  private var named: NamedType? { if case .named(let name) = type { root.schema.types[name] } else { nil } }

  /// A value of `__TypeKind`.
  var kind: JSONValue {
    let kind =
      switch type {
      case .list: "LIST"
      case .nonNull: "NON_NULL"
      case .named:
        switch named {
        case .object: "OBJECT"
        case .interface: "INTERFACE"
        case .union: "UNION"
        case .enumeration: "ENUM"
        case .inputObject: "INPUT_OBJECT"
        case .scalar, nil: "SCALAR"
        }
      }
    return .string(kind)
  }

  var name: String? { named?.name }

  var description: String? {
    switch named {
    case .scalar(let type): type.description
    case .object(let type): type.description
    case .interface(let type): type.description
    case .union(let type): type.description
    case .enumeration(let type): type.description
    case .inputObject(let type): type.description
    case nil: nil
    }
  }

  var specifiedByURL: String? { if case .scalar(let type)? = named { type.specifiedByURL } else { nil } }

  var fields: [IntrospectedField]? {
    switch named {
    case .object, .interface: named?.fields.all.map { IntrospectedField(definition: $0, root: root) }
    default: nil
    }
  }

  var interfaces: [IntrospectedType]? {
    switch named {
    case .object(let type): type.interfaces.compactMap(root.type)
    case .interface(let type): type.interfaces.compactMap(root.type)
    default: nil
    }
  }

  var possibleTypes: [IntrospectedType]? {
    switch named {
    case .interface(let type):
      let possible = root.schema.possibleTypes[type.name] ?? []
      return root.schema.typeOrder.filter(possible.contains).compactMap(root.type)
    case .union(let type): return type.members.compactMap(root.type)
    default: return nil
    }
  }

  var enumValues: [IntrospectedEnumValue]? {
    if case .enumeration(let type)? = named { type.values.map { IntrospectedEnumValue(value: $0) } } else { nil }
  }

  var inputFields: [IntrospectedInput]? {
    if case .inputObject(let type)? = named { root.inputs(type.fields) } else { nil }
  }

  var ofType: IntrospectedType? {
    switch type {
    case .list(let type), .nonNull(let type): IntrospectedType(type: type, root: root)
    case .named: nil
    }
  }
}

struct IntrospectedField: GraphQLObject {
  let definition: FieldDefinition
  let root: IntrospectedSchema

  var arguments: [IntrospectedInput]? { root.inputs(definition.arguments) }
}

struct IntrospectedInput: GraphQLObject {
  let value: InputValue
  let root: IntrospectedSchema
}

struct IntrospectedEnumValue: GraphQLObject {
  let value: EnumValue
}

struct IntrospectedDirective: GraphQLObject {
  let definition: DirectiveDefinition
  let root: IntrospectedSchema

  var arguments: [IntrospectedInput]? { root.inputs(definition.arguments) }
}
