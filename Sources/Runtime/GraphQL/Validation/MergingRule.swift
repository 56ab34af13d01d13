/// Fields of one response key have to be the same field (October 2021, section 5.3.2).
///
/// Each selection set is compared with itself and with the fragments in it, fragments with each other, each such pair
/// once. What is left of hostile growth is cut off by a budget.
extension Validator {
  mutating func checkMerging() throws(GraphQLError) {
    var merging = Merging(schema: schema, fragments: fragments)
    for definition in document.definitions {
      switch definition {
      case .operation(let operation):
        let root = schema.rootType(of: operation.kind).flatMap { schema.types[$0] }
        try merging.walk(operation.selectionSet, on: root, isInline: false, into: &findings)
      case .fragment(let fragment):
        let type = schema.types[fragment.typeCondition.text]
        try merging.walk(fragment.selectionSet, on: type, isInline: false, into: &findings)
      case .typeSystem: break
      }
    }
  }
}

/// Two places of one response key that can't be merged.
struct MergeConflict {
  var key: String
  var reason: String
  /// On each side: the field, and what conflicts inside it.
  var one: [SourceLocation]
  var other: [SourceLocation]
}

struct Merging {
  let schema: GraphQLSchema
  let fragments: [String: FragmentDefinition]
  private var budget = WorkBudget(200_000, "comparisons of fields")
  private var nesting = 0
  /// By the place of the selection set.
  private var collected: [SourceLocation: CollectedFields] = [:]
  private var comparedWithFragment = ComparedPairs<SourceLocation, String>()
  private var comparedFragments = ComparedPairs<String, String>()

  init(schema: GraphQLSchema, fragments: [String: FragmentDefinition]) {
    self.schema = schema
    self.fragments = fragments
  }

  mutating func walk(
    _ set: SelectionSet, on parent: NamedType?, isInline: Bool, into findings: inout Findings
  ) throws(GraphQLError) {
    // What is in an inline fragment belongs to the set around it.
    if !isInline {
      for conflict in try conflicts(within: set, on: parent) {
        findings.add(
          .fieldSelectionMerging,
          "fields with the key \(conflict.key.shown) can't be merged: \(conflict.reason); give one of them an alias",
          at: conflict.one + conflict.other)
      }
    }
    for selection in set.selections {
      switch selection {
      case .field(let field):
        guard let inner = field.selectionSet else { continue }
        let type = parent.flatMap { schema.field(field.name.text, on: $0) }.flatMap { schema.types[$0.type.name] }
        try walk(inner, on: type, isInline: false, into: &findings)
      case .inlineFragment(let fragment):
        let type = fragment.typeCondition.map { schema.types[$0.text] } ?? parent
        try walk(fragment.selectionSet, on: type, isInline: true, into: &findings)
      case .fragmentSpread: break
      }
    }
  }

  // MARK: Sets and fragments

  private mutating func conflicts(
    within set: SelectionSet, on parent: NamedType?
  ) throws(GraphQLError) -> [MergeConflict] {
    let fields = collect(set, on: parent)
    var conflicts: [MergeConflict] = []
    for key in fields.keys {
      let group = fields.byKey[key, default: []]
      for (number, field) in group.enumerated() {
        for other in group.dropFirst(number + 1) {
          if let conflict = try conflict(key, field, other, areExclusive: false) { conflicts.append(conflict) }
        }
      }
    }
    for (number, name) in fields.spreads.enumerated() {
      try compare(fields, withFragment: name, areExclusive: false, into: &conflicts)
      for other in fields.spreads.dropFirst(number + 1) {
        try compare(fragment: name, withFragment: other, areExclusive: false, into: &conflicts)
      }
    }
    return conflicts
  }

  private mutating func compare(
    _ fields: CollectedFields, withFragment name: String, areExclusive: Bool, into conflicts: inout [MergeConflict]
  ) throws(GraphQLError) {
    try budget.spend()
    guard !fields.keys.isEmpty, comparedWithFragment.isNew(fields.location, name, areExclusive: areExclusive),
      let other = collect(fragment: name), other.location != fields.location
    else { return }
    try enter()
    defer { nesting -= 1 }
    try compare(fields, other, areExclusive: areExclusive, into: &conflicts)
    for spread in other.spreads {
      try compare(fields, withFragment: spread, areExclusive: areExclusive, into: &conflicts)
    }
  }

  private mutating func compare(
    fragment one: String, withFragment other: String, areExclusive: Bool, into conflicts: inout [MergeConflict]
  ) throws(GraphQLError) {
    try budget.spend()
    guard one != other, comparedFragments.isNewEitherWay(one, other, areExclusive: areExclusive),
      let fields = collect(fragment: one), let otherFields = collect(fragment: other)
    else { return }
    try enter()
    defer { nesting -= 1 }
    try compare(fields, otherFields, areExclusive: areExclusive, into: &conflicts)
    for spread in otherFields.spreads {
      try compare(fragment: one, withFragment: spread, areExclusive: areExclusive, into: &conflicts)
    }
    for spread in fields.spreads {
      try compare(fragment: spread, withFragment: other, areExclusive: areExclusive, into: &conflicts)
    }
  }

