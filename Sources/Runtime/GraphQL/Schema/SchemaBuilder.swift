extension GraphQLSchema {
  /// Reads a schema file and checks it (October 2021, section 3).
  ///
  /// - Throws: all problems that were found, or the first syntax error.
  public convenience init(sdl: String) throws(GraphQLSchemaError) {
    var builder = SchemaBuilder()
    try builder.add(SchemaBuilder.parsed(sdl))
    let draft = builder.schema()
    var checks = SchemaChecks(builder: builder, schema: draft)
    checks.run()
    let problems = (builder.problems + checks.problems).sorted {
      ($0.location.line, $0.location.column) < ($1.location.line, $1.location.column)
    }
    guard problems.isEmpty else { throw GraphQLSchemaError(problems: problems) }
    self.init(
      description: draft.description, types: draft.types, typeOrder: draft.typeOrder, directives: draft.directives,
      queryType: draft.queryType, mutationType: draft.mutationType, subscriptionType: draft.subscriptionType,
      possibleTypes: draft.possibleTypes)
  }
}

/// A type out of its definition and its extensions, with places.
struct TypeDraft {
  var name: Name
  var description: String?
  var kind: TypeSystemDefinition.Kind
  /// A list for the definition and one for each extension.
  var directives: [[Directive]]
}

/// Collects the definitions of a schema file.
struct SchemaBuilder {
  private(set) var problems: [GraphQLSchemaError.Problem] = []
  /// Of the file, in its order.
  private(set) var drafts: [TypeDraft] = []
  private var draftIndex: [String: Int] = [:]
  /// Of the file, in its order.
  private(set) var directives: [TypeSystemDefinition] = []
  /// The `schema` definition; nil when roots have their default names.
  private(set) var schemaDefinition: TypeSystemDefinition?
  /// Its own and those of `extend schema`.
  private(set) var roots: [TypeSystemDefinition.RootOperation] = []
  private(set) var schemaDirectives: [[Directive]] = []

  /// A schema file may be far larger than a request.
  static func parsed(_ sdl: String) throws(GraphQLSchemaError) -> Document {
    var limits = GraphQLLimits()
    limits.maxDocumentBytes = 1 << 26
    limits.maxTokens = 1 << 24
    do {
      return try Document(parsing: sdl, limits: limits)
    } catch {
      let location = error.locations.first ?? SourceLocation(line: 1, column: 1)
      throw GraphQLSchemaError(problems: [GraphQLSchemaError.Problem(message: error.message, location: location)])
    }
  }

  mutating func add(_ document: Document) {
    var extensions: [TypeSystemDefinition] = []
    for definition in document.definitions {
      switch definition {
      case .operation(let operation): note("a schema file has no operations", at: operation.location)
      case .fragment(let fragment): note("a schema file has no fragments", at: fragment.location)
      case .typeSystem(let definition):
        if definition.isExtension { extensions.append(definition) } else { define(definition) }
      }
    }
    // What is extended may stand behind its extension.
    for definition in extensions { extend(definition) }
  }

  private mutating func note(_ message: String, at location: SourceLocation) {
    problems.append(GraphQLSchemaError.Problem(message: message, location: location))
  }

  private mutating func define(_ definition: TypeSystemDefinition) {
    guard let name = definition.name else {
      if schemaDefinition != nil { note("there is a schema definition already", at: definition.location) }
      schemaDefinition = schemaDefinition ?? definition
      if case .schema(let operations) = definition.kind { roots += operations }
      schemaDirectives.append(definition.directives)
      return
    }
    if case .directive = definition.kind {
      if directives.contains(where: { $0.name?.text == name.text }) {
        note("there is a directive @\(name.text) already", at: name.location)
      }
      directives.append(definition)
      return
    }
    if BuiltInSchema.scalars.contains(name.text) {
      note("\(name.text) is built in and can't be defined", at: name.location)
    } else if draftIndex[name.text] != nil {
      note("there is a type \(name.text) already", at: name.location)
    } else {
      draftIndex[name.text] = drafts.count
      drafts.append(
        TypeDraft(
          name: name, description: definition.description, kind: definition.kind, directives: [definition.directives]))
    }
  }

  private mutating func extend(_ definition: TypeSystemDefinition) {
    guard let name = definition.name else {
      guard schemaDefinition != nil else {
        return note("there is no schema definition that could be extended", at: definition.location)
      }
      if case .schema(let operations) = definition.kind { roots += operations }
      schemaDirectives.append(definition.directives)
      return
    }
    guard let index = draftIndex[name.text] else {
      let names = drafts.map(\.name.text)
      return note(
        "there is no type \(name.text) that could be extended\(NearName.hint(for: name.text, among: names))",
        at: name.location)
    }
    guard let merged = drafts[index].kind.extended(by: definition.kind) else {
      return note("\(name.text) is of another kind than its extension", at: name.location)
    }
    drafts[index].kind = merged
    drafts[index].directives.append(definition.directives)
  }

  func draft(_ name: String) -> TypeDraft? { draftIndex[name].map { drafts[$0] } }
}

extension TypeSystemDefinition.Kind {
  /// Both together, when they are of one kind.
  fileprivate func extended(by other: Self) -> Self? {
    switch (self, other) {
    case (.scalar, .scalar): self
    case (.object(let interfaces, let fields), .object(let moreInterfaces, let moreFields)):
      .object(interfaces: interfaces + moreInterfaces, fields: fields + moreFields)
    case (.interface(let interfaces, let fields), .interface(let moreInterfaces, let moreFields)):
      .interface(interfaces: interfaces + moreInterfaces, fields: fields + moreFields)
    case (.union(let members), .union(let more)): .union(members: members + more)
    case (.enumeration(let values), .enumeration(let more)): .enumeration(values + more)
    case (.inputObject(let fields), .inputObject(let more)): .inputObject(fields + more)
    default: nil
    }
  }
}
