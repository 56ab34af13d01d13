extension GraphQLSchema {
  /// Checks a document against the rules of section 5 (October 2021) and the limits.
  ///
  /// The time it takes is bounded by the limits and the document's length.
  ///
  /// - Returns: empty for a valid document; ``GraphQLLimits/maxErrors`` errors at most, and one that says there are
  ///   more. An error for a limit has `extensions.code` `LIMIT`.
  public func validate(_ document: Document, limits: GraphQLLimits = .init()) -> [GraphQLError] {
    validate(document, limits: limits, showsSchemaHints: true)
  }

  /// - Parameter showsSchemaHints: whether messages may guess which name of the schema was meant.
  func validate(_ document: Document, limits: GraphQLLimits, showsSchemaHints: Bool) -> [GraphQLError] {
    let findings = findings(in: document, limits: limits, showsSchemaHints: showsSchemaHints)
    let more = "there are more errors than \(limits.maxErrors) (maxErrors)"
    return findings.all.map(\.error) + (findings.isCut ? [GraphQLError.overLimit(more)] : [])
  }

  /// The same with the rules that were broken.
  func findings(in document: Document, limits: GraphQLLimits, showsSchemaHints: Bool = true) -> Findings {
    let findings = Findings(maxErrors: limits.maxErrors, showsSchemaHints: showsSchemaHints)
    var validator = Validator(schema: self, document: document, limits: limits, findings: findings)
    validator.run()
    return validator.findings
  }
}

/// The state of one validation: what was found, and what one walk over the definitions collects for later rules.
struct Validator {
  let schema: GraphQLSchema
  let document: Document
  let limits: GraphQLLimits
  /// By name; the last one where there are several.
  let fragments: [String: FragmentDefinition]
  var findings: Findings
  /// Of fragments by name, the last one where there are several.
  var fragmentFacts: [String: DefinitionFacts] = [:]
  /// Of operations in their order.
  var operationFacts: [DefinitionFacts] = []
  /// Of the definition that is being walked over.
  var facts = DefinitionFacts()

  init(schema: GraphQLSchema, document: Document, limits: GraphQLLimits, findings: Findings) {
    self.schema = schema
    self.document = document
    self.limits = limits
    fragments = document.fragmentsByName
    self.findings = findings
  }

  mutating func run() {
    for definition in document.definitions { walk(definition) }
    checkOperationNames()
    checkFragmentNames()
    checkFragmentCycles()
    do {
      var budget = WorkBudget.throughFragments
      try checkFragmentUse(&budget)
      try checkVariables(&budget)
      try checkSubscriptions(&budget)
      // What is over a limit already may take long to compare.
      if try checkLimits(&budget) { try checkMerging() }
    } catch {
      findings.add(overLimit: error)
    }
  }
}

/// What a walk over an operation or fragment has found.
struct DefinitionFacts {
  struct Usage {
    var variable: String
    var location: SourceLocation
    /// What is wanted where the variable stands; nil when that is not known.
    var type: SchemaType?
    /// The argument or input field has a default.
    var hasDefault: Bool
  }

  var usages: [Usage] = []
  /// Names of the fragments that it spreads, each once.
  var spreads: [String] = []
  private var spreadNames: Set<String> = []

  mutating func addSpread(_ name: String) {
    if spreadNames.insert(name).inserted { spreads.append(name) }
  }
}

extension Document {
  /// The operations in their order.
  public var operations: [OperationDefinition] {
    definitions.compactMap { if case .operation(let operation) = $0 { operation } else { nil } }
  }

  /// The fragments in their order.
  var fragments: [FragmentDefinition] {
    definitions.compactMap { if case .fragment(let fragment) = $0 { fragment } else { nil } }
  }

  /// A valid document has one of each name; of several the last is taken.
  public var fragmentsByName: [String: FragmentDefinition] {
    Dictionary(fragments.map { ($0.name.text, $0) }, uniquingKeysWith: { _, last in last })
  }
}
