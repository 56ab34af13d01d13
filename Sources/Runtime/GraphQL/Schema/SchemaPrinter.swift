extension GraphQLSchema {
  /// The schema as a schema file, without what is built in. Read again it is the same schema.
  public var sdl: String {
    let own = typeOrder.compactMap { types[$0] }.filter { type in
      !BuiltInSchema.isReserved(type.name) && !BuiltInSchema.scalars.contains(type.name)
    }
    let directives = directives.filter { !BuiltInSchema.directives.contains($0.name) }
    let parts = [schemaText].compactMap { $0 } + directives.map(SchemaPrinter.text) + own.map(SchemaPrinter.text)
    return parts.joined(separator: "\n\n") + "\n"
  }

  /// Nil when it says no more than the default names do.
  private var schemaText: String? {
    let roots = [OperationKind.query, .mutation, .subscription].compactMap { kind in
      rootType(of: kind).map { (kind, $0) }
    }
    let defaults: [OperationKind: String] = [.query: "Query", .mutation: "Mutation", .subscription: "Subscription"]
    let isDefault = defaults.allSatisfy { kind, name in
      // A type of a default name that is no root has to be told apart.
      rootType(of: kind) == (types[name] == nil ? nil : name)
    }
    if isDefault, description == nil { return nil }
    let lines = roots.map { "  \($0.0.rawValue): \($0.1)" }
    return SchemaPrinter.described(description, "schema {\n\(lines.joined(separator: "\n"))\n}")
  }
}

private enum SchemaPrinter {
  static func described(_ description: String?, _ text: String, indent: String = "") -> String {
    guard let description else { return indent + text }
    return block(description, indent) + "\n" + indent + text
  }

  /// A text of several lines as a block string, when that gives it back exactly.
  private static func block(_ text: String, _ indent: String) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let isBlank = { (line: Substring) in line.allSatisfy { $0 == " " || $0 == "\t" } }
    let isPlain = text.unicodeScalars.allSatisfy { $0 == "\n" || $0 == "\t" || ($0.value >= 0x20 && $0.value != 0x7F) }
    guard let first = lines.first, let last = lines.last, lines.count > 1, isPlain, !isBlank(first), !isBlank(last),
      first.first != " ", first.first != "\t"
    else { return indent + LiteralNode.quoted(text) }
    let shown = lines.map { line in
      line.isEmpty
        ? ""
        : indent + String(line.split(separator: #"""""#, omittingEmptySubsequences: false).joined(separator: #"\""""#))
    }
    return "\(indent)\"\"\"\n\(shown.joined(separator: "\n"))\n\(indent)\"\"\""
  }

  static func text(_ type: NamedType) -> String {
    switch type {
    case .scalar(let type):
      let specified = type.specifiedByURL.map { " @specifiedBy(url: \(LiteralNode.quoted($0)))" } ?? ""
      return described(type.description, "scalar \(type.name)\(specified)")
    case .object(let type):
      return described(type.description, "type \(type.name)\(implements(type.interfaces)) \(fields(type.fields))")
    case .interface(let type):
      return described(type.description, "interface \(type.name)\(implements(type.interfaces)) \(fields(type.fields))")
    case .union(let type):
      return described(type.description, "union \(type.name) = \(type.members.joined(separator: " | "))")
    case .enumeration(let type):
      let values = type.values.map { value in
        described(value.description, value.name + deprecated(value.deprecationReason), indent: "  ")
      }
      return described(type.description, "enum \(type.name) \(braced(values))")
    case .inputObject(let type):
      let values = type.fields.map { described($0.description, text($0), indent: "  ") }
      return described(type.description, "input \(type.name) \(braced(values))")
    }
  }

  static func text(_ directive: DirectiveDefinition) -> String {
    let repeatable = directive.isRepeatable ? " repeatable" : ""
    let places = directive.locations.joined(separator: " | ")
    return described(
      directive.description,
      "directive @\(directive.name)\(arguments(directive.arguments, indent: ""))\(repeatable) on \(places)")
  }

  private static func fields(_ fields: FieldMap) -> String {
    braced(
      fields.all.map { field in
        let arguments = arguments(field.arguments, indent: "  ")
        return described(
          field.description, "\(field.name)\(arguments): \(field.type)\(deprecated(field.deprecationReason))",
          indent: "  ")
      })
  }

  /// On one line when none has a description.
  private static func arguments(_ arguments: [InputValue], indent: String) -> String {
    if arguments.isEmpty { return "" }
    if arguments.allSatisfy({ $0.description == nil }) {
      return "(" + arguments.map(text).joined(separator: ", ") + ")"
    }
    let lines = arguments.map { described($0.description, text($0), indent: indent + "  ") }
    return "(\n\(lines.joined(separator: "\n"))\n\(indent))"
  }

  private static func text(_ value: InputValue) -> String {
    let defaultValue = value.defaultValue.map { " = \($0)" } ?? ""
    return "\(value.name): \(value.type)\(defaultValue)\(deprecated(value.deprecationReason))"
  }

  private static func deprecated(_ reason: String?) -> String {
    guard let reason else { return "" }
    return reason == "No longer supported" ? " @deprecated" : " @deprecated(reason: \(LiteralNode.quoted(reason)))"
  }

  private static func implements(_ interfaces: [String]) -> String {
    interfaces.isEmpty ? "" : " implements " + interfaces.joined(separator: " & ")
  }

  private static func braced(_ lines: [String]) -> String { "{\n\(lines.joined(separator: "\n"))\n}" }
}
