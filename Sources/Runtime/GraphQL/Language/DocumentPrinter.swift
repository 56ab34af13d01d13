extension Document {
  /// The operations and fragments as a document again, on one line; definitions of a schema are left out
  /// (``GraphQLSchema/sdl`` prints those).
  public var description: String {
    definitions.compactMap { definition in
      switch definition {
      case .operation(let operation): operation.text
      case .fragment(let fragment):
        "fragment \(fragment.name.text) on \(fragment.typeCondition.text)\(fragment.directives.text) "
          + fragment.selectionSet.text
      case .typeSystem: nil
      }
    }.joined(separator: " ")
  }
}

extension Document: CustomStringConvertible {}

extension OperationDefinition {
  fileprivate var text: String {
    let variables = variables.map { variable in
      let defaultValue = variable.defaultValue.map { " = \($0)" } ?? ""
      return "$\(variable.name.text): \(variable.type)\(defaultValue)\(variable.directives.text)"
    }.joined(separator: ", ")
    let name = name.map { " \($0.text)" } ?? ""
    return "\(kind.rawValue)\(name)\(variables.isEmpty ? "" : "(\(variables))")\(directives.text) \(selectionSet.text)"
  }
}

extension SelectionSet {
  fileprivate var text: String { "{ \(selections.map(\.text).joined(separator: " ")) }" }
}

extension Selection {
  fileprivate var text: String {
    switch self {
    case .field(let field):
      let alias = field.alias.map { "\($0.text): " } ?? ""
      let set = field.selectionSet.map { " \($0.text)" } ?? ""
      return "\(alias)\(field.name.text)\(field.arguments.text)\(field.directives.text)\(set)"
    case .fragmentSpread(let spread): return "...\(spread.name.text)\(spread.directives.text)"
    case .inlineFragment(let fragment):
      let condition = fragment.typeCondition.map { " on \($0.text)" } ?? ""
      return "...\(condition)\(fragment.directives.text) \(fragment.selectionSet.text)"
    }
  }
}

extension [Directive] {
  fileprivate var text: String { map { " @\($0.name.text)\($0.arguments.text)" }.joined() }
}

extension [ArgumentNode] {
  fileprivate var text: String {
    isEmpty ? "" : "(\(map { "\($0.name.text): \($0.value)" }.joined(separator: ", ")))"
  }
}
