/// The rules of section 3 (October 2021).
struct SchemaChecks {
  let builder: SchemaBuilder
  /// Made of what is checked: names in it may be undefined.
  let schema: GraphQLSchema
  private(set) var problems: [GraphQLSchemaError.Problem] = []

  init(builder: SchemaBuilder, schema: GraphQLSchema) {
    self.builder = builder
    self.schema = schema
  }

  mutating func run() {
    checkRoots()
    for draft in builder.drafts {
      checkName(draft.name, "type")
      switch draft.kind {
      case .object(let interfaces, let fields), .interface(let interfaces, let fields):
        checkFields(fields, of: draft)
        checkInterfaces(interfaces, of: draft)
      case .union(let members): checkMembers(members, of: draft)
      case .enumeration(let values): checkValues(values, of: draft)
      case .inputObject(let fields): checkInputFields(fields, of: draft)
      case .schema, .scalar, .directive: break
      }
    }
    for definition in builder.directives { checkDirective(definition) }
    checkInputCycles()
    checkDefaultCycles()
    checkDirectiveCycles()
    checkUsedDirectives()
  }

  mutating func note(_ message: String, at location: SourceLocation) {
    problems.append(GraphQLSchemaError.Problem(message: message, location: location))
  }

  /// Section 2.1.9, "reserved names".
  mutating func checkName(_ name: Name, _ what: String) {
    if BuiltInSchema.isReserved(name.text) {
      note("\(name.text): only introspection has names that begin with '__', no \(what) of a schema", at: name.location)
    }
  }

  mutating func checkUnique(_ names: [Name], _ what: String, of owner: String) {
    for (name, locations) in repeated(names) {
      for location in locations.dropFirst() { note("\(owner) has a \(what) \(name) already", at: location) }
    }
  }

  /// The type of a name, or a problem.
  mutating func type(_ name: Name) -> NamedType? {
    if let type = schema.types[name.text] { return type }
    note("there is no type \(name.text)\(NearName.hint(for: name.text, among: schema.typeOrder))", at: name.location)
    return nil
  }

  /// Section 3.3.1.
  private mutating func checkRoots() {
    var kinds: Set<OperationKind> = []
    var types: Set<String> = []
    for root in builder.roots {
      if !kinds.insert(root.kind).inserted {
        note("there is a type for \(root.kind.rawValue) already", at: root.type.location)
      } else if !types.insert(root.type.text).inserted {
        note("\(root.type.text) is the type of another kind of operation already", at: root.type.location)
      }
      if let type = type(root.type), !type.isObject {
        note("\(type.name) is no object type, which operations begin at", at: root.type.location)
      }
    }
    if let definition = builder.schemaDefinition {
      if !kinds.contains(.query) { note("the schema has no type for query", at: definition.location) }
      return
    }
    for kind in [OperationKind.query, .mutation, .subscription] {
      guard let name = schema.rootType(of: kind), let draft = builder.draft(name) else { continue }
      if schema.types[name]?.isObject == false {
        note("\(name) is no object type, which operations begin at", at: draft.name.location)
      }
    }
    if builder.draft("Query") == nil {
      note("there is neither a type Query nor a schema definition", at: SourceLocation(line: 1, column: 1))
    }
  }

  /// Sections 3.6 and 3.7.
  private mutating func checkFields(_ fields: [FieldDefinitionNode], of draft: TypeDraft) {
    let owner = draft.name.text
    if fields.isEmpty { note("\(owner) has no fields", at: draft.name.location) }
    checkUnique(fields.map(\.name), "field", of: owner)
    for field in fields {
      checkName(field.name, "field")
      if let type = type(field.type.name), !type.isOutput {
        note("\(type.name) is an input object, which no field can give", at: field.type.location)
      }
      checkInputValues(field.arguments, "argument", of: "\(owner).\(field.name.text)")
    }
  }

