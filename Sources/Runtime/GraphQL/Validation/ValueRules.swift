/// Values of correct type, input object field names and required fields (October 2021, sections 5.6.1, 5.6.2, 5.6.4).
extension GraphQLSchema {
  /// Checks a literal against the type that is wanted where it stands. Variables in it are for other rules.
  func check(_ literal: LiteralNode, as type: SchemaType, into findings: inout Findings) {
    switch (type, literal.value) {
    case (_, .variable): break
    case (.nonNull, .null):
      findings.add(.valuesOfCorrectType, "null is no value of type \(type)", at: literal.location)
    case (.nonNull(let inner), _): check(literal, as: inner, into: &findings)
    case (_, .null): break
    case (.list(let item), .list(let literals)):
      for literal in literals { check(literal, as: item, into: &findings) }
    // A value that is no list stands for a list of it (section 3.11).
    case (.list(let item), _): check(literal, as: item, into: &findings)
    case (.named(let name), _): check(literal, named: name, into: &findings)
    }
  }

  private func check(_ literal: LiteralNode, named name: String, into findings: inout Findings) {
    switch types[name] {
    case .scalar:
      if !BuiltInSchema.scalars.contains(name) { checkNumbers(in: literal, into: &findings) }
      if let reason = Self.mismatch(literal, scalar: name) {
        findings.add(.valuesOfCorrectType, "\(literal.shown) is no \(name): \(reason)", at: literal.location)
      }
    case .enumeration(let type):
      guard case .enumeration(let value) = literal.value else {
        findings.add(
          .valuesOfCorrectType, "\(literal.shown) is no value of enum \(name): they are written without quotes",
          at: literal.location)
        break
      }
      if !type.values.contains(where: { $0.name == value }) {
        findings.add(
          .valuesOfCorrectType, "enum \(name) has no value \(value.shown)",
          schemaHint: NearName.hint(for: value, among: type.values.map(\.name)), at: literal.location)
      }
    case .inputObject(let type): check(literal, as: type, into: &findings)
    // That it is no input type, or none at all, is for other rules.
    case .object, .interface, .union, nil: break
    }
  }

  /// A custom scalar takes anything but numbers that no JSON value can be.
  private func checkNumbers(in literal: LiteralNode, into findings: inout Findings) {
    switch literal.value {
    case .int(let text), .float(let text):
      if Double(text)?.isFinite == true { return }
      findings.add(.valuesOfCorrectType, "\(text.shown) does not fit into 64 bits", at: literal.location)
    case .list(let items): for item in items { checkNumbers(in: item, into: &findings) }
    case .object(let fields): for field in fields { checkNumbers(in: field.value, into: &findings) }
    default: break
    }
  }

  /// Why a literal is no value of a built-in scalar; nil when it is one, and for every other scalar.
  private static func mismatch(_ literal: LiteralNode, scalar name: String) -> String? {
    switch (name, literal.value) {
    case ("Int", .int(let text)): Int32(text) == nil ? "it does not fit into 32 bits" : nil
    case ("Int", _): "expected a whole number"
    case ("Float", .int(let text)), ("Float", .float(let text)):
      Double(text)?.isFinite == true ? nil : "it does not fit into 64 bits"
    case ("Float", _): "expected a number"
    case ("String", .string), ("Boolean", .boolean), ("ID", .string), ("ID", .int): nil
    case ("String", _): "expected a string in double quotes"
    case ("Boolean", _): "expected true or false"
    case ("ID", _): "expected a string or a whole number"
    default: nil
    }
  }

  private func check(_ literal: LiteralNode, as type: InputObjectType, into findings: inout Findings) {
    guard case .object(let given) = literal.value else {
      return findings.add(
        .valuesOfCorrectType, "\(literal.shown) is no \(type.name): expected an object in braces",
        at: literal.location)
    }
    let byName = Dictionary(given.map { ($0.name.text, $0) }, uniquingKeysWith: { _, last in last })
    for field in type.fields {
      if let argument = byName[field.name] {
        check(argument.value, as: field.type, into: &findings)
      } else if field.isRequired {
        findings.add(
          .valuesOfCorrectType, "\(type.name) needs a field \(field.name) of type \(field.type)",
          at: literal.location)
      }
    }
    let known = Set(type.fields.map(\.name))
    for field in given where !known.contains(field.name.text) {
      findings.add(
        .valuesOfCorrectType, "\(type.name) has no field \(field.name.text.shown)",
        schemaHint: NearName.hint(for: field.name.text, among: type.fields.map(\.name)), at: field.location)
    }
  }
}

extension String {
  /// As error messages show what a client has written: whole when it is short. Fifty errors of a long name would be far
  /// more than what was sent.
  var shown: String { shortened(to: 60) }

  func shortened(to maxScalars: Int) -> String {
    utf8.count > maxScalars && unicodeScalars.count > maxScalars
      ? String(String.UnicodeScalarView(unicodeScalars.prefix(maxScalars))) + "…" : self
  }
}

extension LiteralNode {
  /// As error messages show it: whole when it is short.
  var shown: String { description.shown }

  /// Reports fields of object literals that are there twice (section 5.6.3).
  func checkFieldUniqueness(into findings: inout Findings) {
    switch value {
    case .list(let items): for item in items { item.checkFieldUniqueness(into: &findings) }
    case .object(let fields):
      var first: [String: SourceLocation] = [:]
      for field in fields {
        if let place = first[field.name.text] {
          findings.add(
            .inputObjectFieldUniqueness, "the field \(field.name.text.shown) is given twice", at: place,
            field.name.location)
        } else {
          first[field.name.text] = field.name.location
        }
        field.value.checkFieldUniqueness(into: &findings)
      }
    default: break
    }
  }
}
