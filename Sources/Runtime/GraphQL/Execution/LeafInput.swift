import JSONText

// Input coercion of scalars and enums (October 2021, sections 3.5 and 3.9).

extension LeafType {
  /// Nil when `name` is no scalar and no enum.
  init?(named name: String, in schema: GraphQLSchema) {
    switch schema.types[name] {
    case .scalar: self.init(scalar: name)
    case .enumeration(let type): self = .enumeration(name, Set(type.values.map(\.name)))
    default: return nil
    }
  }

  var name: String {
    switch self {
    case .int: "Int"
    case .float: "Float"
    case .string: "String"
    case .boolean: "Boolean"
    case .id: "ID"
    case .custom: "a custom scalar"
    case .enumeration(let name, _): name
    }
  }

  /// A value of a variable, not null.
  func input(_ value: JSONValue) -> JSONValue? {
    switch (self, value) {
    case (.string, .string), (.boolean, .bool), (.id, .string), (.float, .double), (.custom, _): value
    case (.int, .integer(let number)): Int32(exactly: number) == nil ? nil : value
    case (.int, .double(let number)): Int32(exactly: number).map { .integer(Int64($0)) }
    case (.float, .integer(let number)): .double(Double(number))
    case (.id, .integer(let number)): .string(String(number))
    case (.enumeration(_, let names), .string(let name)): names.contains(name) ? value : nil
    default: nil
    }
  }

  /// A literal, no variable and not null.
  func input(_ literal: LiteralNode.Value) -> JSONValue? {
    switch (self, literal) {
    case (.int, .int(let digits)): Int32(digits).map { .integer(Int64($0)) }
    case (.float, .int(let digits)), (.float, .float(let digits)):
      Double(digits).flatMap { $0.isFinite ? .double($0) : nil }
    case (.string, .string(let text)), (.id, .string(let text)), (.id, .int(let text)): .string(text)
    case (.boolean, .boolean(let flag)): .bool(flag)
    case (.enumeration(_, let names), .enumeration(let name)): names.contains(name) ? .string(name) : nil
    default: nil
    }
  }
}
