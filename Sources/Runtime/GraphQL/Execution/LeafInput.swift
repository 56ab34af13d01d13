import JSONText

// Input coercion of scalars and enums (October 2021, sections 3.5 and 3.9).

extension LeafType {
  /// Nil when `name` is no scalar and no enum.
  init?(named name: String, in schema: GraphQLSchema) {
    switch schema.types[name] {
    case .scalar: self.init(scalar: name)
    case .enumeration: self = .enumeration(name, schema.enumValues[name] ?? [])
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
    case (.string, .string), (.boolean, .bool), (.id, .string), (.float, .double): value
    case (.custom, _): value.isFinite ? value : nil
    case (.int, .integer(let number)): Int32(exactly: number) == nil ? nil : value
    case (.int, .double(let number)): Int32(exactly: number).map { .integer(Int64($0)) }
    case (.float, .integer(let number)): .double(Double(number))
    case (.id, .integer(let number)): .string(String(number))
    // Beyond 64 bits a JSON number's digits are not known any more.
    case (.id, .double(let number)): Int64(exactly: number).map { .string(String($0)) }
    case (.enumeration(_, let names), .string(let name)): names.contains(ExactText(name)) ? value : nil
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
    case (.enumeration(_, let names), .enumeration(let name)): names.contains(ExactText(name)) ? .string(name) : nil
    default: nil
    }
  }
}

extension JSONValue {
  /// Whether all numbers in it are ones that JSON can write.
  var isFinite: Bool {
    switch self {
    case .double(let number): number.isFinite
    case .array(let items): items.allSatisfy(\.isFinite)
    case .object(let members): members.allSatisfy(\.value.isFinite)
    default: true
    }
  }
}
