/// What an object or interface owes to the interfaces that it implements (October 2021, section 3.6.1,
/// "IsValidImplementation()").
extension SchemaChecks {
  mutating func checkInterfaces(_ interfaces: [Name], of draft: TypeDraft) {
    let owner = draft.name.text
    for (name, locations) in repeated(interfaces) {
      for location in locations.dropFirst() { note("\(owner) implements \(name) already", at: location) }
    }
    let declared = Set(interfaces.map(\.text))
    var seen: Set<String> = []
    for name in interfaces where seen.insert(name.text).inserted {
      guard let type = type(name) else { continue }
      guard case .interface(let interface) = type else {
        note("\(name.text) is no interface", at: name.location)
        continue
      }
      guard interface.name != owner else {
        note("\(owner) can't implement itself", at: name.location)
        continue
      }
      for further in interface.interfaces where !declared.contains(further) {
        let reason =
          further == owner
          ? "\(owner) can't implement \(interface.name), which implements it"
          : "\(owner) has to implement \(further) too, because \(interface.name) does"
        note(reason, at: name.location)
      }
      checkFields(of: draft, against: interface, at: name.location)
    }
  }

  private mutating func checkFields(
    of draft: TypeDraft, against interface: InterfaceType, at location: SourceLocation
  ) {
    let owner = draft.name.text
    let fields = draft.fields
    for wanted in interface.fields.all {
      guard let field = fields.first(where: { $0.name.text == wanted.name }) else {
        note("\(owner) has no field \(wanted.name), which \(interface.name) has", at: location)
        continue
      }
      if !schema.isSubtype(SchemaType(field.type), of: wanted.type) {
        note(
          "\(owner).\(wanted.name) is of type \(field.type), \(interface.name) wants \(wanted.type)",
          at: field.type.location)
      }
      checkArguments(of: field, "\(owner).\(wanted.name)", against: wanted, of: interface)
    }
  }

  private mutating func checkArguments(
    of field: FieldDefinitionNode, _ shown: String, against wanted: FieldDefinition, of interface: InterfaceType
  ) {
    for argument in wanted.arguments {
      guard let own = field.arguments.first(where: { $0.name.text == argument.name }) else {
        note("\(shown) has no argument \(argument.name), which \(interface.name) has", at: field.name.location)
        continue
      }
      if SchemaType(own.type) != argument.type {
        note(
          "\(shown) has \(argument.name) of type \(own.type), \(interface.name) wants \(argument.type)",
          at: own.type.location)
      }
    }
    let known = Set(wanted.arguments.map(\.name))
    for argument in field.arguments where !known.contains(argument.name.text) {
      if case .nonNull = argument.type, argument.defaultValue == nil {
        note(
          "\(shown) can't require \(argument.name.text), which \(interface.name) does not have",
          at: argument.name.location)
      }
    }
  }
}

extension TypeDraft {
  /// Of an object or interface.
  fileprivate var fields: [FieldDefinitionNode] {
    switch kind {
    case .object(_, let fields), .interface(_, let fields): fields
    default: []
    }
  }
}
