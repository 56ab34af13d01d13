/// The schema definition language (October 2021, section 3).
extension Parser {
  mutating func typeSystemDefinition() throws(GraphQLError) -> TypeSystemDefinition {
    let location = token.location
    let description = try description()
    var definition = try body(isExtension: false)
    definition.location = location
    definition.description = description
    return definition
  }

  mutating func typeSystemExtension() throws(GraphQLError) -> TypeSystemDefinition {
    let location = token.location
    let keyword = try lookAhead()
    let extended = ["schema", "scalar", "type", "interface", "union", "enum", "input"]
    guard keyword.kind == .name, extended.contains(keyword.text) else {
      throw unexpected(keyword, expected: "what can be extended")
    }
    try expectKeyword("extend")
    var definition = try body(isExtension: true)
    definition.location = location
    guard !definition.isEmpty else { throw unexpected(expected: "what is added") }
    return definition
  }

  private mutating func description() throws(GraphQLError) -> String? {
    guard token.kind == .string else { return nil }
    let text = token.text
    try advance()
    return text
  }

  /// From the keyword on.
  private mutating func body(isExtension: Bool) throws(GraphQLError) -> TypeSystemDefinition {
    let keyword = token.text
    try expect(.name)
    if keyword == "directive" { return try directiveBody() }
    let name = keyword == "schema" ? nil : try name()
    let hasInterfaces = keyword == "type" || keyword == "interface"
    let interfaces = hasInterfaces ? try implemented() : []
    let directives = try directives(isConstant: true)
    return TypeSystemDefinition(
      kind: try kind(keyword, interfaces: interfaces, isExtension: isExtension), name: name, description: nil,
      directives: directives, isExtension: isExtension, location: token.location)
  }

  private mutating func kind(
    _ keyword: String, interfaces: [Name], isExtension: Bool
  ) throws(GraphQLError) -> TypeSystemDefinition.Kind {
    switch keyword {
    case "schema":
      let rule: Rule<TypeSystemDefinition.RootOperation> = { parser throws(GraphQLError) in
        let kind = try parser.operationKind()
        try parser.expect(.colon)
        return TypeSystemDefinition.RootOperation(kind: kind, type: try parser.name())
      }
      return .schema(
        isExtension ? try optionalMany(.leftBrace, .rightBrace, rule) : try many(.leftBrace, .rightBrace, rule))
    case "type": return .object(interfaces: interfaces, fields: try fields())
    case "interface": return .interface(interfaces: interfaces, fields: try fields())
    case "union":
      guard try skip(.equals) else { return .union(members: []) }
      return .union(members: try separated(by: .pipe) { parser throws(GraphQLError) in try parser.name() })
    case "enum":
      return .enumeration(
        try optionalMany(.leftBrace, .rightBrace) { parser throws(GraphQLError) in try parser.enumValue() })
    case "input": return .inputObject(try inputValues(.leftBrace, .rightBrace))
    default: return .scalar
    }
  }

  private mutating func implemented() throws(GraphQLError) -> [Name] {
    guard try skipKeyword("implements") else { return [] }
    return try separated(by: .ampersand) { parser throws(GraphQLError) in try parser.name() }
  }

  private mutating func fields() throws(GraphQLError) -> [FieldDefinitionNode] {
    try optionalMany(.leftBrace, .rightBrace) { parser throws(GraphQLError) in
      let description = try parser.description()
      let name = try parser.name()
      let arguments = try parser.inputValues(.leftParenthesis, .rightParenthesis)
      try parser.expect(.colon)
      let type = try parser.type()
      return FieldDefinitionNode(
        name: name, description: description, arguments: arguments, type: type,
        directives: try parser.directives(isConstant: true))
    }
  }

  private mutating func inputValues(
    _ open: Token.Kind, _ close: Token.Kind
  ) throws(GraphQLError) -> [InputValueDefinitionNode] {
    try optionalMany(open, close) { parser throws(GraphQLError) in
      let description = try parser.description()
      let name = try parser.name()
      try parser.expect(.colon)
      let type = try parser.type()
      let defaultValue = try parser.skip(.equals) ? try parser.value(isConstant: true) : nil
      return InputValueDefinitionNode(
        name: name, description: description, type: type, defaultValue: defaultValue,
        directives: try parser.directives(isConstant: true))
    }
  }

  private mutating func enumValue() throws(GraphQLError) -> EnumValueDefinitionNode {
    let description = try description()
    if isKeyword("true") || isKeyword("false") || isKeyword("null") {
      throw error("an enum can't have a value \(token.shown)")
    }
    let name = try name()
    return EnumValueDefinitionNode(
      name: name, description: description, directives: try directives(isConstant: true))
  }

  private mutating func directiveBody() throws(GraphQLError) -> TypeSystemDefinition {
    let location = token.location
    try expect(.at)
    let name = try name()
    let arguments = try inputValues(.leftParenthesis, .rightParenthesis)
    let isRepeatable = try skipKeyword("repeatable")
    try expectKeyword("on")
    let locations = try separated(by: .pipe) { parser throws(GraphQLError) in try parser.directiveLocation() }
    return TypeSystemDefinition(
      kind: .directive(arguments: arguments, isRepeatable: isRepeatable, locations: locations), name: name,
      description: nil, directives: [], isExtension: false, location: location)
  }

  private mutating func directiveLocation() throws(GraphQLError) -> Name {
    let place = token
    let name = try name()
    guard DirectiveLocation(rawValue: name.text) != nil else {
      throw unexpected(place, expected: "a place of directives, such as FIELD")
    }
    return name
  }
}

/// Where a directive may stand (October 2021, section 3.13).
enum DirectiveLocation: String {
  case query = "QUERY"
  case mutation = "MUTATION"
  case subscription = "SUBSCRIPTION"
  case field = "FIELD"
  case fragmentDefinition = "FRAGMENT_DEFINITION"
  case fragmentSpread = "FRAGMENT_SPREAD"
  case inlineFragment = "INLINE_FRAGMENT"
  case variableDefinition = "VARIABLE_DEFINITION"
  case schema = "SCHEMA"
  case scalar = "SCALAR"
  case object = "OBJECT"
  case fieldDefinition = "FIELD_DEFINITION"
  case argumentDefinition = "ARGUMENT_DEFINITION"
  case interface = "INTERFACE"
  case union = "UNION"
  case enumeration = "ENUM"
  case enumValue = "ENUM_VALUE"
  case inputObject = "INPUT_OBJECT"
  case inputFieldDefinition = "INPUT_FIELD_DEFINITION"
}

extension TypeSystemDefinition {
  /// As an extension it would add nothing.
  fileprivate var isEmpty: Bool {
    guard directives.isEmpty else { return false }
    switch kind {
    case .schema(let operations): return operations.isEmpty
    case .scalar: return true
    case .object(let interfaces, let fields), .interface(let interfaces, let fields):
      return interfaces.isEmpty && fields.isEmpty
    case .union(let members): return members.isEmpty
    case .enumeration(let values): return values.isEmpty
    case .inputObject(let fields): return fields.isEmpty
    case .directive: return false
    }
  }
}
