import GraphQLRuntime
import JSONText

/// SplitMix64: a seed gives the same queries on each machine.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}

/// Valid documents over a schema in which fields of one name have one type, with values for their variables.
///
/// A response key stands for a name and arguments, so that fields merge wherever they meet.
struct RandomQuery {
  let schema: GraphQLSchema
  var random: SeededRandom
  private var keys: [String: String] = [:]
  private var variables: [String: (type: String, text: String, value: JSONValue?)] = [:]
  /// Name, type, text, and the variables and fragments that it uses.
  private var fragments: [(name: String, type: String, text: String, used: Set<String>)] = []
  /// Variables with `$` and fragments that the text made last uses.
  private var used: Set<String> = []

  init(schema: GraphQLSchema, seed: UInt64) {
    self.schema = schema
    random = SeededRandom(seed: seed)
  }

  mutating func request() -> GraphQLRequest {
    makeFragments()
    let kind: OperationKind = chance(15) ? .mutation : .query
    used = []
    let selection = selectionSet(on: schema.rootType(of: kind) ?? schema.queryType, depth: 4)
    var all = used
    for fragment in fragments.reversed() where all.contains(fragment.name) { all.formUnion(fragment.used) }
    let names = all.filter { $0.hasPrefix("$") }.sorted()
    let definitions = names.compactMap { name in variables[name].map { "\(name): \($0.text)" } }
    var text = "\(kind.rawValue) Q"
    if !definitions.isEmpty { text += "(" + definitions.joined(separator: ", ") + ")" }
    text += " " + selection
    for fragment in fragments where all.contains(fragment.name) { text += "\n" + fragment.text }
    let values = names.compactMap { name in
      variables[name]?.value.map { JSONValue.Member(String(name.dropFirst()), $0) }
    }
    return GraphQLRequest(query: text, operationName: "Q", variables: values)
  }

  private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

  private mutating func makeFragments() {
    let composite = schema.typeOrder.filter { name in
      !name.hasPrefix("__") && schema.types[name]?.isComposite == true && name != schema.mutationType
    }
    for index in 0..<Int.random(in: 0...3, using: &random) {
      guard let type = composite.randomElement(using: &random) else { return }
      used = []
      let selection = selectionSet(on: type, depth: 2)
      let name = "F\(index)"
      fragments.append((name, type, "fragment \(name) on \(type) \(selection)", used))
    }
  }

  // MARK: selections

  private mutating func selectionSet(on typeName: String, depth: Int) -> String {
    var selections: [String] = []
    for _ in 0..<Int.random(in: 1...4, using: &random) { selections.append(selection(on: typeName, depth: depth)) }
    return "{\n " + selections.joined(separator: chance(50) ? "\n " : " ") + " }"
  }

  private mutating func selection(on typeName: String, depth: Int) -> String {
    guard let type = schema.types[typeName] else { return "__typename" }
    if depth > 0, chance(15) {
      let overlapping = schema.typeOrder.filter { name in
        guard let other = schema.types[name], other.isComposite else { return false }
        return !schema.possibleTypes(of: other).isDisjoint(with: schema.possibleTypes(of: type))
      }
      let condition = chance(20) ? nil : overlapping.randomElement(using: &random)
      let start = "..." + (condition.map { " on \($0)" } ?? "") + directive()
      return start + " " + selectionSet(on: condition ?? typeName, depth: depth - 1)
    }
    let possible = schema.possibleTypes(of: type)
    let spreadable = fragments.filter { fragment in
      schema.types[fragment.type].map { !schema.possibleTypes(of: $0).isDisjoint(with: possible) } ?? false
    }
    if chance(15), let fragment = spreadable.randomElement(using: &random) {
      used.insert(fragment.name)
      return "...\(fragment.name)" + directive()
    }
    let fields = type.fields.all.filter { depth > 0 || schema.types[$0.type.name]?.isComposite != true }
    guard !chance(8), let field = fields.randomElement(using: &random) else { return "__typename" + directive() }
    return self.field(field, depth: depth)
  }

  private mutating func field(_ field: FieldDefinition, depth: Int) -> String {
    let arguments = field.arguments.compactMap { argument(of: $0) }.joined(separator: ", ")
    let call = field.name + (arguments.isEmpty ? "" : "(\(arguments))")
    var key = ""
    if !arguments.isEmpty {
      if keys[call] == nil { keys[call] = "\(field.name)_\(keys.count)" }
      key = (keys[call] ?? "") + ": "
    }
    let text = key + call + directive()
    guard schema.types[field.type.name]?.isComposite == true else { return text }
    return text + " " + selectionSet(on: field.type.name, depth: depth - 1)
  }

  private mutating func directive() -> String {
    guard chance(12) else { return "" }
    let condition = chance(50) ? (chance(50) ? "true" : "false") : variable(of: .nonNull(.named("Boolean")))
    return (chance(50) ? " @skip(if: " : " @include(if: ") + condition + ")"
  }

  // MARK: values

  private mutating func argument(of definition: InputValue) -> String? {
    if !definition.isRequired, chance(40) { return nil }
    if chance(35) { return "\(definition.name): " + variable(of: definition.type) }
    return "\(definition.name): " + literal(of: definition.type, depth: 3)
  }

