/// Variables of an operation, fragments followed (October 2021, sections 5.8.3 to 5.8.5).
extension Validator {
  mutating func checkVariables(_ budget: inout WorkBudget) throws(GraphQLError) {
    for (operation, facts) in zip(document.operations, operationFacts) {
      let definitions = Dictionary(
        operation.variables.map { ($0.name.text, $0) }, uniquingKeysWith: { _, last in last })
      var used: Set<String> = []
      try check(facts.usages, of: operation, definitions, &used, &budget)
      for name in try reached(from: facts.spreads, &budget) {
        try check(fragmentFacts[name]?.usages ?? [], of: operation, definitions, &used, &budget)
      }
      for variable in operation.variables where !used.contains(variable.name.text) {
        findings.add(.allVariablesUsed, "$\(variable.name.text.shown) is not used", at: variable.location)
      }
    }
  }

  private mutating func check(
    _ usages: [DefinitionFacts.Usage], of operation: OperationDefinition, _ definitions: [String: VariableDefinition],
    _ used: inout Set<String>, _ budget: inout WorkBudget
  ) throws(GraphQLError) {
    try budget.spend(usages.count)
    for usage in usages {
      used.insert(usage.variable)
      guard let definition = definitions[usage.variable] else {
        let owner = operation.name.map { "the operation \($0.text.shown)" } ?? "the operation"
        findings.add(
          .allVariableUsesDefined,
          "\(owner) has no variable $\(usage.variable.shown)"
            + NearName.hint(for: usage.variable, among: operation.variables.lazy.map(\.name.text)),
          at: usage.location, operation.location)
        continue
      }
      guard let wanted = usage.type, schema.types[definition.type.name.text] != nil else { continue }
      if !isAllowed(definition, wanted: wanted, hasDefault: usage.hasDefault) {
        findings.add(
          .allVariableUsagesAreAllowed,
          "$\(usage.variable.shown) is of type \("\(definition.type)".shown) and stands where \(wanted) is wanted",
          at: definition.location, usage.location)
      }
    }
  }

  /// "IsVariableUsageAllowed()": a default makes up for a type that may be null.
  private func isAllowed(_ definition: VariableDefinition, wanted: SchemaType, hasDefault: Bool) -> Bool {
    let type = SchemaType(definition.type)
    guard case .nonNull(let inner) = wanted, !type.isNonNull else { return schema.isSubtype(type, of: wanted) }
    let hasOwnDefault = definition.defaultValue.map { $0.value != .null } ?? false
    return (hasOwnDefault || hasDefault) && schema.isSubtype(type, of: inner)
  }
}

extension SchemaType {
  var isNonNull: Bool { if case .nonNull = self { true } else { false } }
}
