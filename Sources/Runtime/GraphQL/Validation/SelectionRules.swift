/// One walk over every definition: fields, arguments, values and directives (October 2021, sections 5.1.1, 5.3, 5.4, 5.6,
/// 5.7), and fragments where they stand (sections 5.5.1 and 5.5.2).
extension Validator {
  mutating func walk(_ definition: Definition) {
    facts = DefinitionFacts()
    switch definition {
    case .operation(let operation):
      walk(operation)
      operationFacts.append(facts)
    case .fragment(let fragment):
      walk(fragment)
      fragmentFacts[fragment.name.text] = facts
    case .typeSystem(let definition):
      let name = definition.name?.text ?? "the schema"
      findings.add(
        .executableDefinitions, "a document that is executed can't define \(name.shown)", at: definition.location)
    }
  }

  private mutating func walk(_ operation: OperationDefinition) {
    let kind = operation.kind
    let root = schema.rootType(of: kind).flatMap { schema.types[$0] }
    if root == nil {
      findings.add(.operationTypeExistence, "the schema has no \(kind.rawValue) operations", at: operation.location)
    }
    for (name, locations) in repeated(operation.variables.map(\.name)) {
      findings.add(.variableUniqueness, "the variable $\(name.shown) is defined more than once", at: locations)
    }
    for variable in operation.variables { walk(variable) }
    let place: DirectiveLocation =
      switch kind {
      case .query: .query
      case .mutation: .mutation
      case .subscription: .subscription
      }
    walk(operation.directives, at: place)
    walk(operation.selectionSet, on: root)
  }

  /// Sections 5.8.1 and 5.8.2.
  private mutating func walk(_ variable: VariableDefinition) {
    if let type = knownType(variable.type.name) {
      if type.isInput {
        if let literal = variable.defaultValue {
          schema.check(literal, as: SchemaType(variable.type), into: &findings)
        }
      } else {
        findings.add(
          .variablesAreInputTypes,
          "$\(variable.name.text.shown) is of type \("\(variable.type)".shown), which no variable can have",
          at: variable.type.location)
      }
    }
    variable.defaultValue?.checkFieldUniqueness(into: &findings)
    walk(variable.directives, at: .variableDefinition)
  }

  private mutating func walk(_ fragment: FragmentDefinition) {
    let type = conditionType(fragment.typeCondition)
    walk(fragment.directives, at: .fragmentDefinition)
    walk(fragment.selectionSet, on: type)
  }

  /// The type of a name, or a finding.
  private mutating func knownType(_ name: Name) -> NamedType? {
    if let type = schema.types[name.text] { return type }
    findings.add(
      .typeExistence,
      "there is no type \(name.text.shown)", schemaHint: NearName.hint(for: name.text, among: schema.typeOrder),
      at: name.location)
    return nil
  }

  /// The composite type of a type condition, or a finding.
  private mutating func conditionType(_ condition: Name) -> NamedType? {
    guard let type = knownType(condition) else { return nil }
    if type.isComposite { return type }
    findings.add(
      .fragmentsOnCompositeTypes, "a fragment can't be on \(condition.text), which has no fields",
      at: condition.location)
    return nil
  }

  /// - Parameter parent: nil when it is not known or has no fields; then nothing can be said of the fields.
  private mutating func walk(_ set: SelectionSet, on parent: NamedType?) {
    for selection in set.selections {
      switch selection {
      case .field(let field): walk(field, on: parent)
      case .fragmentSpread(let spread): walk(spread, on: parent)
      case .inlineFragment(let fragment): walk(fragment, on: parent)
      }
    }
  }

  private mutating func walk(_ field: FieldNode, on parent: NamedType?) {
    guard let parent, let definition = schema.field(field.name.text, on: parent) else {
      if let parent { noteUnknown(field, on: parent) }
      schema.checkUniqueness(field.arguments, into: &findings)
      for argument in field.arguments { note(usagesIn: argument.value, type: nil) }
      walk(field.directives, at: .field)
      if let set = field.selectionSet { walk(set, on: nil) }
      return
    }
    schema.check(
      field.arguments, against: definition.arguments, of: "\(parent.name).\(definition.name)", at: field.location,
      into: &findings)
    note(usagesIn: field.arguments, of: definition.arguments)
    walk(field.directives, at: .field)
    let type = schema.types[definition.type.name]
    let isComposite = type?.isComposite ?? false
    if let set = field.selectionSet {
      if !isComposite {
        findings.add(
          .leafFieldSelections, "\(definition.name) is of type \(definition.type), which has no fields to select",
          at: set.location)
      }
      walk(set, on: isComposite ? type : nil)
    } else if isComposite {
      findings.add(
        .leafFieldSelections, "\(definition.name) is of type \(definition.type): select some of its fields in braces",
        at: field.location)
    }
  }

