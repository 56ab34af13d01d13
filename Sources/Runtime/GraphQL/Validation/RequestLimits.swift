import JSONText

/// The limits on what an operation asks for: how deep, how many aliases, at what cost.
extension Validator {
  /// - Returns: whether all operations are within the limits.
  mutating func checkLimits(_ budget: inout WorkBudget) throws(GraphQLError) -> Bool {
    var isWithin = true
    for operation in document.operations {
      // A variable without a default has no value yet: what is prepared with values is checked again.
      let defaults = Dictionary(
        operation.variables.compactMap { variable in
          variable.defaultValue?.wholeNumber.map { (variable.name.text, $0) }
        }, uniquingKeysWith: { _, last in last })
      var weighing = Weighing(schema: schema, fragments: fragments) { defaults[$0] }
      let weight = try weighing.weight(of: operation, &budget)
      for error in weight.errors(limits, at: operation.location) {
        findings.add(overLimit: error)
        isWithin = false
      }
    }
    return isWithin
  }
}

extension GraphQLSchema {
  /// Whether an operation costs more than ``GraphQLLimits/maxCost`` now that its variables have values:
  /// ``validate(_:limits:)`` knows only their defaults.
  ///
  /// - Parameters:
  ///   - operation: out of a valid document.
  ///   - fragments: of that document, by name.
  ///   - variables: coerced, by name.
  /// - Returns: the error for the client, or nil.
  public func costError(
    of operation: OperationDefinition, fragments: [String: FragmentDefinition], variables: [String: JSONValue],
    limits: GraphQLLimits
  ) -> GraphQLError? {
    var weighing = Weighing(schema: self, fragments: fragments) { name in
      if case .integer(let value)? = variables[name] { Int(value) } else { nil }
    }
    var budget = WorkBudget.throughFragments
    do {
      return try weighing.weight(of: operation, &budget).costError(limits, at: operation.location)
    } catch {
      return error
    }
  }
}

/// What an operation or fragment asks for, the fragments in it followed. Sums stop at `Int.max`.
struct Weight {
  /// Selection sets inside each other, its own counted.
  var depth = 1
  var aliases = 0
  var cost = 0
  /// Lists of introspection inside each other, each of which multiplies the answer.
  var introspectionLists = 0

  fileprivate static let maxIntrospectionLists = 2

  mutating func add(nested weight: Weight, times count: Int = 1) {
    depth = max(depth, weight.depth + 1)
    aliases = Self.sum(aliases, weight.aliases)
    let (product, isOver) = weight.cost.multipliedReportingOverflow(by: count)
    cost = Self.sum(cost, isOver ? .max : product)
    introspectionLists = max(introspectionLists, weight.introspectionLists)
  }

  mutating func add(field: FieldNode) {
    cost = Self.sum(cost, 1)
    if field.alias != nil { aliases = Self.sum(aliases, 1) }
  }

  private static func sum(_ one: Int, _ other: Int) -> Int {
    let (sum, isOver) = one.addingReportingOverflow(other)
    return isOver ? .max : sum
  }

  fileprivate func errors(_ limits: GraphQLLimits, at location: SourceLocation) -> [GraphQLError] {
    var errors: [GraphQLError] = []
    let maxDepth = min(limits.maxDepth, GraphQLLimits.deepest)
    if depth > maxDepth {
      errors.append(.overLimit("the operation nests deeper than \(maxDepth) levels (maxDepth)", [location]))
    }
    if aliases > limits.maxAliases {
      errors.append(.overLimit("the operation has more than \(limits.maxAliases) aliases (maxAliases)", [location]))
    }
    if let error = costError(limits, at: location) { errors.append(error) }
    if introspectionLists > Self.maxIntrospectionLists {
      errors.append(
        .overLimit(
          "the operation has more than \(Self.maxIntrospectionLists) lists of introspection inside each other",
          [location]))
    }
    return errors
  }

  fileprivate func costError(_ limits: GraphQLLimits, at location: SourceLocation) -> GraphQLError? {
    guard cost > limits.maxCost else { return nil }
    return .overLimit("the operation asks for more than \(limits.maxCost) fields (maxCost)", [location])
  }
}

