/// Arguments, values, types and directives (October 2021, sections 2.6 and 2.9 to 2.12).
extension Parser {
  mutating func arguments(isConstant: Bool) throws(GraphQLError) -> [ArgumentNode] {
    try optionalMany(.leftParenthesis, .rightParenthesis) { parser throws(GraphQLError) in
      let name = try parser.name()
      try parser.expect(.colon)
      return ArgumentNode(name: name, value: try parser.value(isConstant: isConstant), location: name.location)
    }
  }

  mutating func directives(isConstant: Bool) throws(GraphQLError) -> [Directive] {
    var directives: [Directive] = []
    while token.kind == .at {
      let location = token.location
      try advance()
      let name = try name()
      directives.append(
        Directive(name: name, arguments: try arguments(isConstant: isConstant), location: location))
    }
    return directives
  }

  mutating func value(isConstant: Bool) throws(GraphQLError) -> LiteralNode {
    try withOwnDepth { parser throws(GraphQLError) in try parser.literal(isConstant: isConstant) }
  }

  private mutating func literal(isConstant: Bool) throws(GraphQLError) -> LiteralNode {
    let first = token
    let value: LiteralNode.Value
    switch first.kind {
    case .leftBracket: value = .list(try list(isConstant: isConstant))
    case .leftBrace: value = .object(try object(isConstant: isConstant))
    case .dollar: value = .variable(try variable(isConstant: isConstant))
    case .int:
      value = .int(first.text)
      try advance()
    case .float:
      value = .float(first.text)
      try advance()
    case .string:
      value = .string(first.text)
      try advance()
    case .name:
      value = named(first.text)
      try advance()
    default: throw unexpected(expected: "a value")
    }
    return LiteralNode(value, at: first.location)
  }

  private func named(_ text: String) -> LiteralNode.Value {
    switch text {
    case "true": .boolean(true)
    case "false": .boolean(false)
    case "null": .null
    default: .enumeration(text)
    }
  }

  private mutating func list(isConstant: Bool) throws(GraphQLError) -> [LiteralNode] {
    try nested { parser throws(GraphQLError) in
      try parser.any(.leftBracket, .rightBracket) { parser throws(GraphQLError) in
        try parser.literal(isConstant: isConstant)
      }
    }
  }

  private mutating func object(isConstant: Bool) throws(GraphQLError) -> [ArgumentNode] {
    try nested { parser throws(GraphQLError) in
      try parser.any(.leftBrace, .rightBrace) { parser throws(GraphQLError) in
        let name = try parser.name()
        try parser.expect(.colon)
        return ArgumentNode(name: name, value: try parser.literal(isConstant: isConstant), location: name.location)
      }
    }
  }

  private mutating func variable(isConstant: Bool) throws(GraphQLError) -> String {
    let dollar = token
    try expect(.dollar)
    if isConstant { throw error("there can be no variable in a constant value", at: dollar) }
    return try name().text
  }

  mutating func type() throws(GraphQLError) -> TypeReference {
    try withOwnDepth { parser throws(GraphQLError) in try parser.typeReference() }
  }

  private mutating func typeReference() throws(GraphQLError) -> TypeReference {
    let location = token.location
    let type: TypeReference
    if try skip(.leftBracket) {
      let item = try nested { parser throws(GraphQLError) in try parser.typeReference() }
      try expect(.rightBracket)
      type = .list(item, at: location)
    } else {
      type = .named(try name())
    }
    return try skip(.bang) ? .nonNull(type) : type
  }
}
