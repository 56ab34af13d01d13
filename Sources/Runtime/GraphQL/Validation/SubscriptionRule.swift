/// A subscription has a single root field, which is none of introspection (October 2021, section 5.2.3.1).
///
/// `@skip` and `@include` can't stand there, as the edition of September 2025 has it: with them it would depend on
/// variables how many fields there are.
extension Validator {
  mutating func checkSubscriptions(_ budget: inout WorkBudget) throws(GraphQLError) {
    guard let root = schema.subscriptionType else { return }
    for operation in document.operations where operation.kind == .subscription {
      var fields = RootFields()
      try collect(operation.selectionSet, on: root, into: &fields, &budget)
      check(fields, of: operation)
    }
  }

  private mutating func check(_ fields: RootFields, of operation: OperationDefinition) {
    let shown = operation.name.map { "the subscription \($0.text.shown)" } ?? "a subscription"
    guard fields.conditions.isEmpty else {
      return findings.add(
        .singleRootField, "\(shown) can't have @skip or @include at its root field", at: fields.conditions)
    }
    if fields.keys.isEmpty {
      findings.add(.singleRootField, "\(shown) needs a root field", at: operation.selectionSet.location)
    } else if fields.keys.count > 1 {
      findings.add(
        .singleRootField, "\(shown) can have only one root field",
        at: fields.keys.dropFirst().flatMap { fields.byKey[$0, default: []].map(\.location) })
    }
    for key in fields.keys {
      let nodes = fields.byKey[key, default: []]
      if let name = nodes.first?.name.text, BuiltInSchema.isReserved(name) {
        findings.add(
          .singleRootField, "\(shown) can't have \(name) as its root field", at: nodes.map(\.location))
      }
    }
  }

  private struct RootFields {
    /// Response keys in their order.
    var keys: [String] = []
    var byKey: [String: [FieldNode]] = [:]
    /// Where `@skip` and `@include` stand.
    var conditions: [SourceLocation] = []
    var visited: Set<String> = []
  }

  private func collect(
    _ set: SelectionSet, on root: String, into fields: inout RootFields, _ budget: inout WorkBudget
  ) throws(GraphQLError) {
    // Fragments are taken from a list instead of the stack: a thousand may follow each other.
    var waiting = [set.selections[...]]
    while var selections = waiting.popLast() {
      guard let selection = selections.popFirst() else { continue }
      waiting.append(selections)
      try budget.spend()
      if let condition = Self.condition(selection) {
        fields.conditions.append(condition)
        continue
      }
      switch selection {
      case .field(let field):
        if fields.byKey[field.responseKey] == nil { fields.keys.append(field.responseKey) }
        fields.byKey[field.responseKey, default: []].append(field)
      case .inlineFragment(let fragment):
        if applies(fragment.typeCondition, to: root) { waiting.append(fragment.selectionSet.selections[...]) }
      case .fragmentSpread(let spread):
        let name = spread.name.text
        guard let fragment = fragments[name], applies(fragment.typeCondition, to: root),
          fields.visited.insert(name).inserted
        else { continue }
        waiting.append(fragment.selectionSet.selections[...])
      }
    }
  }

  private static func condition(_ selection: Selection) -> SourceLocation? {
    let directives =
      switch selection {
      case .field(let field): field.directives
      case .fragmentSpread(let spread): spread.directives
      case .inlineFragment(let fragment): fragment.directives
      }
    let condition = directives.first { $0.name.text == "skip" } ?? directives.first { $0.name.text == "include" }
    return condition?.location
  }

  private func applies(_ condition: Name?, to root: String) -> Bool {
    guard let condition, condition.text != root else { return true }
    return schema.possibleTypes[condition.text]?.contains(root) ?? false
  }
}