/// Sums up an operation. Each fragment is summed up once, after those that it spreads: a thousand may follow each other.
private struct Weighing {
  let schema: GraphQLSchema
  let fragments: [String: FragmentDefinition]
  /// The whole number that a variable has.
  let variable: (String) -> Int?
  private var weights: [String: Weight] = [:]

  init(
    schema: GraphQLSchema, fragments: [String: FragmentDefinition], variable: @escaping (String) -> Int?
  ) {
    self.schema = schema
    self.fragments = fragments
    self.variable = variable
  }

  mutating func weight(
    of operation: OperationDefinition, _ budget: inout WorkBudget
  ) throws(GraphQLError) -> Weight {
    try weighFragments(of: operation.selectionSet, &budget)
    let root = schema.rootType(of: operation.kind).flatMap { schema.types[$0] }
    return try weight(of: operation.selectionSet, on: root, &budget)
  }

  private mutating func weighFragments(
    of set: SelectionSet, _ budget: inout WorkBudget
  ) throws(GraphQLError) {
    var entered: Set<String> = []
    var path: [(fragment: FragmentDefinition?, spreads: ArraySlice<FragmentSpread>)] = [(nil, set.spreads[...])]
    while let (fragment, left) = path.popLast() {
      try budget.spend()
      var spreads = left
      if let spread = spreads.popFirst() {
        path.append((fragment, spreads))
        guard let target = fragments[spread.name.text], entered.insert(spread.name.text).inserted else { continue }
        path.append((target, target.selectionSet.spreads[...]))
      } else if let fragment {
        let type = schema.types[fragment.typeCondition.text]
        weights[fragment.name.text] = try weight(of: fragment.selectionSet, on: type, &budget)
      }
    }
  }

  private func weight(
    of set: SelectionSet, on parent: NamedType?, _ budget: inout WorkBudget
  ) throws(GraphQLError) -> Weight {
    var weight = Weight()
    try budget.spend(set.selections.count)
    for selection in set.selections {
      switch selection {
      case .field(let field):
        weight.add(field: field)
        guard let set = field.selectionSet else { continue }
        let definition = parent.flatMap { schema.field(field.name.text, on: $0) }
        let type = definition.flatMap { schema.types[$0.type.name] }
        var nested = try self.weight(of: set, on: type, &budget)
        if parent?.name == "__Type", definition?.type.isList ?? false { nested.introspectionLists += 1 }
        weight.add(nested: nested, times: definition.map { count(of: field, $0, on: parent) } ?? 1)
      case .inlineFragment(let fragment):
        let type = fragment.typeCondition.map { schema.types[$0.text] } ?? parent
        weight.add(nested: try self.weight(of: fragment.selectionSet, on: type, &budget))
      // One that is on a circle, and so not summed up yet, is refused by another rule.
      case .fragmentSpread(let spread):
        if let nested = weights[spread.name.text] { weight.add(nested: nested) }
      }
    }
    return weight
  }

  /// What a list of introspection counts for: about what the lists of a schema have, and such that the usual query for a
  /// whole schema, three lists inside each other, is within ``GraphQLLimits/maxCost``.
  private static var introspectionListLength: Int { 6 }

  /// How many items a list has at most, by the argument that says so; 1 without one.
  private func count(of field: FieldNode, _ definition: FieldDefinition, on parent: NamedType?) -> Int {
    guard definition.type.isList else { return 1 }
    if let parent, BuiltInSchema.isReserved(parent.name) { return Self.introspectionListLength }
    let counts = definition.arguments.filter { argument in
      argument.type.name == "Int" && ["max_items", "first", "limit"].contains(argument.name)
    }.compactMap { argument -> Int? in
      guard let given = field.arguments.last(where: { $0.name.text == argument.name })?.value else {
        return argument.defaultValue?.wholeNumber
      }
      if case .variable(let name) = given.value { return variable(name) ?? argument.defaultValue?.wholeNumber }
      return given.wholeNumber
    }
    return max(1, counts.max() ?? 1)
  }
}

extension LiteralNode {
  /// As far as it fits; nil for what is no whole number.
  fileprivate var wholeNumber: Int? {
    guard case .int(let text) = value else { return nil }
    return Int(text) ?? (text.hasPrefix("-") ? .min : .max)
  }
}

extension SchemaType {
  /// A list, with or without null.
  var isList: Bool {
    switch self {
    case .list: true
    case .nonNull(let inner): inner.isList
    case .named: false
    }
  }
}
