/// The rules of section 5 (October 2021), named after its headings, and the limits.
enum ValidationRule: String, Hashable, CaseIterable, Sendable {
  case executableDefinitions
  case operationTypeExistence
  case operationNameUniqueness
  case loneAnonymousOperation
  case singleRootField
  case fieldSelections
  case fieldSelectionMerging
  case leafFieldSelections
  case argumentNames
  case argumentUniqueness
  case requiredArguments
  case fragmentNameUniqueness
  /// Type conditions, and types of variables.
  case typeExistence
  case fragmentsOnCompositeTypes
  case fragmentsMustBeUsed
  case fragmentSpreadTargetDefined
  case fragmentSpreadsMustNotFormCycles
  case fragmentSpreadIsPossible
  case valuesOfCorrectType
  case inputObjectFieldUniqueness
  case directivesAreDefined
  case directivesAreUniquePerLocation
  case variableUniqueness
  case variablesAreInputTypes
  case allVariableUsesDefined
  case allVariablesUsed
  case allVariableUsagesAreAllowed
  case limits
}

/// What was found, as much as is going to be reported.
struct Findings {
  struct Finding {
    var rule: ValidationRule
    var error: GraphQLError
  }

  private(set) var all: [Finding] = []
  /// There was more.
  private(set) var isCut = false
  private let maxErrors: Int
  private let showsSchemaHints: Bool

  /// - Parameter showsSchemaHints: whether messages may guess which name of the schema was meant.
  init(maxErrors: Int, showsSchemaHints: Bool = true) {
    self.maxErrors = max(1, maxErrors)
    self.showsSchemaHints = showsSchemaHints
  }

  /// All but the rule is put together only when it is reported.
  ///
  /// - Parameter schemaHint: stands behind the message, and names what the schema has.
  mutating func add(
    _ rule: ValidationRule, _ message: @autoclosure () -> String, schemaHint: @autoclosure () -> String = "",
    at locations: SourceLocation...
  ) {
    add(rule, message(), schemaHint: schemaHint(), at: locations)
  }

  mutating func add(
    _ rule: ValidationRule, _ message: @autoclosure () -> String, schemaHint: @autoclosure () -> String = "",
    at locations: @autoclosure () -> [SourceLocation]
  ) {
    guard all.count < maxErrors else {
      isCut = true
      return
    }
    let text = message() + (showsSchemaHints ? schemaHint() : "")
    all.append(Finding(rule: rule, error: GraphQLError(text, locations: locations())))
  }

  /// A limit is always reported: what it stopped may have held anything.
  mutating func add(overLimit error: GraphQLError) { all.append(Finding(rule: .limits, error: error)) }
}

/// Bounds the work of rules that follow fragments, which can be far more than the document is long.
struct WorkBudget {
  static var throughFragments: WorkBudget { WorkBudget(200_000, "steps through fragments") }

  private let limit: Int
  private var left: Int
  private let what: String

  /// - Parameter what: stands behind the number in the error.
  init(_ limit: Int, _ what: String) {
    self.limit = limit
    left = limit
    self.what = what
  }

  mutating func spend(_ amount: Int = 1) throws(GraphQLError) {
    left -= amount
    if left < 0 { throw .overLimit("the document takes more than \(limit) \(what) to check") }
  }
}