  /// A variable that may stand where that type is wanted (October 2021, section 5.8.5).
  private mutating func variable(of type: SchemaType) -> String {
    var declared = type
    var text = ""
    if case .nonNull(let inner) = type, chance(40) {
      // Nullable with a default may stand in a non-null place; null is then an error of the field.
      declared = inner
      text = "\(inner) = " + nonNullLiteral(of: inner, depth: 2, mayUseVariables: false)
    } else {
      text = "\(type)" + (chance(25) ? " = " + literal(of: type, depth: 2, mayUseVariables: false) : "")
    }
    let name = "$v\(variables.count)"
    let isOptional = text.contains("=") || !"\(declared)".hasSuffix("!")
    let value = isOptional && chance(30) ? nil : json(of: declared, depth: 3)
    variables[name] = (type: "\(declared)", text: text, value: value)
    used.insert(name)
    return name
  }

  private mutating func literal(of type: SchemaType, depth: Int, mayUseVariables: Bool = true) -> String {
    switch type {
    case .nonNull(let type): return nonNullLiteral(of: type, depth: depth, mayUseVariables: mayUseVariables)
    default:
      return chance(8) ? "null" : nonNullLiteral(of: type, depth: depth, mayUseVariables: mayUseVariables)
    }
  }

  private mutating func nonNullLiteral(of type: SchemaType, depth: Int, mayUseVariables: Bool) -> String {
    switch type {
    case .nonNull(let type): return nonNullLiteral(of: type, depth: depth, mayUseVariables: mayUseVariables)
    case .list(let item):
      // One value for a list of it: a variable inside would have the type of a list that is not written.
      if chance(20) { return nonNullLiteral(of: item, depth: depth, mayUseVariables: false) }
      var items: [String] = []
      for _ in 0..<Int.random(in: 0...2, using: &random) {
        let isVariable = mayUseVariables && chance(20)
        items.append(
          isVariable ? variable(of: item) : literal(of: item, depth: depth - 1, mayUseVariables: mayUseVariables))
      }
      return "[" + items.joined(separator: ", ") + "]"
    case .named(let name):
      switch schema.types[name] {
      case .enumeration(let type): return type.values.randomElement(using: &random)?.name ?? ""
      case .inputObject(let type): return object(type, depth: depth, mayUseVariables: mayUseVariables)
      default: return scalarLiteral(name)
      }
    }
  }

  private mutating func object(_ type: InputObjectType, depth: Int, mayUseVariables: Bool) -> String {
    var fields: [String] = []
    for field in type.fields where field.isRequired || (depth > 0 && chance(50)) {
      let isVariable = mayUseVariables && chance(20)
      let value =
        isVariable
        ? variable(of: field.type)
        : literal(of: field.type, depth: depth - 1, mayUseVariables: mayUseVariables)
      fields.append("\(field.name): \(value)")
    }
    return "{" + fields.joined(separator: ", ") + "}"
  }

  private mutating func scalarLiteral(_ name: String) -> String {
    let number = Int.random(in: -9...99, using: &random)
    return switch name {
    case "Int": "\(number)"
    case "Float": chance(50) ? "\(number)" : "\(number).5"
    case "Boolean": chance(50) ? "true" : "false"
    case "ID": chance(50) ? "\(number)" : "\"id\(number)\""
    case "String": chance(20) ? "\"\"\"b\n  \(number)\"\"\"" : "\"s\(chance(50) ? "\\u00e9" : "e\u{301}") \(number)\""
    default: chance(50) ? "{any: [\(number), X, null]}" : "\"\(number)\""
    }
  }

  /// Mostly a value of that type, now and then not.
  private mutating func json(of type: SchemaType, depth: Int) -> JSONValue {
    switch type {
    case .nonNull(let type): return chance(2) ? .null : nonNullJSON(of: type, depth: depth)
    default: return chance(10) ? .null : nonNullJSON(of: type, depth: depth)
    }
  }

  private mutating func nonNullJSON(of type: SchemaType, depth: Int) -> JSONValue {
    switch type {
    case .nonNull(let type): return nonNullJSON(of: type, depth: depth)
    case .list(let item):
      if chance(20) { return nonNullJSON(of: item, depth: depth) }
      var items: [JSONValue] = []
      for _ in 0..<Int.random(in: 0...2, using: &random) { items.append(json(of: item, depth: depth - 1)) }
      return .array(items)
    case .named(let name):
      let number = Int64.random(in: -9...99, using: &random)
      if chance(2) { return [.bool(true), .integer(4_000_000_000), .string("X"), .object([])][Int(abs(number)) % 4] }
      switch schema.types[name] {
      case .enumeration(let type): return .string(type.values.randomElement(using: &random)?.name ?? "")
      case .inputObject(let type):
        var members: [JSONValue.Member] = []
        for field in type.fields where field.isRequired ? !chance(2) : (depth > 0 && chance(50)) {
          members.append(JSONValue.Member(field.name, json(of: field.type, depth: depth - 1)))
        }
        if chance(2) { members.append(JSONValue.Member("unknown", .null)) }
        return .object(members)
      default: return scalarJSON(name, number)
      }
    }
  }

  private mutating func scalarJSON(_ name: String, _ number: Int64) -> JSONValue {
    switch name {
    case "Int": chance(2) ? .double(1e19) : .integer(number)
    case "Float": chance(50) ? .integer(number) : .double(chance(10) ? 1e19 : Double(number) + 0.5)
    case "Boolean": .bool(number % 2 == 0)
    case "ID": chance(50) ? (chance(30) ? .double(Double(number)) : .integer(number)) : .string("id\(number)")
    case "String": .string((chance(50) ? "\u{E9}" : "e\u{301}") + "€ \(number)")
    default: chance(50) ? .array([.integer(number), .null]) : .object([JSONValue.Member("b", .integer(number))])
    }
  }
}