  private mutating func compare(
    _ fields: CollectedFields, _ others: CollectedFields, areExclusive: Bool, into conflicts: inout [MergeConflict]
  ) throws(GraphQLError) {
    guard !others.keys.isEmpty else { return }
    try budget.spend(fields.keys.count)
    for key in fields.keys {
      guard let group = others.byKey[key] else { continue }
      for field in fields.byKey[key, default: []] {
        for other in group {
          if let conflict = try conflict(key, field, other, areExclusive: areExclusive) { conflicts.append(conflict) }
        }
      }
    }
  }

  /// What follows fragments and fields calls itself: its depth is bounded here too, because fragments on a circle are
  /// compared like others.
  private mutating func enter() throws(GraphQLError) {
    guard nesting < 2 * GraphQLLimits.deepest else {
      throw .overLimit("the document's fragments nest too deep to compare their fields")
    }
    nesting += 1
  }

  // MARK: Pairs of fields

  private mutating func conflict(
    _ key: String, _ one: MergeField, _ other: MergeField, areExclusive: Bool
  ) throws(GraphQLError) -> MergeConflict? {
    try budget.spend(2)
    // Objects of different types are never the same object, so their fields may differ in all but shape.
    let areExclusive =
      areExclusive
      || (one.parent != other.parent && one.parentIsObject && other.parentIsObject)
    if !areExclusive {
      let (name, otherName) = (one.node.name.text, other.node.name.text)
      if name != otherName {
        return one.conflict(key, with: other, "\(name.shown) and \(otherName.shown) are different fields")
      }
      if one.node.arguments.count != other.node.arguments.count || one.arguments != other.arguments {
        return one.conflict(key, with: other, "\(name.shown) has different arguments")
      }
    }
    if let type = one.type, let otherType = other.type, differInShape(type, otherType) {
      return one.conflict(key, with: other, "their types are \(type) and \(otherType)")
    }
    guard let set = one.node.selectionSet, let otherSet = other.node.selectionSet else { return nil }
    try enter()
    defer { nesting -= 1 }
    let inner = try conflicts(
      between: collect(set, on: one.type), and: collect(otherSet, on: other.type), areExclusive: areExclusive)
    guard let first = inner.first else { return nil }
    return MergeConflict(
      key: key, reason: "in them, \(first.key.shown): \(first.reason)".shortened(to: 300),
      one: MergeConflict.places(one.node.location, inner.map(\.one)),
      other: MergeConflict.places(other.node.location, inner.map(\.other)))
  }

  private mutating func conflicts(
    between fields: CollectedFields, and others: CollectedFields, areExclusive: Bool
  ) throws(GraphQLError) -> [MergeConflict] {
    var conflicts: [MergeConflict] = []
    try compare(fields, others, areExclusive: areExclusive, into: &conflicts)
    for name in others.spreads {
      try compare(fields, withFragment: name, areExclusive: areExclusive, into: &conflicts)
    }
    for name in fields.spreads {
      try compare(others, withFragment: name, areExclusive: areExclusive, into: &conflicts)
    }
    for name in fields.spreads {
      for other in others.spreads {
        try compare(fragment: name, withFragment: other, areExclusive: areExclusive, into: &conflicts)
      }
    }
    return conflicts
  }

  /// "SameResponseShape()" for one field, without what is selected in it.
  private func differInShape(_ type: SchemaType, _ other: SchemaType) -> Bool {
    switch (type, other) {
    case (.nonNull(let inner), .nonNull(let otherInner)): differInShape(inner, otherInner)
    case (.list(let item), .list(let otherItem)): differInShape(item, otherItem)
    case (.named(let name), .named(let otherName)):
      name != otherName && (schema.types[name]?.isComposite != true || schema.types[otherName]?.isComposite != true)
    default: true
    }
  }

  // MARK: Collecting

  private mutating func collect(_ set: SelectionSet, on type: SchemaType?) -> CollectedFields {
    collect(set, on: type.flatMap { schema.types[$0.name] })
  }

  private mutating func collect(fragment name: String) -> CollectedFields? {
    guard let fragment = fragments[name] else { return nil }
    return collect(fragment.selectionSet, on: schema.types[fragment.typeCondition.text])
  }

  private mutating func collect(_ set: SelectionSet, on parent: NamedType?) -> CollectedFields {
    if let known = collected[set.location] { return known }
    var fields = CollectedFields(location: set.location)
    fields.add(set, on: parent, schema)
    collected[set.location] = fields
    return fields
  }
}
