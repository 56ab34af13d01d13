import JSONText

/// Fits the values of variables to the types that an operation declares (October 2021, section 6.1.2).
struct VariableCoercion {
  let schema: GraphQLSchema
  let limits: GraphQLLimits
  private let literals: LiteralCoercion
  private var errors: [GraphQLError] = []

  init(schema: GraphQLSchema, limits: GraphQLLimits) {
    self.schema = schema
    self.limits = limits
    literals = LiteralCoercion(schema: schema, variables: [:])
  }

  /// - Returns: by name; what was not given and has no default is absent.
  /// - Throws: all that is wrong, located at the definitions of the variables.
  static func coerce(
    _ given: [JSONValue.Member], _ definitions: [VariableDefinition], schema: GraphQLSchema, limits: GraphQLLimits
  ) throws(GraphQLRequestError) -> [String: JSONValue] {
    guard VariableSize.isWithin(limits, given) else {
      let message =
        "the variables are too large: at most \(limits.maxVariablesBytes) bytes, nested \(limits.maxDepth) deep"
      throw GraphQLRequestError(.variables, [GraphQLError(message, code: "LIMIT")])
    }
    if definitions.isEmpty { return [:] }
    let byName = Dictionary(given.map { (ExactText($0.name), $0.value) }, uniquingKeysWith: { _, last in last })
    var coercion = VariableCoercion(schema: schema, limits: limits)
    var values: [String: JSONValue] = [:]
    for definition in definitions {
      values[definition.name.text] = coercion.variable(definition, byName[ExactText(definition.name.text)])
      if coercion.errors.count >= limits.maxErrors { break }
    }
    guard coercion.errors.isEmpty else { throw GraphQLRequestError(.variables, coercion.errors) }
    return values
  }

  private mutating func variable(_ definition: VariableDefinition, _ given: JSONValue?) -> JSONValue? {
    let type = SchemaType(definition.type)
    let place = Place(variable: definition.name.text, location: definition.location)
    guard let given else {
      if let literal = definition.defaultValue { return try? literals.value(literal, type) }
      if case .nonNull = type { fail("it has to be given, as \("\(type)".shown)", place) }
      return nil
    }
    return value(given, type, place)
  }

  /// Where a value stands in a variable.
  private struct Place {
    var variable: String
    var location: SourceLocation
    /// Such as `.orders[3]`.
    var suffix = ""

    func appending(_ text: String) -> Place { Place(variable: variable, location: location, suffix: suffix + text) }
  }

  private mutating func fail(_ reason: String, _ place: Place) {
    guard errors.count < limits.maxErrors else { return }
    let message = "the variable $\(place.variable.shown)\(place.suffix) has no valid value: \(reason)"
    errors.append(GraphQLError(message, locations: [place.location]))
  }

  /// When it does not fit there is an error, and the result has no meaning.
  private mutating func value(_ given: JSONValue, _ type: SchemaType, _ place: Place) -> JSONValue {
    switch type {
    case .nonNull(let inner):
      if given == .null {
        fail("\("\(type)".shown) cannot be null", place)
        return .null
      }
      return value(given, inner, place)
    case .list(let item):
      if given == .null { return .null }
      // One value alone stands for a list of it (section 3.11).
      guard case .array(let items) = given else { return .array([value(given, item, place)]) }
      var values: [JSONValue] = []
      for (index, given) in items.enumerated() {
        values.append(value(given, item, place.appending("[\(index)]")))
      }
      return .array(values)
    case .named(let name):
      if given == .null { return .null }
      if case .inputObject(let type)? = schema.types[name] { return object(given, type, place) }
      guard let leaf = LeafType(named: name, in: schema) else {
        fail("\(name) is no input type", place)
        return .null
      }
      if let value = leaf.input(given) { return value }
      fail(mismatch(given, leaf), place)
      return .null
    }
  }

  private mutating func object(_ given: JSONValue, _ type: InputObjectType, _ place: Place) -> JSONValue {
    guard case .object(let members) = given else {
      fail("\(shown(given)) is no object for \(type.name)", place)
      return .null
    }
    let byName = Dictionary(members.map { (ExactText($0.name), $0.value) }, uniquingKeysWith: { _, last in last })
    var coerced: [JSONValue.Member] = []
    for field in type.fields {
      if let given = byName[ExactText(field.name)] {
        coerced.append(JSONValue.Member(field.name, value(given, field.type, place.appending(".\(field.name)"))))
      } else if let value = literals.defaultValue(of: field) {
        coerced.append(JSONValue.Member(field.name, value))
      } else if case .nonNull = field.type {
        fail("the field \(field.name) of \(type.name) has to be given, as \(field.type)", place)
      }
    }
    for member in members where !type.fields.contains(where: { $0.name.isExactly(member.name) }) {
      fail("\(type.name) has no field \(JSONValue.string(member.name.shown).text)", place)
    }
    return .object(coerced)
  }

  private func shown(_ value: JSONValue) -> String { value.text.shown }

  private func mismatch(_ value: JSONValue, _ leaf: LeafType) -> String {
    if case (.id, .double(let number)) = (leaf, value), number.rounded() == number {
      return "\(value.text) is no ID: a whole number beyond 64 bits has to be given as a string"
    }
    return "\(shown(value)) is no \(leaf.name)"
  }
}

/// Looks whether variables are within their limits before anything else walks through them.
private struct VariableSize {
  var bytesLeft: Int

  static func isWithin(_ limits: GraphQLLimits, _ variables: [JSONValue.Member]) -> Bool {
    var size = VariableSize(bytesLeft: limits.maxVariablesBytes)
    return size.take(.object(variables), depthLeft: limits.maxDepth + 1)
  }

  /// Counts as JSON without white space, and without what escapes add.
  private mutating func take(_ value: JSONValue, depthLeft: Int) -> Bool {
    switch value {
    case .null: bytesLeft -= 4
    case .bool(let flag): bytesLeft -= flag ? 4 : 5
    case .integer(let number): bytesLeft -= String(number).utf8.count
    case .double(let number): bytesLeft -= number.description.utf8.count
    case .string(let text): bytesLeft -= text.utf8.count + 2
    case .array(let items):
      guard depthLeft > 0 else { return false }
      bytesLeft -= 2
      for item in items {
        bytesLeft -= 1
        guard take(item, depthLeft: depthLeft - 1) else { return false }
      }
    case .object(let members):
      guard depthLeft > 0 else { return false }
      bytesLeft -= 2
      for member in members {
        bytesLeft -= member.name.utf8.count + 4
        guard take(member.value, depthLeft: depthLeft - 1) else { return false }
      }
    }
    return bytesLeft >= 0
  }
}
