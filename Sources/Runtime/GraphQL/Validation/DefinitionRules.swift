/// Operations and fragments as wholes (October 2021, sections 5.2, 5.5.1 and 5.5.2).
extension Validator {
  /// Sections 5.2.1.1 and 5.2.2.1.
  mutating func checkOperationNames() {
    let operations = document.operations
    var first: [String: SourceLocation] = [:]
    for operation in operations {
      guard let name = operation.name else {
        if operations.count > 1 {
          findings.add(
            .loneAnonymousOperation, "an operation without a name has to be the only one", at: operation.location)
        }
        continue
      }
      if let place = first[name.text] {
        findings.add(
          .operationNameUniqueness, "there is an operation \(name.text.shown) already", at: place, name.location)
      } else {
        first[name.text] = name.location
      }
    }
  }

  /// Section 5.5.1.1.
  mutating func checkFragmentNames() {
    var first: [String: SourceLocation] = [:]
    for name in document.fragments.map(\.name) {
      if let place = first[name.text] {
        findings.add(
          .fragmentNameUniqueness, "there is a fragment \(name.text.shown) already", at: place, name.location)
      } else {
        first[name.text] = name.location
      }
    }
  }

  /// Section 5.5.1.4.
  mutating func checkFragmentUse(_ budget: inout WorkBudget) throws(GraphQLError) {
    let used = Set(try reached(from: operationFacts.flatMap(\.spreads), &budget))
    for fragment in document.fragments where !used.contains(fragment.name.text) {
      findings.add(
        .fragmentsMustBeUsed, "the fragment \(fragment.name.text.shown) is spread by no operation",
        at: fragment.location)
    }
  }

  /// The fragments of these names and those that they spread, each once.
  func reached(from names: [String], _ budget: inout WorkBudget) throws(GraphQLError) -> [String] {
    var seen: Set<String> = []
    var reached: [String] = []
    func add(_ names: [String]) { for name in names where seen.insert(name).inserted { reached.append(name) } }
    add(names)
    var next = 0
    while next < reached.count {
      let spreads = fragmentFacts[reached[next]]?.spreads ?? []
      try budget.spend(1 + spreads.count)
      add(spreads)
      next += 1
    }
    return reached
  }

  /// Section 5.5.2.2. Walks each fragment once, with a path of its own instead of the stack's.
  mutating func checkFragmentCycles() {
    var visited: Set<String> = []
    for fragment in document.fragments where visited.insert(fragment.name.text).inserted {
      walkSpreads(from: fragment, &visited)
    }
  }

  /// - Parameter others: what is spread between the fragment and its own spread.
  private static func circleMessage(_ name: String, _ others: ArraySlice<FragmentSpread>) -> String {
    let way = others.prefix(10).map(\.name.text.shown).joined(separator: ", ") + (others.count > 10 ? ", …" : "")
    return "the fragment \(name.shown) spreads itself" + (others.isEmpty ? "" : " by way of \(way)")
  }

  private mutating func walkSpreads(from start: FragmentDefinition, _ visited: inout Set<String>) {
    var path: [(name: String, spreads: [FragmentSpread], next: Int)] = []
    /// By which spread each fragment on the path was left.
    var taken: [FragmentSpread] = []
    var depth: [String: Int] = [:]
    func enter(_ fragment: FragmentDefinition) {
      depth[fragment.name.text] = path.count
      path.append((fragment.name.text, fragment.selectionSet.spreads, 0))
    }
    enter(start)
    while let (name, spreads, next) = path.last {
      guard next < spreads.count else {
        path.removeLast()
        depth[name] = nil
        _ = taken.popLast()
        continue
      }
      path[path.count - 1].next += 1
      let spread = spreads[next]
      let target = spread.name.text
      if let index = depth[target] {
        findings.add(
          .fragmentSpreadsMustNotFormCycles, Self.circleMessage(target, taken[index...]),
          at: taken[index...].map(\.location) + [spread.location])
      } else if let fragment = fragments[target], visited.insert(target).inserted {
        taken.append(spread)
        enter(fragment)
      }
    }
  }
}

extension SelectionSet {
  /// All spreads in it, not those in the fragments that are spread; the outer ones first, and the later ones of inner sets
  /// before the earlier.
  var spreads: [FragmentSpread] {
    var found: [FragmentSpread] = []
    var waiting = [self]
    while let set = waiting.popLast() {
      for selection in set.selections {
        switch selection {
        case .fragmentSpread(let spread): found.append(spread)
        case .field(let field): if let set = field.selectionSet { waiting.append(set) }
        case .inlineFragment(let fragment): waiting.append(fragment.selectionSet)
        }
      }
    }
    return found
  }
}