  /// Arguments, or fields of an input object (sections 3.6.1 and 3.10).
  private mutating func checkInputValues(_ values: [InputValueDefinitionNode], _ what: String, of owner: String) {
    checkUnique(values.map(\.name), what, of: owner)
    for value in values {
      checkName(value.name, what)
      guard let type = type(value.type.name) else { continue }
      guard type.isInput else {
        note("\(type.name) is no input type, which \(owner).\(value.name.text) needs", at: value.type.location)
        continue
      }
      if case .nonNull = value.type, value.defaultValue == nil,
        value.directives.contains(where: { $0.name.text == "deprecated" })
      {
        note("\(owner).\(value.name.text) is required, so it can't be deprecated", at: value.name.location)
      }
      guard let literal = value.defaultValue else { continue }
      var findings = Findings(maxErrors: .max)
      schema.check(literal, as: SchemaType(value.type), into: &findings)
      literal.checkFieldUniqueness(into: &findings)
      add(findings)
    }
  }

  private mutating func add(_ findings: Findings) {
    for finding in findings.all {
      note(finding.error.message, at: finding.error.locations.last ?? SourceLocation(line: 1, column: 1))
    }
  }

  /// Section 3.8.
  private mutating func checkMembers(_ members: [Name], of draft: TypeDraft) {
    if members.isEmpty { note("union \(draft.name.text) has no members", at: draft.name.location) }
    checkUnique(members, "member", of: draft.name.text)
    for member in members {
      if let type = type(member), !type.isObject { note("\(type.name) is no object type", at: member.location) }
    }
  }

  /// Section 3.9.
  private mutating func checkValues(_ values: [EnumValueDefinitionNode], of draft: TypeDraft) {
    if values.isEmpty { note("enum \(draft.name.text) has no values", at: draft.name.location) }
    checkUnique(values.map(\.name), "value", of: draft.name.text)
    for value in values { checkName(value.name, "enum value") }
  }

  /// Section 3.10.
  private mutating func checkInputFields(_ fields: [InputValueDefinitionNode], of draft: TypeDraft) {
    if fields.isEmpty { note("input \(draft.name.text) has no fields", at: draft.name.location) }
    checkInputValues(fields, "field", of: draft.name.text)
  }

  /// Section 3.13.
  private mutating func checkDirective(_ definition: TypeSystemDefinition) {
    guard case .directive(let arguments, _, let locations) = definition.kind, let name = definition.name else { return }
    checkName(name, "directive")
    checkUnique(locations, "place", of: "@\(name.text)")
    checkInputValues(arguments, "argument", of: "@\(name.text)")
    guard let builtIn = SchemaBuilder.builtIn.directives.first(where: { $0.name == name.text }),
      let own = SchemaBuilder.directive(definition)
    else { return }
    if !own.isSame(as: builtIn) { note("@\(name.text) is built in and can't be another", at: name.location) }
  }

  private mutating func checkUsedDirectives() {
    var findings = Findings(maxErrors: .max)
    func check(_ directives: [Directive], _ location: DirectiveLocation) {
      schema.check(directives, at: location, into: &findings)
    }
    func check(_ values: [InputValueDefinitionNode], _ location: DirectiveLocation) {
      for value in values { check(value.directives, location) }
    }
    check(builder.schemaDirectives.flatMap { $0 }, .schema)
    for draft in builder.drafts {
      let directives = draft.directives.flatMap { $0 }
      switch draft.kind {
      case .scalar: check(directives, .scalar)
      case .object(_, let fields), .interface(_, let fields):
        check(directives, schema.types[draft.name.text]?.isObject == true ? .object : .interface)
        for field in fields {
          check(field.directives, .fieldDefinition)
          check(field.arguments, .argumentDefinition)
        }
      case .union: check(directives, .union)
      case .enumeration(let values):
        check(directives, .enumeration)
        for value in values { check(value.directives, .enumValue) }
      case .inputObject(let fields):
        check(directives, .inputObject)
        check(fields, .inputFieldDefinition)
      case .schema, .directive: break
      }
    }
    for case .directive(let arguments, _, _) in builder.directives.map(\.kind) {
      check(arguments, .argumentDefinition)
    }
    add(findings)
  }
}

extension NamedType {
  var isObject: Bool { if case .object = self { true } else { false } }
}

extension DirectiveDefinition {
  /// But for descriptions and the order of places.
  fileprivate func isSame(as other: DirectiveDefinition) -> Bool {
    let shape = { (value: InputValue) in "\(value.name): \(value.type) = \(value.defaultValue?.description ?? "")" }
    return name == other.name && isRepeatable == other.isRepeatable && Set(locations) == Set(other.locations)
      && arguments.map(shape) == other.arguments.map(shape)
  }
}
