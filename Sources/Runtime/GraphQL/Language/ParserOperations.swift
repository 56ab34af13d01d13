/// Documents, operations and fragments (October 2021, sections 2.2 to 2.8).
extension Parser {
  mutating func document() throws(GraphQLError) -> Document {
    var definitions: [Definition] = []
    repeat { definitions.append(try definition()) } while token.kind != .end
    return Document(definitions: definitions)
  }

  private mutating func definition() throws(GraphQLError) -> Definition {
    if token.kind == .leftBrace { return .operation(try shorthand()) }
    let isDescribed = token.kind == .string
    let keyword = isDescribed ? try lookAhead() : token
    guard keyword.kind == .name else {
      // At the description where none can stand, at what follows it where a definition might.
      if isDescribed, keyword.kind == .leftBrace { throw error("an operation has no description") }
      throw unexpected(keyword, expected: "a definition")
    }
    switch keyword.text {
    case "schema", "scalar", "type", "interface", "union", "enum", "input", "directive":
      return .typeSystem(try typeSystemDefinition())
    case "query", "mutation", "subscription", "fragment", "extend":
      if isDescribed { throw error("only definitions of types, directives and the schema have a description") }
      if keyword.text == "extend" { return .typeSystem(try typeSystemExtension()) }
      return keyword.text == "fragment" ? .fragment(try fragmentDefinition()) : .operation(try operation())
    default:
      if isDescribed { throw error("only definitions of types, directives and the schema have a description") }
      throw unexpected(keyword, expected: "a definition")
    }
  }

  private mutating func shorthand() throws(GraphQLError) -> OperationDefinition {
    let location = token.location
    return OperationDefinition(
      kind: .query, name: nil, variables: [], directives: [], selectionSet: try selectionSet(), location: location)
  }

  private mutating func operation() throws(GraphQLError) -> OperationDefinition {
    let location = token.location
    let kind = try operationKind()
    let name = token.kind == .name ? try name() : nil
    let variables = try optionalMany(.leftParenthesis, .rightParenthesis) { parser throws(GraphQLError) in
      try parser.variableDefinition()
    }
    let directives = try directives(isConstant: false)
    return OperationDefinition(
      kind: kind, name: name, variables: variables, directives: directives, selectionSet: try selectionSet(),
      location: location)
  }

  mutating func operationKind() throws(GraphQLError) -> OperationKind {
    let keyword = token
    try expect(.name)
    guard let kind = OperationKind(rawValue: keyword.text) else {
      throw unexpected(keyword, expected: "'query', 'mutation' or 'subscription'")
    }
    return kind
  }

  private mutating func variableDefinition() throws(GraphQLError) -> VariableDefinition {
    let location = token.location
    try expect(.dollar)
    let name = try name()
    try expect(.colon)
    let type = try type()
    let defaultValue = try skip(.equals) ? try value(isConstant: true) : nil
    return VariableDefinition(
      name: name, type: type, defaultValue: defaultValue, directives: try directives(isConstant: true),
      location: location)
  }

  private mutating func selectionSet() throws(GraphQLError) -> SelectionSet {
    let location = token.location
    let selections = try nested { parser throws(GraphQLError) in
      try parser.many(.leftBrace, .rightBrace) { parser throws(GraphQLError) in try parser.selection() }
    }
    return SelectionSet(selections, at: location)
  }

  private mutating func selection() throws(GraphQLError) -> Selection {
    token.kind == .spread ? try fragment() : .field(try field())
  }

  private mutating func field() throws(GraphQLError) -> FieldNode {
    let first = try name()
    let second = try skip(.colon) ? try name() : nil
    let arguments = try arguments(isConstant: false)
    let directives = try directives(isConstant: false)
    return FieldNode(
      alias: second == nil ? nil : first, name: second ?? first, arguments: arguments, directives: directives,
      selectionSet: token.kind == .leftBrace ? try selectionSet() : nil, location: first.location)
  }

  /// A spread or an inline fragment.
  private mutating func fragment() throws(GraphQLError) -> Selection {
    let location = token.location
    try expect(.spread)
    let hasCondition = try skipKeyword("on")
    if !hasCondition, token.kind == .name {
      let name = try name()
      return .fragmentSpread(
        FragmentSpread(name: name, directives: try directives(isConstant: false), location: location))
    }
    let condition = hasCondition ? try name() : nil
    let directives = try directives(isConstant: false)
    return .inlineFragment(
      InlineFragment(
        typeCondition: condition, directives: directives, selectionSet: try selectionSet(), location: location))
  }

  private mutating func fragmentDefinition() throws(GraphQLError) -> FragmentDefinition {
    let location = token.location
    try expectKeyword("fragment")
    if isKeyword("on") { throw error("a fragment can't have the name 'on'") }
    let name = try name()
    try expectKeyword("on")
    let condition = try self.name()
    let directives = try directives(isConstant: false)
    return FragmentDefinition(
      name: name, typeCondition: condition, directives: directives, selectionSet: try selectionSet(),
      location: location)
  }
}
