/// Directives and arguments (October 2021, sections 5.4 and 5.7), for documents and for schema files.
extension GraphQLSchema {
  /// Checks the directives at one place. Those at a type and its extensions are at one place.
  func check(_ directives: [Directive], at location: DirectiveLocation, into findings: inout Findings) {
    var first: [String: SourceLocation] = [:]
    for directive in directives {
      let name = directive.name.text
      guard let definition = self.directive(name) else {
        findings.add(
          .directivesAreDefined,
          "there is no directive @\(name.shown)",
          schemaHint: NearName.hint(for: name, among: self.directives.map(\.name)),
          at: directive.location)
        checkUniqueness(directive.arguments, into: &findings)
        continue
      }
      if !definition.locations.contains(location.rawValue) {
        findings.add(
          .directivesAreDefined,
          "@\(name) can't stand at \(location.rawValue): only at \(definition.locations.joined(separator: ", "))",
          at: directive.location)
      }
      if !definition.isRepeatable {
        if let place = first[name] {
          findings.add(
            .directivesAreUniquePerLocation, "@\(name) can stand only once at one place", at: place, directive.location)
        } else {
          first[name] = directive.location
        }
      }
      check(
        directive.arguments, against: definition.arguments, of: "@\(name)", at: directive.location, into: &findings)
    }
  }

  /// Checks the arguments of a field or directive.
  ///
  /// - Parameters:
  ///   - owner: as error messages show it.
  ///   - location: of the field or directive.
  func check(
    _ arguments: [ArgumentNode], against definitions: [InputValue], of owner: @autoclosure () -> String,
    at location: SourceLocation, into findings: inout Findings
  ) {
    checkUniqueness(arguments, into: &findings)
    for argument in arguments {
      let name = argument.name.text
      if let definition = definitions.first(where: { $0.name == name }) {
        check(argument.value, as: definition.type, into: &findings)
      } else {
        findings.add(
          .argumentNames,
          "\(owner()) has no argument \(name.shown)",
          schemaHint: NearName.hint(for: name, among: definitions.map(\.name)),
          at: argument.location)
      }
    }
    guard definitions.contains(where: \.isRequired) else { return }
    let given = Set(arguments.map(\.name.text))
    for definition in definitions where definition.isRequired && !given.contains(definition.name) {
      findings.add(
        .requiredArguments, "\(owner()) needs the argument \(definition.name) of type \(definition.type)",
        at: location)
    }
  }

  /// Arguments of one name, and fields of one name in their values.
  func checkUniqueness(_ arguments: [ArgumentNode], into findings: inout Findings) {
    guard !arguments.isEmpty else { return }
    for (name, locations) in repeated(arguments.map(\.name)) {
      findings.add(.argumentUniqueness, "the argument \(name.shown) is given more than once", at: locations)
    }
    for argument in arguments { argument.value.checkFieldUniqueness(into: &findings) }
  }
}

/// The names that are there more than once, with all their places.
func repeated(_ names: [Name]) -> [(name: String, locations: [SourceLocation])] {
  guard names.count > 1 else { return [] }
  var places: [String: [SourceLocation]] = [:]
  for name in names { places[name.text, default: []].append(name.location) }
  guard places.count < names.count else { return [] }
  var seen: Set<String> = []
  return names.compactMap { name in
    guard let locations = places[name.text], locations.count > 1, seen.insert(name.text).inserted else { return nil }
    return (name.text, locations)
  }
}
