import JSONText

/// The fields of a selection set by response key, inline fragments taken as part of it, named ones only listed.
struct CollectedFields {
  /// Of the selection set: no other has it.
  let location: SourceLocation
  /// In their order.
  private(set) var keys: [String] = []
  private(set) var byKey: [String: [MergeField]] = [:]
  /// Names, each once.
  private(set) var spreads: [String] = []

  init(location: SourceLocation) { self.location = location }

  mutating func add(_ set: SelectionSet, on parent: NamedType?, _ schema: GraphQLSchema) {
    var spreadNames: Set<String> = []
    add(set, on: parent, schema, &spreadNames)
  }

  private mutating func add(
    _ set: SelectionSet, on parent: NamedType?, _ schema: GraphQLSchema, _ spreadNames: inout Set<String>
  ) {
    for selection in set.selections {
      switch selection {
      case .field(let field):
        let key = field.responseKey
        if byKey[key] == nil { keys.append(key) }
        byKey[key, default: []].append(MergeField(field, on: parent, schema))
      case .fragmentSpread(let spread):
        if spreadNames.insert(spread.name.text).inserted { spreads.append(spread.name.text) }
      case .inlineFragment(let fragment):
        let type = fragment.typeCondition.map { schema.types[$0.text] } ?? parent
        add(fragment.selectionSet, on: type, schema, &spreadNames)
      }
    }
  }
}

/// A field where it stands.
struct MergeField {
  let node: FieldNode
  /// The name of the type that it is selected on.
  let parent: String?
  let parentIsObject: Bool
  /// Nil when there is no such field.
  let type: SchemaType?
  /// Values by name, such that equal values have equal texts.
  let arguments: [String: ExactText]

  init(_ node: FieldNode, on parent: NamedType?, _ schema: GraphQLSchema) {
    self.node = node
    self.parent = parent?.name
    parentIsObject = parent?.isObject ?? false
    type = parent.flatMap { schema.field(node.name.text, on: $0)?.type }
    arguments = Dictionary(
      node.arguments.map { ($0.name.text, ExactText($0.value.withSortedFields.description)) },
      uniquingKeysWith: { _, last in last })
  }

  func conflict(_ key: String, with other: MergeField, _ reason: String) -> MergeConflict {
    MergeConflict(key: key, reason: reason, one: [node.location], other: [other.node.location])
  }
}

extension MergeConflict {
  /// The place of a field and those inside it, as many as one wants to read.
  static func places(_ field: SourceLocation, _ inner: [[SourceLocation]]) -> [SourceLocation] {
    var places = [field]
    for more in inner {
      places += more.suffix(20 - places.count)
      if places.count >= 20 { break }
    }
    return places
  }
}

/// Which pairs were compared, and whether only as fields of objects that are never the same.
struct ComparedPairs<One: Hashable, Other: Hashable> {
  private struct Pair: Hashable {
    var one: One
    var other: Other
  }

  private var pairs: [Pair: Bool] = [:]

  /// Notes a pair; false when it was compared before at least as strictly.
  mutating func isNew(_ one: One, _ other: Other, areExclusive: Bool) -> Bool {
    let pair = Pair(one: one, other: other)
    if has(pair, areExclusive) { return false }
    pairs[pair] = areExclusive
    return true
  }

  private func has(_ pair: Pair, _ areExclusive: Bool) -> Bool {
    guard let known = pairs[pair] else { return false }
    return areExclusive || !known
  }
}

extension ComparedPairs where One == Other {
  /// The same for pairs without an order.
  mutating func isNewEitherWay(_ one: One, _ other: One, areExclusive: Bool) -> Bool {
    if has(Pair(one: other, other: one), areExclusive) { return false }
    return isNew(one, other, areExclusive: areExclusive)
  }
}

extension LiteralNode {
  /// Fields of objects have no order (section 2.9.8).
  fileprivate var withSortedFields: LiteralNode {
    switch value {
    case .list(let items): LiteralNode(.list(items.map(\.withSortedFields)), at: location)
    case .object(let fields):
      LiteralNode(
        .object(
          fields.map { field in
            ArgumentNode(name: field.name, value: field.value.withSortedFields, location: field.location)
          }.sorted { $0.name.text < $1.name.text }), at: location)
    default: self
    }
  }
}