  /// Section 5.3.1.
  private mutating func noteUnknown(_ field: FieldNode, on parent: NamedType) {
    let name = field.name.text
    findings.add(
      .fieldSelections, "\(parent.name) has no field \(name.shown)", schemaHint: schema.hint(for: name, on: parent),
      at: field.location)
  }

  /// Sections 5.5.2.1 and 5.5.2.3.
  private mutating func walk(_ spread: FragmentSpread, on parent: NamedType?) {
    let name = spread.name.text
    facts.addSpread(name)
    walk(spread.directives, at: .fragmentSpread)
    guard let fragment = fragments[name] else {
      return findings.add(
        .fragmentSpreadTargetDefined,
        "there is no fragment \(name.shown)"
          + NearName.hint(for: name, among: document.fragments.lazy.map(\.name.text)), at: spread.name.location)
    }
    guard let parent, let type = schema.types[fragment.typeCondition.text], type.isComposite else { return }
    if !schema.overlap(type, parent) {
      findings.add(
        .fragmentSpreadIsPossible, "no \(parent.name) can be a \(type.name), which fragment \(name.shown) is on",
        at: spread.location)
    }
  }

  private mutating func walk(_ fragment: InlineFragment, on parent: NamedType?) {
    walk(fragment.directives, at: .inlineFragment)
    guard let condition = fragment.typeCondition else { return walk(fragment.selectionSet, on: parent) }
    let type = conditionType(condition)
    if let type, let parent, !schema.overlap(type, parent) {
      findings.add(
        .fragmentSpreadIsPossible, "no \(parent.name) can be a \(type.name)", at: fragment.location)
    }
    walk(fragment.selectionSet, on: type)
  }

  private mutating func walk(_ directives: [Directive], at location: DirectiveLocation) {
    guard !directives.isEmpty else { return }
    schema.check(directives, at: location, into: &findings)
    for directive in directives {
      note(usagesIn: directive.arguments, of: schema.directive(directive.name.text)?.arguments ?? [])
    }
  }

  // MARK: Usages of variables

  private mutating func note(usagesIn arguments: [ArgumentNode], of definitions: [InputValue]) {
    for argument in arguments {
      let definition = definitions.first { $0.name == argument.name.text }
      note(usagesIn: argument.value, type: definition?.type, hasDefault: definition?.defaultValue != nil)
    }
  }

  private mutating func note(usagesIn literal: LiteralNode, type: SchemaType?, hasDefault: Bool = false) {
    switch literal.value {
    case .variable(let name):
      facts.usages.append(
        DefinitionFacts.Usage(variable: name, location: literal.location, type: type, hasDefault: hasDefault))
    case .list(let items):
      let itemType = type.map(\.item)
      for item in items { note(usagesIn: item, type: itemType) }
    case .object(let fields):
      var definitions: [InputValue] = []
      if let type, case .inputObject(let object)? = schema.types[type.name] { definitions = object.fields }
      note(usagesIn: fields, of: definitions)
    default: break
    }
  }
}

extension GraphQLSchema {
  /// A type that has the field and that objects may be of, or a field of a near name.
  fileprivate func hint(for name: String, on parent: NamedType) -> String {
    let owners = possibleTypes(of: parent).filter { types[$0]?.fields[name] != nil }
    if let owner = owners.min() { return "; did you mean it in '... on \(owner)'?" }
    return NearName.hint(for: name, among: parent.fields.all.map(\.name))
  }
}

extension SchemaType {
  /// Of a list the type of its items; a type that is no list stands for its item (section 3.11).
  fileprivate var item: SchemaType {
    switch self {
    case .list(let item): item
    case .nonNull(let inner): inner.item
    case .named: self
    }
  }
}
